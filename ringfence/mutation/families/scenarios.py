"""Mutants that are written by hand, in data/leaks.yaml: what no single property shows.

Owns reading the table. A scenario is a compliant program and one JSON merge patch that makes it leak; both are cases.
Refuses to own what a table of the rules can tell by itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from importlib import resources
from typing import Any

import yaml

from policy.rules import ALL
from ringfence.mutation.base import CONTRACT, PROVIDERS, made
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Planned, Program, merged, secret


class BrokenScenario(ValueError):
    """A row of data/leaks.yaml that is not what the reader expects: a defect of Ringfence."""


def cases() -> Iterator[Case]:
    """Two cases a scenario: as it stands, and with its leak."""
    for name, row in table().items():
        provider = row["provider"]
        if provider not in PROVIDERS:
            raise BrokenScenario(f"leaks.yaml: {name}: provider {provider!r} is none of {', '.join(PROVIDERS)}")
        flow = row["flow"]
        before = {key: row.get(key, {}) for key in ("resources", "contract", "config", "environment", "files")}
        yield Compliant(f"scenarios/{name}/before", provider, flow, _program(before, name))
        program = _program(merged(before, row["leak"]), name)
        expect = row["expect"] if isinstance(row["expect"], list) else [row["expect"]]
        first, *others = (_expected(each, name) for each in expect)
        yield Mutant(f"scenarios/{name}", provider, flow, program, first, "scenario", tuple(others))


@cache
def table() -> Mapping[str, Mapping[str, Any]]:
    """The scenarios by name."""
    text = resources.files("ringfence.mutation").joinpath("data/leaks.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _expected(row: Mapping[str, Any], name: str) -> Expected:
    known = {rule.id for rule in ALL}
    rules = row["rule"] if isinstance(row["rule"], list) else [row["rule"]]
    if not known.intersection(rules):
        raise BrokenScenario(f"leaks.yaml: {name}: no such rule: {', '.join(sorted(rules))}")
    places = row.get("place", [])
    return Expected(
        frozenset(rules),
        row.get("resource", ""),
        row.get("path", ""),
        tuple(places if isinstance(places, list) else [places]),
    )


def _program(row: Mapping[str, Any], name: str) -> Program:
    """The program of one side. `?` is unknown; {secret: x} is a secret; an edge may be one name or several."""
    planned = tuple(part for key, each in row["resources"].items() for part in _planned(key, each, name))
    # Files in the program's folder stand for themselves: the contract is then one of them.
    contract = {} if "ringfence.policy.yaml" in row["files"] else merged(CONTRACT, row["contract"])
    files = {key: text if isinstance(text, str) else json.dumps(text) for key, text in row["files"].items()}
    return Program(planned, contract, row["config"], row["environment"], files)


def _planned(key: str, row: Mapping[str, Any], name: str) -> tuple[Planned, ...]:
    """A resource, with what makes it compliant where the row says `made: <class>` (`-` is no class)."""
    known = {"type", "inputs", "provider", "providerName", "edges", "ignoreChanges", "parent", "component", "made",
             "region"}  # fmt: skip
    if set(row) - known:
        raise BrokenScenario(f"leaks.yaml: {name}: {key}: unknown keys {', '.join(sorted(set(row) - known))}")
    package = row["type"].partition(":")[0]
    edges = {prop: (of,) if isinstance(of, str) else tuple(of) for prop, of in row.get("edges", {}).items()}
    inputs = _plain(row.get("inputs", {}))
    if "made" in row:
        data_class = None if row["made"] == "-" else row["made"]
        whole = made(row["type"], key, data_class, region=row.get("region"), inputs=inputs, edges=edges)
        resource, companions = whole.resource, whole.companions
    else:
        component = row.get("component", False) or package == "pulumi"
        resource, companions = (
            Planned(row["type"], key, inputs, None if component else _default(package), edges=edges),
            (),
        )
    changes: dict[str, Any] = {"ignore_changes": tuple(row.get("ignoreChanges", ())), "parent": row.get("parent", "")}
    if "provider" in row:
        changes["provider"] = _plain(row["provider"])
    if "providerName" in row:
        changes["provider_name"] = row["providerName"]
    return (replace(resource, **changes), *companions)


def _default(package: str) -> dict[str, str]:
    return {
        "aws": {"region": "eu-central-1"},
        "gcp": {"region": "europe-west3"},
        "kubernetes": {"clusterIdentifier": "dc-frankfurt"},
    }.get(package, {})


def _plain(value: Any) -> Any:
    if value == "?":
        return UNKNOWN
    if isinstance(value, Mapping):
        if set(value) == {"secret"}:
            return secret(value["secret"])
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value
