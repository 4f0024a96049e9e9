"""Clusters and sites: each control plane where it can be, each site where the facts say it is.

Owns: what kinds of site, control plane and delivery go together. Refuses to own: pools, networks and what runs inside.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from functools import partial

from ringfence.facts import kubernetes, regions
from ringfence.spec import Platform
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane, HostedControlPlane, ManagedControlPlane
from ringfence.spec.finding import Finding, Path, did_you_mean, listed
from ringfence.spec.site import CloudSite, EdgeSite, Site


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about sites and clusters."""
    for name, site in platform.sites.items():
        yield from _site(site, ("sites", name), platform)
        yield from _registry(site, ("sites", name), platform)
    for name, cluster in platform.clusters.items():
        at: Path = ("clusters", name)
        site = platform.sites[cluster.site]
        yield from _control_plane(cluster, site, at)
        yield from _hosting(platform, cluster, at)
        yield from _delivery(cluster, site, at)
        yield from _version(cluster, site, at)
        defaults = [key for key, tier in cluster.storage.items() if tier.default]
        if len(defaults) > 1:
            yield Finding(
                code="storage-default",
                path=(*at, "storage"),
                message=f"{listed(defaults)} are all the default",
                allowed="one default tier",
            )
    yield from _machines_once(platform)


def _registry(site: Site, at: Path, platform: Platform) -> Iterator[Finding]:
    """A site's mirror is declared like any other registry: it has a country and an operator."""
    hosts = [registry.host for registry in platform.registries.values()]
    if site.registry is not None and site.registry not in hosts:
        yield Finding(
            code="dangling-name",
            path=(*at, "registry"),
            message=f"{site.registry} is not among the registries of the platform",
            allowed=listed(hosts) or "none is declared",
            suggestion="add it under 'registries'",
        )


def _site(site: Site, at: Path, platform: Platform) -> Iterator[Finding]:
    if isinstance(site, EdgeSite):
        if isinstance(platform.sites[site.parent], EdgeSite):
            yield Finding(
                code="site-parent",
                path=(*at, "parent"),
                message="an edge site cannot be another's parent",
                allowed="a data centre or a cloud site",
            )
        return
    if not isinstance(site, CloudSite):
        if site.reachability != "connected" and site.registry is None:
            yield Finding(
                code="registry",
                path=at,
                message="a site that is not always connected needs a registry of its own",
                suggestion="add 'registry'",
            )
        return
    known = regions.region(site.provider, site.region)
    if known is None and site.country is None:
        codes = [region.code for region in regions.regions(site.provider)]
        close = did_you_mean(site.region, codes)
        yield Finding(
            code="unknown-region",
            path=(*at, "region"),
            message=f"{site.region!r} is not a known region of {site.provider}: where it is cannot be proven",
            allowed=listed(codes, 60),
            suggestion=f"did you mean {close!r}?"
            if close
            else "declare 'country' and 'operator' for a region that is too new",
        )
    if known is not None and site.country not in (None, known.country):
        yield Finding(
            code="region-country",
            path=(*at, "country"),
            message=f"{site.region} is in {known.country}, not in {site.country}",
            suggestion="leave 'country' out: the facts know it",
        )
    if known is not None:
        for index, zone in enumerate(site.zones):
            if regions.zone_region(site.provider, zone) not in (known.code, None):
                yield Finding(code="zone", path=(*at, "zones", index), message=f"{zone} is not in {known.code}")


_PLANES = {"cloud": ("managed",), "datacentre": ("hosted", "embedded"), "edge": ("hosted", "embedded")}


def _control_plane(cluster: Cluster, site: Site, at: Path) -> Iterator[Finding]:
    allowed = _PLANES[site.kind]
    plane = cluster.control_plane
    if plane.kind not in allowed:
        yield Finding(
            code="control-plane-kind",
            path=(*at, "controlPlane", "kind"),
            message=f"a {plane.kind} control plane cannot be at a {site.kind} site",
            allowed=listed(allowed),
        )
    if cluster.role == "management" and not isinstance(plane, EmbeddedControlPlane):
        yield Finding(
            code="control-plane-kind",
            path=(*at, "controlPlane", "kind"),
            message="a management cluster is there before any other: it runs its own control plane",
            allowed="embedded",
        )
    if isinstance(plane, EmbeddedControlPlane):
        nodes = sum(pool.smallest for pool in cluster.pools.values())
        if plane.replicas > nodes:
            yield Finding(
                code="control-plane-replicas",
                path=(*at, "controlPlane", "replicas"),
                message=f"{plane.replicas} controllers need as many nodes, the pools have {nodes}",
                allowed=f"at most {nodes}",
            )
    if isinstance(plane, ManagedControlPlane) and plane.public_endpoint and not plane.admin_cidrs:
        yield Finding(
            code="public-endpoint",
            path=(*at, "controlPlane"),
            message="a public endpoint without adminCidrs answers the whole internet",
            suggestion="add 'adminCidrs', or set publicEndpoint: false",
        )


