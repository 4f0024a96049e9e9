"""The canonical form of states and plans: what differs from run to run is gone, what means something is not."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given as hypothesis_given
from hypothesis import strategies

from ringfence.crossing import canonical, running
from ringfence.crossing.canonical import SECRET, SIGNATURE, UNKNOWN

URN = "urn:pulumi:dev::shop::kubernetes:core/v1:Namespace::shop"
PROVIDER = "urn:pulumi:dev::shop::pulumi:providers:kubernetes::berlin"


def export(**more: Any) -> dict[str, Any]:
    resource = {
        "urn": URN, "custom": True, "type": "kubernetes:core/v1:Namespace", "id": "shop",
        "inputs": {"metadata": {"name": "shop"}}, "outputs": {"metadata": {"uid": "1"}},
        "provider": f"{PROVIDER}::aaaa",
        "created": "2026-01-01T00:00:00Z", "modified": "2026-01-01T00:00:00Z", "sourcePosition": "project:///x#1",
        "stackTrace": [{"sourcePosition": "project:///x#1"}], "dependencies": ["b", "a"], **more,
    }  # fmt: skip
    provider = {"urn": PROVIDER, "custom": True, "type": "pulumi:providers:kubernetes", "id": "aaaa", "inputs": {}}
    return {"version": 3, "deployment": {"manifest": {"time": "now"}, "resources": [provider, resource]}}


def digest(state: dict[str, Any]) -> str:
    return canonical.digest(canonical.canonical_state(state))


def test_times_positions_provider_ids_and_order_mean_nothing() -> None:
    one, other = export(), export(created="later", sourcePosition="elsewhere", dependencies=["a", "b"])
    other["deployment"]["resources"].reverse()
    other["deployment"]["resources"][0]["provider"] = f"{PROVIDER}::bbbb"
    other["deployment"]["resources"][1]["id"] = "bbbb"
    other["deployment"]["manifest"]["time"] = "later"
    assert digest(one) == digest(other)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"inputs": {"metadata": {"name": "other"}}},
        {"outputs": {"metadata": {"uid": "2"}}},
        {"protect": True},
        {"delete": True},
        {"parent": "urn:other"},
        {"dependencies": ["a"]},
    ],
    ids=lambda change: next(iter(change)),
)
def test_what_a_resource_is_means_something(change: dict[str, Any]) -> None:
    assert digest(export()) != digest(export(**change))


def test_a_secret_is_a_place_whatever_its_ciphertext_or_value() -> None:
    kinds = [{"ciphertext": "v1:a:b"}, {"ciphertext": "v1:c:d"}, {"plaintext": '"x"'}]
    digests = {digest(export(inputs={"token": {SIGNATURE: SECRET, **kind}})) for kind in kinds}
    assert len(digests) == 1
    assert digest(export(inputs={"token": "x"})) not in digests, "a secret that lost its mark is another state"


def test_numbers_that_json_cannot_spell_exactly_are_text() -> None:
    assert digest(export(inputs={"n": 2**53 + 1})) != digest(export(inputs={"n": 2**53 + 2}))
    assert digest(export(inputs={"n": 1.0})) == digest(export(inputs={"n": 1}))


def planned(inputs: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {URN: {"type": "t", "custom": True, "parent": "p", "provider": f"{PROVIDER}::x", "inputs": inputs}}


def test_the_plan_is_the_end_and_not_the_way() -> None:
    create = canonical.canonical_plan(planned({"a": 1}), {URN: "create"})
    assert create == canonical.canonical_plan(planned({"a": 1}), {URN: "same"})
    assert canonical.canonical_plan(planned({"a": 1}), {URN: "delete"}) == {}


def test_what_one_side_does_not_know_agrees_with_anything_and_nothing_else_does() -> None:
    wanted = canonical.plain({"a": 1, "b": UNKNOWN, "c": [1, {"d": "x"}], "only": 1})
    assert (
        list(canonical.differences(wanted, canonical.plain({"a": 1, "b": "known", "c": [1, {"d": "x"}], "only": 1})))
        == []
    )
    found = list(canonical.differences(wanted, canonical.plain({"a": 2, "b": 3, "c": [1, {"d": "y"}], "more": 1})))
    assert found == [
        "a: 2 here, 1 in the bundle",
        'c[1].d: "y" here, "x" in the bundle',
        "more: 1 here, not in the bundle",
        "only: missing here, 1 in the bundle",
    ]


json_values = strategies.recursive(
    strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5),
    lambda inner: (
        strategies.lists(inner, max_size=3) | strategies.dictionaries(strategies.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=10,
)


@hypothesis_given(json_values)
def test_every_value_has_one_spelling_and_no_difference_from_itself(value: Any) -> None:
    plain = canonical.plain(value)
    assert canonical.canonical_bytes(plain) == canonical.canonical_bytes(canonical.plain(copy.deepcopy(value)))
    assert list(canonical.differences(plain, plain)) == []


def test_a_bundles_plan_against_what_runs() -> None:
    state = export()
    new, gone = "urn:pulumi:dev::shop::t::new", PROVIDER
    plan = {URN: {"inputs": {"metadata": {"name": "other"}}}, new: {"inputs": {}}}
    assert running.compare(plan, state) == [
        running.Drift(URN, "change", ('metadata.name: "shop" here, "other" in the bundle',)),
        running.Drift(gone, "delete"),
        running.Drift(new, "create"),
    ]
    same = {URN: {"inputs": {"metadata": {"name": "shop"}}}, PROVIDER: {"inputs": {}}}
    assert running.compare(same, state) == []
