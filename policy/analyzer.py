"""The analyzer behind our packs: each resource decoded once, each rule asked once, nothing unknown let through.

Owns: answering the engine's analyzer protocol for Rules: decoding, levels, redaction. The policy SDK's own analyzer
decodes every resource once for each policy, hides which values are secret, drops the stack's configuration, and turns
a mandatory policy that meets an unknown value into advice; this one keeps its metadata and levels and replaces the
rest. Refuses to own: any rule, when it is asked (policy.evaluation), and the process (policy.pack).
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import grpc
from google.protobuf import empty_pb2, json_format
from pulumi.runtime import proto
from pulumi_policy import EnforcementLevel
from pulumi_policy.policy import _PolicyAnalyzerServicer

from policy import contract_sources, evidence
from policy.contract import Contract
from policy.evaluation import Evaluation, Said
from policy.policies import CONTRACT, to_policy
from policy.redaction import redacted
from policy.resource import Provider, Resource, normalised
from policy.rule import Rule, message
from policy.values import Reader, decode, from_json
from ringfence.spec.residency import Outcome


class Analyzer(_PolicyAnalyzerServicer):
    """Serves rules to the engine."""

    def __init__(self, name: str, version: str, rules: Iterable[Rule], program: Path) -> None:
        self._rules = tuple(rules)
        self._policies = {rule.id: to_policy(rule) for rule in self._rules}
        super().__init__(name, version, list(self._policies.values()), EnforcementLevel.MANDATORY)
        self._name, self._version, self._program = name, version, program
        self._stack_config: dict[str, str] = {}
        self._stack = ""
        self._secrets: set[str] = set()
        self._found: contract_sources.Found | None = None
        self._contract_found = False
        self._evaluation: Evaluation | None = None
        self._beginning = threading.Lock()
        self._providers: dict[str, tuple[Any, Provider]] = {}
        self._seen: dict[str, Resource] = {}

    # What the engine says before the first resource.

    def ConfigureStack(self, request, _context):
        """Keep the stack's configuration: our own stacks' contract is in it."""
        super().ConfigureStack(request, _context)
        self._stack_config = dict(request.config)
        self._stack = f"{request.project}/{request.stack}"
        self._secrets = {value for key, value in request.config.items() if key in set(request.config_secret_keys)}
        return proto.AnalyzerStackConfigureResponse()

    def Configure(self, request, _context):
        """Keep levels, and find the contract: a broken one fails the preview here."""
        super().Configure(request, _context)
        self._contract_found, self._evaluation = False, None
        self._find_contract(_context)
        return empty_pb2.Empty()

    def _find_contract(self, context) -> None:
        if self._contract_found:
            return
        try:
            given = decode(self._get_policy_config(CONTRACT) or {})
            rules = self._policies
            self._found = contract_sources.find(given, self._stack_config, self._program, rules)
        except contract_sources.ContractError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))
        self._contract_found = True

    # Resources, as they are registered.

    def Remediate(self, request, _context):
        """Nothing is mended behind a program's back."""
        return proto.RemediateResponse()

    def Analyze(self, request, _context):
        """Hold one resource against every rule that looks at its type."""
        evaluation = self._begun(_context)
        resource = self._resource(request)
        self._seen[resource.urn] = resource
        return self._response(evaluation.register(resource))

    def AnalyzeStack(self, request, _context):
        """Ask again what only the whole stack can tell, and ask the rules on the stack."""
        evaluation = self._begun(_context)
        said = evaluation.finish([self._with_edges(each) for each in request.resources])
        response = self._response(said)
        if not_written := self._record(evaluation):
            response.diagnostics.append(not_written)
        return response

    def _record(self, evaluation: Evaluation):
        """Write the transfer record where one is asked for; a diagnostic where that fails."""
        asked = self._contract.evidence if self._contract else None
        directory = os.environ.get("RINGFENCE_EVIDENCE") or (asked.directory if asked else "")
        base = os.environ.get("RINGFENCE_EVIDENCE_BASE") or (asked.base if asked else None)
        if not directory or self._found is None:
            return None
        try:
            found = evidence.record(evaluation.scope, evaluation.all_said, self._stack)
            home = self._found.folder
            clean = json.loads(redacted(json.dumps(found), self._secrets))
            evidence.write(clean, home / directory, home / base if base else None)
        except (OSError, ValueError) as error:
            return proto.AnalyzeDiagnostic(
                policyName=CONTRACT,
                policyPackName=self._name,
                policyPackVersion=self._version,
                message=f"{CONTRACT}: the transfer record was not written to {directory}: {error}",
                description="A contract says where each class of data may be.",
                enforcementLevel=self._map_enforcement_level(EnforcementLevel.MANDATORY),
            )
        return None

    def _begun(self, context) -> Evaluation:
        """The evaluation in progress; its first resource begins it."""
        with self._beginning:
            self._find_contract(context)
            if self._evaluation is None:
                asked = [rule for rule in self._rules if self._level(rule) is not EnforcementLevel.DISABLED]
                waivers = self._found.waivers if self._found else ()
                self._evaluation = Evaluation(asked, self._contract, self._stack_config, os.environ, waivers)
            return self._evaluation

    @property
    def _contract(self) -> Contract | None:
        return self._found.contract if self._found else None

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
            inputs=self._inputs(request),
            provider=self._provider(request.provider) if request.HasField("provider") else None,
            parent=options.parent or None,
            ignore_changes=tuple(options.ignoreChanges),
        )

    def _inputs(self, request) -> Mapping[str, Any]:
        """The inputs. The engine hands a provider's own objects and lists over as JSON text."""
        inputs = decode(json_format.MessageToDict(request.properties), self._secrets)
        if not request.type.startswith("pulumi:providers:"):
            return inputs
        return {key: from_json(value) for key, value in inputs.items()}

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

    def _response(self, said: Iterable[Said]):
        response = proto.AnalyzeResponse()
        for each in said:
            response.diagnostics.append(self._diagnostic(each))
        return response

    def _diagnostic(self, said: Said):
        rule, finding = said.rule, said.finding
        policy = self._policies[rule.id]
        advised = finding.advice or said.waived or (finding.outcome is Outcome.UNPROVEN and self._advises)
        waived = f"waived until {said.waived.waiver.expires.isoformat()}: " if said.waived else ""
        level = EnforcementLevel.ADVISORY if advised else self._level(rule)
        return proto.AnalyzeDiagnostic(
            policyName=rule.id,
            policyPackName=self._name,
            policyPackVersion=self._version,
            message=f"{rule.description}\n{waived}{redacted(message(rule, finding), self._secrets)}",
            description=rule.description,
            urn=finding.resource.reported_urn,
            enforcementLevel=self._map_enforcement_level(level),
            severity=self._map_severity(policy.severity),
        )
