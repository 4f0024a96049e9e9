"""Queues: how Kueue shares a cluster's pools between tenants.

Owns: flavours, topologies, cohorts, cluster queues and priority classes of a cluster, as plain manifests. Refuses to
own: the shares themselves (ringfence.planning.capacity) and namespaces' local queues (namespaces.py).

The arrangement. One cohort for each kind of unit, so that units never mix in one (kueue#12207). The cohort has no quota
of its own, because that would come on top of its members' (kueue#5289). A tenant's nominal quota is its guarantee, all
of it lent while idle; its borrowing limit is its maximum less the guarantee. What was guaranteed to nobody is the
nominal quota of a queue that no namespace can submit to. So the nominal quotas always add up to the pool.

Work that names no queue goes to the tenant's default one, which knows CPU and memory only, as much as the tenant's
namespaces may hold: the add-on has Kueue hold back everything in tenants' namespaces, and what asks for an accelerator
there is never admitted.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby

from ringfence.planning.capacity import (
    CPU,
    MEMORY,
    POOL_LABEL,
    RACK_LABEL,
    CapacityError,
    PoolCapacity,
    TenantShare,
    cluster_capacity,
    tenant_shares,
    unguaranteed,
)
from ringfence.planning.labels import Tags
from ringfence.planning.tenancy.layout import tenant_namespaces
from ringfence.planning.tenancy.names import (
    DEFAULT_FLAVOR,
    TENANT_LABEL,
    Manifest,
    cluster_tags,
    default_queue_name,
    gibibytes,
    mebibytes,
    metadata,
    millicores,
    queue_name,
    spare_queue_name,
    tenant_tags,
    tenants_on,
)
from ringfence.planning.tenancy.pools import pool_tolerations
from ringfence.spec.platform import Platform
from ringfence.spec.pool import Pool

API = "kueue.x-k8s.io/v1beta2"
TOPOLOGY = "racks"

PRIORITIES = {"ringfence-serving": 1000, "ringfence-interactive": 500, "ringfence-batch": 100}
"""WorkloadPriorityClass to value. Within a tenant's own queue the higher one may preempt the lower."""

CAPACITY_ORDER = ("owned", "reserved", "on-demand", "flex", "spot")
"""Which pool of the same unit is tried first: what is paid for anyway, then what cannot be taken away."""


def queue_manifests(platform: Platform, cluster: str) -> list[Manifest]:
    """Every Kueue object of a cluster that belongs to no namespace, for pools that tenants share and for the rest.

    Raises KeyError for an unknown cluster and capacity.CapacityError where the pools cannot carry the quotas.
    """
    shares = tenant_shares(platform, cluster)
    used = {(share.pool, share.unit) for share in shares}
    rows = [row for row in cluster_capacity(platform, cluster) if (row.pool, row.unit) in used]
    pools = platform.clusters[cluster].pools
    tags = cluster_tags(platform, cluster)
    flavoured = list(dict.fromkeys(row.pool for row in rows))
    racked = any(_racked(pools[pool]) for pool in flavoured)
    made = [priority_class(name, value, tags) for name, value in PRIORITIES.items()]
    made += [topology(tags)] if racked else []
    made += [resource_flavor(platform, cluster, pool, tags) for pool in flavoured]
    for unit, members in groupby(sorted(rows, key=lambda row: row.unit), key=lambda row: row.unit):
        ordered = sorted(members, key=lambda row: CAPACITY_ORDER.index(pools[row.pool].capacity.kind))
        made.append({"apiVersion": API, "kind": "Cohort", "metadata": metadata(unit, tags), "spec": {}})
        made.append(spare_queue(unit, ordered, shares, tags))
        made += [
            tenant_queue(name, ordered, shares, tenant_tags(platform, cluster, name))
            for name in dict.fromkeys(share.tenant for share in shares if share.unit == unit)
        ]
    if platform.tenants:
        made.append(
            {"apiVersion": API, "kind": "ResourceFlavor", "metadata": metadata(DEFAULT_FLAVOR, tags), "spec": {}}
        )
        made += [default_queue(platform, cluster, name) for name in tenants_on(platform, cluster)]
    return made


def default_queue(platform: Platform, cluster: str, tenant: str) -> Manifest:
    """A tenant's queue for work without accelerators, on any node whose taints it tolerates. It shares with nobody."""
    quotas = [namespace.quota for namespace in tenant_namespaces(platform, cluster, tenant)]
    flavor = {
        "name": DEFAULT_FLAVOR,
        "resources": [
            {"name": CPU, "nominalQuota": str(sum(quota.cpus for quota in quotas))},
            {"name": MEMORY, "nominalQuota": gibibytes(sum(quota.memory_gib for quota in quotas))},
        ],
    }
    return {
        "apiVersion": API,
        "kind": "ClusterQueue",
        "metadata": metadata(default_queue_name(tenant), tenant_tags(platform, cluster, tenant)),
        "spec": {
            "queueingStrategy": "BestEffortFIFO",
            "resourceGroups": [{"coveredResources": [CPU, MEMORY], "flavors": [flavor]}],
            "namespaceSelector": {"matchLabels": {TENANT_LABEL: tenant}},
            "preemption": {"withinClusterQueue": "LowerPriority"},
        },
    }


