"""Names that point at nothing, and things that point at themselves.

Owns: every reference of the file. Refuses to own: whether what is named is the right kind of thing for its use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping

from ringfence.facts import jurisdictions
from ringfence.spec import Platform
from ringfence.spec.cluster import HostedControlPlane
from ringfence.spec.finding import Finding, Path, dangling, listed
from ringfence.spec.model import ApiModel, ServedModel
from ringfence.spec.site import EdgeSite


def check(platform: Platform) -> Iterator[Finding]:
    """Every dangling name and every cycle."""
    for path, what, name, known in _references(platform):
        if name not in known:
            yield dangling(path, what, name, sorted(known))
    yield from _jurisdictions(platform)
    yield from _cycles(platform)


def _many(path: Path, what: str, names: Collection[str], known: Collection[str]) -> Iterator[tuple]:
    for index, name in enumerate(names):
        yield (*path, index), what, name, known


def _references(platform: Platform) -> Iterator[tuple[Path, str, str, Collection[str]]]:
    """(path, what it names, the name, the names that exist)."""
    for name, site in platform.sites.items():
        if isinstance(site, EdgeSite):
            yield ("sites", name, "parent"), "site", site.parent, platform.sites
    for name, cluster in platform.clusters.items():
        yield ("clusters", name, "site"), "site", cluster.site, platform.sites
        for key, bucket in (("backupStore", cluster.backup_store), ("artefactStore", cluster.artefact_store)):
            if bucket is not None:
                yield ("clusters", name, key, "site"), "site", bucket.site, platform.sites
        if isinstance(cluster.control_plane, HostedControlPlane):
            where = ("clusters", name, "controlPlane", "managementCluster")
            yield where, "cluster", cluster.control_plane.management_cluster, platform.clusters
    yield from _dataset_references(platform)
    yield from _tenant_references(platform)
    yield from _model_references(platform)
    for name, sink in platform.observability.logs.items():
        if sink.cluster is not None:
            yield ("observability", "logs", name, "cluster"), "cluster", sink.cluster, platform.clusters
        if sink.service is not None:
            yield ("observability", "logs", name, "service"), "service", sink.service, platform.services
    central = platform.observability.metrics.central_cluster
    if central is not None:
        yield ("observability", "metrics", "centralCluster"), "cluster", central, platform.clusters
    yield ("audit", "site"), "site", platform.audit.site, platform.sites
    yield ("audit", "dataClass"), "data class", platform.audit.data_class, platform.data_classes


def _dataset_references(platform: Platform) -> Iterator[tuple]:
    for name, dataset in platform.datasets.items():
        at: Path = ("datasets", name)
        yield (*at, "dataClass"), "data class", dataset.data_class, platform.data_classes
        yield (*at, "site"), "site", dataset.site, platform.sites
        if dataset.key_site is not None:
            yield (*at, "keySite"), "site", dataset.key_site, platform.sites
        for key, replica in dataset.replicas.items():
            yield (*at, "replicas", key, "site"), "site", replica.site, platform.sites
        for key, backup in dataset.backups.items():
            yield (*at, "backups", key, "site"), "site", backup.site, platform.sites
        yield from _many((*at, "tenants"), "tenant", dataset.tenants, platform.tenants)
        yield from _many((*at, "clusters"), "cluster", dataset.clusters, platform.clusters)
        yield from _many((*at, "derivedFrom"), "dataset", dataset.derived_from, platform.datasets)


def _tenant_references(platform: Platform) -> Iterator[tuple]:
    for name, tenant in platform.tenants.items():
        at: Path = ("tenants", name)
        yield from _many((*at, "dataClasses"), "data class", tenant.data_classes, platform.data_classes)
        yield from _many((*at, "clusters"), "cluster", tenant.clusters, platform.clusters)
        for cluster_name, shares in tenant.quotas.items():
            yield (*at, "quotas", cluster_name), "cluster", cluster_name, platform.clusters
            cluster = platform.clusters.get(cluster_name)
            for pool in shares if cluster else ():
                where = (*at, "quotas", cluster_name, pool)
                yield where, f"pool of cluster {cluster_name}", pool, cluster.pools if cluster else ()


def _model_references(platform: Platform) -> Iterator[tuple]:
    for name, model in platform.models.items():
        at: Path = ("models", name)
        yield (*at, "tenant"), "tenant", model.tenant, platform.tenants
        yield from _many((*at, "promptClasses"), "data class", model.prompt_classes, platform.data_classes)
        for index, fallback in enumerate(model.fallbacks):
            yield (*at, "fallbacks", index, "model"), "model", fallback.model, platform.models
        if isinstance(model, ApiModel):
            yield (*at, "service"), "service", model.service, platform.services
        if isinstance(model, ServedModel):
            yield from _many((*at, "lineage", "trainedOn"), "dataset", model.lineage.trained_on, platform.datasets)
            sources = model.lineage.fine_tuned_from
            yield from _many((*at, "lineage", "fineTunedFrom"), "model", sources, platform.models)
            for index, placement in enumerate(model.placements):
                where = (*at, "placements", index)
                yield (*where, "cluster"), "cluster", placement.cluster, platform.clusters
                if (cluster := platform.clusters.get(placement.cluster)) is not None:
                    yield (*where, "pool"), f"pool of cluster {placement.cluster}", placement.pool, cluster.pools


def _jurisdictions(platform: Platform) -> Iterator[Finding]:
    reserved = {
        name for name in platform.groups if jurisdictions.is_country(name) or name in jurisdictions.group_names()
    }
    own = {name: words for name, words in platform.groups.items() if name not in reserved}
    for name in reserved:
        yield Finding(
            code="reserved-group",
            path=("groups", name),
            message=f"{name!r} is a country or a built-in group already, and cannot mean something else here",
            allowed=f"any name but an ISO 3166 country code and {listed(jurisdictions.group_names())}",
            suggestion="choose another name",
        )
    places: list[tuple[tuple[str | int, ...], str]] = [
        (("dataClasses", name, kind, index), word)
        for name, data_class in platform.data_classes.items()
        for kind, words in (("rest", data_class.rest), ("process", data_class.process), ("operate", data_class.operate))
        for index, word in enumerate(words)
    ]
    places += [
        (("groups", name, index), word) for name, words in platform.groups.items() for index, word in enumerate(words)
    ]
    for path, word in places:
        if path[0] == "groups" and path[1] in reserved:
            continue
        try:
            jurisdictions.countries(word, own)
        except jurisdictions.JurisdictionCycle as error:
            yield Finding(code="cycle", path=path, message=str(error), suggestion="remove one of the steps")
        except jurisdictions.UnknownJurisdiction as error:
            groups = listed({*jurisdictions.group_names(), *own})
            yield Finding(
                code="unknown-jurisdiction",
                path=path,
                message=str(error),
                allowed=f"an ISO 3166 country in capitals, or {groups}",
            )


def _cycles(platform: Platform) -> Iterator[Finding]:
    datasets = {name: dataset.derived_from for name, dataset in platform.datasets.items()}
    served = {name: model for name, model in platform.models.items() if isinstance(model, ServedModel)}
    tuned = {name: model.lineage.fine_tuned_from for name, model in served.items()}
    routes = {name: tuple(step.model for step in model.fallbacks) for name, model in platform.models.items()}
    parents: dict[str, tuple[str, ...]] = {
        name: (site.parent,) for name, site in platform.sites.items() if isinstance(site, EdgeSite)
    }
    hosts: dict[str, tuple[str, ...]] = {
        name: (cluster.control_plane.management_cluster,)
        for name, cluster in platform.clusters.items()
        if isinstance(cluster.control_plane, HostedControlPlane)
    }
    for room, leaf, edges in (
        ("datasets", ("derivedFrom",), datasets),
        ("models", ("lineage", "fineTunedFrom"), tuned),
        ("models", ("fallbacks",), routes),
        ("sites", ("parent",), parents),
        ("clusters", ("controlPlane", "managementCluster"), hosts),
    ):
        for cycle in _find_cycles(edges):
            yield Finding(
                code="cycle",
                path=(room, cycle[0], *leaf),
                message=f"goes round in a circle: {' -> '.join((*cycle, cycle[0]))}",
                suggestion="remove one of the steps",
            )


def _find_cycles(edges: Mapping[str, tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Each cycle once, beginning at its first name."""
    found: dict[frozenset[str], tuple[str, ...]] = {}
    done: set[str] = set()
    for start in sorted(edges):
        stack: list[tuple[str, tuple[str, ...]]] = [(start, ())]
        while stack:
            name, trail = stack.pop()
            if name in trail:
                cycle = trail[trail.index(name) :]
                first = cycle.index(min(cycle))
                found.setdefault(frozenset(cycle), cycle[first:] + cycle[:first])
                continue
            if name in done:
                continue
            stack.extend((after, (*trail, name)) for after in edges.get(name, ()))
        done.add(start)
    return list(found.values())
