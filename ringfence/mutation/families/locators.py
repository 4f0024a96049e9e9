"""Mutants of policy/locators.csv and native_locators.csv: each row, by every way that its reader can be led abroad.

Owns building the program around a row: the resource that has the property, and the one whose data moves. A new row
makes its mutants by itself. Refuses to own the values (ringfence.mutation.values).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import cache
from itertools import islice
from typing import Any

from policy import tables
from policy.flows import Locator, locators
from policy.resource import table_key
from policy.rules.copies import RULE_OF
from policy.values import Reader
from ringfence.mutation import shapes, values
from ringfence.mutation.base import CLOUD, HOST, SOURCE, made, stack
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, top, without

_WRITTEN = ("locators", "native_locators")
_HIDDEN = frozenset({"residency-opaque"})
"""The rule that says what ignoreChanges hides."""


def rows() -> list[Locator]:
    """Every row of the table, of the packages that stacks are planted in."""
    found = [row for each in locators().values() for row in each]
    return [row for row in found if row.type.partition(":")[0] in CLOUD]


def uncovered() -> list[str]:
    """Readers of the table for which nobody has written values."""
    return sorted({row.place for row in rows() if not values.covers(row.place)})


def name_of(row: Locator) -> str:
    """What the cases of a row are called, but for their last part."""
    return f"locators/{row.type}/{row.path}" + (f"/{row.when}" if row.when else "")


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of every row."""
    for row in rows():
        if values.covers(row.place):
            yield from _of(row)


def _of(row: Locator) -> Iterator[Case]:
    package = row.type.partition(":")[0]
    provider = HOST.get(package, package)
    name = name_of(row)
    # A row that a pattern of the review matched is one of thousands alike: one leak and one compliant variant each.
    reviewed = (row.type, row.path) not in written()
    most = 1 if reviewed else None
    absent = programs(row, values.absent(row))
    for planted, program in (*islice(programs(row, values.leaks(row)), most), *absent):
        expected = Expected(frozenset({RULE_OF[row.flow]}), "it", row.path, planted.places)
        yield Mutant(f"{name}/{planted.how}", provider, row.flow, program, expected, planted.how)
    good = list(values.fine(row))
    compliant = ((planted, program) for planted, program in programs(row, good) if alone(row.type, program, row))
    for planted, program in islice(compliant, most):
        yield Compliant(f"{name}/{planted.how}", provider, row.flow, program)
    if reviewed or (row.place == "anywhere" and _same(row)):
        return
    # What is anywhere has no other value than none: then that none was there is what is shown.
    shown = Planted("hidden") if row.place == "anywhere" else good[0]
    program = _program(row, replace(shown, data_class=_restricted(shown)))
    if program is not None:
        yield _hidden(row, name, provider, program)


@cache
def _own_edges(token: str) -> frozenset[str]:
    """Top-level properties that a compliant resource of a type makes from others by itself."""
    return frozenset(made(token, "it").resource.edges)


@cache
def written() -> frozenset[tuple[str, str]]:
    """Type and path of the rows that were written one by one."""
    return frozenset((row["type"], row["path"]) for name in _WRITTEN for row in tables.rows(name))


def programs(row: Locator, planted: Iterable[Planted]) -> Iterator[tuple[Planted, Program]]:
    """Each value with its program, where the edges can tell it."""
    for each in planted:
        program = _program(row, each)
        if program is not None:
            yield each, program


def by_pattern(name: str) -> bool:
    """Whether a case, by its id, is of a row that a pattern of the review matched."""
    return name.startswith("locators/") and name.rpartition("/")[0] not in _names_written()


@cache
def _names_written() -> frozenset[str]:
    return frozenset(name_of(row) for row in rows() if (row.type, row.path) in written())


def alone(token: str, program: Program, row: Locator | None = None) -> bool:
    """Whether no other property that the SDK requires spreads data over the world by being there."""
    it = next(each for each in program.resources if each.name == "it")
    return not any(
        other is not row
        and other.place == "anywhere"
        and not other.when
        and not Reader(it.inputs).one(other.path).absent
        for other in locators().get(table_key(token), ())
    )


def _hidden(row: Locator, name: str, provider: str, program: Program) -> Mutant:
    """The program says one thing and ignoreChanges shows the old one: what will be cannot be seen."""
    hidden = tuple(
        replace(each, ignore_changes=(top(row.path),)) if each.name == "it" else each for each in program.resources
    )
    expected = Expected(_HIDDEN, "it", top(row.path), ("ignoreChanges",))
    return Mutant(f"{name}/hidden", provider, row.flow, replace(program, resources=hidden), expected, "hidden")


def _restricted(planted: Planted) -> str:
    return "patient" if planted.data_class == "public" else planted.data_class


def _program(row: Locator, planted: Planted) -> Program | None:
    """The compliant stack with the row's resource in it, or None where the edges could not tell the value.

    Where the row names whose data moves, that data is another resource's, and the contract's default is a class without
    borders: only who follows `of` sees a leak.
    """
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
    if planted.value is not None and not row.when.startswith(f"{row.path}."):
        inputs = placed(inputs, row.path, planted.value)
    if planted.edge:
        edges[top(row.path)] = tuple(dict.fromkeys((*edges.get(top(row.path), ()), planted.edge)))
    if source and not _same(row):
        inputs = placed(inputs, row.of, UNKNOWN)
    if package == "kubernetes" and row.type.endswith(":Release"):
        inputs = {"chart": "something", **inputs}
    whole = made(row.type, "it", data_class, region=planted.region, inputs=inputs, edges=edges)
    resource = whole.resource
    if _same(row) and planted.value == UNKNOWN and not planted.edge:
        return None
    if top(row.path) in _own_edges(row.type) and not planted.edge:
        # The engine records edges by top-level property: another property's edge would stand for this value.
        return None
    if data_class is None and shapes.tag_path(row.type):
        resource = replace(resource, inputs=without(resource.inputs, f"{shapes.tag_path(row.type)}"))
    if planted.value is None:
        resource = replace(resource, inputs=without(resource.inputs, row.path))
    if data_class and shapes.tag_path(row.type) is None:
        contract["defaultDataClass"] = data_class
    added = [each for each in added if each.name not in {known.name for known in planted.companions}]
    return stack(package).adding((*added, *planted.companions, resource, *whole.companions), contract)


def _same(row: Locator) -> bool:
    return bool(row.of) and top(row.of) == top(row.path)


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
    return (own or found or [SOURCE[HOST.get(package, package)][0]])[0]
