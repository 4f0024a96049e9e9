"""Ceph by Rook: storage on the data centre's own disks.

Owns: one home for each kind of storage, with the class names that the cluster's spec uses. Refuses to own: which disks.
Facts: rook/rook v1.20.6, deploy/charts/rook-ceph-cluster/values.yaml.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext

_SECRETS = {
    "rbd": {"provisioner": "rook-csi-rbd-provisioner", "node": "rook-csi-rbd-node"},
    "cephfs": {"provisioner": "rook-csi-cephfs-provisioner", "node": "rook-csi-cephfs-node"},
}


def values(context: AddOnContext) -> dict[str, Any]:
    """Pools named as the spec's storage tiers; lists replace the chart's own, so each is complete."""
    found: dict[str, Any] = {}
    block, file = context.storage_class("block"), context.storage_class("file")
    if block:
        found["cephBlockPools"] = [_block(block)]
    if file:
        found["cephFileSystems"] = [_file(file)]
    return found


def _parameters(driver: str) -> dict[str, str]:
    """Where the CSI driver finds its secrets; without them volumes stay pending."""
    names = _SECRETS[driver]
    roles = {"provisioner": "provisioner", "controller-expand": "provisioner", "node-stage": "node"}
    parameters = {"csi.storage.k8s.io/fstype": "ext4"}
    for role, kind in roles.items():
        parameters[f"csi.storage.k8s.io/{role}-secret-name"] = names[kind]
        parameters[f"csi.storage.k8s.io/{role}-secret-namespace"] = "{{ .Release.Namespace }}"
    return parameters


def _class(name: str, driver: str, default: bool, extra: dict[str, str]) -> dict[str, Any]:
    return {
        "enabled": True,
        "name": name,
        "isDefault": default,
        "reclaimPolicy": "Delete",
        "allowVolumeExpansion": True,
        "volumeBindingMode": "Immediate",
        "parameters": _parameters(driver) | extra,
    }


def _block(name: str) -> dict[str, Any]:
    return {
        "name": "ceph-blockpool",
        "spec": {"failureDomain": "host", "replicated": {"size": 3}},
        "storageClass": _class(name, "rbd", True, {"imageFormat": "2", "imageFeatures": "layering"}),
    }


def _file(name: str) -> dict[str, Any]:
    replicated = {"replicated": {"size": 3}}
    return {
        "name": "ceph-filesystem",
        "spec": {
            "metadataPool": replicated,
            "dataPools": [{"failureDomain": "host", "name": "data0", **replicated}],
            "metadataServer": {"activeCount": 1, "activeStandby": True},
        },
        "storageClass": _class(name, "cephfs", False, {}) | {"pool": "data0"},
    }
