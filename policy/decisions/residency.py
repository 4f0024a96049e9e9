"""Whether data of some classes may be at a place: the shared decision, told as a sentence.

Owns: holding a place against several classes at once and saying it. Refuses to own: the decision itself
(ringfence.spec.residency.decide), where the place is, and what to do about it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from policy.contract import Contract
from policy.places import Located
from ringfence.facts import jurisdictions
from ringfence.spec.finding import did_you_mean
from ringfence.spec.residency import Flow, Outcome, decide, permitted


@dataclass(frozen=True)
class Judgement:
    """What is to be said of one class at one place. `reason` continues a sentence that starts with the data."""

    data_class: str
    outcome: Outcome
    reason: str
    allowed: str
    missing: str = ""
    """The fact that would prove it, where it is unproven."""


def judge(classes: Iterable[str], flow: Flow, place: Located, contract: Contract) -> list[Judgement]:
    """Every class that may not be at the place, or that cannot be proven to be allowed there."""
    found = (_judge(name, flow, place, contract) for name in sorted(classes))
    return [each for each in found if each is not None]


def _judge(name: str, flow: Flow, place: Located, contract: Contract) -> Judgement | None:
    data_class = contract.data_classes.get(name)
    if data_class is None:
        close = did_you_mean(name, contract.data_classes)
        hint = f"; did you mean {close!r}?" if close else ""
        reason = f"cannot be judged: the contract has no data class {name!r}{hint}"
        return Judgement(name, Outcome.UNPROVEN, reason, "", f"dataClasses.{name} in the contract")
    verdict = decide(data_class, flow, place.countries, place.operators, contract.groups)
    allowed = permitted(data_class, verdict.asked, contract.groups)
    where = f" ({place.shown})" if place.shown else ""
    if verdict.outcome is Outcome.REFUSED:
        return Judgement(name, verdict.outcome, verdict.reason + where, allowed)
    if verdict.outcome is Outcome.UNPROVEN:
        missing = f": {place.missing}" if place.missing else where
        fact = place.missing or ("who runs it" if place.countries else "where that is")
        return Judgement(name, verdict.outcome, verdict.reason + missing, allowed, fact)
    if place.assumed and verdict.allowed != jurisdictions.countries(jurisdictions.ANY):
        reason = f"can only be assumed to be in an allowed place{where}: no plan records the environment"
        fact = "a region that the program, the provider or the stack's configuration says"
        return Judgement(name, Outcome.UNPROVEN, reason, allowed, fact)
    return None
