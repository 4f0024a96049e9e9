"""The rule on properties that could move data and that nobody has read yet.

Owns: residency-unreviewed. Refuses to own: which those are (policy.unread, from the sweep of the SDKs).
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policy import tables
from policy.classes import classes_of
from policy.decisions.residency import judge
from policy.paths import moving
from policy.places import Located
from policy.readers import PLACES
from policy.resource import Resource
from policy.rule import Context, Finding, Rule
from policy.unread import Unread, unread
from ringfence.spec.residency import Outcome


def _unreviewed(resource: Resource, context: Context) -> Iterator[Finding]:
    contract = context.contract
    if contract is None or resource.is_component or resource.is_provider:
        return
    classes = classes_of(resource, context)
    if not (classes.explicit or tables.is_store(resource.type)):
        return
    names = {name for name in classes.names if contract.restricted(name)}
    for each in unread(resource) if names else ():
        place = _place(resource, each, context)
        if place is None:
            continue
        for found in judge(names, "rest", place, contract):
            text = f"{each.read.path} of {resource.shown} could move {found.data_class} data, and no rule reads it yet"
            text += f": it names {place.shown}" if place.countries else ""
            yield Finding(
                resource,
                Outcome.UNPROVEN,
                text,
                f"leave {each.read.path} out, point it inside, or have a row in policy/reviewed.csv say what it does",
                found.allowed,
                graph_may_tell=place.graph_may_tell,
                path=moving([resource], resource, found.data_class, "perhaps", each.read.path, place, context),
                property_path=each.read.path,
                value="secret" if each.read.secret else str(each.read.value) if each.read.known else "unknown",
                data_class=found.data_class,
                missing=f"what {each.read.path} does",
            )


def _place(resource: Resource, each: Unread, context: Context) -> Located | None:
    """Where the value leads; None where it is no text at all and the switch that it sets says no place."""
    if each.said is not None:
        return each.said
    if each.read.known and not each.read.text:
        return Located("", missing="what the switch does")
    return PLACES["any"](resource, each.read, context)


RULES = (
    Rule(
        id="residency-unreviewed",
        group="residency",
        severity=Severity.MEDIUM,
        description="What a resource sets is something that a rule has read.",
        clauses=("GDPR-30", "GDPR-25"),
        of_type=lambda token: bool(tables.not_yet(token)),
        check=_unreviewed,
    ),
)
