"""How Kueue shares the pools: the 50-GPU example whole, and what must hold of every plan."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.capacity import CapacityError
from ringfence.planning.tenancy.queues import queue_manifests
from tests.support.kubernetes import problems, shared_definitions
from tests.tenancy.platforms import fifty, with_pool

CLUSTER_LABELS = {
    "app.kubernetes.io/part-of": "acme",
    "app.kubernetes.io/managed-by": "ringfence",
    "ringfence.dev/environment": "prod",
    "ringfence.dev/site": "dc",
    "ringfence.dev/jurisdiction": "DE",
    "ringfence.dev/data-class": "patient_public",
    "ringfence.dev/cost-center": "4711",
}
PER_GPU_MILLICPUS, PER_GPU_MEBIBYTES = 12661, 101853
"""A tenth of what 128 threads and 1024 GiB leave for tenants (test_capacity.py has the arithmetic)."""


def _queues(manifests: list[dict[str, Any]]) -> dict[str, dict[str, Any]]:
    """The queues of accelerators, by name."""
    queues = [each for each in manifests if each["kind"] == "ClusterQueue" and "cohortName" in each["spec"]]
    return {each["metadata"]["name"]: each for each in queues}


def _flavor(manifests: list[dict[str, Any]], name: str = "gpu") -> dict[str, Any]:
    [found] = [each for each in manifests if each["kind"] == "ResourceFlavor" and each["metadata"]["name"] == name]
    return found


def _quota(queue: dict[str, Any], resource: str, flavor: int = 0) -> dict[str, Any]:
    [group] = queue["spec"]["resourceGroups"]
    [found] = [each for each in group["flavors"][flavor]["resources"] if each["name"] == resource]
    return found


def _gpu_queue(nominal: str, borrowing: str, cpu: tuple[str, str], memory: tuple[str, str]) -> dict[str, Any]:
    def row(name: str, has: str, more: str) -> dict[str, str]:
        return {"name": name, "nominalQuota": has, "borrowingLimit": more, "lendingLimit": has}

    return {
        "coveredResources": ["cpu", "memory", "nvidia.com/gpu"],
        "flavors": [
            {
                "name": "h100",
                "resources": [row("cpu", *cpu), row("memory", *memory), row("nvidia.com/gpu", nominal, borrowing)],
            }
        ],
    }


def test_the_example_whole() -> None:
    """50 GPUs: finance at most 20, marketing guaranteed 15, research the rest."""
    manifests = queue_manifests(fifty(), "fra")

    kinds = [(each["kind"], each["metadata"]["name"]) for each in manifests]
    assert kinds == [
        ("WorkloadPriorityClass", "ringfence-serving"),
        ("WorkloadPriorityClass", "ringfence-interactive"),
        ("WorkloadPriorityClass", "ringfence-batch"),
        ("Topology", "racks"),
        ("ResourceFlavor", "h100"),
        ("Cohort", "nvidia-h100-80gb"),
        ("ClusterQueue", "platform.spare.nvidia-h100-80gb"),
        ("ClusterQueue", "finance.nvidia-h100-80gb"),
        ("ClusterQueue", "marketing.nvidia-h100-80gb"),
        ("ClusterQueue", "research.nvidia-h100-80gb"),
        ("ResourceFlavor", "platform.default"),
        ("ClusterQueue", "finance.default"),
        ("ClusterQueue", "marketing.default"),
        ("ClusterQueue", "research.default"),
    ]
    assert manifests[4] == {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "ResourceFlavor",
        "metadata": {"name": "h100", "labels": CLUSTER_LABELS},
        "spec": {
            "nodeLabels": {"ringfence.dev/pool": "h100"},
            "tolerations": [
                {"key": "ringfence.dev/accelerated", "operator": "Equal", "value": "h100", "effect": "NoSchedule"},
                {"key": "nvidia.com/gpu", "operator": "Exists", "effect": "NoSchedule"},
            ],
            "topologyName": "racks",
        },
    }
    assert manifests[8] == {
        "apiVersion": "kueue.x-k8s.io/v1beta2",
        "kind": "ClusterQueue",
        "metadata": {
            "name": "marketing.nvidia-h100-80gb",
            "labels": {
                **CLUSTER_LABELS,
                "ringfence.dev/data-class": "public",
                "ringfence.dev/cost-center": "4730",
                "ringfence.dev/tenant": "marketing",
            },
        },
        "spec": {
            "cohortName": "nvidia-h100-80gb",
            "queueingStrategy": "BestEffortFIFO",
            "resourceGroups": [
                _gpu_queue("15", "35", ("189915m", "443135m"), ("1527795Mi", "3564855Mi")),
            ],
            "namespaceSelector": {"matchLabels": {"ringfence.dev/tenant": "marketing"}},
            "preemption": {"reclaimWithinCohort": "Any", "withinClusterQueue": "LowerPriority"},
            "flavorFungibility": {"whenCanBorrow": "MayStopSearch", "whenCanPreempt": "TryNextFlavor"},
            "fairSharing": {"weight": "2"},
        },
    }


def test_what_nobody_was_guaranteed_is_a_queue_of_its_own_to_borrow_from() -> None:
    spare = queue_manifests(fifty(), "fra")[6]
    assert spare["metadata"]["name"] == "platform.spare.nvidia-h100-80gb"
    assert spare["spec"] == {
        "cohortName": "nvidia-h100-80gb",
        "queueingStrategy": "BestEffortFIFO",
        "resourceGroups": [_gpu_queue("35", "0", ("443135m", "0"), ("3564855Mi", "0"))],
    }


def test_finance_stops_at_twenty_and_research_may_have_what_is_left() -> None:
    queues = _queues(queue_manifests(fifty(), "fra"))

    finance = _quota(queues["finance.nvidia-h100-80gb"], "nvidia.com/gpu")
    research = _quota(queues["research.nvidia-h100-80gb"], "nvidia.com/gpu")
    assert (finance["nominalQuota"], finance["borrowingLimit"]) == ("0", "20")
    assert (research["nominalQuota"], research["borrowingLimit"]) == ("0", "50")


def test_nobody_can_submit_to_the_spare_queue() -> None:
    """An empty selector would let everybody in: it must be absent (Kueue: null selects nothing)."""
    spare = _queues(queue_manifests(fifty(), "fra"))["platform.spare.nvidia-h100-80gb"]

    assert "namespaceSelector" not in spare["spec"]


def test_the_cohort_has_no_quota_of_its_own() -> None:
    """It would come on top of the members' (kueue#5289)."""
    [cohort] = [each for each in queue_manifests(fifty(), "fra") if each["kind"] == "Cohort"]

    assert cohort["spec"] == {}


