"""Pools: devices exist, layouts can be cut, sizes are said once, and capacity is of a kind that the site has.

Owns: what a pool says against the accelerator, instance and region tables. Refuses to own: tenants' shares of it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.facts import accelerators, instances, regions
from ringfence.facts.instances import Instance
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path, did_you_mean, listed
from ringfence.spec.pool import Mig, Pool, Reserved, Vgpu
from ringfence.spec.site import CloudSite, Site

_CAPACITY = {
    "aws": ("on-demand", "spot", "reserved"),
    "azure": ("on-demand", "spot", "reserved"),
    "gcp": ("on-demand", "spot", "reserved", "flex"),
}
_FABRIC = {"aws": ("ethernet", "efa"), "azure": ("ethernet", "infiniband"), "gcp": ("ethernet", "gpudirect-tcpx")}
_OWN_FABRIC = ("ethernet", "infiniband", "roce")


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about every pool."""
    for cluster_name, cluster in platform.clusters.items():
        site = platform.sites.get(cluster.site)
        for name, pool in cluster.pools.items():
            at: Path = ("clusters", cluster_name, "pools", name)
            yield from _size(pool, at)
            yield from _accelerator(pool, at)
            if isinstance(site, CloudSite):
                yield from _rented(pool, site, at)
            elif site is not None:
                yield from _owned(pool, site, at)


def _size(pool: Pool, at: Path) -> Iterator[Finding]:
    bounds = pool.min_nodes is not None or pool.max_nodes is not None
    ways = [bool(pool.nodes), bounds, bool(pool.machines)]
    if sum(ways) != 1:
        said = "more than once" if sum(ways) > 1 else "nowhere"
        yield Finding(
            code="pool-size",
            path=at,
            message=f"the number of nodes is said {said}",
            allowed="exactly one of: nodes; minNodes and maxNodes; machines",
        )
    elif bounds and pool.max_nodes is None:
        yield Finding(code="pool-size", path=at, message="minNodes without maxNodes", suggestion="add 'maxNodes'")
    elif bounds and pool.max_nodes is not None and (pool.min_nodes or 0) > pool.max_nodes:
        yield Finding(
            code="pool-size",
            path=(*at, "minNodes"),
            message=f"{pool.min_nodes} is more than maxNodes",
            allowed=f"at most {pool.max_nodes}",
        )


def _accelerator(pool: Pool, at: Path) -> Iterator[Finding]:
    if pool.accelerator is None:
        if pool.accelerators_per_node or pool.sharing.kind != "none":
            what = "sharing" if pool.sharing.kind != "none" else "acceleratorsPerNode"
            yield Finding(
                code="no-accelerator",
                path=(*at, what),
                message="there is no accelerator to count or share",
                suggestion="add 'accelerator'",
            )
        return
    device = accelerators.accelerator(pool.accelerator)
    if device is None:
        close = accelerators.suggestion(pool.accelerator)
        yield Finding(
            code="unknown-accelerator",
            path=(*at, "accelerator"),
            message=f"{pool.accelerator!r} is not a known accelerator",
            allowed=listed((known.name for known in accelerators.accelerators()), 30),
            suggestion=f"did you mean {close!r}?" if close else None,
        )
        return
    if pool.accelerators_per_node == 0:
        yield Finding(
            code="no-accelerator",
            path=at,
            message=f"a pool of {pool.accelerator} says 0 accelerators on each node",
            suggestion="add 'acceleratorsPerNode'",
        )
    if isinstance(pool.sharing, Mig):
        result = accelerators.layout_fits(device, pool.sharing.layout)
        if not result.ok:
            yield Finding(
                code="mig-layout",
                path=(*at, "sharing", "layout"),
                message=f"{device.name} cannot take this layout: {result.reason}",
                allowed=listed(result.allowed, 30) if result.allowed else "no MIG on this device",
            )
    if device.vendor != "nvidia" and pool.sharing.kind != "none":
        yield Finding(
            code="sharing",
            path=(*at, "sharing"),
            message=f"{device.name} cannot be shared this way",
            allowed="kind: none",
        )
    if isinstance(pool.sharing, Vgpu) and not pool.sharing.profile.strip():
        yield Finding(code="sharing", path=(*at, "sharing", "profile"), message="the vGPU type is empty")


