"""The score: how many leaks are refused with the right path, and how many compliant stacks are refused.

Owns choosing cases, running them, and the tally. Refuses to own how it is drawn (ringfence.cli.mutate).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ringfence.mutation import drive, families
from ringfence.mutation.families import locators
from ringfence.mutation.mutant import Case, Fate, Mutant, Outcome, judge


@dataclass(frozen=True)
class Tally:
    """Counts of a set of outcomes."""

    planted: int
    killed: int
    misplaced: int
    survived: int
    compliant: int
    accused: int

    @property
    def percent(self) -> float:
        """Leaks refused with the right path, of 100."""
        return 100 * self.killed / self.planted if self.planted else 100.0


@dataclass(frozen=True)
class Score:
    """Every outcome, and the readers of the table that no mutant exercises."""

    outcomes: tuple[Outcome, ...]
    uncovered: tuple[str, ...] = ()

    @property
    def whole(self) -> bool:
        """Whether every leak was refused with the right path, and nothing else."""
        return not self.uncovered and all(each.fate.good for each in self.outcomes)

    @property
    def bad(self) -> tuple[Outcome, ...]:
        """The outcomes that should have been others."""
        return tuple(each for each in self.outcomes if not each.fate.good)

    def tally(self, of: Callable[[Case], bool] = lambda case: True) -> Tally:
        """The counts of the cases that `of` chooses."""
        chosen = [each for each in self.outcomes if of(each.case)]
        counts = {fate: sum(each.fate is fate for each in chosen) for fate in Fate}
        return Tally(
            planted=sum(isinstance(each.case, Mutant) for each in chosen),
            killed=counts[Fate.KILLED],
            misplaced=counts[Fate.MISPLACED],
            survived=counts[Fate.SURVIVED],
            compliant=counts[Fate.PASSED] + counts[Fate.ACCUSED],
            accused=counts[Fate.ACCUSED],
        )


def select(
    cases: Iterable[Case], *, every: bool, providers: Sequence[str] = (), flows: Sequence[str] = (), only: str = ""
) -> list[Case]:
    """The cases to run. Without `every`, one for each provider, family, flow and way of writing the leak."""
    found: list[Case] = []
    seen: set[tuple[str, ...]] = set()
    for case in cases:
        if (providers and case.provider not in providers) or (flows and case.flow not in flows) or only not in case.id:
            continue
        how = case.how if isinstance(case, Mutant) else "compliant"
        kind = (case.provider, case.id.partition("/")[0], case.flow, how)
        if every or only or how == "scenario" or kind not in seen:
            seen.add(kind)
            found.append(case)
    return found


def run(cases: Sequence[Case], at: Callable[[int], None] = lambda done: None) -> Score:
    """Plant every leak and ask the rules. `at` is called with how many are done."""
    outcomes = []
    for number, case in enumerate(cases, start=1):
        outcomes.append(judge(case, drive.ask(case.program)))
        at(number)
    return Score(tuple(outcomes), tuple(locators.uncovered()))


def every_case() -> Iterable[Case]:
    """Every mutant and compliant variant there is."""
    return families.every_case()