def test_borrow_within_cohort_is_not_set_beside_fair_sharing() -> None:
    """Kueue reads it with classical preemption only: beside fair sharing it would be dead."""
    for queue in _queues(queue_manifests(fifty(), "fra")).values():
        assert "borrowWithinCohort" not in queue["spec"].get("preemption", {})


def test_flavours_do_not_select_by_a_label_that_sharing_changes() -> None:
    """nvidia.com/gpu.product gets -SHARED or -MIG-... when sharing is switched on."""
    whole = queue_manifests(with_pool({}, {"finance": {}}), "fra")
    shared = queue_manifests(with_pool({"sharing": {"kind": "time-slicing", "replicas": 4}}, {"finance": {}}), "fra")

    labels = [_flavor(manifests)["spec"]["nodeLabels"] for manifests in (whole, shared)]
    assert labels == [{"ringfence.dev/pool": "gpu"}] * 2


def test_a_machine_without_a_rack_keeps_its_pool_out_of_the_topology() -> None:
    """Kueue would never place anything on a node that lacks one of the levels."""
    machines = {
        name: {
            "bmc": "ipmi://10.0.0.1",
            "bootMac": f"aa:bb:cc:00:01:0{number}",
            "credentials": "bmc",
            **({"rack": "r1"} if number else {}),
        }
        for number, name in enumerate(("one", "two"))
    }
    manifests = queue_manifests(with_pool({"machines": machines}, {"finance": {}}), "fra")

    assert "Topology" not in {each["kind"] for each in manifests}
    assert "topologyName" not in _flavor(manifests)["spec"]


