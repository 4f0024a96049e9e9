"""What a mutant is: a stack with one leak, and what a refusal of it must name.

Owns the model and the judgement of one outcome. Refuses to own where mutants come from (ringfence.mutation.families).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

from ringfence.mutation.program import Program


@dataclass(frozen=True)
class Said:
    """One diagnostic of a rule."""

    rule: str
    level: str
    """mandatory, advisory."""
    resource: str
    """The name of the resource that it is about."""
    message: str

    @property
    def refuses(self) -> bool:
        """Whether it fails the preview."""
        return self.level == "mandatory"


@dataclass(frozen=True)
class Expected:
    """The right path of a refusal: which rule, on which resource, by which property, to which place."""

    rules: frozenset[str]
    """Any of them will do."""
    resource: str
    path: str = ""
    """As the tables write it, with [] and *; empty where a refusal need not name a property."""
    places: tuple[str, ...] = ()
    """Words of which the message must have one: a region, a country, a host. Empty: none is needed."""

    def met_by(self, said: Said) -> bool:
        """Whether a diagnostic is the refusal that was wanted, with its path."""
        return (
            said.refuses
            and said.rule in self.rules
            and said.resource == self.resource
            and (not self.path or re.search(_pattern(self.path), said.message) is not None)
            and (not self.places or any(_word(place, said.message) for place in self.places))
        )


def _pattern(path: str) -> str:
    """A path of a table as it may stand in a message: [0] for [], or any index; any key for *."""
    parts = [r"[\w-]+" if part == "*" else re.escape(part) for part in path.replace("[]", "").split(".")]
    return r"(?<![\w.])" + r"(?:\[[^\]]*\])*\.".join(parts) + r"(?![\w])"


def _word(word: str, text: str) -> bool:
    return re.search(rf"(?<![\w]){re.escape(word)}(?![\w])", text, re.IGNORECASE) is not None


@dataclass(frozen=True)
class Case:
    """A program with its name and its place in the score."""

    id: str
    provider: str
    """aws, azure-native, gcp, kubernetes."""
    flow: str
    """The kind of flow of the table, or what else is violated: rest, key, exposure, opaque."""
    program: Program


@dataclass(frozen=True)
class Mutant(Case):
    """A stack with one leak."""

    expected: Expected
    how: str = "value"
    """How the leak is written: value, edge, unknown, undeclared, absent, hidden, provider."""
    also: tuple[Expected, ...] = ()
    """Other refusals that are as right: the same flow told at its other end."""

    def killed_by(self, said: Said) -> bool:
        """Whether a diagnostic is a refusal with the right path."""
        return any(each.met_by(said) for each in (self.expected, *self.also))


@dataclass(frozen=True)
class Compliant(Case):
    """A stack without a leak: any refusal of it is one too many."""


class Fate(StrEnum):
    """What became of a case."""

    KILLED = "killed"
    """Refused, with the right path."""
    MISPLACED = "misplaced"
    """Refused, but no refusal names the right rule, resource, property and place."""
    SURVIVED = "survived"
    """Not refused at all."""
    PASSED = "passed"
    """A compliant variant that was not refused."""
    ACCUSED = "accused"
    """A compliant variant that was refused."""

    @property
    def good(self) -> bool:
        """Whether it is what should have happened."""
        return self in (Fate.KILLED, Fate.PASSED)


@dataclass(frozen=True)
class Outcome:
    """A case with what the rules said of it."""

    case: Case
    fate: Fate
    said: tuple[Said, ...]


def judge(case: Case, said: tuple[Said, ...]) -> Outcome:
    """What became of a case."""
    refused = any(each.refuses for each in said)
    if isinstance(case, Mutant):
        if any(case.killed_by(each) for each in said):
            return Outcome(case, Fate.KILLED, said)
        return Outcome(case, Fate.MISPLACED if refused else Fate.SURVIVED, said)
    return Outcome(case, Fate.ACCUSED if refused else Fate.PASSED, said)
