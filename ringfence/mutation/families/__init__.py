"""Where mutants come from: one module a table of the rules, and one for the scenarios that are written by hand.

Owns the list. Refuses to own how a mutant is judged (ringfence.mutation.mutant).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.mutation.families import (
    carriers,
    locators,
    places,
    providers,
    safeguards,
    scenarios,
    stores,
    unread,
    workloads,
)
from ringfence.mutation.mutant import Case


def every_case() -> Iterator[Case]:
    """Every mutant and every compliant variant of every table."""
    for family in (locators, stores, providers, safeguards, places, workloads, unread, carriers, scenarios):
        yield from family.cases()
