"""Rules on where data is moved: replicas, backups, telemetry, routes and weights, all read from policy/locators.csv.

Owns: residency-replication, residency-backup, residency-telemetry, residency-routing and residency-artefact. Refuses
to own: where a resource itself is (policy.rules.location) and keys (policy.rules.encryption).
"""

from __future__ import annotations

from collections.abc import Iterator

from pulumi_policy import Severity

from policy.classes import beside, classes_of
from policy.decisions.residency import Judgement, judge
from policy.flows import Locator, Moved, flows_of, locators
from policy.resource import Resource
from policy.rule import Check, Context, Finding, Rule
from ringfence.spec.residency import Flow, Outcome

RULE_OF = {
    "replica": "residency-replication",
    "secret": "residency-replication",
    "backup": "residency-backup",
    "snapshot": "residency-backup",
    "log": "residency-telemetry",
    "metric": "residency-telemetry",
    "export": "residency-telemetry",
    "route": "residency-routing",
    "prompt": "residency-routing",
    "weights": "residency-artefact",
    "artefact": "residency-artefact",
    "key": "residency-key",
}
"""Kind of flow to the rule that looks at it."""

_VERB = {
    "replica": "copied",
    "secret": "copied",
    "backup": "backed up",
    "snapshot": "copied as a snapshot",
    "log": "written to a log",
    "metric": "sent as metrics",
    "export": "exported",
    "route": "routed",
    "prompt": "sent in prompts",
    "weights": "kept in model weights",
    "artefact": "kept in artefacts",
    "key": "decrypted with a key",
}
_PASSING = {"route", "prompt"}
"""Flows that compute on data and keep none: held against where a class may be processed."""


def _sources(resource: Resource, locator: Locator, context: Context) -> tuple[list[Resource], bool]:
    """The resources whose data moves, and whether the graph could still name them."""
    if not locator.of:
        return [resource], False
    if context.graph is None:
        return [resource], True
    return [resource, *context.graph.behind(resource, locator.of)], False


def _whose(resource: Resource, locator: Locator, context: Context) -> tuple[frozenset[str], bool, bool]:
    """(classes of what moves, whether anything names them, whether the graph could still tell)."""
    sources, pending = _sources(resource, locator, context)
    found = [classes_of(source, context) for source in sources]
    names = frozenset().union(*(each.names for each in found))
    pending = pending or any(each.graph_may_tell for each in found)
    if names:
        return names, True, pending and not any(each.explicit for each in found)
    neighbours = beside(resource, context)
    if neighbours:
        return neighbours, True, False
    pending = pending or context.graph is None
    contract = context.contract
    restricted = [name for name in contract.data_classes if contract.restricted(name)] if contract else []
    return frozenset(restricted), False, pending


def _check_for(rule: str) -> Check:
    def check(resource: Resource, context: Context) -> Iterator[Finding]:
        if context.contract is None:
            return
        for moved in flows_of(resource, context):
            if RULE_OF[moved.locator.flow] == rule:
                yield from _held(resource, moved, context)

    return check


def _held(resource: Resource, moved: Moved, context: Context) -> Iterator[Finding]:
    assert context.contract is not None
    flow: Flow = "process" if moved.locator.flow in _PASSING else "rest"
    names, stated, pending = _whose(resource, moved.locator, context)
    pending = pending or moved.place.graph_may_tell
    for found in judge(names, flow, moved.place, context.contract):
        yield Finding(
            resource,
            found.outcome if stated else Outcome.UNPROVEN,
            _text(resource, moved, found, stated),
            _fix(moved, found.allowed),
            found.allowed,
            graph_may_tell=pending and (found.outcome is Outcome.UNPROVEN or not stated),
        )
        if not stated:
            return


def _text(resource: Resource, moved: Moved, found: Judgement, stated: bool) -> str:
    data = f"{found.data_class} data" if stated else "data of a class that nobody named"
    way = f"{_VERB[moved.locator.flow]} by {moved.read.path} of {resource.shown}"
    return f"{data} {way} {found.reason}"


def _fix(moved: Moved, allowed: str) -> str:
    if moved.locator.absent and moved.read.value == moved.locator.absent:
        inside = allowed or "the allowed countries"
        return f"set {moved.locator.path} to a place that stays inside {inside}; its default does not"
    if moved.place.countries is None:
        return f"give {moved.read.path} a plain value, or declare the place under `locations` in the contract"
    return f"point {moved.read.path} to a place in an allowed country, or remove it"


def _types(rule: str) -> tuple[str, ...]:
    return tuple(token for token, rows in locators().items() if any(RULE_OF[row.flow] == rule for row in rows))


def _rule(id: str, severity: Severity, description: str, *clauses: str) -> Rule:
    return Rule(
        id=id,
        group="residency",
        severity=severity,
        description=description,
        clauses=clauses,
        types=_types(id),
        check=_check_for(id),
    )


RULES = (
    _rule(
        "residency-replication",
        Severity.CRITICAL,
        "Replicas of data stay where its class may rest.",
        "GDPR-44",
        "GDPR-49",
        "DORA-30",
    ),
    _rule(
        "residency-backup",
        Severity.CRITICAL,
        "Backups and snapshots stay where their data's class may rest.",
        "GDPR-44",
        "DORA-12",
        "HIPAA-164.308.a.7",
    ),
    _rule(
        "residency-telemetry",
        Severity.HIGH,
        "Logs, metrics and exports stay where the class of what they tell may rest.",
        "GDPR-44",
        "GDPR-30",
    ),
    _rule(
        "residency-routing",
        Severity.HIGH,
        "Requests and prompts are routed only to where their class may be processed.",
        "GDPR-44",
        "EDPB-05-2021",
    ),
    _rule(
        "residency-artefact",
        Severity.HIGH,
        "Model weights, training outputs and images stay where their sources' class may rest.",
        "GDPR-44",
        "ISO27001-A.8.12",
    ),
)
