"""The k0s ClusterConfig of a cluster, hosted or embedded.

Owns: network provider, overlay and image source of k0s. Refuses to own: who runs it (k0smotron, k0sctl).
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.onprem.objects import PlanError
from ringfence.spec.cluster import Cluster

SERVICE_DOMAIN = "cluster.local"


def network(cluster: Cluster) -> dict[str, Any]:
    """`spec.network`: k0s's own calico or kube-router for the overlay that the file asks for, or none for Cilium.

    Source: docs.k0sproject.io, configuration, spec.network (v1.34). Raises PlanError for an overlay that none has.
    """
    overlay = cluster.network.overlay
    made: dict[str, Any] = {
        "podCIDR": str(cluster.network.pods),
        "serviceCIDR": str(cluster.network.services),
        "clusterDomain": SERVICE_DOMAIN,
    }
    chosen = cluster.add_ons.get("cilium")
    if chosen is not None and chosen.enabled:
        # Cilium is the add-on's: k0s brings no network, and no kube-proxy beside Cilium's own.
        return {**made, "provider": "custom", "kubeProxy": {"disabled": True}}
    if overlay.kind == "geneve":
        raise PlanError("network.overlay.kind geneve is not among k0s's own networks", "add the cilium add-on")
    if overlay.kind == "none":
        return {**made, "provider": "kuberouter", "kuberouter": {"autoMTU": False, "mtu": overlay.mtu}}
    calico: dict[str, Any] = {"mode": "vxlan", "overlay": "Always", "mtu": overlay.mtu}
    if overlay.kind == "wireguard":
        calico["wireguard"] = True
    return {**made, "provider": "calico", "calico": calico}


def k0s_config(cluster: Cluster, *, registry: str | None = None, spec: dict[str, Any] | None = None) -> dict[str, Any]:
    """A ClusterConfig; `registry` is the site's own mirror, and `spec` adds fields of its own.

    k0s reports usage to its makers unless it is told not to: it is told not to.
    """
    made: dict[str, Any] = {
        "network": network(cluster),
        "telemetry": {"enabled": False},
    }
    if registry:
        made["images"] = {"repository": registry, "default_pull_policy": "IfNotPresent"}
    return {
        "apiVersion": "k0s.k0sproject.io/v1beta1",
        "kind": "ClusterConfig",
        "metadata": {"name": "k0s"},
        "spec": {**made, **(spec or {})},
    }