def test_units_never_mix_in_a_cohort() -> None:
    """kueue#12207: queues of one cohort that count in different units borrow past each other."""
    layout = {"1g.10gb": 4, "3g.40gb": 1}
    platform = with_pool(
        {"sharing": {"kind": "mig", "layout": layout}},
        {"finance": {"profile": "1g.10gb", "maximum": 20}, "research": {"profile": "3g.40gb", "guaranteed": 5}},
    )
    queues = _queues(queue_manifests(platform, "fra"))

    covered = {
        (queue["spec"]["cohortName"], tuple(queue["spec"]["resourceGroups"][0]["coveredResources"]))
        for queue in queues.values()
    }
    assert covered == {
        ("nvidia-h100-80gb-mig-1g-10gb", ("cpu", "memory", "nvidia.com/mig-1g.10gb")),
        ("nvidia-h100-80gb-mig-3g-40gb", ("cpu", "memory", "nvidia.com/mig-3g.40gb")),
    }
    assert set(queues) == {
        "platform.spare.nvidia-h100-80gb-mig-1g-10gb",
        "platform.spare.nvidia-h100-80gb-mig-3g-40gb",
        "finance.nvidia-h100-80gb-mig-1g-10gb",
        "research.nvidia-h100-80gb-mig-3g-40gb",
    }


def test_work_without_a_queue_gets_cpu_and_memory_and_never_an_accelerator() -> None:
    """Kueue holds back everything in tenants' namespaces: without this queue a web server would wait for ever."""
    manifests = queue_manifests(fifty(), "fra")

    [queue] = [each for each in manifests if each["metadata"]["name"] == "research.default"]
    assert queue["spec"] == {
        "queueingStrategy": "BestEffortFIFO",
        "resourceGroups": [
            {
                "coveredResources": ["cpu", "memory"],
                "flavors": [
                    {
                        "name": "platform.default",
                        "resources": [
                            {"name": "cpu", "nominalQuota": "128"},
                            {"name": "memory", "nominalQuota": "768Gi"},
                        ],
                    }
                ],
            }
        ],
        "namespaceSelector": {"matchLabels": {"ringfence.dev/tenant": "research"}},
        "preemption": {"withinClusterQueue": "LowerPriority"},
    }
    assert _flavor(manifests, "platform.default")["spec"] == {}


def test_pools_that_nobody_shares_get_no_queue() -> None:
    names = {each["metadata"]["name"] for each in queue_manifests(fifty(), "fra")}

    assert "system" not in names
    assert not any("cpu" in name for name in names)


def test_more_guarantees_than_units_are_refused() -> None:
    platform = with_pool({}, {"finance": {"guaranteed": 30}, "marketing": {"guaranteed": 21}})

    with pytest.raises(CapacityError, match=r"50 units of nvidia\.com/gpu, but the guarantees add up to 51"):
        queue_manifests(platform, "fra")


@shared_definitions
@pytest.mark.parametrize("sharing", [{"kind": "none"}, {"kind": "mig", "layout": {"1g.10gb": 7}}])
def test_every_object_passes_its_schema_strictly(sharing: dict[str, Any]) -> None:
    platform = with_pool({"sharing": sharing}, {"finance": {"profile": None}, "research": {}})

    assert problems(queue_manifests(platform, "fra")) == []


@settings(max_examples=40, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["finance", "marketing", "research"]),
        st.tuples(st.integers(0, 16), st.none() | st.integers(0, 60)),
        min_size=1,
    )
)
def test_quotas_add_up_to_the_pool_and_nobody_passes_its_maximum(
    quotas: dict[str, tuple[int, int | None]],
) -> None:
    wanted = {name: {"guaranteed": has, "maximum": most} for name, (has, most) in quotas.items()}
    queues = _queues(queue_manifests(with_pool({}, wanted), "fra"))

    gpus = {name: _quota(queue, "nvidia.com/gpu") for name, queue in queues.items()}
    assert sum(int(each["nominalQuota"]) for each in gpus.values()) == 50
    assert all(each["lendingLimit"] == each["nominalQuota"] for each in gpus.values())
    for name, (has, most) in quotas.items():
        each = gpus[f"{name}.nvidia-h100-80gb"]
        reach = int(each["nominalQuota"]) + int(each["borrowingLimit"])
        assert reach <= max(50 if most is None else min(most, 50), has)
    cpus = [_quota(queue, "cpu")["nominalQuota"] for queue in queues.values()]
    assert sum(int(cpu[:-1]) if cpu.endswith("m") else int(cpu) * 1000 for cpu in cpus) == 50 * PER_GPU_MILLICPUS
