"""Cluster autoscaler: adds nodes where the cloud does not do it itself.

Owns: which cloud's groups it looks after. Refuses to own: sizes of pools (the spec).
Facts: kubernetes/autoscaler, chart 9.59.0; the labels that scaling from nothing needs are on the machine deployments.
"""

from __future__ import annotations

from typing import Any

from components.addons.karpenter import eks_name
from ringfence.planning.addon_context import AddOnContext


def values(context: AddOnContext) -> dict[str, Any]:
    """EKS by its tags; elsewhere Cluster API, whose kubeconfig the management cluster leaves in a Secret."""
    shared = {"replicaCount": context.replicas, "extraArgs": _arguments(context)}
    if context.provider == "aws":
        discovery = {"autoDiscovery": {"clusterName": eks_name(context)}, "awsRegion": context.region}
        return shared | {"cloudProvider": "aws"} | discovery
    return shared | {
        "cloudProvider": "clusterapi",
        # The workload cluster is this one; the machines are the management cluster's.
        "clusterAPIMode": "incluster-kubeconfig",
        "clusterAPIKubeconfigSecret": "management-kubeconfig",
        "autoDiscovery": {"clusterName": context.cluster},
    }


def _arguments(context: AddOnContext) -> dict[str, Any]:
    arguments: dict[str, Any] = {"expander": "least-waste", "balance-similar-node-groups": True}
    if context.pools:
        # A GPU node is dear: it goes as soon as it stands idle for a while, and is not kept for a system pod.
        arguments |= {"skip-nodes-with-system-pods": False, "scale-down-unneeded-time": "10m"}
    return arguments