def _hosting(platform: Platform, cluster: Cluster, at: Path) -> Iterator[Finding]:
    plane = cluster.control_plane
    if not isinstance(plane, HostedControlPlane):
        return
    host = platform.clusters[plane.management_cluster]
    where = (*at, "controlPlane", "managementCluster")
    if host.role != "management":
        managers = [name for name, other in platform.clusters.items() if other.role == "management"]
        yield Finding(
            code="management-cluster",
            path=where,
            message=f"{plane.management_cluster} is not a management cluster",
            allowed=listed(managers) or "no management cluster is declared",
        )
    site = platform.sites[cluster.site]
    parent = site.parent if isinstance(site, EdgeSite) else None
    if host.site not in (cluster.site, parent):
        yield Finding(
            code="management-cluster",
            path=where,
            message=f"{plane.management_cluster} is at {host.site}, too far from {cluster.site}",
            allowed="a management cluster at the same site, or at an edge site's parent",
        )
    if getattr(site, "reachability", "connected") == "disconnected" and host.site != cluster.site:
        yield Finding(
            code="control-plane-kind",
            path=(*at, "controlPlane", "kind"),
            message=f"{cluster.site} is disconnected: workers could not reach a control plane elsewhere",
            allowed="embedded",
        )


def _delivery(cluster: Cluster, site: Site, at: Path) -> Iterator[Finding]:
    reachability = site.reachability
    if reachability == "disconnected" and cluster.delivery == "push":
        yield Finding(
            code="delivery",
            path=(*at, "delivery"),
            message=f"nobody can push to {cluster.site}: it is disconnected",
            suggestion="delivery: pull",
        )


_DISTRIBUTIONS = {"aws": "eks", "azure": "aks", "gcp": "gke"}


def _version(cluster: Cluster, site: Site, at: Path) -> Iterator[Finding]:
    """A minor version that whoever runs the control plane offers, and still mends."""
    distribution = _DISTRIBUTIONS[site.provider] if isinstance(site, CloudSite) else "k0s"
    where, version = (*at, "kubernetesVersion"), cluster.kubernetes_version
    minors = kubernetes.minors(distribution)
    known = kubernetes.support(distribution, version)
    if known is None:
        newer = _minor(version) > _minor(minors[-1])
        yield Finding(
            code="kubernetes-version",
            path=where,
            message=f"{distribution} is not known to offer {version}" + (" yet" if newer else ""),
            allowed=listed(minors),
            suggestion=f"kubernetesVersion: {minors[-1]!r}",
            severity="warning" if newer else "error",
        )
        return
    today = kubernetes.known_as_of()
    end = known.extended_until or known.supported_until
    if end is not None and end < today:
        offered = [each for each in map(partial(kubernetes.support, distribution), minors) if each]
        yield Finding(
            code="kubernetes-version",
            path=where,
            message=f"{distribution} has not mended {version} since {end}",
            allowed=listed(each.minor for each in offered if each.supported(today) is not False),
            severity="warning",
        )


def _minor(version: str) -> int:
    return int(version.split(".")[1])


def _machines_once(platform: Platform) -> Iterator[Finding]:
    """A machine's controller and network card belong to one machine only."""
    rows = [
        (("clusters", cluster_name, "pools", pool_name, "machines", name), machine)
        for cluster_name, cluster in platform.clusters.items()
        for pool_name, pool in cluster.pools.items()
        for name, machine in pool.machines.items()
    ]
    for key, values in (
        ("bmc", [machine.bmc for _, machine in rows]),
        ("bootMac", [machine.boot_mac for _, machine in rows]),
    ):
        counts = Counter(values)
        for (path, _), value in zip(rows, values, strict=True):
            if counts[value] > 1:
                yield Finding(
                    code="machine-twice", path=(*path, key), message=f"{value} is given to {counts[value]} machines"
                )
