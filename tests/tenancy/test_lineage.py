"""Which classes a dataset, a model and a cluster carry by where they came from."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from ringfence.planning import lineage
from ringfence.spec.platform import Platform
from tests.tenancy.platforms import FIFTY

STEP = {"method": "aggregation", "approvedBy": "dpo", "reason": "no person can be told apart"}


def _platform(datasets: dict[str, Any], models: dict[str, Any]) -> Platform:
    raw = deepcopy(FIFTY)
    raw["dataClasses"]["card"] = {"rest": ["DE"], "process": ["DE"], "basis": "PCI DSS"}
    raw["datasets"] = {name: {"site": "dc", "sizeGib": 1, **data} for name, data in datasets.items()}
    weights = {
        "kind": "weights",
        "tenant": "research",
        "source": "oci://r.example/m:1",
        "runtime": "vllm",
        "parametersBillions": 8,
        "placements": [{"cluster": "fra", "pool": "h100"}],
    }
    raw["models"] = {name: {**weights, **model} for name, model in models.items()}
    for tenant in raw["tenants"].values():
        tenant["dataClasses"] = []
    return Platform.model_validate(raw)


def test_a_model_carries_the_classes_of_all_it_was_made_from() -> None:
    platform = _platform(
        {"scans": {"dataClass": "patient"}, "derived": {"dataClass": "public", "derivedFrom": ["scans"]}},
        {
            "base": {"lineage": {"trainedOn": ["derived"]}},
            "tuned": {"lineage": {"fineTunedFrom": ["base"]}, "promptClasses": ["card"]},
        },
    )

    assert lineage.classes_of_dataset(platform, "derived") == {"public", "patient"}
    assert lineage.classes_of_model(platform, "tuned") == {"public", "patient"}
    assert lineage.classes_in_use(platform, "tuned") == {"public", "patient", "card"}
    assert lineage.classes_of_cluster(platform, "fra") == {"public", "patient", "card"}


def test_a_declared_de_identification_ends_the_inheritance() -> None:
    platform = _platform(
        {
            "scans": {"dataClass": "patient"},
            "counts": {"dataClass": "public", "derivedFrom": ["scans"], "deIdentified": STEP},
        },
        {
            "clean": {"lineage": {"trainedOn": ["counts"]}},
            "washed": {"lineage": {"trainedOn": ["scans"], "deIdentified": STEP}},
        },
    )

    assert lineage.classes_of_model(platform, "clean") == {"public"}
    assert lineage.classes_of_model(platform, "washed") == frozenset()


def test_mounted_datasets_and_tenants_bring_their_classes_to_a_cluster() -> None:
    platform = _platform({"scans": {"dataClass": "patient", "clusters": ["fra"]}}, {})

    assert lineage.classes_of_cluster(platform, "fra") == {"patient"}


def test_an_api_model_carries_no_weights_but_its_prompts() -> None:
    raw = _platform({}, {}).model_dump(by_alias=True, mode="json")
    raw["services"] = {
        "llm": {"host": "api.example", "country": "US", "operator": {"name": "Big Inc", "country": "US"}}
    }
    raw["models"] = {
        "api": {"kind": "api", "tenant": "research", "service": "llm", "modelId": "x", "promptClasses": ["public"]}
    }
    platform = Platform.model_validate(raw)

    assert lineage.classes_of_model(platform, "api") == frozenset()
    assert lineage.classes_in_use(platform, "api") == {"public"}


def test_a_circle_is_named() -> None:
    platform = _platform({}, {"a": {"lineage": {"fineTunedFrom": ["b"]}}, "b": {"lineage": {"fineTunedFrom": ["a"]}}})

    with pytest.raises(lineage.LineageError, match="model a <- model b <- model a"):
        lineage.classes_of_model(platform, "a")
