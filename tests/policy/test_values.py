"""Reading properties: known, absent or unknown for every path, and nothing raised for an unknown value."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pulumi_policy import proxy

from policy.values import UNKNOWN, Reader, Secret, State, decode, texts
from tests.policy.harness import UNKNOWN as SENTINEL
from tests.policy.harness import secret

SENTINELS = [value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_")]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["a", "x.y", SENTINEL, f"pre-{SENTINEL}"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c/d"]), inner, max_size=3),
    max_leaves=12,
)


@pytest.mark.parametrize("sentinel", SENTINELS)
def test_every_sentinel_of_the_sdk_is_unknown(sentinel: str) -> None:
    assert decode({"x": [sentinel]}) == {"x": [UNKNOWN]}
    assert decode(f"arn:aws:s3:::{sentinel}/path") is UNKNOWN


@pytest.mark.parametrize(
    ("path", "state", "value"),
    [
        ("a.b", State.KNOWN, 1),
        ("a.none", State.ABSENT, None),
        ("a.b.c", State.ABSENT, None),
        ("gone.b", State.ABSENT, None),
        ("dark.b.c", State.UNKNOWN, None),
        ("list[].x", State.KNOWN, 1),
        ("single[].x", State.KNOWN, 2),
        ("empty[].x", State.ABSENT, None),
        ("map.*.x", State.KNOWN, 3),
        ("hidden.x", State.KNOWN, 4),
    ],
)
def test_a_path_has_one_of_three_states(path: str, state: State, value: Any) -> None:
    inputs = {
        "a": {"b": 1, "none": None},
        "dark": SENTINEL,
        "list": [{"x": 1}, {"x": SENTINEL}],
        "single": {"x": 2},
        "empty": [],
        "map": {"k": {"x": 3}},
        "hidden": secret({"x": 4}),
    }
    read = Reader(decode(inputs)).one(path)
    assert (read.state, read.value) == (state, value)
    assert read.secret == path.startswith("hidden")


def test_all_gives_each_item_its_own_path() -> None:
    reads = list(Reader(decode({"list": [{"x": 1}, {"x": SENTINEL}, {}]})).all("list[].x"))
    assert [(read.path, read.state) for read in reads] == [
        ("list[0].x", State.KNOWN),
        ("list[1].x", State.UNKNOWN),
        ("list[2].x", State.ABSENT),
    ]


def test_a_secret_is_never_shown() -> None:
    read = Reader(decode({"x": secret("hunter2")})).one("x")
    assert (read.text, read.shown) == ("hunter2", "[secret]")
    assert "hunter2" not in repr(Secret("hunter2"))
    assert list(texts(decode({"x": secret({"y": "hunter2"})}))) == [("x.y", "hunter2", True)]


@given(
    inputs=st.dictionaries(st.sampled_from(["a", "b"]), JSON),
    path=st.sampled_from(["a", "a.b", "a[].b", "a.*", "b[]", "b.a[].b"]),
)
def test_nothing_that_is_sent_can_make_a_read_raise(inputs: dict[str, Any], path: str) -> None:
    reader = Reader(decode(inputs))
    for read in (*reader.all(path), reader.one(path), reader.entry("a", "c/d")):
        assert read.state in State
        assert SENTINEL not in str(read.value)
        assert isinstance(read.shown, str)
