"""A preview in figures and sentences: what is planned where, what the policies say, what went wrong.

Owns the reading of the engine's events into plain values, for any Pulumi program: a program of ours says with
tags and labels where each thing is; in another's, the site is unknown and nothing else changes. Draws nothing
(`ringfence.cli.preview`).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.engine.run import Result
from ringfence.planning.labels import JURISDICTION, KUBERNETES_PREFIX, SITE

STACK_TYPE = "pulumi:pulumi:Stack"
_PROVIDER_PREFIX = "pulumi:providers:"
_ENDS = frozenset({"preview failed\n", "update failed\n"})
"""What the engine says last when anything failed: it adds nothing to the errors before it."""


@dataclass(frozen=True)
class Part:
    """A component, or a resource that is in none, with everything beneath it."""

    type: str
    name: str
    site: str | None
    jurisdiction: str | None
    kinds: Mapping[str, int]
    """How many resources of each type, without components and providers; most first."""

    @property
    def resources(self) -> int:
        """How many resources it has, without components and providers."""
        return sum(self.kinds.values())


@dataclass(frozen=True)
class Verdict:
    """What a rule says of a resource."""

    rule: str
    pack: str
    level: str
    """`mandatory` refuses, `advisory` warns."""
    urn: str
    message: str
    """What is wrong, and the remedy."""

    @property
    def resource(self) -> str:
        """The resource as a person names it: type and name."""
        return f"{type_of(self.urn)} {name_of(self.urn)}"


@dataclass(frozen=True)
class Summary:
    """Everything that a preview comes to."""

    ok: bool
    seconds: int
    operations: Mapping[str, int]
    """How many resources are to be created, updated, ... or stay the `same`; the stack itself is not counted.
    """
    parts: list[Part]
    packs: Mapping[str, str]
    """The policy packs that ran, with their versions."""
    rules: int
    """How many rules were held against the resources."""
    verdicts: list[Verdict]
    errors: list[str]
    warnings: list[str]
    outputs: Mapping[str, Any] = field(repr=False)

    @property
    def refusals(self) -> list[Verdict]:
        """The mandatory verdicts: each of them refuses the preview."""
        return [verdict for verdict in self.verdicts if verdict.level == "mandatory"]

    @property
    def advice(self) -> list[Verdict]:
        """The other verdicts."""
        return [verdict for verdict in self.verdicts if verdict.level != "mandatory"]


def summarise(result: Result) -> Summary:
    """Read what the engine said."""
    ends = list(result.of("summaryEvent"))
    changes = dict(ends[-1]["resourceChanges"]) if ends and ends[-1].get("resourceChanges") else {}
    packs, rules = _policies(result)
    return Summary(
        ok=result.exit_code == 0,
        seconds=int(ends[-1]["durationSeconds"]) if ends else 0,
        operations=changes,
        parts=_parts(result.resources),
        packs=packs,
        rules=rules,
        verdicts=_verdicts(result),
        errors=_messages(result, "error") or _complaint(result),
        warnings=_messages(result, "warning"),
        outputs=result.outputs,
    )


def type_of(urn: str) -> str:
    """The resource's own type, without those of the components around it."""
    return urn.split("::")[2].rsplit("$", 1)[-1]


def name_of(urn: str) -> str:
    """The resource's name in the program."""
    return urn.split("::", 3)[3]


def short_type(token: str) -> str:
    """The last word of a type token: `Bucket` for `aws:s3/bucket:Bucket`."""
    return token.rsplit(":", 1)[-1]


def _parts(resources: Mapping[str, Mapping[str, Any]]) -> list[Part]:
    members: dict[str, list[str]] = {}
    for urn in resources:
        if type_of(urn) != STACK_TYPE:
            members.setdefault(_top(urn, resources), []).append(urn)
    parts = [_part(top, urns, resources) for top, urns in members.items()]
    return sorted((part for part in parts if part.resources), key=lambda part: (part.site or "~", part.type, part.name))


