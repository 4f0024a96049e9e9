"""The rules' tables against the installed SDKs: every type exists, and every property path leads somewhere."""

from __future__ import annotations

import re
from functools import cache

import pytest

from policy import tables
from policy.flows import PLACES
from policy.rules.copies import RULE_OF
from ringfence.engine.providers.schema.model import Anything, ListOf, MapOf, ObjectType, OneOf, ResourceType, Type
from ringfence.engine.providers.schema.registry import PACKAGES, Registry

CLOUDS = ("aws", "azure-native", "gcp")


@cache
def registry(package: str) -> Registry:
    return Registry(PACKAGES[package])


def resource(token: str) -> ResourceType | None:
    return registry(token.partition(":")[0]).resource(token)


def leads_somewhere(types: list[Type], steps: list[str]) -> bool:
    """Whether the path exists in one of the types."""
    if not steps:
        return bool(types)
    found: list[Type] = []
    for each in types:
        found += _step(each, steps[0])
    return leads_somewhere(found, steps[1:])


def _step(given: Type, step: str) -> list[Type]:
    if isinstance(given, OneOf):
        return [found for option in given.options for found in _step(option, step)]
    if isinstance(given, Anything):
        return [given]
    if isinstance(given, ListOf):
        # A path may leave out [] where the SDK has a list of one.
        return [given.item] if step == "[]" else _step(given.item, step)
    if isinstance(given, MapOf):
        return [given.item]
    if isinstance(given, ObjectType):
        found = given.properties.get(step)
        return [found.type] if found else []
    return []


@pytest.mark.parametrize("token", sorted({*tables.stores(), *(row["type"] for row in tables.rows("locators"))}))
def test_every_type_exists(token: str) -> None:
    if token.startswith("kubernetes:"):
        assert re.fullmatch(r"kubernetes:[a-z0-9.-]+/v\w+:\w+", token)
    else:
        assert resource(token) is not None


@pytest.mark.parametrize("row", tables.rows("locators"), ids=lambda row: f"{row['type']}-{row['path']}")
def test_every_locator_reads_a_property_that_exists(row: dict[str, str]) -> None:
    assert row["place"] in PLACES
    assert row["flow"] in RULE_OF
    found = resource(row["type"]) if row["type"].partition(":")[0] in CLOUDS else None
    for path in (row["path"], row["of"], row["when"].partition("=")[0]) if found else ():
        assert leads_somewhere([found.inputs], re.findall(r"[^.\[\]]+|\[\]", path)), path  # ty: ignore[missing-union-attribute]


@pytest.mark.parametrize("row", tables.rows("lineage"), ids=lambda row: f"{row['type']}-{row['from']}-{row['to']}")
def test_every_edge_of_lineage_reads_properties_that_exist(row: dict[str, str]) -> None:
    assert row["kind"] and row["from"] != row["to"]
    if row["type"].partition(":")[0] in CLOUDS:
        found = resource(row["type"])
        assert found is not None
        for path in (row["from"], row["to"]):
            assert path == "self" or leads_somewhere([found.inputs], re.findall(r"[^.\[\]]+|\[\]", path)), path
