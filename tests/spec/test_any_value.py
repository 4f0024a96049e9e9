"""Whatever stands anywhere in a stack file, the check answers with findings that have a place, and never fails itself.

What this does not prove: that the findings are right. It draws files that are wrong in ways nobody thought of.
"""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ringfence import checking
from ringfence.spec.load import CONFIG_KEY
from ringfence.spec.source import Source, StackFileError, read_file, read_text
from tests.support.stacks import EXAMPLES, STACKS, stack_file

WORDS = (
    *("", "a", "x" * 300, "any", "EU", "DE", "\u202e", "nvidia-l4", "mi300x", "disconnected", "pull", "edge", "cache"),
    *("hosted", "embedded", "managed", "10.0.0.0/8", "::/0", "1.31", "1.99", "oci://a/b", "triton", "int4", "kamaji"),
    *("management", "gcp", "europe-west4", "roce", "loki", "opencost"),
)
PLAIN = st.none() | st.booleans() | st.integers(-1, 9) | st.sampled_from([10**30, 1e300, 0.5]) | st.sampled_from(WORDS)
KINDS = (
    "none",
    "mig",
    "time-slicing",
    "owned",
    "spot",
    "flex",
    "managed",
    "hosted",
    "embedded",
    "cloud",
    "edge",
    "api",
)
VALUES = (
    PLAIN | st.lists(PLAIN, max_size=2) | st.builds(lambda kind: {"kind": kind}, st.sampled_from(KINDS)) | st.just({})
)


def platform_of(name: str) -> dict[str, Any]:
    return read_file(stack_file(name)).data["config"][CONFIG_KEY]


FILES = {name: platform_of(name) for name in ("dev", *EXAMPLES)}


def paths(node: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """The path of everything in a file but its root."""
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    return [here for key, value in items for here in ((*path, key), *paths(value, (*path, key)))]


@st.composite
def spoiled(draw: st.DrawFn) -> dict[str, Any]:
    """A file of the project with one to three of its values replaced, removed, or put under another name."""
    data = deepcopy(FILES[draw(st.sampled_from(sorted(FILES)))])
    for _ in range(draw(st.integers(1, 3))):
        *above, last = draw(st.sampled_from(paths(data)))
        parent: Any = data
        for step in above:
            parent = parent[step]
        match draw(st.sampled_from(("replace", "remove", "rename", "copy"))):
            case "replace":
                parent[last] = draw(VALUES)
            case "remove":
                del parent[last]
            case "rename" if isinstance(parent, dict):
                parent[draw(st.sampled_from(("a", "zz", "models", "system")))] = parent.pop(last)
            case _:
                parent[last] = deepcopy(
                    parent[draw(st.sampled_from(sorted(parent)))] if isinstance(parent, dict) else None
                )
    return data


@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(spoiled())
def test_the_check_answers_whatever_the_file_says(data: dict[str, Any]) -> None:
    source = Source(file="f", data={"config": {CONFIG_KEY: data}}, marks={(): (1, 1)})
    checked = checking.check_source(source)
    for located in checked.findings:
        assert located.finding.message
        assert located.as_text().startswith("f:1:1: ")
        assert located.as_json()["code"]


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.decode("latin-1")))
def test_reading_any_text_raises_nothing_but_its_own_error(text: str) -> None:
    try:
        read_text(text, "f")
    except StackFileError as error:
        assert error.message
        assert error.line >= 1
        assert error.column >= 1


@pytest.mark.parametrize("name", [*STACKS, *EXAMPLES])
def test_every_value_of_a_file_has_its_own_place(name: str) -> None:
    source = read_file(stack_file(name))
    lines = stack_file(name).read_text(encoding="utf-8").splitlines()
    for path in paths(source.data):
        line, column = source.marks[path]
        if isinstance(path[-1], str):
            assert lines[line - 1][column - 1 :].lstrip("\"'").startswith(path[-1]), path
