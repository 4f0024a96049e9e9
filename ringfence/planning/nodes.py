"""Nodes: what each declared machine is to a scheduler, as plain Node manifests.

Owns: names, labels, taints and what is allocatable, all from the file. Refuses to own: making machines, and what
feature discovery adds once they run. Tests and simulations put these on a control plane in place of machines.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.capacity import (
    ADD_ON_MEBIBYTES_PER_NODE,
    ADD_ON_MILLICPUS_PER_NODE,
    CPU,
    RACK_LABEL,
    PoolCapacity,
    cluster_capacity,
)
from ringfence.planning.onprem.bare_metal import node_labels_of
from ringfence.planning.tenancy.pools import PROVIDER_TAINTS, provider_of
from ringfence.spec.platform import Platform

Manifest = dict[str, Any]

PODS_PER_NODE = 110
"""Kubernetes' default of the kubelet's maxPods."""


def cluster_nodes(platform: Platform, cluster: str) -> list[Manifest]:
    """A Node for each machine that the cluster can have, every pool at its largest, in the file's order.

    Raises KeyError for an unknown cluster, and capacity.CapacityError for a pool whose size cannot be known.
    """
    spec = platform.clusters[cluster]
    rows = cluster_capacity(platform, cluster)
    made: list[Manifest] = []
    for name, pool in spec.pools.items():
        offered = allocatable([row for row in rows if row.pool == name])
        labels = node_labels_of(cluster, spec, name, pool, spec.site)
        names = list(pool.machines) or [f"{cluster}-{name}-{number}" for number in range(1, pool.largest + 1)]
        for machine in names:
            declared = pool.machines.get(machine)
            own = {"kubernetes.io/hostname": machine, "kubernetes.io/os": "linux", "kubernetes.io/arch": "amd64"}
            own |= {RACK_LABEL: declared.rack} if declared and declared.rack else {}
            made.append(
                {
                    "apiVersion": "v1",
                    "kind": "Node",
                    "metadata": {"name": machine, "labels": {**labels, **own}},
                    "spec": {"taints": taints(platform, cluster, name)},
                    "status": {"allocatable": offered, "capacity": offered},
                }
            )
    return made


def allocatable(rows: list[PoolCapacity]) -> dict[str, str]:
    """What a node of one pool offers to pods: its units, and CPU and memory less the system's part."""
    millicpus = sum(row.units_per_node * row.millicpus_per_unit for row in rows) + ADD_ON_MILLICPUS_PER_NODE
    mebibytes = sum(row.units_per_node * row.mebibytes_per_unit for row in rows) + ADD_ON_MEBIBYTES_PER_NODE
    units = {row.resource: str(row.units_per_node) for row in rows if row.resource != CPU}
    size = {"cpu": f"{millicpus}m", "memory": f"{mebibytes}Mi", "ephemeral-storage": "2Ti", "pods": str(PODS_PER_NODE)}
    return {**size, **units}


def taints(platform: Platform, cluster: str, pool: str) -> list[dict[str, str]]:
    """The file's taints, and the one that the provider adds for the pool's kind of capacity."""
    spec = platform.clusters[cluster].pools[pool]
    declared: list[tuple[str, str, str]] = [(taint.key, taint.value, taint.effect) for taint in spec.taints]
    added = PROVIDER_TAINTS.get((provider_of(platform, cluster) or "", spec.capacity.kind))
    if added and added not in declared:
        declared.append(added)
    return [{"key": key, "value": value, "effect": effect} for key, value, effect in declared]
