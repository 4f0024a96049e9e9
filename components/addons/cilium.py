"""Cilium: the pod network where no cloud brings one.

Owns: how the cluster's networks, API address and overlay become Cilium's values. Refuses to own: network policies.
Facts: cilium/cilium v1.20.0, install/kubernetes/cilium/values.yaml.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem, merge


def values(context: AddOnContext) -> dict[str, Any]:
    """Without kube-proxy there is no service address for the API yet: Cilium must be told where it is.

    Raises AddOnPlanError when the context does not name the API's address.
    """
    if context.api_server is None:
        message = "replaces kube-proxy, so it must know the address of the Kubernetes API before there are services"
        raise AddOnPlanError([AddOnProblem("cilium", message, "give the cluster's control plane an address")])
    base: dict[str, Any] = {
        "k8sServiceHost": context.api_server,
        "k8sServicePort": context.api_port,
        "cluster": {"name": context.cluster},
        "MTU": context.mtu,
        "operator": {"replicas": context.replicas},
        "ipam": {"mode": "kubernetes"},
    }
    return merge(base, _overlay(context))


def _overlay(context: AddOnContext) -> dict[str, Any]:
    match context.overlay:
        case "none":
            routing: dict[str, Any] = {"routingMode": "native", "autoDirectNodeRoutes": True}
            return routing | ({"ipv4NativeRoutingCIDR": context.pod_cidr} if context.pod_cidr else {})
        case "wireguard":
            return {"routingMode": "tunnel", "encryption": {"enabled": True, "type": "wireguard"}}
        case tunnel:
            return {"routingMode": "tunnel", "tunnelProtocol": tunnel}