def _top(urn: str, resources: Mapping[str, Mapping[str, Any]]) -> str:
    """The ancestor that stands right beneath the stack."""
    while True:
        parent = resources.get(urn, {}).get("parent", "")
        if not parent or type_of(parent) == STACK_TYPE:
            return urn
        urn = parent


def _part(top: str, urns: list[str], resources: Mapping[str, Mapping[str, Any]]) -> Part:
    real = [urn for urn in urns if _is_real(urn, resources[urn])]
    sites = Counter(_label(resources[urn]["inputs"], SITE) for urn in real)
    said = (_label(resources[urn]["inputs"], JURISDICTION) for urn in real)
    # GCP's labels have no capitals.
    places = Counter(place.upper() if place else None for place in said)
    return Part(
        type=short_type(type_of(top)),
        name=name_of(top),
        site=_most_said(sites),
        jurisdiction=_most_said(places),
        # Those of equal number by name: the engine tells of resources in another order each time.
        kinds=dict(Counter(sorted(short_type(type_of(urn)) for urn in real)).most_common()),
    )


def _is_real(urn: str, state: Mapping[str, Any]) -> bool:
    """Whether it is something that a provider makes: not a component, not a provider."""
    return bool(state.get("provider")) and not type_of(urn).startswith(_PROVIDER_PREFIX)


def _most_said(counted: Counter[str | None]) -> str | None:
    return next((value for value, _ in counted.most_common() if value), None)


def _label(inputs: Mapping[str, Any], key: str) -> str | None:
    """The value of one of our tags or labels, wherever the type keeps them."""
    for labels in _label_maps(inputs):
        value = labels.get(key) or labels.get(KUBERNETES_PREFIX + key)
        if isinstance(value, str):
            return value
    return None


def _label_maps(inputs: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for holder in (inputs, inputs.get("metadata")):
        for key in ("tags", "labels", "resourceLabels", "userLabels"):
            found = holder.get(key) if isinstance(holder, Mapping) else None
            if isinstance(found, Mapping):
                yield found


def _policies(result: Result) -> tuple[dict[str, str], int]:
    packs: dict[str, str] = {}
    rules: set[tuple[str, str]] = set()
    for kind in ("policyAnalyzeSummaryEvent", "policyAnalyzeStackSummaryEvent"):
        for event in result.of(kind):
            packs[event["policyPackName"]] = event.get("policyPackVersion", "")
            names = [*event.get("passed", []), *event.get("failed", [])]
            rules |= {(event["policyPackName"], name) for name in names}
    return packs, len(rules)


def _verdicts(result: Result) -> list[Verdict]:
    found = []
    for event in result.violations:
        # The engine puts the policy's description on the first line, and what the rule reported after it.
        _, _, said = event["message"].strip().partition("\n")
        verdict = Verdict(
            rule=event["policyName"],
            pack=event["policyPackName"],
            level=event["enforcementLevel"],
            urn=event.get("resourceUrn", ""),
            message=said.strip() or event["message"].strip(),
        )
        if verdict not in found:
            found.append(verdict)
    return sorted(found, key=lambda verdict: (verdict.level != "mandatory", verdict.rule, verdict.urn))


def _messages(result: Result, severity: str) -> list[str]:
    """What was said at that severity, once each, with the resource that it is about."""
    found: dict[str, None] = {}
    for event in result.of("diagnosticEvent"):
        if event["severity"] != severity or event["message"] in _ENDS:
            continue
        urn = event.get("urn", "")
        about = f"{type_of(urn)} {name_of(urn)}: " if urn and type_of(urn) != STACK_TYPE else ""
        found[about + event["message"].strip()] = None
    return list(found)


def _complaint(result: Result) -> list[str]:
    """All that was said, when Pulumi could not start: a policy pack that fails speaks only on its output."""
    if result.exit_code == 0 or any(result.of("summaryEvent")):
        return []
    said = "\n".join(line.removeprefix("error: ") for line in result.diagnostics.splitlines() if line.strip())
    return [said or f"pulumi ended with exit code {result.exit_code} and said nothing"]
