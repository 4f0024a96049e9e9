"""A control plane hosted by Kamaji: API pods that share one etcd, and kubeadm workers.

Owns: the KamajiControlPlane (provider 0.20, controlplane.cluster.x-k8s.io/v1alpha2) and the size of the shared etcd.
Refuses to own: the Cluster around it (control_plane.py) and Kamaji's chart (the add-on row).
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import reduce
from operator import add
from typing import Any

from ringfence.planning.onprem.addresses import METALLB_ADDRESS
from ringfence.planning.onprem.etcd import EtcdDemand, plan_etcd
from ringfence.planning.onprem.hosted import (
    KONNECTIVITY_PORT,
    HostedCluster,
    cluster_object,
    pod_labels,
    requests,
)
from ringfence.planning.onprem.objects import Manifest, mirrored

KUBERNETES_REGISTRY = "registry.k8s.io"
NAMESPACE = "kamaji-system"
DATASTORE = "default"
"""The etcd that Kamaji's chart brings and names (clastix/kamaji, charts/kamaji: defaultDatastoreName)."""


def etcd_values(demands: Iterable[EtcdDemand]) -> dict[str, Any]:
    """Values for Kamaji's chart: quota and volume of the etcd that all its control planes share.

    The chart's defaults, a quota of 8 GiB on a volume of 8 GiB, fill the disk before they raise the alarm. Raises
    PlanError where one etcd cannot hold all of them.
    """
    plan = plan_etcd(reduce(add, demands, EtcdDemand(nodes=0, pods=0)))
    return {
        "kamaji-etcd": {
            "quotaBackendBytes": str(plan.quota_bytes),
            "persistentVolumeClaim": {"size": f"{plan.volume_gib}Gi"},
        }
    }


def kamaji_control_plane(hosted: HostedCluster) -> Manifest:
    """Control plane pods that share Kamaji's datastore. Address and port are those of Metal3Cluster and Cluster."""
    registry = hosted.registry
    return cluster_object(
        hosted,
        "controlplane.cluster.x-k8s.io/v1alpha2",
        "KamajiControlPlane",
        {
            "replicas": hosted.plane.replicas,
            "version": hosted.release.kubernetes,
            "dataStoreName": DATASTORE,
            "registry": registry or KUBERNETES_REGISTRY,
            "kubelet": {"cgroupfs": "systemd", "preferredAddressTypes": ["InternalIP", "ExternalIP", "Hostname"]},
            "addons": {
                "coreDNS": {"imageRepository": f"{registry}/coredns"} if registry else {},
                "konnectivity": {
                    part: {"image": mirrored(f"{KUBERNETES_REGISTRY}/kas-network-proxy/proxy-{part}", registry), **more}
                    for part, more in (("server", {"port": KONNECTIVITY_PORT}), ("agent", {"mode": "DaemonSet"}))
                },
            },
            "network": {
                "serviceType": "LoadBalancer",
                "serviceAddress": hosted.host,
                "serviceAnnotations": {METALLB_ADDRESS: hosted.host},
                "certSANs": [hosted.host],
            },
            "apiServer": {"resources": requests(350, 2048)},
            "controllerManager": {"resources": requests(100, 600)},
            "scheduler": {"resources": requests(25, 150)},
            "deployment": {
                "topologySpreadConstraints": [
                    {
                        "maxSkew": 1,
                        "topologyKey": "kubernetes.io/hostname",
                        "whenUnsatisfiable": "DoNotSchedule",
                        "labelSelector": {"matchLabels": pod_labels(hosted, "control-plane")},
                    }
                ]
            },
        },
    )
