"""Clusters for the tests of data centres: the smallest that have everything."""

from __future__ import annotations

from typing import Any

from ringfence.planning.labels import Tags
from ringfence.planning.onprem.bare_metal import BareMetalPool, bare_metal_pool
from ringfence.planning.onprem.hosted import HostedCluster, hosted_cluster
from ringfence.spec.cluster import Cluster

REGISTRY = "registry.fra.example"
TAGS = Tags(platform="acme", environment="prod", site="dc-fra", jurisdiction="DE", cost_center="CC-1")
LABELS = TAGS.kubernetes()
DIGEST = "6b1d3f5c8e7a9b2c4d6e8f0a1b3c5d7e9f1a2b4c6d8e0f2a4b6c8d0e2f4a6b8c"


def machine(number: int, rack: str | None = None) -> dict[str, Any]:
    return {
        "bmc": f"redfish-virtualmedia+https://10.9.0.{number}/redfish/v1/Systems/1",
        "bootMac": f"0c:42:a1:00:00:{number:02x}",
        "credentials": f"gpu-{number}-bmc",
        **({"rack": rack} if rack else {}),
    }


def pool_spec(**changes: Any) -> dict[str, Any]:
    return {
        "accelerator": "nvidia-h100-80gb",
        "acceleratorsPerNode": 8,
        "capacity": {"kind": "owned"},
        "vcpusPerNode": 192,
        "memoryGibPerNode": 2048,
        "image": "https://images.fra.example/ubuntu-24.04.raw",
        "imageChecksum": f"sha256:{DIGEST}",
        "machines": {"gpu-1": machine(1, "r1"), "gpu-2": machine(2, "r2")},
        **changes,
    }


def cluster_spec(provider: str = "k0smotron", **changes: Any) -> Cluster:
    data: dict[str, Any] = {
        "site": "dc-fra",
        "kubernetesVersion": "1.34.1",
        "controlPlane": {
            "kind": "hosted",
            "provider": provider,
            "managementCluster": "mgmt",
            "address": "10.0.1.70",
            "etcd": {"storageGib": 10, "storageClass": "fast"},
        },
        "network": {
            "nodes": "10.0.0.0/22",
            "pods": "10.1.0.0/16",
            "services": "10.2.0.0/20",
            "overlay": {"kind": "vxlan", "underlayMtu": 9000, "mtu": 8950},
        },
        "pools": {"gpu": pool_spec()},
        "addOns": {"cilium": {}} if provider == "kamaji" else {},
    }
    return Cluster.model_validate({**data, **changes})


def hosted(provider: str = "k0smotron", registry: str | None = None, **changes: Any) -> HostedCluster:
    return hosted_cluster("onprem-a", cluster_spec(provider, **changes), LABELS, registry=registry)


def gpu_pool(
    provider: str = "k0smotron", registry: str | None = None, *, spec: dict[str, Any] | None = None, **options: Any
) -> BareMetalPool:
    cluster = hosted(provider, registry, pools={"gpu": pool_spec(**(spec or {}))})
    return bare_metal_pool(cluster, "gpu", cluster.cluster.pools["gpu"], "dc-fra", **options)


def management_spec(**changes: Any) -> Cluster:
    data: dict[str, Any] = {
        "site": "dc-fra",
        "role": "management",
        "kubernetesVersion": "1.34",
        "controlPlane": {"kind": "embedded", "replicas": 3, "address": "10.0.0.10"},
        "network": {"nodes": "10.0.0.0/22", "pods": "10.3.0.0/16", "services": "10.4.0.0/20"},
        "pools": {
            "controllers": {
                "capacity": {"kind": "owned"},
                "vcpusPerNode": 32,
                "memoryGibPerNode": 128,
                "nodes": 3,
            }
        },
        "storage": {"block": {"kind": "block", "capacityGib": 500, "default": True}},
    }
    return Cluster.model_validate({**data, **changes})


def both_hosted() -> dict[str, Cluster]:
    plane = {"kind": "hosted", "provider": "kamaji", "managementCluster": "mgmt", "address": "10.0.1.71"}
    return {"onprem-a": cluster_spec(), "onprem-b": cluster_spec("kamaji", controlPlane=plane)}
