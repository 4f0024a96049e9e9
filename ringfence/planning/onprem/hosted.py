"""A cluster whose control plane runs in another one: the facts that its objects are made from.

Owns: HostedCluster, what its etcd must hold, and the labels and requests that k0smotron and Kamaji share. Refuses to
own: the objects (control_plane.py, k0smotron.py, kamaji.py, bare_metal.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.planning.onprem.etcd import EtcdDemand, EtcdPlan, plan_etcd
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest
from ringfence.planning.onprem.releases import K0sRelease, k0s_release
from ringfence.spec.cluster import Cluster, HostedControlPlane

CLUSTER_NAME_LABEL = "cluster.x-k8s.io/cluster-name"
KONNECTIVITY_PORT = 8132
CILIUM = "cilium"

API_MILLICPUS, API_MEBIBYTES = 475, 2750
"""Requests for API server, controller manager and scheduler together: 350m/2Gi, 100m/600Mi and 25m/150Mi.

Source: openshift/hypershift, control plane assets.
"""
ETCD_MILLICPUS, ETCD_MEBIBYTES = 300, 600
"""Requests for an etcd member of one small cluster (openshift/hypershift assets); its database comes on top."""


@dataclass(frozen=True, kw_only=True)
class HostedCluster:
    """A cluster whose control plane is hosted: plain values, checked."""

    name: str
    """Also the namespace that it lives in."""
    cluster: Cluster
    plane: HostedControlPlane
    labels: Mapping[str, str]
    registry: str | None
    """The management site's own mirror, host and path; None pulls from the public registries."""
    release: K0sRelease
    etcd: EtcdPlan

    @property
    def host(self) -> str:
        """Address of the API."""
        return str(self.plane.address)

    @property
    def kamaji(self) -> bool:
        """Whether Kamaji runs it; k0smotron does otherwise."""
        return self.plane.provider == "kamaji"

    @property
    def cilium(self) -> bool:
        """Whether Cilium is the pod network, and kube-proxy with it."""
        chosen = self.cluster.add_ons.get(CILIUM)
        return chosen is not None and chosen.enabled

    @property
    def etcd_mebibytes(self) -> int:
        """Memory that one etcd member of its own asks for."""
        return ETCD_MEBIBYTES + self.etcd.database_mib


def hosted_cluster(
    name: str, cluster: Cluster, labels: Mapping[str, str], *, registry: str | None = None
) -> HostedCluster:
    """The facts of one hosted cluster.

    Raises PlanError for a cluster that is not hosted, an unknown version, an etcd volume that is too small, or a Kamaji
    cluster without a pod network.
    """
    plane = cluster.control_plane
    if not isinstance(plane, HostedControlPlane):
        raise PlanError(f"clusters.{name} has a control plane of kind {plane.kind}", "a hosted one has kind: hosted")
    hosted = HostedCluster(
        name=name,
        cluster=cluster,
        plane=plane,
        labels=labels,
        registry=registry,
        release=k0s_release(cluster.kubernetes_version),
        etcd=plan_etcd(etcd_demand(cluster), plane.etcd.storage_gib),
    )
    if hosted.kamaji and not hosted.cilium:
        raise PlanError(f"clusters.{name}: Kamaji brings no pod network", "add cilium to its addOns")
    return hosted


def etcd_demand(cluster: Cluster) -> EtcdDemand:
    """What a cluster's etcd holds with every pool at its largest and every node full.

    Pods on a node: at most 110 and at most ten for each core (Kubernetes scalability thresholds).
    """
    nodes = sum(pool.largest for pool in cluster.pools.values())
    pods = sum(pool.largest * min(110, 10 * (pool.vcpus_per_node or 11)) for pool in cluster.pools.values())
    return EtcdDemand(nodes=nodes, pods=pods)


def requests(millicpus: int, mebibytes: int) -> dict[str, Any]:
    """A container's resource requests."""
    return {"requests": {"cpu": f"{millicpus}m", "memory": f"{mebibytes}Mi"}}


def pod_labels(hosted: HostedCluster, component: str) -> dict[str, str]:
    """Labels that the operators put on their pods; `component` is control-plane or etcd.

    Source: k0sproject/k0smotron, internal/controller/util; clastix/kamaji, internal/resources.
    """
    if hosted.kamaji:
        return {"kamaji.clastix.io/name": hosted.name}
    return {"app": "k0smotron", "cluster": hosted.name, "component": component}


def cluster_object(hosted: HostedCluster, api_version: str, kind: str, spec: dict[str, Any]) -> Manifest:
    """An object of the cluster's own name, in its own namespace."""
    labels = {**hosted.labels, CLUSTER_NAME_LABEL: hosted.name}
    return manifest(api_version, kind, hosted.name, hosted.name, labels=labels, spec=spec)
