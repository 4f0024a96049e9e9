"""Waivers: refusals that somebody answers for, one value at a time and for a limited time.

Owns: the file's model, whether a waiver is in force, which finding it covers, and which waivers are wider than they
need be. Refuses to own: reading the file (policy.contract_sources) and reporting (policy.rules.waivers).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from pydantic import Field

from policy.contract import Pattern, matches
from policy.rule import Finding
from ringfence.spec import finding as faults
from ringfence.spec.base import Spec
from ringfence.spec.finding import did_you_mean, listed


class Waiver(Spec):
    """One refusal that is accepted: what exactly, who asked, who agreed, on which ground, and until when."""

    rule: str
    """Id of the rule that refuses."""
    resource: Pattern
    """The resource's URN, or type::name; * stands for a part of it."""
    property_path: str = Field(alias="property", min_length=1)
    """The property that decides, as the message says it ("Decided by: region = us-east-1")."""
    value: str | int | float | bool
    """The exact value that is accepted; `unknown` or `absent` where the message says so. Another value is refused."""
    owner: str = Field(min_length=1)
    """Who needs it."""
    approver: str = Field(min_length=1)
    """Who agreed: never the owner."""
    basis: str = Field(min_length=1)
    """The legal ground, such as "GDPR art. 46, standard contractual clauses of 2026-03-01"."""
    reason: str = Field(min_length=1)
    expires: date
    """The last day on which it holds, as YYYY-MM-DD."""

    def covers(self, urn: str, token: str, name: str) -> bool:
        """Whether a resource is one of those that it names."""
        return matches(self.resource, urn, token, name)

    @property
    def said_value(self) -> str:
        """The value as findings say it."""
        return str(self.value).lower() if isinstance(self.value, bool) else str(self.value)


class WaiverFile(Spec):
    """The file that a contract's `waivers` names."""

    waivers: tuple[Waiver, ...]


def check(file: WaiverFile, rules: Iterable[str]) -> list[faults.Finding]:
    """Faults that the types cannot see: a rule that is none, and an approver who is the owner."""
    known = list(rules)
    found: list[faults.Finding] = []
    for index, waiver in enumerate(file.waivers):
        if waiver.rule not in known:
            close = did_you_mean(waiver.rule, known)
            found.append(
                faults.Finding(
                    code="dangling-name",
                    path=("waivers", index, "rule"),
                    message=f"there is no rule {waiver.rule!r}",
                    allowed=listed(known, 60),
                    suggestion=f"did you mean {close!r}?" if close else "take the id from the message",
                )
            )
        if waiver.owner.strip().casefold() == waiver.approver.strip().casefold():
            found.append(
                faults.Finding(
                    code="own-approval",
                    path=("waivers", index, "approver"),
                    message=f"{waiver.owner} owns this waiver and cannot approve it",
                    suggestion="have somebody else approve it",
                )
            )
    return found


@dataclass
class Used:
    """A waiver, and what it met in one preview."""

    waiver: Waiver
    number: int
    """Its place in the file, from 1."""
    matched: set[str] = field(default_factory=set)
    """URNs of the resources whose finding it covered."""
    differing: dict[str, str] = field(default_factory=dict)
    """URN to value, of findings that it names but for the value."""

    def days_left(self, today: date) -> int:
        """Days until it ends; negative where it has."""
        return (self.waiver.expires - today).days


class Waivers:
    """The waivers of one preview."""

    def __init__(self, waivers: Iterable[Waiver], today: date) -> None:
        self.all = [Used(waiver, number) for number, waiver in enumerate(waivers, start=1)]
        self.today = today
        self._by_rule: dict[str, list[Used]] = {}
        for used in self.all:
            self._by_rule.setdefault(used.waiver.rule, []).append(used)

    def over(self, rule: str, finding: Finding) -> Used | None:
        """The waiver in force that covers a finding, if any. What comes close to one is remembered."""
        for used in self._by_rule.get(rule, ()):
            waiver, resource = used.waiver, finding.resource
            deciding, value = finding.decided_by
            if waiver.property_path != deciding or not waiver.covers(resource.urn, resource.type, resource.name):
                continue
            if waiver.said_value != value:
                used.differing[resource.urn] = value
            else:
                used.matched.add(resource.urn)
                if used.days_left(self.today) >= 0:
                    return used
        return None
