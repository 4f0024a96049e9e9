"""A control plane hosted in a management cluster, as Cluster API objects over Metal3 machines.

Owns: Cluster, Metal3Cluster, and what protects the pods behind the API. Refuses to own: the control plane object
(k0smotron.py, kamaji.py), the machines (bare_metal.py) and the providers (management.py).

Versions: Cluster API v1.14 v1beta2, CAPM3 v1.13 v1beta2.
"""

from __future__ import annotations

from ringfence.planning.labels import KUBERNETES_PREFIX
from ringfence.planning.onprem import kamaji
from ringfence.planning.onprem.hosted import (
    API_MEBIBYTES,
    API_MILLICPUS,
    ETCD_MILLICPUS,
    KONNECTIVITY_PORT,
    HostedCluster,
    cluster_object,
    pod_labels,
)
from ringfence.planning.onprem.k0s_config import SERVICE_DOMAIN
from ringfence.planning.onprem.k0smotron import DATA_GIB, k0smotron_control_plane
from ringfence.planning.onprem.objects import Manifest, contract_reference, manifest
from ringfence.planning.onprem.tenant_namespace import NamespaceLimits, isolation, limits, namespace

LABEL_SYNC = "metal3.io/metal3-label-sync-prefixes"
"""Annotation: labels of a BareMetalHost with this prefix are kept on its Node (CAPM3, label synchronisation)."""

INITIALISED = "condition=ControlPlaneInitialized"
"""When the API answers for the first time, and the kubeconfig exists (Cluster API v1.14, Cluster conditions)."""

_SPARE = 2
"""The namespace's quota over the steady state: a rolling update runs old and new pods side by side."""


def control_plane_manifests(hosted: HostedCluster) -> list[Manifest]:
    """Every object of a hosted control plane, the namespace first."""
    plane = kamaji.kamaji_control_plane(hosted) if hosted.kamaji else k0smotron_control_plane(hosted)
    infrastructure = metal3_cluster(hosted)
    ports = (hosted.plane.port, KONNECTIVITY_PORT)
    return [
        namespace(hosted.name, hosted.labels),
        *limits(hosted.name, namespace_limits(hosted), hosted.labels),
        *isolation(
            hosted.name,
            hosted.labels,
            api_pods=pod_labels(hosted, "control-plane"),
            api_ports=ports,
            datastore_namespace=kamaji.NAMESPACE if hosted.kamaji else None,
        ),
        *disruption_budgets(hosted),
        infrastructure,
        plane,
        cluster_manifest(hosted, plane, infrastructure),
    ]


def cluster_manifest(hosted: HostedCluster, plane: Manifest, infrastructure: Manifest) -> Manifest:
    """The Cluster that ties control plane and infrastructure together; Pulumi waits until its API answers."""
    made = cluster_object(
        hosted,
        "cluster.x-k8s.io/v1beta2",
        "Cluster",
        {
            "clusterNetwork": {
                "apiServerPort": hosted.plane.port,
                "serviceDomain": SERVICE_DOMAIN,
                "pods": {"cidrBlocks": [str(hosted.cluster.network.pods)]},
                "services": {"cidrBlocks": [str(hosted.cluster.network.services)]},
            },
            "controlPlaneEndpoint": {"host": hosted.host, "port": hosted.plane.port},
            "controlPlaneRef": contract_reference(plane),
            "infrastructureRef": contract_reference(infrastructure),
        },
    )
    made["metadata"]["annotations"] = {"pulumi.com/waitFor": INITIALISED, "pulumi.com/timeoutSeconds": "1800"}
    return made


def metal3_cluster(hosted: HostedCluster) -> Manifest:
    """The machines' side of the cluster; its endpoint is what Kamaji takes the address of the API from."""
    made = cluster_object(
        hosted,
        "infrastructure.cluster.x-k8s.io/v1beta2",
        "Metal3Cluster",
        {
            "controlPlaneEndpoint": {"host": hosted.host, "port": hosted.plane.port},
            "cloudProviderEnabled": False,
        },
    )
    made["metadata"]["annotations"] = {LABEL_SYNC: KUBERNETES_PREFIX.rstrip("/")}
    return made


def disruption_budgets(hosted: HostedCluster) -> list[Manifest]:
    """One pod at a time: a drained management node may not take a quorum with it. None for a single replica."""
    if hosted.plane.replicas == 1:
        return []
    parts = ("control-plane",) if hosted.kamaji else ("control-plane", "etcd")
    return [
        manifest(
            "policy/v1",
            "PodDisruptionBudget",
            part,
            hosted.name,
            labels=hosted.labels,
            spec={"maxUnavailable": 1, "selector": {"matchLabels": pod_labels(hosted, part)}},
        )
        for part in parts
    ]


def namespace_limits(hosted: HostedCluster) -> NamespaceLimits:
    """What the control plane needs, with room for a rolling update."""
    own_etcd = not hosted.kamaji
    replicas = hosted.plane.replicas
    storage = hosted.etcd.volume_gib + DATA_GIB if own_etcd else 0
    return NamespaceLimits(
        millicpus=_SPARE * replicas * (API_MILLICPUS + (ETCD_MILLICPUS if own_etcd else 0)),
        mebibytes=_SPARE * replicas * (API_MEBIBYTES + (hosted.etcd_mebibytes if own_etcd else 0)),
        storage_gib=replicas * storage,
        pods=_SPARE * replicas * (2 if own_etcd else 1) + 2,
    )
