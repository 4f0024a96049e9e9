"""What goes over the wire comes back as it was, and nothing secret or unknown gets lost."""

from __future__ import annotations

from google.protobuf import struct_pb2
from hypothesis import given
from hypothesis import strategies as st

from ringfence.engine.providers.wire import (
    SIGNATURE_KEY,
    UNKNOWN,
    UNKNOWN_STRING,
    Secret,
    contains_unknown,
    is_secret,
    to_plain,
    to_struct,
)

scalars = st.one_of(st.text(), st.booleans(), st.integers(-(2**53), 2**53), st.just(UNKNOWN))
values = st.recursive(
    scalars, lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)), max_leaves=20
)


@given(st.dictionaries(st.text(), values))
def test_round_trip(properties: dict) -> None:
    assert to_plain(to_struct(properties)) == properties


@given(st.dictionaries(st.text(), values))
def test_contains_unknown_looks_everywhere(properties: dict) -> None:
    assert contains_unknown(properties) == (
        "UNKNOWN" in repr(properties).replace("'UNKNOWN'", "") and _holds(properties)
    )


def _holds(value: object) -> bool:
    if value is UNKNOWN:
        return True
    if isinstance(value, dict):
        return any(_holds(item) for item in value.values())
    return isinstance(value, list) and any(_holds(item) for item in value)


def test_secrets_are_laid_open_for_checks_and_seen_on_the_wire() -> None:
    struct = to_struct({"a": {"b": [Secret("hidden")]}, "c": "plain"})
    assert to_plain(struct) == {"a": {"b": ["hidden"]}, "c": "plain"}
    assert is_secret(struct.fields["a"])
    assert not is_secret(struct.fields["c"])
    assert "hidden" not in repr(Secret("hidden"))


def test_nulls_and_unknown_outputs() -> None:
    struct = struct_pb2.Struct()
    struct.fields["null"].null_value = struct_pb2.NULL_VALUE
    struct.fields["unknown"].string_value = UNKNOWN_STRING
    struct.fields["output"].struct_value.fields[SIGNATURE_KEY].string_value = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
    assert to_plain(struct) == {"unknown": UNKNOWN, "output": UNKNOWN}
