"""Slices of a device, on nodes as the stack file declares them: as many are had as the layout cuts, and no more."""

from __future__ import annotations

from collections.abc import Generator

import pytest

from ringfence.planning.nodes import cluster_nodes
from tests.support.controlplane import Cluster, Manifest, pod
from tests.tenancy.platforms import with_pool

LAB = "mig-lab"
SLICE = "nvidia.com/mig-1g.10gb"
ONE_A100 = {
    "accelerator": "nvidia-a100-80gb",
    "acceleratorsPerNode": 1,
    "sharing": {"kind": "mig", "layout": {"1g.10gb": 7}},
}


@pytest.fixture
def cut(serve_fra: Cluster) -> Generator[Manifest]:
    """A node with one A100 of 80 GB, cut into seven, and a namespace that belongs to no tenant."""
    node = next(each for each in cluster_nodes(with_pool(ONE_A100, {}), "fra") if each["metadata"]["name"] == "gpu-1")
    serve_fra.client.apply(node)
    serve_fra.client.patch(node, {"status": node["status"]}, part="status")
    serve_fra.client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": LAB}})
    # The API server refuses pods until their namespace has its account.
    serve_fra.client.wait(lambda: serve_fra.client.get("v1", "ServiceAccount", "default", LAB), "the lab's account")
    yield node
    for each in serve_fra.client.items("v1", "Pod", LAB):
        serve_fra.client.discard({"apiVersion": "v1", "kind": "Pod", **each})
    serve_fra.client.discard(node)


def sliced(name: str, count: int = 1, resource: str = SLICE) -> Manifest:
    made = pod(name, LAB, gpus=count, resource=resource)
    made["spec"]["nodeSelector"] = {"kubernetes.io/hostname": "gpu-1"}
    made["spec"]["tolerations"] = [{"key": "ringfence.dev/accelerated", "operator": "Exists", "effect": "NoSchedule"}]
    return made


def states(cluster: Cluster) -> dict[str, str]:
    return {
        each["metadata"]["name"]: each["status"].get("phase", "") for each in cluster.client.items("v1", "Pod", LAB)
    }


def why(cluster: Cluster, name: str) -> str:
    conditions = cluster.client.get("v1", "Pod", name, LAB)["status"].get("conditions", ())
    return " ".join(each.get("message", "") for each in conditions if each["type"] == "PodScheduled")


@pytest.mark.usefixtures("cut")
def test_seven_slices_are_had_and_the_eighth_is_not(serve_fra: Cluster) -> None:
    for number in range(1, 8):
        serve_fra.client.create(sliced(f"slice-{number}"))
    serve_fra.settled(lambda: list(states(serve_fra).values()) == ["Running"] * 7, "seven run", still=0)
    serve_fra.client.create(sliced("slice-8"))
    serve_fra.settled(lambda: f"Insufficient {SLICE}" in why(serve_fra, "slice-8"), "the eighth waits")
    assert states(serve_fra)["slice-8"] == "Pending"
    serve_fra.client.discard(sliced("slice-3"))
    serve_fra.settled(lambda: states(serve_fra).get("slice-8") == "Running", "a slice that is given back is had")


@pytest.mark.usefixtures("cut")
@pytest.mark.parametrize("resource", ["nvidia.com/gpu", "nvidia.com/mig-3g.40gb"])
def test_neither_the_whole_device_nor_another_profile_is_had(serve_fra: Cluster, resource: str) -> None:
    serve_fra.client.create(sliced("other", resource=resource))
    serve_fra.settled(lambda: "Insufficient" in why(serve_fra, "other"), "it waits")


def test_a_new_layout_takes_away_what_is_not_cut_any_more(serve_fra: Cluster, cut: Manifest) -> None:
    """The file's new layout is the node's new size: what asks for the old profile waits from then on."""
    new = with_pool({**ONE_A100, "sharing": {"kind": "mig", "layout": {"3g.40gb": 2}}}, {})
    [changed] = [each for each in cluster_nodes(new, "fra") if each["metadata"]["name"] == cut["metadata"]["name"]]
    gone = {SLICE: None}
    status = {name: {**changed["status"][name], **gone} for name in ("allocatable", "capacity")}
    serve_fra.client.patch(cut, {"status": status}, part="status")
    serve_fra.client.create(sliced("new", resource="nvidia.com/mig-3g.40gb"))
    serve_fra.settled(lambda: states(serve_fra).get("new") == "Running", "the new profile is had")
    # Only now is it sure that the scheduler knows the node's new size.
    serve_fra.client.create(sliced("old"))
    serve_fra.settled(lambda: f"Insufficient {SLICE}" in why(serve_fra, "old"), "the old one is not")
