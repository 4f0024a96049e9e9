"""Flows: the ways data leaves a resource, read from the declarative table policy/locators.csv.

Owns: which rows hold for a resource, and whose data moves. Refuses to own: the rows, the readers that turn a property
into a place (policy.readers), and whether a place is allowed (policy.decisions).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from policy import tables, workloads
from policy.places import Located
from policy.readers import PLACES
from policy.references import names_itself, referenced
from policy.resource import Resource, table_key
from policy.rule import Context
from policy.values import Read, State

_NAMING = frozenset({"arn", "resource", "any", "bucket"})
"""Readers of another resource's name: a resource's own name leads nowhere."""


@dataclass(frozen=True)
class Locator:
    """One row: a property of a type that moves data."""

    type: str
    path: str
    flow: str
    place: str
    of: str
    absent: str
    when: str


@dataclass(frozen=True)
class Moved:
    """One flow that a resource has: which property says so, and where the data goes."""

    locator: Locator
    read: Read
    place: Located


@cache
def locators() -> Mapping[str, tuple[Locator, ...]]:
    """Every locator by type, as policy.resource.table_key spells it."""
    found: dict[str, dict[tuple[str, ...], Locator]] = {}
    for row in (*tables.locator_rows(), *tables.rows("native_locators")):
        locator = Locator(**{name: row[name] for name in Locator.__dataclass_fields__})
        key = (locator.path, locator.flow, locator.place, locator.when)
        found.setdefault(table_key(locator.type), {}).setdefault(key, locator)
    return {token: tuple(rows.values()) for token, rows in found.items()}


def moves(token: str) -> bool:
    """Whether resources of a type can have flows at all."""
    return table_key(token) in locators() or workloads.has_any(token)


def flows_of(resource: Resource, context: Context) -> tuple[Moved, ...]:
    """Every flow that a resource's properties have; worked out once where the stack is known."""
    if not moves(resource.type):
        return ()
    if context.graph is None:
        if resource.early_flows is None:
            resource.early_flows = tuple(_flows(resource, context))
        return resource.early_flows
    key = ("flows", resource.urn)
    if key not in context.graph.memo:
        context.graph.memo[key] = tuple(_flows(resource, context))
    return context.graph.memo[key]


def _flows(resource: Resource, context: Context) -> Iterator[Moved]:
    for locator in locators().get(table_key(resource.type), ()):
        if not _holds(resource, locator.when) or (locator.place in _NAMING and names_itself(resource, locator.path)):
            continue
        reads = [read for read in resource.reader.all(locator.path) if not read.absent]
        if not reads and locator.absent:
            reads = [Read(locator.path, State.KNOWN, locator.absent)]
        for read in reads:
            place = PLACES[locator.place](resource, read, context)
            if place is not None:
                yield Moved(locator, read, place)

    for flow, place, read in workloads.told(resource) if workloads.has_any(resource.type) else ():
        found = None if read.absent else PLACES[place](resource, read, context)
        if found is not None:
            yield Moved(Locator(resource.type, read.path, flow, place, "", "", ""), read, found)


def sources_of(resource: Resource, locator: Locator, context: Context) -> tuple[list[Resource], bool]:
    """(the resources whose data moves, whether the graph could still name them)."""
    if not locator.of:
        return [resource], False
    if context.graph is None:
        return [resource], True
    reads = [read for read in resource.reader.all(locator.of) if not read.absent]
    found = [each for read in reads for each in referenced(resource, read, context.graph)]
    return [resource, *found], False


def _holds(resource: Resource, condition: str) -> bool:
    """Whether a row's condition holds; an unknown one may."""
    if not condition:
        return True
    path, _, wanted = condition.partition("=")
    read = resource.reader.one(path)
    if wanted == "-":
        return read.absent
    if read.unknown or (wanted == "*" and read.known):
        return True
    return read.known and str(read.value).lower() == wanted.lower()
