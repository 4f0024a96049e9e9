"""What a resource sets that nobody reads yet: found where it is set, at its own path, with the place it says."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from policy import tables
from policy.resource import Resource
from policy.unread import known, said, unread
from policy.values import UNKNOWN, Read, State


@pytest.fixture(autouse=True)
def index(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """One type with three properties that nobody reads."""
    from policy import unread as module

    module._by_top.cache_clear()
    pairs = {"aws:x/y:Y": "a.to[].bucket a.to[].link b c.*"}
    monkeypatch.setattr(tables, "_swept", lambda name: pairs if name == "aws" else {})
    yield
    module._by_top.cache_clear()


def paths(inputs: dict, type: str = "aws:x/y:Y") -> list[str]:
    return [each.read.path for each in unread(Resource(type, "urn", "name", inputs))]


def test_each_property_that_is_set_is_found_at_its_own_path() -> None:
    inputs = {"a": {"to": [{"bucket": "x"}, {"link": "y", "bucket": "z"}]}, "c": {"one": "1"}, "region": "eu-west-1"}
    assert paths(inputs) == ["a.to[0].bucket", "a.to[1].bucket", "a.to[1].link", "c.one"]


@pytest.mark.parametrize("nothing", [None, "", False, {}, []])
def test_what_is_empty_is_not_set(nothing) -> None:
    assert paths({"b": nothing}) == []


def test_an_unknown_value_is_set_and_is_said_once() -> None:
    assert paths({"a": UNKNOWN}) == ["a"]
    assert paths({"b": UNKNOWN}) == ["b"]


def test_a_type_that_the_sweep_does_not_know_has_nothing_and_is_not_known() -> None:
    assert paths({"b": "x"}, "aws:new/thing:Thing") == []
    assert (known("aws:x/y:Y"), known("aws:new/thing:Thing"), known("other:a:B")) == (True, False, False)


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("arn:aws:kms:eu-central-1:123456789012:key/abc", "eu-central-1"),
        ("arn:aws:s3:::bucket", None),
        ("projects/p/locations/europe-west3/keyRings/r", "europe-west3"),
        ("//compute.googleapis.com/projects/p/zones/us-east4-a/disks/d", "us-east4-a"),
        ("https://www.googleapis.com/compute/v1/projects/p/regions/us-east4/subnetworks/s", "us-east4"),
        ("locations/of/things", None),
        ("vpc-123", None),
    ],
)
def test_a_value_can_say_its_own_place(text: str, place: str | None) -> None:
    found = said(Read("p", State.KNOWN, text))
    assert (found and found.name) == place
