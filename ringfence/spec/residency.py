"""The one decision on residency: may data of a class rest, be processed or be operated from here.

Owns: the three verdicts and how a place is held against a data class. The spec's checks, the policy rules and the
review
all call `decide`. Refuses to own: where something is (ringfence.facts, ringfence.planning.places) and how data moves.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from ringfence.facts import jurisdictions
from ringfence.facts.jurisdictions import OwnGroups
from ringfence.spec.data import DataClass

Flow = Literal["rest", "process", "operate"]
"""What happens to the data at a place: copies stay there, it is computed on, or people there run what holds it."""

Countries = str | Collection[str] | None
"""One ISO 3166 country, several (a multi-region puts data in any of them), or None: not known."""

_VERB = {"rest": "rest in", "process": "be processed in", "operate": "be operated under the law of"}


class Outcome(StrEnum):
    """What can be said of a place. UNPROVEN is never fine: prod refuses it, dev may advise."""

    PROVEN = "proven"
    REFUSED = "refused"
    UNPROVEN = "unproven"


@dataclass(frozen=True)
class Verdict:
    """The outcome, why, and what would have been allowed."""

    outcome: Outcome
    reason: str
    """The rest of a sentence that starts with the data: "would rest in US"; empty where the place is proven."""
    allowed: frozenset[str]
    """ISO 3166 countries that the class permits for what was asked: the place's, or the operator's where it decided."""
    asked: Flow = "rest"
    """What decided: the place, or its operator."""

    @property
    def proven(self) -> bool:
        """Whether the place is known and allowed."""
        return self.outcome is Outcome.PROVEN


def allowed_countries(data_class: DataClass, flow: Flow, own_groups: OwnGroups | None = None) -> frozenset[str]:
    """The ISO 3166 countries that a class permits for one flow. Raises jurisdictions.JurisdictionError on an unknown
    name."""
    names: tuple[str, ...] = getattr(data_class, flow)
    return frozenset().union(*(jurisdictions.countries(name, own_groups) for name in names))


def decide(
    data_class: DataClass,
    flow: Flow,
    country: Countries,
    operator_country: Countries,
    own_groups: OwnGroups | None = None,
) -> Verdict:
    """Whether data of a class may rest, be processed or be operated from a place.

    `rest` and `process` ask for the place and for its operator (the operator's legal home reaches the data);
    `operate` asks
    for the operator alone. Several countries must all be allowed. A refusal outweighs a missing fact. What a class
    permits everywhere needs no proof. Raises jurisdictions.JurisdictionError where the class names an unknown group.
    """
    asked: list[tuple[Flow, Countries]] = [("operate", operator_country)]
    if flow != "operate":
        asked.insert(0, (flow, country))
    verdicts = [_one(data_class, each, places, own_groups) for each, places in asked]
    for outcome in (Outcome.REFUSED, Outcome.UNPROVEN):
        for verdict in verdicts:
            if verdict.outcome is outcome:
                return verdict
    return verdicts[0]


def _one(data_class: DataClass, flow: Flow, places: Countries, own_groups: OwnGroups | None) -> Verdict:
    allowed = allowed_countries(data_class, flow, own_groups)
    if allowed == jurisdictions.countries(jurisdictions.ANY):
        return Verdict(Outcome.PROVEN, "", allowed, flow)
    found = frozenset({places} if isinstance(places, str) else places or ())
    outside = sorted(code for code in found - allowed if jurisdictions.is_country(code))
    if outside:
        return Verdict(Outcome.REFUSED, f"would {_VERB[flow]} {short(outside, limit=8)}", allowed, flow)
    if not found or found - allowed:
        what = "the operator's country" if flow == "operate" else "the country"
        return Verdict(
            Outcome.UNPROVEN,
            f"cannot be proven to {_VERB[flow]} an allowed country: {what} is not known",
            allowed,
            flow,
        )
    return Verdict(Outcome.PROVEN, "", allowed, flow)


def short(countries: Collection[str], limit: int = 30) -> str:
    """Countries for a message: sorted, and cut after `limit` with the number of the others."""
    names = sorted(countries)
    if frozenset(names) == jurisdictions.countries(jurisdictions.ANY):
        return jurisdictions.ANY
    rest = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {rest} more" if rest > 0 else "")


def permitted(data_class: DataClass, flow: Flow, own_groups: OwnGroups | None = None) -> str:
    """What a class permits, in its author's own words: "EU", "DE, NL"; a group of one's own with what is in it."""
    own = own_groups or {}
    names: tuple[str, ...] = getattr(data_class, flow)
    return ", ".join(f"{name} ({', '.join(own[name])})" if name in own else name for name in names)
