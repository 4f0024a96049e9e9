"""Capacity: what each pool offers, counted in what a pod can ask for, and how tenants share it.

Owns: units of a pool (devices, MIG instances, time slices, vGPUs, CPU cores), what system parts leave for tenants, and
each tenant's guarantee and limit. Refuses to own: whether the shares are sensible (ringfence.planning.checks) and how
a queue says them (ringfence.planning.tenancy).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction

from ringfence.facts import accelerators, instances
from ringfence.planning.labels import KUBERNETES_PREFIX
from ringfence.spec.platform import Platform
from ringfence.spec.pool import Mig, Pool, TimeSlicing, Vgpu
from ringfence.spec.site import CloudSite
from ringfence.spec.tenant import Quota

POOL_LABEL = KUBERNETES_PREFIX + "pool"
"""Node label with the pool's name. Queues and pods select by it: `nvidia.com/gpu.product` changes with sharing."""

RACK_LABEL = KUBERNETES_PREFIX + "rack"
"""Node label with the rack's name, on machines that say in which rack they stand."""

CPU = "cpu"
MEMORY = "memory"

ADD_ON_MILLICPUS_PER_NODE = 1000
"""What the add-ons' daemon sets may request on each node (GPU operator, CNI, CSI, exporters): our own allowance."""
ADD_ON_MEBIBYTES_PER_NODE = 2048

_RESERVED_MEMORY = ((4, 25), (4, 20), (8, 10), (112, 6), (None, 2))
"""GiB of a node, and the percentage of them that is reserved for the system.

Source: Google Kubernetes Engine, "Plan GKE Standard node sizes", resource reservations; AKS publishes the same steps.
"""
_RESERVED_MILLICPUS = ((1, 60), (1, 10), (2, 5), (None, Fraction(5, 2)))
"""Cores of a node, and the millicores of each that are reserved for the system. The same source."""
_EVICTION_MEBIBYTES = 100
"""Memory below which the kubelet evicts pods. The same source."""


class CapacityError(ValueError):
    """A pool's capacity cannot be known from what the file and the facts say. The message gives the path and remedy."""


@dataclass(frozen=True, kw_only=True)
class PoolCapacity:
    """Units of one kind that a pool offers. A pool cut into several MIG profiles has one of these for each profile."""

    pool: str
    unit: str
    """Name of the kind of unit: equal units can stand in for each other, others must never share a cohort."""
    resource: str
    """What a pod asks for: nvidia.com/gpu, nvidia.com/mig-1g.10gb, or cpu for a pool without accelerators."""
    profile: str | None
    """MIG or vGPU profile."""
    units_per_node: int
    guaranteed_units: int
    """With the pool at its smallest: what guarantees may count on."""
    maximum_units: int
    """With the pool at its largest."""
    millicpus_per_unit: int
    """What tenants can have beside each unit, after the system's and the add-ons' part, in thousandths of a core."""
    mebibytes_per_unit: int

    @property
    def cpus(self) -> float:
        """Cores for tenants with the pool at its largest."""
        return self.millicpus_per_unit * self.maximum_units / 1000

    @property
    def memory_gib(self) -> float:
        """GiB of memory for tenants with the pool at its largest."""
        return self.mebibytes_per_unit * self.maximum_units / 1024


@dataclass(frozen=True, kw_only=True)
class TenantShare:
    """One tenant's share of the units of one pool."""

    tenant: str
    pool: str
    unit: str
    resource: str
    guaranteed: int
    maximum: int
    """Borrowed ones included; the pool's capacity where the file sets none, and never more than that."""
    weight: float
    """Fair-sharing weight for what nobody was guaranteed."""

    @property
    def borrowable(self) -> int:
        """How many units beyond the guarantee may be borrowed."""
        return self.maximum - self.guaranteed


def cluster_capacity(platform: Platform, cluster: str) -> tuple[PoolCapacity, ...]:
    """What every pool of a cluster offers, in the file's order.

    Raises KeyError for an unknown cluster and CapacityError for a pool whose size cannot be known.
    """
    spec = platform.clusters[cluster]
    site = platform.sites[spec.site]
    provider = site.provider if isinstance(site, CloudSite) else None
    return tuple(
        row
        for name, pool in spec.pools.items()
        for row in pool_capacity(name, pool, provider=provider, where=f"clusters.{cluster}.pools.{name}")
    )


