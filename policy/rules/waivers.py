"""The rule on waivers: each is in force, needed, and no wider than it needs to be.

Owns: contract-waiver. Refuses to own: the waivers (policy.waivers) and setting findings aside (policy.evaluation).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pulumi_policy import Severity

from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from policy.waivers import Used, Waivers
from ringfence.spec.residency import Outcome


def _waivers(graph: Graph, context: Context) -> Iterable[Finding]:
    waivers = context.waivers
    if waivers is None or not graph.resources:
        return
    stack = next(iter(graph.of_type("pulumi:pulumi:Stack")), next(iter(graph.resources.values())))
    for used in waivers.all:
        yield from _held(used, waivers, graph, stack)


def _held(used: Used, waivers: Waivers, graph: Graph, stack: Resource) -> Iterator[Finding]:
    waiver, left = used.waiver, used.days_left(waivers.today)
    about = f"waiver {used.number} ({waiver.rule}, {waiver.resource}, {waiver.property_path} = {waiver.said_value})"
    first = next((graph.resources[urn] for urn in sorted(used.matched) if urn in graph.resources), stack)
    if left < 0:
        text = f"{about} expired on {waiver.expires.isoformat()}, {-left} days ago"
        yield Finding(first, Outcome.REFUSED, text, "end what it waives, or have it approved anew with a later date")
        return
    if not used.matched:
        text = f"{about} is broader than needed: nothing is refused that it would allow"
        yield Finding(stack, Outcome.REFUSED, text, "remove it, or correct its resource, property and value")
        return
    wide = sorted(set(used.differing) | {each.urn for each in _covered(used, graph) if each.urn not in used.matched})
    if wide:
        shown = ", ".join(f"{_name(urn, graph)} ({used.differing.get(urn, 'not refused')})" for urn in wide[:5])
        shown += f" and {len(wide) - 5} more" if len(wide) > 5 else ""
        text = f"{about} is broader than needed: it names {shown} too"
        yield Finding(first, Outcome.REFUSED, text, f"name only {', '.join(sorted(used.matched)[:3])}")
    said = f"{about} is in force with {left} days left: {waiver.reason} ({waiver.basis}; {waiver.owner}, approved by "
    fix = f"nothing to do before {waiver.expires.isoformat()}"
    yield Finding(first, Outcome.PROVEN, said + f"{waiver.approver})", fix, advice=True)


def _covered(used: Used, graph: Graph) -> Iterator[Resource]:
    for resource in graph.resources.values():
        if used.waiver.covers(resource.urn, resource.type, resource.name):
            yield resource


def _name(urn: str, graph: Graph) -> str:
    return graph.resources[urn].name if urn in graph.resources else urn


RULES = (
    Rule(
        id="contract-waiver",
        group="contract",
        severity=Severity.HIGH,
        description="A waiver is in force, needed, and no wider than what it waives.",
        clauses=("GDPR-46", "DORA-28", "SOC2-CC8"),
        check_stack=_waivers,
    ),
)
