"""Residency as far as the file itself shows it: every declared place of every data class, with the YAML line.

Owns: walking datasets, copies, keys, clusters, routes, sinks and the audit trail, and asking the one decision function.
Refuses to own: the decision (ringfence.spec.residency) and what the engine really creates (policy/).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.facts import regions
from ringfence.facts.jurisdictions import JurisdictionError
from ringfence.planning import lineage
from ringfence.planning.places import Place, place_of
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path
from ringfence.spec.model import ApiModel, ServedModel
from ringfence.spec.residency import Flow, Outcome, decide, permitted
from ringfence.spec.site import CloudSite, EdgeSite


@dataclass(frozen=True)
class Step:
    """Data of some classes at a place, and the line that puts it there."""

    path: Path
    classes: frozenset[str]
    flow: Flow
    place: Place
    what: str
    """The start of a sentence: "replica dr of dataset scans"."""
    where: str
    """The site, service or registry."""


def check(platform: Platform) -> Iterator[Finding]:
    """A finding for each class at each place where it may not be, or cannot be proven to be."""
    for step in steps(platform):
        for name in sorted(step.classes):
            data_class = platform.data_classes.get(name)
            if data_class is None:
                continue
            try:
                verdict = decide(data_class, step.flow, step.place.country, step.place.laws, platform.groups)
            except JurisdictionError:
                continue  # said where the jurisdiction is named
            if verdict.outcome is Outcome.PROVEN:
                continue
            advised = verdict.outcome is Outcome.UNPROVEN and platform.unproven == "advise"
            yield Finding(
                code="residency",
                path=step.path,
                message=f"{name} data of {step.what} at {step.where} {verdict.reason}",
                allowed=f"{permitted(data_class, verdict.asked, platform.groups)} ({data_class.basis})",
                suggestion="choose a place that the class allows, or change the class with whoever answers for it",
                severity="warning" if advised else "error",
            )


def steps(platform: Platform) -> list[Step]:
    """Every place that the file gives to data, in the file's order."""
    return [
        *_datasets(platform),
        *_clusters(platform),
        *_models(platform),
        *_telemetry(platform),
    ]


def _datasets(platform: Platform) -> Iterator[Step]:
    for name, dataset in platform.datasets.items():
        at: Path = ("datasets", name)
        classes = lineage.classes_of_dataset(platform, name)
        yield _at_site(platform, (*at, "site"), classes, "rest", f"dataset {name}", dataset.site)
        if dataset.key_site is not None:
            yield _at_site(platform, (*at, "keySite"), classes, "rest", f"the key of dataset {name}", dataset.key_site)
        if dataset.geo_redundant:
            yield Step(
                (*at, "geoRedundant"),
                classes,
                "rest",
                _pair(platform, dataset.site),
                f"the geo-redundant copy of {name}",
                "the paired region",
            )
        for kind, copies in (("replica", dataset.replicas), ("backup", dataset.backups)):
            for key, copy in copies.items():
                path = (*at, f"{kind}s", key, "site")
                yield _at_site(platform, path, classes, "rest", f"{kind} {key} of dataset {name}", copy.site)


def _pair(platform: Platform, site_name: str) -> Place:
    """Where a cloud's own second copy of a site's data rests; not known where the provider publishes no pair."""
    site = platform.sites[site_name]
    paired = regions.paired_region(site.region) if isinstance(site, CloudSite) and site.provider == "azure" else None
    return Place(paired.country, paired.operator_country, paired.owner_country) if paired else Place(None, None)


def _at_site(platform: Platform, path: Path, classes: Iterable[str], flow: Flow, what: str, site: str) -> Step:
    return Step(path, frozenset(classes), flow, place_of(platform.sites[site]), what, f"site {site}")


def _clusters(platform: Platform) -> Iterator[Step]:
    """A cluster processes what it mounts; its tenants' classes are what they may bring; its buckets hold all of it."""
    for name, spec in platform.clusters.items():
        for key, bucket in (("backupStore", spec.backup_store), ("artefactStore", spec.artefact_store)):
            if bucket is not None:
                classes = lineage.classes_of_cluster(platform, name)
                what = f"{bucket.bucket}, a bucket of {name}"
                yield _at_site(platform, ("clusters", name, key, "site"), classes, "rest", what, bucket.site)
    for name, dataset in platform.datasets.items():
        classes = lineage.classes_of_dataset(platform, name)
        for index, cluster in enumerate(dataset.clusters):
            site = platform.clusters[cluster].site
            path = ("datasets", name, "clusters", index)
            yield _at_site(platform, path, classes, "process", f"dataset {name} mounted by {cluster}", site)
    for name, tenant in platform.tenants.items():
        for index, cluster in enumerate(tenant.clusters):
            site = platform.clusters[cluster].site
            path = ("tenants", name, "clusters", index)
            yield _at_site(platform, path, tenant.data_classes, "process", f"tenant {name} on {cluster}", site)


def _models(platform: Platform) -> Iterator[Step]:
    for name, model in platform.models.items():
        at: Path = ("models", name)
        if isinstance(model, ServedModel):
            weights = lineage.classes_of_model(platform, name)
            for index, placement in enumerate(model.placements):
                site = platform.clusters[placement.cluster].site
                path = (*at, "placements", index, "cluster")
                yield _at_site(platform, path, weights, "rest", f"the weights of model {name}", site)
                yield _at_site(platform, path, model.prompt_classes, "process", f"prompts of model {name}", site)
        else:
            yield _at_service(
                platform, (*at, "service"), model.prompt_classes, f"prompts of model {name}", model.service
            )
        for index, fallback in enumerate(model.fallbacks):
            yield from _fallback(platform, (*at, "fallbacks", index, "model"), name, fallback.model)


def _fallback(platform: Platform, path: Path, name: str, target_name: str) -> Iterator[Step]:
    """Prompts that fall back are processed wherever the other model runs."""
    prompts = platform.models[name].prompt_classes
    target = platform.models[target_name]
    what = f"prompts of model {name} that fall back to {target_name}"
    if isinstance(target, ApiModel):
        yield _at_service(platform, path, prompts, what, target.service)
        return
    for placement in target.placements:
        yield _at_site(platform, path, prompts, "process", what, platform.clusters[placement.cluster].site)


def _at_service(platform: Platform, path: Path, classes: Iterable[str], what: str, service: str) -> Step:
    place = place_of(platform.services[service])
    return Step(path, frozenset(classes), "process", place, what, f"service {service}")


def _telemetry(platform: Platform) -> Iterator[Step]:
    """Logs and metrics name people: they carry the class of the audit trail."""
    classes = (platform.audit.data_class,)
    yield _at_site(platform, ("audit", "site"), classes, "rest", "the audit trail", platform.audit.site)
    for name, sink in platform.observability.logs.items():
        at: Path = ("observability", "logs", name)
        if sink.cluster is not None:
            site = platform.clusters[sink.cluster].site
            yield _at_site(platform, (*at, "cluster"), classes, "rest", f"log sink {name}", site)
        if sink.service is not None:
            yield _at_service(platform, (*at, "service"), classes, f"log sink {name}", sink.service)
    for name, site in platform.sites.items():
        if isinstance(site, EdgeSite) and site.reachability != "disconnected":
            what = f"telemetry of edge site {name}"
            yield _at_site(platform, ("sites", name, "parent"), classes, "rest", what, site.parent)
    central = platform.observability.metrics.central_cluster
    if central is not None:
        path = ("observability", "metrics", "centralCluster")
        yield _at_site(platform, path, classes, "rest", "central metrics", platform.clusters[central].site)