def resource_flavor(platform: Platform, cluster: str, pool: str, tags: Tags) -> Manifest:
    """The nodes of one pool, by our own label: GPU Feature Discovery's change when sharing is switched on."""
    spec: Manifest = {"nodeLabels": {POOL_LABEL: pool}}
    tolerations = pool_tolerations(platform, cluster, pool)
    if tolerations:
        spec["tolerations"] = tolerations
    if _racked(platform.clusters[cluster].pools[pool]):
        spec["topologyName"] = TOPOLOGY
    return {"apiVersion": API, "kind": "ResourceFlavor", "metadata": metadata(pool, tags), "spec": spec}


def topology(tags: Tags) -> Manifest:
    """Racks, then machines: a gang of pods is kept within one rack where it fits."""
    levels = [{"nodeLabel": RACK_LABEL}, {"nodeLabel": "kubernetes.io/hostname"}]
    return {"apiVersion": API, "kind": "Topology", "metadata": metadata(TOPOLOGY, tags), "spec": {"levels": levels}}


def priority_class(name: str, value: int, tags: Tags) -> Manifest:
    """Order in a queue, independent of what the kube-scheduler may evict."""
    return {"apiVersion": API, "kind": "WorkloadPriorityClass", "metadata": metadata(name, tags), "value": value}


def tenant_queue(tenant: str, rows: Iterable[PoolCapacity], shares: Iterable[TenantShare], tags: Tags) -> Manifest:
    """A tenant's queue for one kind of unit. It lists every pool it may use, also where nothing is guaranteed.

    Fair sharing decides between borrowers, so `borrowWithinCohort` stays away: Kueue takes it with classical preemption
    only (API reference of ClusterQueuePreemption).
    """
    own = {share.pool: share for share in shares if share.tenant == tenant}
    rows = [row for row in rows if row.pool in own and own[row.pool].unit == row.unit]
    weight = next(own[row.pool].weight for row in rows)
    flavors = [_flavor(row, nominal=own[row.pool].guaranteed, borrowing=own[row.pool].borrowable) for row in rows]
    return _queue(
        queue_name(tenant, rows[0].unit),
        rows[0],
        flavors,
        tags,
        namespaceSelector={"matchLabels": {TENANT_LABEL: tenant}},
        preemption={"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"},
        flavorFungibility={"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "TryNextFlavor"},
        fairSharing={"weight": _weight(weight)},
    )


def spare_queue(unit: str, rows: Iterable[PoolCapacity], shares: Iterable[TenantShare], tags: Tags) -> Manifest:
    """The lender of what nobody was guaranteed. Without a namespaceSelector no namespace can submit to it.

    Raises capacity.CapacityError where more is guaranteed than the pool has.
    """
    rows, shares = list(rows), list(shares)
    for row in rows:
        if unguaranteed(row, shares) < 0:
            raise CapacityError(
                f"pool {row.pool}: {row.maximum_units} units of {row.resource}, but the guarantees add up to "
                f"{row.maximum_units - unguaranteed(row, shares)}; lower a `guaranteed` under tenants.*.quotas"
            )
    flavors = [_flavor(row, nominal=unguaranteed(row, shares), borrowing=0) for row in rows]
    return _queue(spare_queue_name(unit), rows[0], flavors, tags)


def _queue(name: str, row: PoolCapacity, flavors: list[Manifest], tags: Tags, **spec: Manifest) -> Manifest:
    return {
        "apiVersion": API,
        "kind": "ClusterQueue",
        "metadata": metadata(name, tags),
        "spec": {
            "cohortName": row.unit,
            "queueingStrategy": "BestEffortFIFO",
            "resourceGroups": [{"coveredResources": _covered(row), "flavors": flavors}],
            **spec,
        },
    }


def _covered(row: PoolCapacity) -> list[str]:
    return list(dict.fromkeys([CPU, MEMORY, row.resource]))


def _flavor(row: PoolCapacity, *, nominal: int, borrowing: int) -> Manifest:
    """Quotas of one pool: CPU and memory follow the units, so that a guarantee is one of usable machines."""

    def amount(resource: str, units: int) -> str:
        if resource == CPU:
            return millicores(units * row.millicpus_per_unit)
        return mebibytes(units * row.mebibytes_per_unit) if resource == MEMORY else str(units)

    resources = [
        {
            "name": resource,
            "nominalQuota": amount(resource, nominal),
            "borrowingLimit": amount(resource, borrowing),
            "lendingLimit": amount(resource, nominal),
        }
        for resource in _covered(row)
    ]
    return {"name": row.pool, "resources": resources}


def _racked(pool: Pool) -> bool:
    """Whether every machine says its rack: Kueue skips nodes that lack a level of their flavour's topology."""
    return bool(pool.machines) and all(machine.rack for machine in pool.machines.values())


def _weight(weight: float) -> str:
    """A weight as a Kubernetes quantity, to a thousandth."""
    return millicores(max(round(weight * 1000), 1))
