"""Mutants of providers' own configuration: an endpoint, a proxy, a folder that manifests are rendered to.

Owns them: a provider leaks what is managed through it, so each has a store. Refuses to own where a provider's region
puts things (ringfence.mutation.families.stores).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from policy.flows import Locator, locators
from policy.rules.copies import RULE_OF
from ringfence.mutation import values
from ringfence.mutation.base import provider_of, stack, store
from ringfence.mutation.mutant import Case, Compliant, Expected, Mutant
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN, Planned, Program, placed, top

_PREFIX = "pulumi:providers:"


def rows() -> list[Locator]:
    """The rows about providers."""
    return [row for token, found in locators().items() if token.startswith(_PREFIX) for row in found]


def cases() -> Iterator[Case]:
    """Every mutant and compliant variant of every row."""
    for row in rows():
        package = row.type.removeprefix(_PREFIX)
        name = f"providers/{package}/{row.path}"
        for planted in values.leaks(row):
            # An unknown list or object reaches the rules as one unknown.
            path = top(row.path) if planted.value == UNKNOWN else row.path
            expected = Expected(frozenset({RULE_OF[row.flow]}), "it", path, planted.places)
            program = _program(row, planted, package)
            yield Mutant(f"{name}/{planted.how}", package, row.flow, program, expected, planted.how)
        for planted in values.fine(row):
            yield Compliant(f"{name}/{planted.how}", package, row.flow, _program(row, planted, package))


def _program(row: Locator, planted: Planted, package: str) -> Program:
    # A provider that is known to be of one cluster renders for that one.
    settings = placed({} if row.place == "rendered" else provider_of(package), row.path, planted.value)
    edges = {top(row.path): (planted.edge,)} if planted.edge else {}
    provider = Planned(row.type, "it", settings, None, edges=edges)
    held = store(package, "held", "patient")
    through = tuple(replace(each, provider=settings, provider_name="it") for each in held.all)
    return stack(package).adding((*planted.companions, provider, *through), planted.contract)
