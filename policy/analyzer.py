"""The analyzer behind our packs: each resource decoded once, each rule asked once, nothing unknown let through.

Owns: answering the engine's analyzer protocol for Rules. The policy SDK's own analyzer decodes every resource once
for each policy, hides which values are secret, drops the stack's configuration, and turns a mandatory policy that
meets an unknown value into advice; this one keeps its metadata and levels and replaces the rest. Refuses to own: any
rule, and the process (policy.pack).
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policy import contract_sources
from policy.contract import Contract
from policy.policies import CONTRACT, to_policy
from policy.resource import Graph, Provider, Resource, normalised
from policy.rule import Context, Finding, Rule, message
from policy.values import Reader, decode
from ringfence.spec.residency import Outcome

_SHORTEST_SECRET = 4
"""Characters: a shorter secret would blot out ordinary words, and a message never quotes values this short."""


class Analyzer(_PolicyAnalyzerServicer):
    """Serves rules to the engine."""

    def __init__(self, name: str, version: str, rules: Iterable[Rule], program: Path) -> None:
        self._rules = tuple(rules)
        self._policies = {rule.id: to_policy(rule) for rule in self._rules}
        super().__init__(name, version, list(self._policies.values()), EnforcementLevel.MANDATORY)
        self._name, self._version, self._program = name, version, program
        self._stack_config: dict[str, str] = {}
        self._secrets: set[str] = set()
        self._contract: Contract | None = None
        self._contract_found = False
        self._applying: dict[str, tuple[Rule, ...]] = {}
        self._providers: dict[str, tuple[Any, Provider]] = {}
        self._seen: dict[str, Resource] = {}
        self._asked_again: dict[str, list[Rule]] = {}
        self._told: dict[tuple[str, str], frozenset[str]] = {}

    # What the engine says before the first resource.

    def ConfigureStack(self, request, _context):
        """Keep the stack's configuration: our own stacks' contract is in it."""
        super().ConfigureStack(request, _context)
        self._stack_config = dict(request.config)
        self._secrets = {value for key, value in request.config.items() if key in set(request.config_secret_keys)}
        return proto.AnalyzerStackConfigureResponse()

    def Configure(self, request, _context):
        """Keep levels, and find the contract: a broken one fails the preview here."""
        super().Configure(request, _context)
        self._contract_found = False
        self._find_contract(_context)
        return empty_pb2.Empty()

    def _find_contract(self, context) -> None:
        if self._contract_found:
            return
        try:
            given = decode(self._get_policy_config(CONTRACT) or {})
            self._contract = contract_sources.find(given, self._stack_config, self._program)
        except contract_sources.ContractError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        self._contract_found = True

    # Resources, as they are registered.

    def Remediate(self, request, _context):
        """Nothing is mended behind a program's back."""
        return proto.RemediateResponse()

    def Analyze(self, request, _context):
        """Hold one resource against every rule that looks at its type."""
        self._find_contract(_context)
        resource = self._resource(request)
        self._seen[resource.urn] = resource
        self._asked_again.pop(resource.urn, None)
        response = proto.AnalyzeResponse()
        scope = self._context()
        for rule in self._rules_for(resource.type):
            findings = list(rule.check(resource, scope)) if rule.check else []
            if any(finding.graph_may_tell for finding in findings):
                self._asked_again.setdefault(resource.urn, []).append(rule)
                findings = [finding for finding in findings if not finding.graph_may_tell]
                self._told[resource.urn, rule.id] = frozenset(finding.text for finding in findings)
            self._report(response, rule, findings)
        return response

    def AnalyzeStack(self, request, _context):
        """Ask again what only the whole stack can tell, and ask the rules on the stack."""
        self._find_contract(_context)
        graph = Graph(self._with_edges(each) for each in request.resources)
        response = proto.AnalyzeResponse()
        scope = self._context(graph)
        for resource in graph.resources.values():
            for rule in self._asked_again.get(resource.urn, ()):
                assert rule.check is not None
                told = self._told.get((resource.urn, rule.id), frozenset())
                again = [finding for finding in rule.check(resource, scope) if finding.text not in told]
                self._report(response, rule, again)
        for rule in self._rules:
            if not rule.on_stack or self._level(rule) is EnforcementLevel.DISABLED:
                continue
            if rule.check_stack:
                self._report(response, rule, rule.check_stack(graph, scope))
            if rule.check and rule.whole_stack:
                for resource in graph.resources.values():
                    if rule.applies(resource.type):
                        self._report(response, rule, rule.check(resource, scope))
        return response

    def _context(self, graph: Graph | None = None) -> Context:
        return Context(self._contract, self._stack_config, os.environ, graph)

    def _rules_for(self, token: str) -> tuple[Rule, ...]:
        found = self._applying.get(token)
        if found is None:
            found = tuple(rule for rule in self._rules if rule.check and not rule.whole_stack and rule.applies(token))
            self._applying[token] = found
        return tuple(rule for rule in found if self._level(rule) is not EnforcementLevel.DISABLED)

    @property
    def _advises(self) -> bool:
        return self._contract is not None and self._contract.unproven == "advise"

    def _level(self, rule: Rule) -> EnforcementLevel:
        level = self._get_enforcement_level(self._policies[rule.id])
        return EnforcementLevel.MANDATORY if level is EnforcementLevel.REMEDIATE else level

    # Decoding: once a resource.

    def _resource(self, request) -> Resource:
        options = request.options
        return Resource(
            type=normalised(request.type),
            urn=request.urn,
            name=request.name,
            inputs=decode(json_format.MessageToDict(request.properties), self._secrets),
            provider=self._provider(request.provider) if request.HasField("provider") else None,
            parent=options.parent or None,
            ignore_changes=tuple(options.ignoreChanges),
        )

    def _provider(self, sent) -> Provider:
        cached = self._providers.get(sent.urn)
        if cached is None or cached[0] != sent:
            reader = Reader(decode(json_format.MessageToDict(sent.properties), self._secrets))
            cached = (sent, Provider(sent.type, sent.urn, sent.name, reader))
            self._providers[sent.urn] = cached
        return cached[1]

    def _with_edges(self, sent) -> Resource:
        """The resource as it was registered (a stack analysis gets outputs, in which a preview knows less), with its
        edges."""
        resource = self._seen.get(sent.urn) or self._resource(sent)
        resource.parent = sent.parent or resource.parent
        resource.dependencies = tuple(sent.dependencies)
        resource.property_dependencies = {key: tuple(value.urns) for key, value in sent.propertyDependencies.items()}
        return resource

    # Reporting: the level of each finding, and no secret in any text.

    def _report(self, response, rule: Rule, findings: Iterable[Finding]) -> None:
        policy = self._policies[rule.id]
        level = self._level(rule)
        for finding in findings:
            advised = finding.advice or (finding.outcome is Outcome.UNPROVEN and self._advises)
            text = f"{rule.description}\n{self._redacted(message(rule, finding))}"
            response.diagnostics.append(
                proto.AnalyzeDiagnostic(
                    policyName=rule.id,
                    policyPackName=self._name,
                    policyPackVersion=self._version,
                    message=text,
                    description=rule.description,
                    urn=finding.resource.urn,
                    enforcementLevel=self._map_enforcement_level(EnforcementLevel.ADVISORY if advised else level),
                    severity=self._map_severity(policy.severity),
                )
            )

    def _redacted(self, text: str) -> str:
        for value in sorted(self._secrets, key=len, reverse=True):
            if len(value) >= _SHORTEST_SECRET:
                text = text.replace(value, "[secret]")
        return text
