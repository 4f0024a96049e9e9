"""Queues as a whole: each known trap is found with its fix, in anybody's manifests; and ours have none of them."""

from __future__ import annotations

from copy import deepcopy
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.capacity import cluster_capacity
from ringfence.planning.feasibility.offers import offers
from ringfence.planning.feasibility.problems import Offer, Problem, problems
from ringfence.planning.feasibility.queues import ManifestError, read
from ringfence.planning.tenancy.queues import queue_manifests
from ringfence.spec import Platform
from tests.tenancy.platforms import fifty, with_pool

GPU = "nvidia.com/gpu"
NODES = {"h100": Offer(resources={GPU: Fraction(32)}, unit="h100", shared=False)}


def queue(name: str, flavors: dict[str, dict[str, Any]], cohort: str | None = "org", **limits: str) -> dict[str, Any]:
    groups = [
        {
            "coveredResources": sorted({resource for each in flavors.values() for resource in each}),
            "flavors": [
                {
                    "name": flavor,
                    "resources": [{"name": key, "nominalQuota": value, **limits} for key, value in each.items()],
                }
                for flavor, each in flavors.items()
            ],
        }
    ]
    spec = {"resourceGroups": groups, **({"cohortName": cohort} if cohort else {})}
    return {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ClusterQueue", "metadata": {"name": name}, "spec": spec}


def cohort(name: str, flavors: dict[str, dict[str, Any]] | None = None, parent: str | None = None) -> dict[str, Any]:
    made = queue(name, flavors or {}, None)
    made["kind"] = "Cohort"
    made["spec"] |= {"parentName": parent} if parent else {}
    return made


def found(manifests: list[dict[str, Any]], offered: dict[str, Offer] | None = None) -> dict[str, Problem]:
    return {each.code: each for each in problems(read(manifests), offered)}


def test_bare_and_scaled_quotas_of_one_resource_do_not_mix() -> None:
    """kueue#12207: the queue that says 1 may borrow billions of bytes from the one that says 20096Mi."""
    memory = "gpu.memory"
    mixed = found([queue("a", {"h100": {memory: "20096Mi"}}), queue("b", {"h100": {memory: "1"}})])["mixed-units"]
    assert (mixed.where, mixed.severity) == ("ClusterQueue b", "error")
    assert "20096Mi in ClusterQueue a" in mixed.message
    assert mixed.fix == "write it in the other's unit, such as 1Mi"
    assert found([queue("a", {"h100": {memory: "20Gi"}}), queue("b", {"h100": {memory: "10240Mi"}})]) == {}
    assert found([queue("a", {"h100": {memory: "20Gi"}}), queue("b", {"h100": {memory: "0"}})]) == {}
    apart = [queue("a", {"h100": {memory: "20Gi"}}, "one"), queue("b", {"h100": {memory: "1"}}, "other")]
    assert found(apart) == {}


def test_units_mix_through_a_tree_of_cohorts() -> None:
    tree = [cohort("top"), cohort("left", parent="top"), cohort("right", parent="top")]
    rows = [queue("a", {"f": {"gpu.memory": "20Gi"}}, "left"), queue("b", {"f": {"gpu.memory": "1"}}, "right")]
    assert "mixed-units" in found([*tree, *rows])


def test_whole_devices_and_slices_do_not_share_a_cohort() -> None:
    offered = {
        "whole": Offer(resources={GPU: Fraction(8)}, unit="a100", shared=False),
        "sliced": Offer(resources={GPU: Fraction(32)}, unit="a100-shared-4", shared=True),
    }
    rows = [
        queue("a", {"whole": {GPU: "8"}}, borrowingLimit="0"),
        queue("b", {"sliced": {GPU: "8"}}, borrowingLimit="0"),
    ]
    mixed = found(rows, offered)["mixed-units"]
    assert mixed.message == f"one {GPU} is a100 in whole, a100-shared-4 in sliced: a job for one gets the other"


def test_a_cohorts_quota_comes_on_top() -> None:
    """kueue#5289: 32 GPUs, 16 for each of two teams, and 32 once more on the cohort."""
    rows = [cohort("org", {"h100": {GPU: "32"}}), *(queue(team, {"h100": {GPU: "16"}}) for team in "ab")]
    twice = found(rows, NODES)["quota-counted-twice"]
    assert twice.where == "Cohort org"
    assert twice.message.endswith("64 together, and the nodes have 32")
    assert twice.fix == "set the cohort's own nominalQuota to 0"
    assert "quota-counted-twice" in found(rows), "the same number twice is suspicious without the nodes, too"
    part = [cohort("org", {"h100": {GPU: "16"}}), queue("a", {"h100": {GPU: "16"}})]
    assert found(part, NODES) == {}, "a reserve beside the members' quota is what a cohort's quota is for"
    assert found([part[0], queue("a", {"h100": {GPU: "20"}})], NODES)["quota-counted-twice"].fix.endswith("to 12")


def test_queues_may_not_promise_more_than_the_nodes_have_over_all_cohorts() -> None:
    rows = [queue("a", {"h100": {GPU: "24"}}, "one"), queue("b", {"h100": {GPU: "16"}}, "other")]
    over = found(rows, NODES)["quotas-over-nodes"]
    assert (over.where, over.fix) == ("ClusterQueue a", "nominalQuota: 16 here")
    assert over.message == f"queues promise 40 {GPU} of h100, and its nodes have 32"


def test_a_borrower_must_list_the_flavor() -> None:
    rows = [queue("lender", {"spot": {GPU: "8"}}), queue("borrower", {"h100": {GPU: "8"}})]
    problem = [each for each in problems(read(rows)) if each.where == "ClusterQueue borrower"]
    assert [(each.code, each.fix) for each in problem] == [("borrower-without-flavor", "list spot with nominalQuota 0")]
    listed = [rows[0], queue("borrower", {"h100": {GPU: "8"}, "spot": {GPU: "0"}})]
    assert not [each for each in problems(read(listed)) if each.where == "ClusterQueue borrower"]
    never = [queue("lender", {"spot": {GPU: "8"}}, lendingLimit="0"), queue("borrower", {"h100": {GPU: "8"}})]
    assert not [each for each in problems(read(never)) if each.where == "ClusterQueue borrower"]


@pytest.mark.parametrize(("shared", "severity"), [(False, "warning"), (True, "error")])
def test_a_flavor_may_not_select_by_a_label_that_sharing_changes(shared: bool, severity: str) -> None:
    flavor = {
        "apiVersion": "kueue.x-k8s.io/v1beta1",
        "kind": "ResourceFlavor",
        "metadata": {"name": "h100"},
        "spec": {"nodeLabels": {"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "pool": "h100"}},
    }
    offered = {"h100": Offer(resources={GPU: Fraction(8)}, unit="h100", shared=shared)}
    assert found([flavor], offered)["changing-label"].severity == severity
    flavor["spec"]["nodeLabels"].pop("nvidia.com/gpu.product")
    assert found([flavor], offered) == {}


def test_a_resource_that_sharing_renames_is_never_there() -> None:
    offered = {"mig": Offer(resources={"nvidia.com/mig-1g.10gb": Fraction(56)}, unit="mig", shared=True)}
    gone = found([queue("a", {"mig": {GPU: "8"}}, None)], offered)["resource-not-offered"]
    assert gone.fix == "count nvidia.com/mig-1g.10gb there"


def test_limits_need_a_cohort() -> None:
    assert "limit-without-cohort" in found([queue("a", {"h100": {GPU: "8"}}, None, borrowingLimit="2")])


def test_cohorts_in_a_circle_are_one_tree() -> None:
    circle = [cohort("a", parent="b"), cohort("b", parent="a"), queue("q", {"f": {GPU: "1"}}, "a")]
    assert set(read(circle).trees()) == {"a"}


@pytest.mark.parametrize("spoil", ["12 apples", -1, None, [], "1e9999"])
def test_quotas_that_are_none_are_named(spoil: object) -> None:
    with pytest.raises(ManifestError, match=r"ClusterQueue a, h100/nvidia\.com/gpu: nominalQuota"):
        read([queue("a", {"h100": {GPU: spoil}})])


SHARINGS: tuple[tuple[int, dict[str, Any]], ...] = (
    (1, {"kind": "none"}),
    (7, {"kind": "mig", "layout": {"1g.10gb": 7}}),
    (4, {"kind": "time-slicing", "replicas": 4}),
)
"""How many units a device is cut into, and how."""


@st.composite
def platforms(draw: st.DrawFn) -> Platform:
    """The 50 GPUs shared in some way, and quotas that keep to them."""
    times, sharing = draw(st.sampled_from(SHARINGS))
    units = 50 * times
    left = units
    quotas: dict[str, dict[str, Any]] = {}
    for tenant in ("finance", "marketing", "research"):
        guaranteed = draw(st.integers(0, left))
        left -= guaranteed
        quotas[tenant] = {"guaranteed": guaranteed}
        if draw(st.booleans()):
            quotas[tenant]["maximum"] = draw(st.integers(max(guaranteed, 1), units))
    return with_pool({"sharing": sharing}, quotas)


def ours(platform: Platform) -> tuple[list[dict[str, Any]], dict[str, Offer]]:
    manifests = queue_manifests(platform, "fra")
    return manifests, offers(platform, "fra", read(manifests).flavors)


@settings(max_examples=60, deadline=None)
@given(platforms())
def test_queues_of_ours_have_no_problem_and_promise_exactly_the_pool(platform: Platform) -> None:
    manifests, offered = ours(platform)
    assert problems(read(manifests), offered) == []
    row = next(each for each in cluster_capacity(platform, "fra") if each.pool == "gpu")
    nominal = [
        amounts.nominal.amount
        for each in read(manifests).queues
        for place, amounts in each.amounts.items()
        if place == ("gpu", row.resource)
    ]
    assert sum(nominal) == row.maximum_units


SPOILS = ("cohort-quota", "label", "resource", "more", "unlisted")
CODES = {
    "cohort-quota": "quota-counted-twice",
    "label": "changing-label",
    "resource": "resource-not-offered",
    "more": "quotas-over-nodes",
    "unlisted": "borrower-without-flavor",
}


@settings(max_examples=60, deadline=None)
@given(platforms(), st.sampled_from(SPOILS))
def test_each_way_to_spoil_them_is_found(platform: Platform, spoil: str) -> None:
    manifests, offered = ours(platform)
    manifests = deepcopy(manifests)
    resource = next(iter(offered["gpu"].resources))
    own = next(
        m
        for m in manifests
        if m["kind"] == "ClusterQueue" and "spare" not in m["metadata"]["name"] and m["spec"].get("cohortName")
    )
    row = next(r for r in own["spec"]["resourceGroups"][0]["flavors"][0]["resources"] if r["name"] == resource)
    match spoil:
        case "cohort-quota":
            members = [m for m in manifests if m["kind"] == "Cohort"]
            members[0]["spec"] = queue("x", {"gpu": {resource: "1"}}, None)["spec"]
        case "label":
            flavor = next(m for m in manifests if m["kind"] == "ResourceFlavor" and m["metadata"]["name"] == "gpu")
            flavor["spec"]["nodeLabels"]["nvidia.com/gpu.product"] = "NVIDIA-H100-80GB-HBM3"
        case "resource":
            row["name"], row["nominalQuota"] = "nvidia.com/gpu.shared", "1"
        case "more":
            row["nominalQuota"] = str(int(row["nominalQuota"]) + 1)
        case "unlisted":
            manifests.append(queue("extra", {"other": {resource: "4"}}, own["spec"]["cohortName"]))
            row["borrowingLimit"] = "4"
    assert CODES[spoil] in {each.code for each in problems(read(manifests), offered)}


def test_the_fifty_gpus_are_without_a_problem() -> None:
    manifests, offered = ours(
        with_pool({}, {"finance": {"maximum": 20}, "marketing": {"guaranteed": 15}, "research": {}})
    )
    assert problems(read(manifests), offered) == []
    assert offers(fifty(), "fra")["h100"].resources == {GPU: Fraction(50)}
