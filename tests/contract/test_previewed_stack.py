"""What holds for everything that the real engine would create for the two stacks of this project.

One preview of each stack serves every test here (tests/support/stacks.py).
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cache
from typing import Any

import pytest

from policy.tables import stores
from ringfence.checking import check_file
from ringfence.engine.run import Result
from ringfence.planning.labels import split_classes
from ringfence.spec.platform import Platform
from tests.contract import components
from tests.contract.planned import STACK_TYPE, UNKNOWN, Planned, planned
from tests.support.engine import EngineRunner
from tests.support.stacks import STACKS, previewed, stack_file

pytestmark = pytest.mark.engine


@dataclass(frozen=True)
class Previewed:
    """A stack's preview with what its file says."""

    name: str
    platform: Platform
    result: Result
    resources: list[Planned]

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs."""
        return self.result.outputs


@pytest.fixture(scope="module", params=STACKS)
def stack(request: pytest.FixtureRequest, engine: EngineRunner) -> Previewed:
    """The preview of a stack, policies on."""
    result = previewed(engine, request.param)
    assert result.exit_code == 0, result.diagnostics[-3000:]
    platform = check_file(stack_file(request.param)).platform
    assert platform is not None
    return Previewed(request.param, platform, result, planned(result))


def test_every_urn_is_there_once(stack: Previewed) -> None:
    """The engine refuses two of one URN; two of one type and name in different parents confuse people instead."""
    counted = Counter(str(each) for each in stack.resources)
    assert {name: times for name, times in counted.items() if times > 1} == {}


def test_every_resource_is_in_a_component(stack: Previewed) -> None:
    kinds = {each.urn: each.type for each in stack.resources}
    outside = [
        str(each)
        for each in stack.resources
        if each.is_cloud_s and not kinds[each.parent].startswith("ringfence:index:")
    ]
    assert outside == []


def test_components_are_in_components_or_in_the_stack(stack: Previewed) -> None:
    kinds = {each.urn: each.type for each in stack.resources}
    for each in stack.resources:
        if each.is_component or (each.package == "pulumi" and each.type != STACK_TYPE):
            assert kinds[each.parent] == STACK_TYPE or kinds[each.parent].startswith("ringfence:index:"), str(each)


def test_no_name_ends_in_an_index(stack: Previewed) -> None:
    """Where a number ends a name, the stack file says it: `fra-gpu-1` is a machine, `gpu-0` would be a position.

    A unit that several share is named by how many they are, as its pool's sharing says.
    """
    said = set(re.findall(r"[A-Za-z0-9.-]+", stack_file(stack.name).read_text(encoding="utf-8")))
    counted = []
    for each in stack.resources:
        words = re.split(r"[-_]", each.name)
        endings = {"-".join(words[first:]) for first in range(max(0, len(words) - 6), len(words) - 1)}
        if words[-1].isdigit() and not endings & said and words[-2:-1] != ["shared"]:
            counted.append(str(each))
    assert counted == []


@cache
def _output_names() -> dict[str, set[str]]:
    """Type to the outputs that its class declares."""
    return {
        f"ringfence:index:{each.name}": {
            components.camel(name)
            for name, (annotation, _) in components.attributes(each.source).items()
            if "Output[" in annotation
        }
        for each in components.discover()
    }


def test_components_register_what_they_declare(stack: Previewed) -> None:
    declared = _output_names()
    for each in stack.resources:
        if each.is_component:
            assert set(each.state.get("outputs") or {}) == declared[each.type], str(each)


def test_everything_says_whose_it_is_and_where(stack: Previewed) -> None:
    wrong = {}
    for each in stack.resources:
        tags = each.tags() if each.is_cloud_s else None
        if tags is not None and (said := _wrong_tags(stack, tags)):
            wrong[str(each)] = said
    assert wrong == {}


def _wrong_tags(stack: Previewed, tags: dict[str, str]) -> list[str]:
    """What is missing or untrue in tags; GCP's are in lower case."""
    platform, sites = stack.platform, stack.outputs["sites"]
    cost_centers = {platform.cost_center, *(tenant.cost_center for tenant in platform.tenants.values())}
    wrong = [key for key in ("site", "jurisdiction", "cost-center") if not tags.get(key)]
    if not wrong:
        site = sites.get(tags["site"])
        wrong += [] if site else [f"no site is called {tags['site']}"]
        if site and tags["jurisdiction"].upper() != site["country"]:
            wrong.append(f"{tags['site']} is not in {tags['jurisdiction']}")
        if tags["cost-center"].lower() not in {str(each).lower() for each in cost_centers}:
            wrong.append(f"no cost centre is called {tags['cost-center']}")
    unknown = split_classes(tags.get("data-class", "")) - set(platform.data_classes)
    return wrong + [f"no data class is called {name}" for name in sorted(unknown)]


