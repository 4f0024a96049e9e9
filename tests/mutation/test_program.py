"""Programs as plain values: merge patches, and values at the paths of the rules' tables."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from policy.values import Reader
from ringfence.mutation.program import merged, placed, steps, without

_SEGMENT = st.from_regex(r"[a-z]{1,4}(\[\])?", fullmatch=True)
PATHS = st.lists(_SEGMENT, min_size=1, max_size=5).map(".".join)


@given(PATHS, st.integers())
def test_what_is_placed_is_read_again_by_the_rules_own_reader(path: str, value: int) -> None:
    assert [read.value for read in Reader(placed({}, path, value)).all(path)] == [value]


@given(PATHS, st.integers())
def test_what_was_placed_alone_leaves_nothing_behind(path: str, value: int) -> None:
    assert without(placed({}, path, value), path) == {}


def test_placing_keeps_what_is_there() -> None:
    before = {"rules": [{"id": "a", "destination": {"account": "1"}}], "other": 1}
    found = placed(before, "rules[].destination.bucket", "b")
    assert found == {"rules": [{"id": "a", "destination": {"account": "1", "bucket": "b"}}], "other": 1}
    assert before == {"rules": [{"id": "a", "destination": {"account": "1"}}], "other": 1}
    assert without(found, "rules[].destination.bucket") == before


def test_a_star_is_an_existing_key_or_one_of_our_own() -> None:
    assert placed({}, "spec.*.uri", "x") == {"spec": {"main": {"uri": "x"}}}
    assert placed({"spec": {"predictor": {}}}, "spec.*.uri", "x") == {"spec": {"predictor": {"uri": "x"}}}


def test_steps_keep_lists_apart() -> None:
    assert steps("a[].b.*.c[]") == ["a", "[]", "b", "*", "c", "[]"]


@pytest.mark.parametrize(
    ("value", "patch", "expected"),
    [
        # The examples of RFC 7396, appendix A.
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_a_leak_is_a_json_merge_patch(value: Any, patch: Any, expected: Any) -> None:
    assert merged(value, patch) == expected
