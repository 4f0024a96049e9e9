"""Where mutants come from: one module a table of the rules, and one for the scenarios that are written by hand.

Owns the list. Refuses to own how a mutant is judged (ringfence.mutation.mutant).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.mutation.families import locators, places, safeguards, scenarios, stores, workloads
from ringfence.mutation.mutant import Case


def every_case() -> Iterator[Case]:
    """Every mutant and every compliant variant of every table."""
    for family in (locators, stores, safeguards, places, workloads, scenarios):
        yield from family.cases()