def pool_capacity(name: str, pool: Pool, *, provider: str | None = None, where: str = "") -> tuple[PoolCapacity, ...]:
    """What one pool offers, a row for each kind of unit. `provider` is aws, azure, gcp, or None for owned machines.

    Raises CapacityError for an accelerator or instance type that the facts do not list, or a machine without a size.
    """
    where = where or f"pools.{name}"
    millicpus, mebibytes = _for_tenants(*_node_size(pool, provider, where))
    rows = []
    for unit, resource, profile, per_node, share in _units(pool, provider, where):
        rows.append(
            PoolCapacity(
                pool=name,
                unit=unit,
                resource=resource,
                profile=profile,
                units_per_node=per_node or millicpus // 1000,
                guaranteed_units=(per_node or millicpus // 1000) * pool.smallest,
                maximum_units=(per_node or millicpus // 1000) * pool.largest,
                millicpus_per_unit=int(millicpus * share / per_node) if per_node else 1000,
                mebibytes_per_unit=int(mebibytes * share / (per_node or millicpus // 1000)),
            )
        )
    return tuple(rows)


def share_of(tenant: str, quota: Quota, capacity: PoolCapacity, weight: float = 1.0) -> TenantShare:
    """The share that a quota gives of a pool's units."""
    limit = capacity.maximum_units if quota.maximum is None else min(quota.maximum, capacity.maximum_units)
    return TenantShare(
        tenant=tenant,
        pool=capacity.pool,
        unit=capacity.unit,
        resource=capacity.resource,
        guaranteed=quota.guaranteed,
        maximum=max(limit, quota.guaranteed),
        weight=weight,
    )


def counted(quota: Quota, pool: str, capacities: Iterable[PoolCapacity]) -> PoolCapacity | None:
    """The row of a pool that a quota counts in, or None: a pool with several profiles needs the quota to name one."""
    rows = [row for row in capacities if row.pool == pool]
    named = [row for row in rows if row.profile == quota.profile]
    if quota.profile is None and len(rows) == 1:
        return rows[0]
    return named[0] if len(named) == 1 else None


def tenant_shares(platform: Platform, cluster: str) -> tuple[TenantShare, ...]:
    """Who may use what of a cluster, by tenant. A tenant without a quota for a pool cannot use that pool.

    Raises CapacityError for a quota on an unknown pool, or one that does not say which profile it counts.
    """
    capacities = cluster_capacity(platform, cluster)
    shares = []
    for name, tenant in platform.tenants.items():
        for pool, quota in tenant.quotas.get(cluster, {}).items():
            row = counted(quota, pool, capacities)
            if row is None:
                offered = ", ".join(f"{row.pool} ({row.profile or row.resource})" for row in capacities)
                raise CapacityError(
                    f"tenants.{name}.quotas.{cluster}.{pool}: no single unit is meant by profile {quota.profile!r}; "
                    f"the cluster offers {offered}"
                )
            shares.append(share_of(name, quota, row, tenant.weight))
    return tuple(shares)


def unguaranteed(capacity: PoolCapacity, shares: Iterable[TenantShare]) -> int:
    """Units that were guaranteed to nobody: the rest that all share. Below zero where guarantees exceed the pool."""
    return capacity.maximum_units - sum(
        share.guaranteed for share in shares if (share.pool, share.unit) == (capacity.pool, capacity.unit)
    )


def mig_resource(profile: str) -> str:
    """The resource that the device plugin offers for a MIG profile: 1g.10gb+me is nvidia.com/mig-1g.10gb.me.

    Source: NVIDIA k8s-device-plugin, internal/rm (the `mixed` strategy).
    """
    return "nvidia.com/mig-" + profile.replace("+", ".")


def vgpu_resource(profile: str) -> str:
    """The resource of a vGPU type: NVIDIA L40S-12Q is nvidia.com/NVIDIA_L40S-12Q.

    Source: NVIDIA kubevirt-gpu-device-plugin, which puts an underscore for each space.
    """
    return "nvidia.com/" + profile.replace(" ", "_")


def _units(pool: Pool, provider: str | None, where: str) -> list[tuple[str, str, str | None, int, Fraction]]:
    """(unit, resource, profile, units on a node, its part of the node); one CPU row for a pool without accelerators."""
    if not pool.accelerator or pool.accelerator == accelerators.NONE:
        return [(CPU, CPU, None, 0, Fraction(1))]
    device = accelerators.accelerator(pool.accelerator)
    if device is None or device.resource_name is None:
        meant = accelerators.suggestion(pool.accelerator)
        raise CapacityError(
            f"{where}.accelerator: {pool.accelerator!r} is not a listed accelerator"
            + (f"; did you mean {meant!r}?" if meant else "")
        )
    devices = pool.accelerators_per_node or _devices(pool, provider)
    if not devices:
        raise CapacityError(f"{where}.acceleratorsPerNode: how many {pool.accelerator} a node has must be said here")
    whole = Fraction(1)
    sharing = pool.sharing
    if isinstance(sharing, TimeSlicing):
        unit = f"{device.name}-shared-{sharing.replicas}"
        return [(unit, device.resource_name, None, devices * sharing.replicas, whole)]
    if isinstance(sharing, Vgpu):
        unit = f"{device.name}-vgpu-{_slug(sharing.profile)}"
        return [(unit, vgpu_resource(sharing.profile), sharing.profile, devices * sharing.per_device, whole)]
    if isinstance(sharing, Mig):
        return _instances(device, sharing, devices, where)
    return [(device.name, device.resource_name, None, devices, whole)]


def _instances(
    device: accelerators.Accelerator, sharing: Mig, devices: int, where: str
) -> list[tuple[str, str, str | None, int, Fraction]]:
    """A row for each profile of a MIG layout; its part of the node is its part of the memory slices in use."""
    unknown = sorted(set(sharing.layout) - set(device.mig_profiles))
    if unknown:
        raise CapacityError(
            f"{where}.sharing.layout: {device.name} has no MIG profile {', '.join(unknown)}; "
            f"it has {', '.join(device.mig_profiles) or 'none'}"
        )
    used = {name: count * device.mig_profiles[name].memory_slices for name, count in sharing.layout.items()}
    return [
        (
            f"{device.name}-mig-{_slug(name)}",
            mig_resource(name),
            name,
            devices * count,
            Fraction(used[name], sum(used.values())),
        )
        for name, count in sharing.layout.items()
    ]


def _devices(pool: Pool, provider: str | None) -> int:
    found = instances.instance(provider, pool.instance_type) if provider and pool.instance_type else None
    return found.gpus if found else 0


def _node_size(pool: Pool, provider: str | None, where: str) -> tuple[int, int]:
    """Hardware threads and GiB of memory of one node."""
    found = instances.instance(provider, pool.instance_type) if provider and pool.instance_type else None
    vcpus = pool.vcpus_per_node or (found.vcpu if found else None)
    memory = pool.memory_gib_per_node or (found.memory_gib if found else None)
    if not vcpus or not memory:
        raise CapacityError(
            f"{where}: the size of a node is not known; set vcpusPerNode and memoryGibPerNode"
            + (f" ({pool.instance_type} is not in the tables for {provider})" if pool.instance_type else "")
        )
    return vcpus, int(memory)


def _for_tenants(vcpus: int, memory_gib: int) -> tuple[int, int]:
    """Millicores and mebibytes of a node that are left for tenants' pods."""
    cpu = vcpus * 1000 - int(_stepped(vcpus, _RESERVED_MILLICPUS)) - ADD_ON_MILLICPUS_PER_NODE
    reserved = int(_stepped(memory_gib, _RESERVED_MEMORY) * 1024 / 100) + _EVICTION_MEBIBYTES
    return max(cpu, 0), max(memory_gib * 1024 - reserved - ADD_ON_MEBIBYTES_PER_NODE, 0)


def _stepped(amount: int, steps: Iterable[tuple[int | None, int | Fraction]]) -> Fraction:
    """The sum over an amount of a rate that falls in steps."""
    total, left = Fraction(0), amount
    for width, rate in steps:
        part = left if width is None else min(left, width)
        total += part * Fraction(rate)
        left -= part
    return total


def _slug(profile: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", profile.lower()).strip("-")