def test_what_keeps_data_says_of_which_class(stack: Previewed) -> None:
    """A site where no data of any class is processed has stores too (a flow log): they keep none of it."""
    classes = {name: cluster["dataClasses"] for name, cluster in stack.outputs["clusters"].items()}
    without = {stack.outputs["clusters"][name]["site"] for name, carried in classes.items() if not carried}
    silent = []
    for each in stack.resources:
        tags = each.tags() if each.is_cloud_s and each.type in stores() else None
        if tags is not None and not tags.get("data-class") and tags.get("site") not in without:
            silent.append(str(each))
    assert silent == []


def test_datasets_are_kept_under_their_own_class(stack: Previewed) -> None:
    for name, dataset in stack.platform.datasets.items():
        kept = [
            each
            for each in stack.resources
            if each.is_cloud_s and each.type in stores() and (each.tags() or {}) and each.name == name
        ]
        assert kept, f"nothing keeps dataset {name}"
        for each in kept:
            assert dataset.data_class in split_classes((each.tags() or {})["data-class"]), str(each)


def test_what_runs_on_a_cluster_says_which_classes_it_processes(stack: Previewed) -> None:
    clusters = stack.outputs["clusters"]
    silent = []
    for each in stack.resources:
        if not (each.is_cloud_s and each.package == "kubernetes"):
            continue
        provider = each.state["provider"].rpartition("::")[0].rpartition("::")[2]
        tags = each.tags()
        if tags is not None and clusters[provider]["dataClasses"] and not tags.get("data-class"):
            silent.append(str(each))
    assert silent == []


SHAPES: dict[str, dict[str, type | tuple[type, ...]]] = {
    "sites": {"kind": str, "country": str, "operatorCountry": str, "reachability": str},
    "clusters": {
        "site": str,
        "role": str,
        "controlPlane": str,
        "kubernetesVersion": str,
        "delivery": str,
        "dataClasses": list,
        "addOns": dict,
    },
}


def test_outputs_have_the_names_and_shapes_that_others_read(stack: Previewed) -> None:
    outputs, platform = stack.outputs, stack.platform
    names = "bill bootstrap capacity clusters datasets endpoints gateways readme sites"
    assert sorted(outputs) == names.split()
    assert set(outputs["sites"]) == set(platform.sites)
    assert set(outputs["clusters"]) == set(outputs["endpoints"]) == set(outputs["capacity"]) == set(platform.clusters)
    assert set(outputs["datasets"]) == set(platform.datasets)
    for output, shape in SHAPES.items():
        for name, row in outputs[output].items():
            assert {key: type(value) for key, value in row.items()} == shape, f"{output}.{name}"


def test_outputs_say_how_much_there_is_and_what_it_costs(stack: Previewed) -> None:
    for cluster, rows in stack.outputs["capacity"].items():
        assert rows, cluster
        for row, units in rows.items():
            pool, _, resource = row.partition("/")
            assert pool in stack.platform.clusters[cluster].pools and resource
            assert 0 <= units["always"] <= units["atMost"]
    bill = stack.outputs["bill"]
    assert set(bill) == {"budgetUsdPerMonth", "unpriced", "usdPerMonthHigh", "usdPerMonthLow"}
    assert 0 < bill["usdPerMonthLow"] <= bill["usdPerMonthHigh"]
    assert bill["usdPerMonthHigh"] <= bill["budgetUsdPerMonth"] == stack.platform.budget.monthly_usd
    assert bill["unpriced"] == []


def test_a_reader_finds_clusters_datasets_and_gateways(stack: Previewed) -> None:
    outputs, platform = stack.outputs, stack.platform
    assert all(isinstance(each, str) and each for each in outputs["endpoints"].values())
    assert all(re.match(r"(s3|gs|abfss|https)://", each) or UNKNOWN in each for each in outputs["datasets"].values())
    embedded = {name for name, each in platform.clusters.items() if each.control_plane.kind == "embedded"}
    assert set(outputs["bootstrap"]) == embedded
    # A box at the edge serves those beside it: only a cluster with the gateway's add-on answers others.
    serving = {
        placement.cluster
        for model in platform.models.values()
        for placement in getattr(model, "placements", ())
        if "ai-gateway" in platform.clusters[placement.cluster].add_ons
    }
    assert serving
    assert serving == set(outputs["gateways"])
    assert outputs["readme"].startswith("# ")


def test_the_two_stacks_use_every_component(engine: EngineRunner) -> None:
    """None of the above means anything for a component that no stack has."""
    used = {each.type for name in STACKS for each in planned(previewed(engine, name)) if each.is_component}
    assert used == set(_output_names())
