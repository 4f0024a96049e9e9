"""An edge site: the facts that its objects are made from, and the parts that every one of them shares.

Owns: EdgePlan, the site's namespace, its local volumes and what its pods may reach. Refuses to own: the registry
(edge_registry.py), telemetry (edge_telemetry.py), models (edge_models.py) and the box's bootstrap (k0sctl.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.planning.onprem.addresses import free_range, host_addresses
from ringfence.planning.onprem.delivery import kustomization, oci_source
from ringfence.planning.onprem.k0sctl import host_names
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest
from ringfence.planning.onprem.tenant_namespace import default_deny, dns_egress, namespace
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane, HostedControlPlane
from ringfence.spec.site import EdgeSite

NAMESPACE = "edge-system"
DATA = "/var/lib/ringfence"
"""Where a box keeps what must survive its pods: the registry, the queue, the models."""
LOCAL_CLASS = "edge-local"
REGISTRY_PORT = 5000
"""Port of a site's registry where the file names none."""


@dataclass(frozen=True, kw_only=True)
class EdgePlan:
    """One edge site: plain values, checked."""

    name: str
    site: EdgeSite
    cluster_name: str
    cluster: Cluster
    labels: Mapping[str, str]
    registry: str
    """Host of the site's own registry, with its port where that is not 443."""
    parent_registry: str | None
    """Where the registry fetches what it lacks; None where the site is disconnected."""
    metrics_url: str | None
    """OTLP endpoint for metrics at the parent site; None keeps them on the box."""
    logs_url: str | None
    signature_secret: str
    """Secret in flux-system with the public key that must have signed the site's manifests."""
    registry_gib: int
    telemetry_gib: int
    addresses: Mapping[str, str]
    """Host to address."""

    @property
    def disconnected(self) -> bool:
        """Whether nothing ever leaves or enters by a line."""
        return self.site.reachability == "disconnected"

    @property
    def first_host(self) -> str:
        """The host that keeps the registry."""
        return next(iter(self.addresses))


def edge_plan(
    name: str,
    site: EdgeSite,
    cluster_name: str,
    cluster: Cluster,
    labels: Mapping[str, str],
    *,
    parent_registry: str | None = None,
    metrics_url: str | None = None,
    logs_url: str | None = None,
    signature_secret: str = "site-signature",
    registry_gib: int = 200,
    telemetry_gib: int = 20,
    addresses: Mapping[str, str] | None = None,
) -> EdgePlan:
    """The facts of one site.

    Raises PlanError for more than three nodes, and for a disconnected site that is given somewhere to send to or fetch
    from, or whose control plane is elsewhere.
    """
    plane = cluster.control_plane
    hosts = host_names(cluster)
    if len(hosts) > 3:
        raise PlanError(f"sites.{name} has {len(hosts)} nodes", "an edge site has one to three; make it a data centre")
    if site.reachability == "disconnected":
        outside = [url for url in (parent_registry, metrics_url, logs_url) if url]
        if outside:
            raise PlanError(
                f"sites.{name} is disconnected, but is to reach {', '.join(outside)}",
                "leave these out: a disconnected site is carried to and from",
            )
        if isinstance(plane, HostedControlPlane):
            raise PlanError(f"sites.{name} is disconnected from its control plane", "use kind: embedded")
    found = addresses or _addresses(cluster, hosts)
    first = found[hosts[0]] if hosts else ""
    return EdgePlan(
        name=name,
        site=site,
        cluster_name=cluster_name,
        cluster=cluster,
        labels=labels,
        registry=site.registry or f"{first}:{REGISTRY_PORT}",
        parent_registry=parent_registry,
        metrics_url=metrics_url,
        logs_url=logs_url,
        signature_secret=signature_secret,
        registry_gib=registry_gib,
        telemetry_gib=telemetry_gib,
        addresses=found,
    )


def base_manifests(plan: EdgePlan) -> list[Manifest]:
    """The namespace, the class of local volumes, and what pods of the site's own may reach."""
    return [
        namespace(NAMESPACE, plan.labels, pod_security="privileged"),
        manifest(
            "storage.k8s.io/v1",
            "StorageClass",
            LOCAL_CLASS,
            labels=plan.labels,
            provisioner="kubernetes.io/no-provisioner",
            volumeBindingMode="WaitForFirstConsumer",
            reclaimPolicy="Retain",
        ),
        *isolation(plan),
    ]


def isolation(plan: EdgePlan) -> list[Manifest]:
    """In from the cluster's own ranges; out to them, and to the parent where there is a line."""
    network = plan.cluster.network
    inside = [{"ipBlock": {"cidr": str(cidr)}} for cidr in (network.pods, network.services, network.nodes)]
    egress: list[dict[str, Any]] = [dns_egress(), {"to": inside}]
    if not plan.disconnected:
        # NetworkPolicy knows no names; which host is asked for is the registry's and the collector's configuration.
        egress.append({"ports": [{"protocol": "TCP", "port": 443}]})
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"from": inside}],
        "egress": egress,
    }
    rule = manifest("networking.k8s.io/v1", "NetworkPolicy", "site", NAMESPACE, labels=plan.labels, spec=spec)
    return [default_deny(NAMESPACE, plan.labels), rule]


def delivery_manifests(plan: EdgePlan) -> list[Manifest]:
    """What the site pulls of itself: signed manifests from its own registry, never from a repository elsewhere."""
    if plan.cluster.delivery != "pull":
        return []
    source = oci_source(
        "site",
        f"{plan.registry}/sites/{plan.name}",
        "current",
        plan.labels,
        signature_secret=plan.signature_secret,
    )
    return [source, kustomization(source, "./", plan.labels)]


def volume(plan: EdgePlan, name: str, gib: int) -> list[Manifest]:
    """A volume on the first host's disk and the claim that holds it; the data outlives both."""
    claim = {"namespace": NAMESPACE, "name": name}
    affinity = [{"key": "kubernetes.io/hostname", "operator": "In", "values": [plan.first_host]}]
    spec = {
        "capacity": {"storage": f"{gib}Gi"},
        "accessModes": ["ReadWriteOnce"],
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": LOCAL_CLASS,
        "claimRef": claim,
        "hostPath": {"path": f"{DATA}/{name}", "type": "DirectoryOrCreate"},
        "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": affinity}]}},
    }
    wanted = {
        "accessModes": ["ReadWriteOnce"],
        "storageClassName": LOCAL_CLASS,
        "volumeName": f"edge-{name}",
        "resources": {"requests": {"storage": f"{gib}Gi"}},
    }
    return [
        manifest("v1", "PersistentVolume", f"edge-{name}", labels=plan.labels, spec=spec),
        manifest("v1", "PersistentVolumeClaim", name, NAMESPACE, labels=plan.labels, spec=wanted),
    ]


def _addresses(cluster: Cluster, hosts: tuple[str, ...]) -> dict[str, str]:
    plane = cluster.control_plane
    if isinstance(plane, EmbeddedControlPlane):
        return host_addresses(cluster.network.nodes, plane.address, hosts)
    taken = [plane.address] if isinstance(plane, HostedControlPlane) else []
    first, _ = free_range(cluster.network.nodes, taken, len(hosts))
    return {host: str(first + offset) for offset, host in enumerate(hosts)}
