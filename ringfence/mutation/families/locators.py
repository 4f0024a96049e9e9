"""Mutants of policy/locators.csv: each row, by every way that its reader can be led abroad.

Owns building the program around a row: the resource that has the property, and the one whose data moves. A new row
makes its mutants by itself. Refuses to own the values (ringfence.mutation.values).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

from policy import tables
from policy.flows import Locator, locators
from policy.rules.copies import RULE_OF
from ringfence.mutation import shapes, values
from ringfence.mutation.base import CLOUD, SOURCE, made, stack
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, top, without
from ringfence.mutation.values import Planted

_HIDDEN = frozenset({"residency-opaque"})
"""The rule that says what ignoreChanges hides."""


def rows() -> list[Locator]:
    """Every row of the table, of the packages that stacks are planted in."""
    found = [row for each in locators().values() for row in each]
    return [row for row in found if row.type.partition(":")[0] in CLOUD]


def uncovered() -> list[str]:
    """Readers of the table for which nobody has written values."""
    return sorted({row.place for row in rows() if not values.covers(row.place)})


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of every row."""
    for row in rows():
        if values.covers(row.place):
            yield from _of(row)


def _of(row: Locator) -> Iterator[Case]:
    package = row.type.partition(":")[0]
    name = f"locators/{row.type}/{row.path}" + (f"/{row.when}" if row.when else "")
    for planted in (*values.leaks(row), *values.absent(row)):
        program = _program(row, planted)
        expected = Expected(frozenset({RULE_OF[row.flow]}), "it", row.path, planted.places)
        yield Mutant(f"{name}/{planted.how}", package, row.flow, program, expected, planted.how)
    good = list(values.fine(row))
    for planted in good:
        yield Compliant(f"{name}/{planted.how}", package, row.flow, _program(row, planted))
    yield _hidden(row, name, package, good[0])


def _hidden(row: Locator, name: str, package: str, planted: Planted) -> Mutant:
    """The program says one thing and ignoreChanges shows the old one: what will be cannot be seen."""
    program = _program(row, replace(planted, data_class=_restricted(planted)))
    hidden = tuple(
        replace(each, ignore_changes=(top(row.path),)) if each.name == "it" else each for each in program.resources
    )
    expected = Expected(_HIDDEN, "it", top(row.path), ("ignoreChanges",))
    return Mutant(f"{name}/hidden", package, row.flow, replace(program, resources=hidden), expected, "hidden")


def _restricted(planted: Planted) -> str:
    return "patient" if planted.data_class == "public" else planted.data_class


def _program(row: Locator, planted: Planted) -> Program:
    """The compliant stack with the row's resource in it. Where the row names whose data moves, that data is another
    resource's, and the contract's default is a class without borders: only who follows `of` sees a leak."""
    package = row.type.partition(":")[0]
    contract: dict[str, Any] = dict(planted.contract)
    edges: dict[str, tuple[str, ...]] = {}
    added: list[Planned] = []
    data_class: str | None = planted.data_class
    source: Planned | None = None
    if row.of:
        # A source that takes no tag can only be of the default class.
        contract["defaultDataClass"] = "public" if shapes.tag_path(_source_type(row)) else planted.data_class
        home = None if row.place == "own" else planted.region
        source_made = made(_source_type(row), "source", planted.data_class, region=home)
        source, data_class = source_made.resource, None
        added += source_made.all
        edges[top(row.of)] = ("source",)
    inputs: dict[str, Any] = {}
    if row.when:
        inputs = _conditioned(row)
    if planted.value is not None:
        inputs = placed(inputs, row.path, planted.value)
    if planted.edge:
        edges[top(row.path)] = tuple(dict.fromkeys((*edges.get(top(row.path), ()), planted.edge)))
    if source and not _same(row):
        inputs = placed(inputs, row.of, UNKNOWN)
    if package == "kubernetes" and row.type.endswith(":Release"):
        inputs = {"chart": "something", **inputs}
    whole = made(row.type, "it", data_class, region=planted.region, inputs=inputs, edges=edges)
    resource = whole.resource
    if data_class is None and shapes.tag_path(row.type):
        resource = replace(resource, inputs=without(resource.inputs, f"{shapes.tag_path(row.type)}"))
    if planted.value is None:
        resource = replace(resource, inputs=without(resource.inputs, row.path))
    if data_class and shapes.tag_path(row.type) is None:
        contract["defaultDataClass"] = data_class
    added = [each for each in added if each.name not in {known.name for known in planted.companions}]
    return stack(package).adding((*added, *planted.companions, resource, *whole.companions), contract)


def _same(row: Locator) -> bool:
    return top(row.of) == top(row.path)


def _conditioned(row: Locator) -> dict[str, Any]:
    """Inputs for which the row's condition holds."""
    path, _, wanted = row.when.partition("=")
    if wanted == "-" or path == row.path:
        return {}
    value: Any = shapes.something(row.type, path) if wanted == "*" else {"true": True}.get(wanted, wanted)
    return placed({}, path, value)


@cache
def _source_type(row: Locator) -> str:
    """A store of the same service, else the provider's plainest."""
    package, module = row.type.split(":")[:2]
    service = module.partition("/")[0]
    found = [
        token
        for token in tables.stores()
        if token.startswith(f"{package}:{service}/") or token.startswith(f"{package}:{service}:")
    ]
    own = [token for token in found if token == row.type]
    return (own or found or [SOURCE[package][0]])[0]
