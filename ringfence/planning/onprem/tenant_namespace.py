"""The namespace of one hosted cluster in its management cluster: quota, default requests and network isolation.

Owns: what keeps one hosted control plane from starving or reaching another. Refuses to own: tenants' namespaces inside
a workload cluster (ringfence.planning.tenancy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.planning.onprem.objects import Manifest, manifest

POD_SECURITY = "pod-security.kubernetes.io/"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"


@dataclass(frozen=True, kw_only=True)
class NamespaceLimits:
    """What a hosted control plane may take of its management cluster, all replicas together."""

    millicpus: int
    mebibytes: int
    storage_gib: int
    pods: int
    load_balancers: int = 1


def namespace(name: str, labels: Mapping[str, str], *, pod_security: str = "baseline") -> Manifest:
    """A namespace that enforces a Pod Security level, and writes to the audit log what the restricted one refuses."""
    levels = {POD_SECURITY + "enforce": pod_security, POD_SECURITY + "audit": "restricted"}
    return manifest("v1", "Namespace", name, labels={**labels, **levels})


def limits(name: str, budget: NamespaceLimits, labels: Mapping[str, str]) -> list[Manifest]:
    """Quota and default requests. Without the defaults the quota would refuse every container that asks for nothing:
    k0smotron's init containers and defragmentation job, among others."""
    hard = {
        "requests.cpu": f"{budget.millicpus}m",
        "requests.memory": f"{budget.mebibytes}Mi",
        "requests.storage": f"{budget.storage_gib}Gi",
        "pods": str(budget.pods),
        "services.loadbalancers": str(budget.load_balancers),
        "services.nodeports": str(2 * budget.load_balancers),
    }
    default = {"type": "Container", "defaultRequest": {"cpu": "50m", "memory": "64Mi"}}
    return [
        manifest("v1", "ResourceQuota", "control-plane", name, labels=labels, spec={"hard": hard}),
        manifest("v1", "LimitRange", "control-plane", name, labels=labels, spec={"limits": [default]}),
    ]


def isolation(
    name: str,
    labels: Mapping[str, str],
    *,
    api_pods: Mapping[str, str],
    api_ports: tuple[int, ...],
    datastore_namespace: str | None = None,
) -> list[Manifest]:
    """Network policies: nothing in or out but the API itself, the pods of the same control plane, and name lookups.

    `api_pods` are the labels of the pods behind the API, `datastore_namespace` is where a shared datastore lives.
    """
    peers: list[dict[str, Any]] = [{"podSelector": {}}]
    out: list[dict[str, Any]] = [{"to": peers}, dns_egress()]
    if datastore_namespace:
        out.append({"to": [in_namespace(datastore_namespace)], "ports": [{"protocol": "TCP", "port": 2379}]})
    ports = [{"protocol": "TCP", "port": port} for port in api_ports]
    return [
        default_deny(name, labels),
        _policy(name, "control-plane", labels, {}, ingress=[{"from": peers}], egress=out),
        _policy(name, "api", labels, dict(api_pods), ingress=[{"ports": ports}]),
    ]


def default_deny(name: str, labels: Mapping[str, str]) -> Manifest:
    """Nothing in and nothing out, for every pod that no other policy speaks of."""
    return manifest(
        "networking.k8s.io/v1",
        "NetworkPolicy",
        "default-deny",
        name,
        labels=labels,
        spec={"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
    )


def in_namespace(name: str) -> dict[str, Any]:
    """Every pod of another namespace."""
    return {"namespaceSelector": {"matchLabels": {NAMESPACE_LABEL: name}}}


def dns_egress() -> dict[str, Any]:
    """Name lookups at the cluster's own DNS."""
    ports = [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]
    return {"to": [in_namespace("kube-system")], "ports": ports}


def _policy(
    namespace_name: str,
    name: str,
    labels: Mapping[str, str],
    pods: Mapping[str, str],
    *,
    ingress: list[dict[str, Any]],
    egress: list[dict[str, Any]] | None = None,
) -> Manifest:
    spec: dict[str, Any] = {
        "podSelector": {"matchLabels": dict(pods)} if pods else {},
        "policyTypes": ["Ingress"] if egress is None else ["Ingress", "Egress"],
        "ingress": ingress,
    }
    if egress is not None:
        spec["egress"] = egress
    return manifest("networking.k8s.io/v1", "NetworkPolicy", name, namespace_name, labels=labels, spec=spec)
