"""Nodes as the file declares them: one for each machine, with what pods can ask for there."""

from __future__ import annotations

from ringfence.planning.nodes import cluster_nodes
from tests.tenancy.platforms import fifty, with_pool


def test_a_node_for_each_machine_with_its_rack_taints_and_devices() -> None:
    nodes = {each["metadata"]["name"]: each for each in cluster_nodes(fifty(), "fra")}
    assert list(nodes) == ["fra-system-1", "fra-system-2", "fra-system-3", *(f"gpu-{n}" for n in range(1, 6))]
    gpu = nodes["gpu-4"]
    labels = gpu["metadata"]["labels"]
    assert labels["ringfence.dev/pool"] == "h100"
    assert labels["ringfence.dev/rack"] == "r2"
    assert labels["kubernetes.io/hostname"] == "gpu-4"
    assert gpu["spec"]["taints"] == [{"key": "ringfence.dev/accelerated", "value": "h100", "effect": "NoSchedule"}]
    assert gpu["status"]["allocatable"]["nvidia.com/gpu"] == "10"
    assert "nvidia.com/gpu" not in nodes["fra-system-1"]["status"]["allocatable"]
    assert nodes["fra-system-1"]["spec"]["taints"] == []


def test_a_node_offers_what_the_quotas_of_its_pool_add_up_to() -> None:
    """Fifty units of a guarantee that no node could hold would be a promise on paper."""
    nodes = cluster_nodes(fifty(), "fra")
    assert sum(int(each["status"]["allocatable"].get("nvidia.com/gpu", "0")) for each in nodes) == 50


def test_a_cut_device_offers_its_instances_and_not_itself() -> None:
    pool = {
        "accelerator": "nvidia-a100-80gb",
        "acceleratorsPerNode": 2,
        "sharing": {"kind": "mig", "layout": {"1g.10gb": 3, "4g.40gb": 1}},
    }
    [node, *_] = [each for each in cluster_nodes(with_pool(pool, {}), "fra") if each["metadata"]["name"] == "gpu-1"]
    offered = node["status"]["allocatable"]
    assert {name: amount for name, amount in offered.items() if name.startswith("nvidia.com/")} == {
        "nvidia.com/mig-1g.10gb": "6",
        "nvidia.com/mig-4g.40gb": "2",
    }
    assert node["metadata"]["labels"]["nvidia.com/mig.config"] == "gpu"
