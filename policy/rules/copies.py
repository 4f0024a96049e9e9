"""Rules on where data is moved: replicas, backups, telemetry, routes and weights, all read from policy/locators.csv.

Owns: the rules of every kind of flow but keys. Refuses to own: where a resource itself is (policy.rules.location) and
keys (policy.rules.encryption).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache

from pulumi_policy import Severity

from policy import tables
from policy.classes import Classes, beside, classes_of
from policy.decisions.residency import Judgement, judge
from policy.flows import Moved, flows_of, locators, sources_of
from policy.paths import moving
from policy.resource import Resource, table_key
from policy.rule import Check, Context, Finding, Group, Rule
from policy.workloads import has_any
from ringfence.spec.residency import Flow, Outcome

RULE_OF = {
    "rest": "residency-replication",
    "replica": "residency-replication",
    "secret": "residency-replication",
    "event": "residency-replication",
    "index": "residency-replication",
    "cache": "residency-replication",
    "feature": "residency-replication",
    "backup": "backup-location",
    "snapshot": "backup-location",
    "restore": "backup-location",
    "log": "telemetry-destination",
    "metric": "telemetry-destination",
    "export": "telemetry-destination",
    "route": "routing-destination",
    "failover": "routing-destination",
    "schedule": "routing-destination",
    "mirror": "routing-destination",
    "prompt": "ai-prompts",
    "weights": "ai-weights",
    "artefact": "supply-chain-artefact",
    "image": "supply-chain-artefact",
    "control": "control-plane-endpoint",
    "render": "control-plane-rendered-yaml",
    "support": "control-plane-support-access",
    "key": "keys-location",
}
"""Kind of flow to the rule that looks at it."""

_VERB = {
    "rest": "kept",
    "replica": "copied",
    "secret": "copied",
    "event": "sent on",
    "index": "indexed",
    "cache": "cached",
    "feature": "kept as features",
    "restore": "restored",
    "failover": "failed over",
    "schedule": "scheduled",
    "mirror": "mirrored",
    "image": "kept in images",
    "control": "managed",
    "render": "rendered for somewhere",
    "support": "seen by support",
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
_HELD_AGAINST: dict[str, Flow] = {
    "route": "process",
    "failover": "process",
    "schedule": "process",
    "mirror": "process",
    "prompt": "process",
    "event": "process",
    "control": "operate",
    "render": "process",
    "support": "operate",
}
"""Flows that compute on data, or let somebody see it, and keep none; every other kind is held against `rest`."""


def whose(
    resource: Resource, sources: list[Resource], pending: bool, context: Context
) -> tuple[frozenset[str], bool, bool]:
    """(classes of what moves, whether anything names them, whether the graph could still tell)."""
    found = [classes_of(source, context) for source in sources]
    pending = pending or any(each.graph_may_tell for each in found)
    stated = _names(found[n] for n, each in enumerate(sources) if found[n].explicit or tables.is_store(each.type))
    if stated:
        return stated, True, pending and not any(each.explicit for each in found)
    neighbours = beside(resource, context)
    if neighbours:
        return neighbours, True, False
    pending = pending or context.graph is None
    default = _names(found)
    if default:
        return default, True, pending
    contract = context.contract
    restricted = [name for name in contract.data_classes if contract.restricted(name)] if contract else []
    return frozenset(restricted), False, pending


def _names(found: Iterable[Classes]) -> frozenset[str]:
    return frozenset().union(*(each.names for each in found))


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
    flow = _HELD_AGAINST.get(moved.locator.flow, "rest")
    sources, pending = sources_of(resource, moved.locator, context)
    names, stated, pending = whose(resource, sources, pending, context)
    pending = pending or moved.place.graph_may_tell
    for found in judge(names, flow, moved.place, context.contract):
        yield Finding(
            resource,
            found.outcome if stated else Outcome.UNPROVEN,
            _text(resource, moved, found, stated),
            _fix(moved, found.allowed),
            found.allowed,
            graph_may_tell=pending and (found.outcome is Outcome.UNPROVEN or not stated),
            path=moving(sources, resource, found.data_class, moved.locator.flow, moved.read.path, moved.place, context),
            property_path=moved.read.path,
            value=_value(moved),
            data_class=found.data_class if stated else "",
            missing=found.missing if stated else "the class of what moves",
        )
        if not stated:
            return


def _value(moved: Moved) -> str:
    """What a waiver would have to name: the value, or the place where the value is not known."""
    if moved.read.secret:
        return "secret"
    return str(moved.read.value) if moved.read.known else moved.place.name or moved.read.state.value


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


@cache
def _tokens(rule: str) -> frozenset[str]:
    return frozenset(token for token, rows in locators().items() if any(RULE_OF[row.flow] == rule for row in rows))


_TOLD = frozenset(
    {"routing-destination", "ai-prompts", "telemetry-destination", "supply-chain-artefact", "residency-replication"}
)
"""Rules of the kinds of flow that a workload's environment can have."""


def _rule(id: str, group: Group, severity: Severity, description: str, *clauses: str) -> Rule:
    return Rule(
        id=id,
        group=group,
        severity=severity,
        description=description,
        clauses=clauses,
        of_type=lambda token: table_key(token) in _tokens(id) or (id in _TOLD and has_any(token)),
        check=_check_for(id),
    )


RULES = (
    _rule(
        "residency-replication",
        "residency",
        Severity.CRITICAL,
        "Replicas of data stay where its class may rest.",
        "GDPR-44",
        "GDPR-49",
        "DORA-30",
    ),
    _rule(
        "backup-location",
        "backup",
        Severity.CRITICAL,
        "Backups and snapshots stay where their data's class may rest.",
        "GDPR-44",
        "DORA-12",
        "HIPAA-164.308.a.7",
    ),
    _rule(
        "telemetry-destination",
        "telemetry",
        Severity.HIGH,
        "Logs, metrics and exports stay where the class of what they tell may rest.",
        "GDPR-44",
        "GDPR-30",
    ),
    _rule(
        "routing-destination",
        "routing",
        Severity.HIGH,
        "Requests are routed, failed over and mirrored only to where their class may be processed.",
        "GDPR-44",
        "EDPB-05-2021",
    ),
    _rule(
        "ai-prompts",
        "ai",
        Severity.HIGH,
        "Prompts are answered only where their class may be processed.",
        "GDPR-44",
        "GDPR-28",
    ),
    _rule(
        "ai-weights",
        "ai",
        Severity.HIGH,
        "Model weights, training data and training outputs stay where their sources' class may rest.",
        "GDPR-44",
        "ISO27001-A.8.12",
    ),
    _rule(
        "supply-chain-artefact",
        "supply-chain",
        Severity.HIGH,
        "Artefacts and images stay where the class of what is in them may rest.",
        "GDPR-44",
        "ISO27001-A.8.12",
    ),
    _rule(
        "control-plane-endpoint",
        "control-plane",
        Severity.HIGH,
        "Control planes and provider endpoints are under a law that the class may be operated under.",
        "EDPB-05-2021",
        "CLOUD-ACT",
    ),
    _rule(
        "control-plane-rendered-yaml",
        "control-plane",
        Severity.HIGH,
        "Manifests that are rendered to a folder are meant for a cluster that the contract places.",
        "GDPR-30",
        "GDPR-32",
    ),
    _rule(
        "control-plane-support-access",
        "control-plane",
        Severity.HIGH,
        "Nobody from outside a class's jurisdictions is let in to operate what holds it.",
        "EDPB-05-2021",
        "GDPR-48",
    ),
)
