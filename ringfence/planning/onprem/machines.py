"""From hosts to nodes: the deployment of a pool's machines, its health check, and what the autoscaler is told.

Owns: MachineDeployment and MachineHealthCheck (Cluster API 1.14 v1beta2), and the pool's objects as a whole. Refuses to
own: the hosts and their templates (bare_metal.py) and how a machine joins (workers.py).
"""

from __future__ import annotations

from typing import Any

from ringfence.planning import capacity
from ringfence.planning.onprem.bare_metal import BareMetalPool, data_template, host, machine_template, pool_object
from ringfence.planning.onprem.hosted import CLUSTER_NAME_LABEL
from ringfence.planning.onprem.objects import Manifest, contract_reference
from ringfence.planning.onprem.workers import bootstrap_template, taints

CAPACITY = "capacity.cluster-autoscaler.kubernetes.io/"
NODE_GROUP = "cluster.x-k8s.io/cluster-api-autoscaler-node-group-"
"""Annotations that the cluster autoscaler reads (kubernetes/autoscaler, cloudprovider/clusterapi)."""

DRAIN_SECONDS = 1800
VOLUME_DETACH_SECONDS = 600
DELETION_SECONDS = 600
PROVISION_SECONDS = 3600
"""Bare metal boots, writes an image and boots again: the default of 10 minutes would kill it half-way."""
UNHEALTHY_SECONDS = 600


def pool_manifests(pool: BareMetalPool) -> list[Manifest]:
    """Every object of a pool, in an order in which each comes after what it names."""
    addresses, data = data_template(pool)
    template = machine_template(pool, data)
    bootstrap = bootstrap_template(pool)
    return [
        *(host(pool, name, machine) for name, machine in pool.pool.machines.items()),
        *addresses,
        *data,
        template,
        bootstrap,
        machine_deployment(pool, bootstrap, template),
        health_check(pool),
    ]


def machine_deployment(pool: BareMetalPool, bootstrap: Manifest, template: Manifest) -> Manifest:
    """The nodes. No machine is spare, so a rollout takes one down before it brings one up: maxSurge 0."""
    selector = {CLUSTER_NAME_LABEL: pool.hosted.name, capacity.POOL_LABEL: pool.name}
    spec: dict[str, Any] = {
        "clusterName": pool.hosted.name,
        "rollout": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}},
        "selector": {"matchLabels": selector},
        "template": {
            "metadata": {"labels": {**pool.labels, **selector}},
            "spec": {
                "clusterName": pool.hosted.name,
                "version": pool.hosted.release.kubernetes,
                "bootstrap": {"configRef": contract_reference(bootstrap)},
                "infrastructureRef": contract_reference(template),
                "deletion": {
                    "nodeDrainTimeoutSeconds": DRAIN_SECONDS,
                    "nodeVolumeDetachTimeoutSeconds": VOLUME_DETACH_SECONDS,
                    "nodeDeletionTimeoutSeconds": DELETION_SECONDS,
                },
            },
        },
    }
    annotations = capacity_annotations(pool)
    if not autoscaled(pool):
        # An autoscaler owns the number of replicas: naming one here would take its nodes away at every update.
        spec["replicas"] = pool.pool.nodes or len(pool.pool.machines)
    made = pool_object(pool, "cluster.x-k8s.io/v1beta2", "MachineDeployment", spec)
    if annotations:
        made["metadata"]["annotations"] = annotations
    return made


def health_check(pool: BareMetalPool) -> Manifest:
    """Replaces a node that is gone, but never more than one at a time: several at once are a network fault."""
    unhealthy = [
        {"type": "Ready", "status": status, "timeoutSeconds": UNHEALTHY_SECONDS} for status in ("Unknown", "False")
    ]
    return pool_object(
        pool,
        "cluster.x-k8s.io/v1beta2",
        "MachineHealthCheck",
        {
            "clusterName": pool.hosted.name,
            "selector": {"matchLabels": {capacity.POOL_LABEL: pool.name}},
            "checks": {"nodeStartupTimeoutSeconds": PROVISION_SECONDS, "unhealthyNodeConditions": unhealthy},
            "remediation": {"triggerIf": {"unhealthyLessThanOrEqualTo": 1}},
        },
    )


def autoscaled(pool: BareMetalPool) -> bool:
    """Whether the cluster autoscaler decides how many of the machines are nodes."""
    return pool.pool.nodes is None and pool.pool.max_nodes is not None


def capacity_annotations(pool: BareMetalPool) -> dict[str, str]:
    """What a node of the pool would offer, so that the autoscaler can scale up from nothing."""
    if not autoscaled(pool):
        return {}
    rows = capacity.pool_capacity(pool.name, pool.pool, where=f"clusters.{pool.hosted.name}.pools.{pool.name}")
    made = {
        NODE_GROUP + "min-size": str(pool.pool.min_nodes or 0),
        NODE_GROUP + "max-size": str(pool.pool.max_nodes),
        CAPACITY + "cpu": str(pool.pool.vcpus_per_node),
        CAPACITY + "memory": f"{pool.pool.memory_gib_per_node}Gi",
        CAPACITY + "labels": ",".join(f"{key}={value}" for key, value in sorted(pool.node_labels.items())),
    }
    devices = [row for row in rows if row.resource != capacity.CPU]
    if devices:
        # One annotation holds one resource: a pool with several MIG profiles shows its most numerous one.
        shown = max(devices, key=lambda row: row.units_per_node)
        made[CAPACITY + "gpu-type"] = shown.resource
        made[CAPACITY + "gpu-count"] = str(shown.units_per_node)
    if pool.pool.taints:
        made[CAPACITY + "taints"] = ",".join(taints(pool.pool))
    return made
