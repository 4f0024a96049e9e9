"""What a rule is: an id, why it is there, which types it looks at, and a function from a resource to findings.

Owns: the shape of rules and findings, and the one form of message. Refuses to own: any rule, and how findings reach
the engine (policy.analyzer).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from pulumi_policy import Severity

from policy.contract import Contract
from policy.resource import Graph, Resource
from ringfence.spec.residency import Outcome

DOCS = "docs/rules"

Group = Literal["contract", "residency", "tenancy", "budget", "supply-chain"]


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

    def applies(self, token: str) -> bool:
        """Whether it looks at resources of this type."""
        return not self.types or any(
            token.startswith(each[:-1]) if each.endswith("*") else token == each for each in self.types
        )


def message(rule: Rule, finding: Finding) -> str:
    """The one form of message: rule, what, allowed, fix, page."""
    proof = "not proven: " if finding.outcome is Outcome.UNPROVEN else ""
    allowed = f": allowed {finding.allowed}" if finding.allowed else ""
    return f"{rule.id}: {proof}{finding.text}{allowed}. Fix: {finding.fix}. See {rule.page}"
