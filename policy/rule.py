"""What a rule is: an id, why it is there, which types it looks at, and a function from a resource to findings.

Owns: the shape of rules, findings and paths, and the one form of message. Refuses to own: any rule, in which order they
are asked (policy.evaluation), and how findings reach the engine (policy.analyzer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from pulumi_policy import Severity

from policy.contract import Contract
from policy.resource import Graph, Resource
from ringfence.facts import frameworks
from ringfence.spec.residency import Outcome

if TYPE_CHECKING:
    from policy.lineage import Lineage
    from policy.waivers import Waivers

DOCS = "docs/rules"

Group = Literal[
    "contract",
    "residency",
    "keys",
    "backup",
    "telemetry",
    "routing",
    "ai",
    "supply-chain",
    "control-plane",
    "tenancy",
    "budget",
]
"""What a rule is about: its id begins with it."""


@dataclass(frozen=True)
class Hop:
    """One step of a path and where it ends. The first hop of a path has no step: it is where the data starts."""

    to: str
    """Name and type of the resource, or the place where the path ends."""
    place: str = ""
    """Where that is: "DE (eu-central-1)"."""
    kind: str = ""
    """How data moves there: replica, mount, prompt."""
    by: str = ""
    """The property that says so, with the resource that has it: "rules[0].destination.bucket of config (type)"."""

    def __str__(self) -> str:
        step = f"{self.kind} by {self.by} -> " if self.kind else ""
        return f"{step}{self.to}{f' in {self.place}' if self.place else ''}"


@dataclass(frozen=True)
class Finding:
    """Something that is refused, or that cannot be proven, about one resource."""

    resource: Resource
    outcome: Outcome
    text: str
    """What would happen, as a sentence without its end: "patient data on x (type) would rest in US (us-east-1)"."""
    fix: str
    """The one change that would make it right."""
    allowed: str = ""
    """What would have been allowed, shortened."""
    advice: bool = False
    """Said, and never refused: nothing is wrong, but somebody should know."""
    graph_may_tell: bool = False
    """Whether the edges of the whole stack could still prove it: asked again once the stack is known."""
    path: tuple[Hop, ...] = ()
    """From where the data is to where it would go, the shortest way."""
    property_path: str = ""
    """The property that decides: what a waiver names. Empty where none does."""
    value: str = ""
    """What the property says, or the place it stands for; "unknown" and "absent" are said so."""
    data_class: str = ""
    missing: str = ""
    """The fact that would prove it, where it is unproven."""

    @property
    def decided_by(self) -> tuple[str, str]:
        """The property and the value that a waiver has to name; the type, where no property decides."""
        if self.property_path:
            return self.property_path, self.value or "unknown"
        return "type", self.resource.type

    @property
    def key(self) -> tuple[str, ...]:
        """What makes it the same finding when the resource is looked at again with more known."""
        if self.property_path or self.data_class:
            return (self.outcome, self.data_class, self.property_path)
        return (self.text,)


@dataclass(frozen=True)
class Context:
    """What a rule may look at besides the resource."""

    contract: Contract | None
    stack_config: Mapping[str, str] = field(default_factory=dict)
    """Configuration of the stack, such as aws:region."""
    environment: Mapping[str, str] = field(default_factory=dict)
    """Environment of the engine: a default provider takes its region from it without saying so."""
    graph: Graph | None = None
    """The whole stack; None while resources are still being registered."""
    lineage: Lineage | None = None
    """Which classes come to each resource along the edges; None while they are being found, and without a graph."""
    waivers: Waivers | None = None


Check = Callable[[Resource, Context], Iterable[Finding]]
StackCheck = Callable[[Graph, Context], Iterable[Finding]]


@dataclass(frozen=True)
class Rule:
    """One policy."""

    id: str
    group: Group
    severity: Severity
    description: str
    """One sentence that says what must hold."""
    clauses: tuple[str, ...]
    """Clauses that it serves, by their id in ringfence.facts.frameworks; the first is the one that the engine is
    told."""
    types: tuple[str, ...] = ()
    """Type tokens that it looks at; a trailing * is any ending; empty is every type. Unused by rules on the stack."""
    of_type: Callable[[str], bool] | None = None
    """Whether it looks at a type, instead of `types`, where a list would name versions that nobody knows yet."""
    check: Check | None = None
    """Looks at one resource: while it is registered, or with the whole stack when `whole_stack` is set."""
    check_stack: StackCheck | None = None
    """Looks at the whole stack at once."""
    whole_stack: bool = False

    @property
    def page(self) -> str:
        """The rule's page in the repository."""
        return f"{DOCS}/{self.id}.md"

    @property
    def on_stack(self) -> bool:
        """Whether it needs the whole stack."""
        return self.whole_stack or self.check_stack is not None

    @property
    def lists_types(self) -> bool:
        """Whether its types are all spelled out, so that they can be looked up."""
        return bool(self.types) and self.of_type is None and not any(each.endswith("*") for each in self.types)

    def applies(self, token: str) -> bool:
        """Whether it looks at resources of this type."""
        if self.of_type is not None:
            return self.of_type(token)
        return not self.types or any(
            token.startswith(each[:-1]) if each.endswith("*") else token == each for each in self.types
        )


def message(rule: Rule, finding: Finding) -> str:
    """The one form of message, a line each: rule and what, path, clause, missing fact, fix, page."""
    proof = "not proven: " if finding.outcome is Outcome.UNPROVEN else ""
    allowed = f": allowed {finding.allowed}" if finding.allowed else ""
    lines = [f"{rule.id}: {proof}{finding.text}{allowed}."]
    if finding.path:
        lines.append(f"Path: {' -> '.join(map(str, finding.path))}.")
    clause = frameworks.clause(rule.clauses[0])
    if clause:
        lines.append(f"Clause: {clause.reference}: {clause.summary}")
    if not finding.advice:
        lines.append(f"Decided by: {' = '.join(finding.decided_by)}.")
    if finding.missing:
        lines.append(f"Missing: {finding.missing}.")
    lines += [f"Fix: {finding.fix}.", f"See {rule.page}"]
    return "\n".join(lines)
