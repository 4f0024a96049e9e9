"""Holding a program against rules, without any protocol: each resource as it comes, then the whole stack once.

Owns: which rule is asked when, what is asked again once edges are known, and that nothing is said twice. Refuses to
own: any rule, levels and redaction (policy.analyzer).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime

from policy.carriers import inside
from policy.contract import Contract
from policy.flows import moves
from policy.lineage import Lineage
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from policy.waivers import Used, Waiver, Waivers


@dataclass(frozen=True)
class Said:
    """One finding and the rule that made it."""

    rule: Rule
    finding: Finding
    waived: Used | None = None
    """The waiver that covers it: then it is said and refuses nothing."""


class Evaluation:
    """One preview's worth of judging."""

    def __init__(
        self,
        rules: Iterable[Rule],
        contract: Contract | None,
        stack_config: Mapping[str, str] | None = None,
        environment: Mapping[str, str] | None = None,
        waivers: Iterable[Waiver] = (),
        today: date | None = None,
    ) -> None:
        self.rules = tuple(rules)
        # A waiver ends everywhere at the same moment.
        self._waivers = Waivers(waivers, today or datetime.now(UTC).date())
        self._scope = Context(contract, stack_config or {}, environment or {}, waivers=self._waivers)
        self._by_type: dict[str, tuple[Rule, ...]] = {}
        self._told: dict[tuple[str, str], set[tuple[str, ...]]] = {}
        self._pending: set[tuple[str, str]] = set()
        self.all_said: list[Said] = []
        """Everything that was said so far."""
        self.scope = self._scope
        """What the rules were last given: with the graph and the lineage once the stack is known."""

    def register(self, resource: Resource) -> list[Said]:
        """Hold one resource against every rule that looks at its type, with what is known so far."""
        said: list[Said] = []
        for each in (resource, *inside(resource)):
            for rule in self._rules_for(each.type):
                said.extend(self._asked(rule, each, self._scope))
        return said

    def finish(self, resources: Iterable[Resource]) -> list[Said]:
        """Ask again what only the whole stack can tell, and ask the rules on the stack."""
        graph = Graph(each for resource in resources for each in (resource, *inside(resource)))
        lineage = Lineage(replace(self._scope, graph=graph))
        self.scope = replace(self._scope, graph=graph, lineage=lineage)
        said: list[Said] = []
        for resource in graph.resources.values():
            # Whose data moves, and where a reference leads, only the edges tell: flows are asked again.
            again = lineage.grew(resource) or moves(resource.type)
            for rule in self._rules_for(resource.type):
                if again or (resource.urn, rule.id) in self._pending:
                    said.extend(self._asked(rule, resource, self.scope))
        for rule in self.rules:
            if rule.check_stack:
                said.extend(self._said(rule, finding) for finding in rule.check_stack(graph, self.scope))
            if rule.check and rule.whole_stack:
                said.extend(self._said(rule, finding) for finding in self._of_whole(rule, graph))
        self._told.clear()
        self._pending.clear()
        return said

    def _of_whole(self, rule: Rule, graph: Graph) -> Iterator[Finding]:
        assert rule.check is not None
        candidates = graph.of_type(*rule.types) if rule.lists_types else graph.resources.values()
        for resource in candidates:
            if rule.applies(resource.type):
                yield from rule.check(resource, self.scope)

    def _asked(self, rule: Rule, resource: Resource, scope: Context) -> Iterator[Said]:
        """What a rule says of a resource that it has not said before; before the stack is known, what the graph may
        tell is left for later."""
        assert rule.check is not None
        key = (resource.urn, rule.id)
        for finding in rule.check(resource, scope):
            if scope.graph is None and finding.graph_may_tell:
                self._pending.add(key)
                continue
            told = self._told.setdefault(key, set())
            if finding.key not in told:
                told.add(finding.key)
                yield self._said(rule, finding)

    def _said(self, rule: Rule, finding: Finding) -> Said:
        said = Said(rule, finding, self._waivers.over(rule.id, finding))
        self.all_said.append(said)
        return said

    def _rules_for(self, token: str) -> tuple[Rule, ...]:
        found = self._by_type.get(token)
        if found is None:
            found = tuple(rule for rule in self.rules if rule.check and not rule.whole_stack and rule.applies(token))
            self._by_type[token] = found
        return found
