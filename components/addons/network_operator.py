"""NVIDIA Network Operator: RDMA for pods.

Owns: the NicClusterPolicy, which the chart does not make. Refuses to own: networks and their addresses.
Facts: Mellanox/network-operator v26.4.1, hack/release.yaml (images) and pkg/consts (the singleton's name).
"""

from __future__ import annotations

import json
from typing import Any

from components.addons.manifests import Objects, manifest
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.onprem.objects import mirrored

POLICY = "nic-cluster-policy"
"""The operator reads a policy of this name only."""

REPOSITORY = "nvcr.io/nvidia/mellanox"
RELEASE = "network-operator-v26.4.1"
DRIVER = "doca3.4.1-26.04-1.1.0.0-1"
RDMA_PODS_PER_NODE = 63
"""Pods that may share one adapter (Mellanox/k8s-rdma-shared-dev-plugin, rdmaHcaMax)."""


def values(context: AddOnContext) -> dict[str, Any]:
    """Where the nodes are AKS's, kernels change under the driver: it is then safer to load it once a node is idle."""
    return {"maintenanceOperator": {"enabled": context.provider == "azure"}}


def objects(context: AddOnContext) -> Objects:
    """The policy: the NIC's driver, and its adapters as a resource, on the nodes that have one."""
    fabrics = {pool.fabric for pool in context.pools} & {"infiniband", "roce"}
    if not fabrics:
        return Objects()
    spec: dict[str, Any] = {
        "nodeAffinity": _on_adapters(),
        "tolerations": [{"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"}],
        "ofedDriver": {
            **_image(context, "doca-driver", DRIVER),
            # Bare metal has storage modules of an earlier driver loaded, and the container stops when it finds them.
            "env": [{"name": "UNLOAD_STORAGE_MODULES", "value": "true"}],
            "terminationGracePeriodSeconds": 300,
            "upgradePolicy": {"autoUpgrade": True, "maxParallelUpgrades": 1, "safeLoad": True},
        },
        "rdmaSharedDevicePlugin": {
            **_image(context, "k8s-rdma-shared-dev-plugin", RELEASE),
            "config": _adapters(fabrics),
        },
        "secondaryNetwork": {
            "multus": _image(context, "multus-cni", RELEASE),
            "cniPlugins": _image(context, "plugins", RELEASE),
        },
        "nvIpam": _image(context, "nvidia-k8s-ipam", RELEASE),
    }
    return Objects(after=(manifest("mellanox.com/v1alpha1", "NicClusterPolicy", POLICY, spec=spec),))


def _image(context: AddOnContext, image: str, version: str) -> dict[str, str]:
    return {"repository": mirrored(REPOSITORY, context.registry), "image": image, "version": version}


def _adapters(fabrics: set[str]) -> str:
    links = {"infiniband": "infiniband", "roce": "ether"}
    resources = [
        {
            "resourceName": f"rdma_{fabric}",
            "rdmaHcaMax": RDMA_PODS_PER_NODE,
            "selectors": {"vendors": ["15b3"], "linkTypes": [links[fabric]]},
        }
        for fabric in sorted(fabrics)
    ]
    return json.dumps({"configList": resources}, sort_keys=True)


def _on_adapters() -> dict[str, Any]:
    """Only nodes where node-feature-discovery saw a Mellanox adapter (PCI vendor 15b3)."""
    seen = {"key": "feature.node.kubernetes.io/pci-15b3.present", "operator": "In", "values": ["true"]}
    return {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [{"matchExpressions": [seen]}]}}
