"""A control plane hosted by k0smotron: pods with an etcd of their own, both on persistent volumes.

Owns: the K0smotronControlPlane (k0smotron 2.1, controlplane.cluster.x-k8s.io/v1beta2). Refuses to own: the Cluster
around it (control_plane.py) and the k0s configuration inside it (k0s_config.py).
"""

from __future__ import annotations

import json
from typing import Any

from ringfence.planning.onprem.addresses import METALLB_ADDRESS
from ringfence.planning.onprem.hosted import (
    API_MEBIBYTES,
    API_MILLICPUS,
    ETCD_MILLICPUS,
    KONNECTIVITY_PORT,
    HostedCluster,
    cluster_object,
    requests,
)
from ringfence.planning.onprem.k0s_config import k0s_config
from ringfence.planning.onprem.objects import Manifest, mirrored

K0S_IMAGE = "quay.io/k0sproject/k0s"
ETCD_IMAGE = "quay.io/k0sproject/etcd:v3.7.1"
DEFRAGMENT_IMAGE = "ghcr.io/ahrtr/etcd-defrag:v0.16.0"
"""The CRD's own defaults, named so that they can come from a mirror (k0smotron v2.1.0)."""

DATA_GIB = 4
"""Volume of a control plane pod: certificates and k0s's binaries, never cluster state, which is etcd's."""


def k0smotron_control_plane(hosted: HostedCluster) -> Manifest:
    """Control plane pods with an etcd of their own. Both keep their data on volumes: k0smotron's default, emptyDir,
    forgets it with the pod."""
    return cluster_object(
        hosted,
        "controlplane.cluster.x-k8s.io/v1beta2",
        "K0smotronControlPlane",
        {
            "replicas": hosted.plane.replicas,
            "version": hosted.release.image_tag,
            "image": mirrored(K0S_IMAGE, hosted.registry),
            "externalAddress": hosted.host,
            "service": {
                "type": "LoadBalancer",
                "apiPort": hosted.plane.port,
                "konnectivityPort": KONNECTIVITY_PORT,
            },
            "persistence": {
                "type": "pvc",
                "autoDeletePVCs": False,
                "persistentVolumeClaim": {"spec": _claim(hosted, DATA_GIB)},
            },
            "storage": {"type": "etcd", "etcd": _etcd(hosted)},
            "k0sConfig": k0s_config(hosted.cluster, registry=hosted.registry),
            "kubeconfigSecretMetadata": {"labels": dict(hosted.labels)},
            "patches": [_load_balancer_address(hosted)],
            "resources": requests(API_MILLICPUS, API_MEBIBYTES),
            "topologySpreadConstraints": [
                {
                    "maxSkew": 1,
                    "topologyKey": "kubernetes.io/hostname",
                    "whenUnsatisfiable": "DoNotSchedule",
                    "labelSelector": {"matchLabels": {"app": "k0smotron", "cluster": hosted.name}},
                    # etcd gets the same constraint: without this its members and the API's pods would count as one set.
                    "matchLabelKeys": ["component"],
                }
            ],
        },
    )


def _etcd(hosted: HostedCluster) -> dict[str, Any]:
    persistence: dict[str, Any] = {"size": f"{hosted.etcd.volume_gib}Gi"}
    if hosted.plane.etcd.storage_class:
        persistence["storageClass"] = hosted.plane.etcd.storage_class
    return {
        "image": mirrored(ETCD_IMAGE, hosted.registry),
        "autoDeletePVCs": False,
        # Without it the quota stays at 2 GiB whatever the volume's size (k0smotron passes none).
        "args": [f"--quota-backend-bytes={hosted.etcd.quota_bytes}"],
        "persistence": persistence,
        "resources": requests(ETCD_MILLICPUS, hosted.etcd_mebibytes),
        "defragJob": {
            "enabled": True,
            "schedule": "0 3 * * *",
            "image": mirrored(DEFRAGMENT_IMAGE, hosted.registry),
            "rule": "dbQuotaUsage > 0.8 || dbSize - dbSizeInUse > 200*1024*1024",
        },
    }


def _load_balancer_address(hosted: HostedCluster) -> dict[str, Any]:
    """v1beta2 has no `service.annotations` any more: a patch on the Service says which address it must get."""
    return {
        "target": {"kind": "Service", "component": "control-plane"},
        "patch": {
            "type": "merge",
            "content": json.dumps({"metadata": {"annotations": {METALLB_ADDRESS: hosted.host}}}, sort_keys=True),
        },
    }


def _claim(hosted: HostedCluster, gib: int) -> dict[str, Any]:
    claim: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{gib}Gi"}},
    }
    if hosted.plane.etcd.storage_class:
        claim["storageClassName"] = hosted.plane.etcd.storage_class
    return claim