def _rented(pool: Pool, site: CloudSite, at: Path) -> Iterator[Finding]:
    allowed = _CAPACITY[site.provider]
    if pool.capacity.kind not in allowed:
        yield Finding(
            code="capacity-kind",
            path=(*at, "capacity", "kind"),
            message=f"{site.provider} has no {pool.capacity.kind!r} capacity",
            allowed=listed(allowed),
        )
    if isinstance(pool.capacity, Reserved) and pool.capacity.block:
        if site.provider != "aws":
            yield Finding(
                code="capacity-kind", path=(*at, "capacity", "block"), message="capacity blocks are an AWS offer"
            )
        elif pool.capacity.ends is None:
            yield Finding(
                code="capacity-block",
                path=(*at, "capacity"),
                message="a capacity block has an end",
                suggestion="add 'ends'",
            )
    if pool.fabric not in _FABRIC[site.provider]:
        yield Finding(
            code="fabric",
            path=(*at, "fabric"),
            message=f"{site.provider} has no {pool.fabric}",
            allowed=listed(_FABRIC[site.provider]),
        )
    if pool.machines:
        yield Finding(
            code="pool-size", path=(*at, "machines"), message="a cloud has no machines of ours", suggestion="use nodes"
        )
    for index, zone in enumerate(pool.zones):
        if regions.zone_region(site.provider, zone) not in (site.region, None):
            yield Finding(
                code="zone",
                path=(*at, "zones", index),
                message=f"{zone} is not in {site.region}",
                allowed=f"zones of {site.region}",
            )
    yield from _instance(pool, site, at)


def _instance(pool: Pool, site: CloudSite, at: Path) -> Iterator[Finding]:
    if pool.instance_type is None:
        yield Finding(code="missing-key", path=at, message="'instanceType' is missing", suggestion="add 'instanceType'")
        return
    known = instances.instance(site.provider, pool.instance_type)
    if known is None:
        names = [entry.type for entry in instances.instances(site.provider)]
        close = did_you_mean(pool.instance_type, names)
        yield Finding(
            code="unknown-instance-type",
            path=(*at, "instanceType"),
            message=f"{pool.instance_type!r} is not in the instance table: it can be built, but neither sized nor "
            "priced",
            suggestion=f"did you mean {close!r}?" if close else None,
            severity="warning",
        )
        return
    yield from _matches(pool, known, at)


def _matches(pool: Pool, known: Instance, at: Path) -> Iterator[Finding]:
    if (pool.accelerator or "none") != known.accelerator:
        has = "no accelerator" if known.accelerator == "none" else known.accelerator
        yield Finding(
            code="instance-accelerator",
            path=(*at, "instanceType"),
            message=f"{known.type} has {has}, the pool says {pool.accelerator or 'none'}",
        )
    elif pool.accelerators_per_node != known.gpus:
        yield Finding(
            code="instance-accelerator",
            path=(*at, "acceleratorsPerNode"),
            message=f"{known.type} has {known.gpus} accelerators, not {pool.accelerators_per_node}",
            suggestion=f"acceleratorsPerNode: {known.gpus}",
        )


def _owned(pool: Pool, site: Site, at: Path) -> Iterator[Finding]:
    if pool.capacity.kind != "owned":
        yield Finding(
            code="capacity-kind",
            path=(*at, "capacity", "kind"),
            message=f"a {site.kind} site has no {pool.capacity.kind!r} capacity",
            allowed="owned",
        )
    if pool.fabric not in _OWN_FABRIC:
        yield Finding(
            code="fabric", path=(*at, "fabric"), message=f"{pool.fabric} is a cloud's", allowed=listed(_OWN_FABRIC)
        )
    if pool.instance_type is not None:
        yield Finding(code="instance-type", path=(*at, "instanceType"), message="machines of ours have no cloud type")
    for key, value in (("vcpusPerNode", pool.vcpus_per_node), ("memoryGibPerNode", pool.memory_gib_per_node)):
        if value is None:
            yield Finding(
                code="missing-key",
                path=at,
                message=f"{key!r} is missing: nothing else knows it",
                suggestion=f"add {key!r}",
            )
    if pool.max_nodes is not None:
        yield Finding(
            code="pool-size",
            path=(*at, "maxNodes"),
            message="machines of ours do not come and go",
            suggestion="use nodes",
        )
    racks = getattr(site, "racks", ())
    for name, machine in pool.machines.items():
        if machine.rack is not None and racks and machine.rack not in racks:
            yield Finding(
                code="dangling-name",
                path=(*at, "machines", name, "rack"),
                message=f"there is no rack {machine.rack!r}",
                allowed=listed(racks),
            )
    if pool.machines and (pool.image is None or pool.image_checksum is None):
        yield Finding(
            code="missing-key",
            path=at,
            message="bare-metal machines need an operating system image with its checksum",
            suggestion="add 'image' and 'imageChecksum'",
        )
