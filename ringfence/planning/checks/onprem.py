"""Data centres and edge sites that could not be built as the file says: what their planners would refuse, found early.

Owns: asking the planners and saying where. Refuses to own: what they refuse (ringfence.planning.onprem).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ringfence.planning.onprem.bare_metal import bare_metal_pool
from ringfence.planning.onprem.control_plane import control_plane_manifests
from ringfence.planning.onprem.edge_bundle import bootstrap_of
from ringfence.planning.onprem.edge_site import edge_plan
from ringfence.planning.onprem.hosted import hosted_cluster
from ringfence.planning.onprem.k0sctl import checked_hosts
from ringfence.planning.onprem.machines import pool_manifests
from ringfence.planning.onprem.management import management_stages
from ringfence.planning.onprem.management_plan import bootstrap_plan, management_plan
from ringfence.planning.onprem.objects import PlanError
from ringfence.spec import Platform
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane, HostedControlPlane
from ringfence.spec.finding import Finding, Path
from ringfence.spec.site import CloudSite, EdgeSite

_NO_LABELS: Mapping[str, str] = {}


def check(platform: Platform) -> Iterator[Finding]:
    """Every refusal of every cluster that is not in a cloud, one for each of its parts."""
    for name, cluster in platform.clusters.items():
        site = platform.sites[cluster.site]
        at: Path = ("clusters", name)
        if isinstance(site, CloudSite) or any(pool.largest < 1 for pool in cluster.pools.values()):
            continue  # another planner's, or said by the checks of the pool itself
        if isinstance(cluster.control_plane, HostedControlPlane):
            yield from _hosted(platform, name, cluster, at)
        elif cluster.role == "management":
            yield from _refused(at, name, lambda name=name: _manage(platform, name))
        if isinstance(site, EdgeSite):
            yield from _refused(at, name, lambda name=name: _edge(platform, name))


def hosted_by(platform: Platform, name: str) -> dict[str, Cluster]:
    """The clusters whose control planes a management cluster hosts."""
    return {
        key: other
        for key, other in platform.clusters.items()
        if isinstance(other.control_plane, HostedControlPlane) and other.control_plane.management_cluster == name
    }


def _hosted(platform: Platform, name: str, cluster: Cluster, at: Path) -> Iterator[Finding]:
    try:
        hosted = hosted_cluster(name, cluster, _NO_LABELS)
        control_plane_manifests(hosted)
    except PlanError as error:
        yield _finding(at, name, error)
        return
    for key, pool in cluster.pools.items():
        where = (*at, "pools", key)
        yield from _refused(
            where,
            f"{name}.pools.{key}",
            lambda key=key, pool=pool: pool_manifests(bare_metal_pool(hosted, key, pool, cluster.site)),
        )


def _manage(platform: Platform, name: str) -> None:
    """Plan a management cluster. What it hosts is refused where it is declared, not here again."""
    cluster = platform.clusters[name]
    site = platform.sites[cluster.site]
    hosted = {key: other for key, other in hosted_by(platform, name).items() if _can_be_hosted(key, other)}
    plan = management_plan(
        name,
        cluster,
        hosted,
        _NO_LABELS,
        registry=getattr(site, "registry", None),
        connected=site.reachability == "connected",
    )
    management_stages(plan)
    checked_hosts(bootstrap_plan(plan))


def _can_be_hosted(name: str, cluster: Cluster) -> bool:
    try:
        hosted_cluster(name, cluster, _NO_LABELS)
    except PlanError:
        return False
    return True


def _edge(platform: Platform, name: str) -> None:
    cluster = platform.clusters[name]
    site = platform.sites[cluster.site]
    assert isinstance(site, EdgeSite)
    plan = edge_plan(cluster.site, site, name, cluster, _NO_LABELS)
    if isinstance(cluster.control_plane, EmbeddedControlPlane):
        checked_hosts(bootstrap_of(plan))


def _refused(at: Path, name: str, plan: Callable[[], object]) -> Iterator[Finding]:
    try:
        plan()
    except PlanError as error:
        yield _finding(at, name, error)


def _finding(at: Path, name: str, error: PlanError) -> Finding:
    """The refusal at its place; the planner's own words begin with that place, which is said once."""
    message = error.message.removeprefix(f"clusters.{name}").removeprefix(":").strip() or error.message
    return Finding(code="cannot-be-built", path=at, message=message, suggestion=error.remedy)
