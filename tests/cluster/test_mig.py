"""Slices of a device, on nodes as the stack file declares them: as many are had as the layout cuts, and no more."""

from __future__ import annotations

from collections import Counter
from collections.abc import Generator

import pytest

from ringfence.planning.evictions import evictions
from ringfence.planning.nodes import cluster_nodes
from ringfence.spec import Platform
from tests.support.controlplane import Cluster, Manifest, pod
from tests.tenancy.platforms import with_pool

LAB = "mig-lab"
SEEN = "example.com/seen"
"""A resource that a node gets with its new layout: where a pod has it, the scheduler knows the layout too."""
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


def recut(cluster: Cluster, node: Manifest, platform: Platform) -> None:
    """Cut a node's device as another file says, and return once the scheduler knows."""
    [changed] = [each for each in cluster_nodes(platform, "fra") if each["metadata"]["name"] == "gpu-1"]
    known = {name: None for name in cluster.client.get("v1", "Node", "gpu-1")["status"]["capacity"] if "mig-" in name}
    size = {**known, **changed["status"]["capacity"], SEEN: "1"}
    cluster.client.patch(node, {"status": {"allocatable": size, "capacity": size}}, part="status")
    cluster.client.create(sliced("seen", resource=SEEN))
    cluster.settled(lambda: states(cluster).get("seen") == "Running", "the scheduler knows the new layout", still=0)


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


FIVE = {"1g.10gb": 4, "3g.40gb": 1}


@pytest.mark.parametrize("layout", [{"3g.40gb": 2}, {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}, {"7g.80gb": 1}])
def test_a_new_layout_evicts_what_was_said_and_nothing_else(
    serve_fra: Cluster, cut: Manifest, layout: dict[str, int]
) -> None:
    """What runs on the old layout is made anew on the new one: as many of each profile wait as `evictions` says."""
    old, new = (with_pool({**ONE_A100, "sharing": {"kind": "mig", "layout": each}}, {}) for each in (FIVE, layout))
    said = {each.profile: each.before - each.after for each in evictions(old, new)}
    pods = {
        f"{profile.replace('.', '-')}-{number}": f"nvidia.com/mig-{profile}"
        for profile, count in FIVE.items()
        for number in range(count)
    }
    recut(serve_fra, cut, old)
    for name, resource in pods.items():
        serve_fra.client.create(sliced(name, resource=resource))
    serve_fra.settled(lambda: set(states(serve_fra).values()) == {"Running"} and len(states(serve_fra)) == 6, "all run")
    for name in ("seen", *pods):
        serve_fra.client.discard(sliced(name))
    recut(serve_fra, cut, new)
    for name, resource in pods.items():
        serve_fra.client.create(sliced(name, resource=resource))

    def judged() -> bool:
        return all(states(serve_fra).get(name) == "Running" or waits(name) for name in pods)

    def waits(name: str) -> bool:
        return f"Insufficient {pods[name]}" in why(serve_fra, name)

    serve_fra.settled(judged, "each runs or is told why not")
    waiting = [pods[name] for name in pods if states(serve_fra)[name] == "Pending"]
    assert {f"nvidia.com/mig-{profile}": count for profile, count in said.items()} == Counter(waiting)
