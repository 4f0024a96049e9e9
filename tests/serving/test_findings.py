"""What is found wrong with models before anything is created, with its path and the smallest fix."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.planning.serving.findings import check
from ringfence.spec.platform import Platform
from tests.serving.platforms import platform
from tests.serving.test_gateway import platform as two_clusters


def found(served: Platform) -> list[tuple[str, str, str | None]]:
    """Code, path and suggestion of each finding."""
    return [(each.code, ".".join(map(str, each.path)), each.suggestion) for each in check(served)]


def test_a_good_file_has_no_findings() -> None:
    assert found(platform()) == []


@pytest.mark.parametrize(
    ("model", "pool", "code", "path", "suggestion"),
    [
        (
            {"contextTokens": 65536, "concurrentSequences": 16},
            {},
            "model-does-not-fit",
            "models.chat.placements.0",
            "concurrentSequences: 6, or more acceleratorsPerReplica",
        ),
        (
            {"parametersBillions": 405.85},
            {},
            "model-does-not-fit",
            "models.chat.placements.0",
            "a lower precision, a larger profile, or more acceleratorsPerReplica",
        ),
        (
            {"acceleratorsPerReplica": 2},
            {"sharing": {"kind": "time-slicing", "replicas": 4}},
            "model-cannot-be-served",
            "models.chat.acceleratorsPerReplica",
            "use 1, or a pool with `sharing: {kind: none}`",
        ),
    ],
)
def test_a_model_that_cannot_run_is_found_with_the_smallest_fix(
    model: dict[str, Any], pool: dict[str, Any], code: str, path: str, suggestion: str
) -> None:
    assert found(platform(model, pool)) == [(code, path, suggestion)]


def test_the_suggested_number_of_sequences_fits() -> None:
    model = {"contextTokens": 65536, "concurrentSequences": 6}

    assert found(platform(model)) == []


def test_a_model_where_its_owner_is_not() -> None:
    raw = two_clusters({"chat": {"placements": [{"cluster": "par", "pool": "h100"}]}}).model_dump(
        by_alias=True, mode="json"
    )
    raw["tenants"]["research"]["clusters"] = ["fra"]

    assert found(Platform.model_validate(raw)) == [
        ("model-without-namespace", "models.chat.placements.0.cluster", "add par to tenants.research.clusters")
    ]


def test_a_circle_of_fallbacks() -> None:
    served = two_clusters({"chat": {"fallbacks": [{"model": "small"}]}, "small": {"fallbacks": [{"model": "chat"}]}})

    assert found(served) == [
        ("cycle", "models.chat.fallbacks", "take one of them away"),
        ("cycle", "models.small.fallbacks", "take one of them away"),
    ]


def test_namespaces_that_clash() -> None:
    raw = platform().model_dump(by_alias=True, mode="json")
    raw["tenants"]["kube"] = {**raw["tenants"]["marketing"], "namespaces": {"system": {}}}

    assert ("namespace-clash", "tenants.kube", "rename the tenant") in found(Platform.model_validate(raw))
