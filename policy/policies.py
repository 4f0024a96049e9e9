"""Rules as ordinary pulumi-policy policies: metadata for our own analyzer, and working policies in anybody's PolicyPack.

Owns: the translation. In a stock PolicyPack there is no graph to ask, so what only the graph could prove is refused. Refuses to own:
the rules and our analyzer.
"""

from __future__ import annotations

import os
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

from policy.contract import Contract
from policy.resource import Graph, Provider, Resource, normalised
from policy.rule import Context, Rule, message
from policy.values import Reader, unproxied
from ringfence.facts import frameworks


def to_policy(rule: Rule, contract: Contract | None = None) -> Policy:
    """The rule as a policy: mandatory, with its severity, framework, remedy and page."""
    about: dict[str, Any] = {
        "name": rule.id,
        "description": rule.description,
        "enforcement_level": EnforcementLevel.MANDATORY,
        "severity": rule.severity,
        "framework": _framework(rule),
        "tags": [rule.group, *rule.clauses],
        "remediation_steps": f"Each message ends with its remedy; {rule.page} explains the rule.",
        "url": rule.url,
        "config_schema": _schema(rule),
    }
    if rule.on_stack:
        return StackValidationPolicy(validate=_on_stack(rule, contract), **about)
    return ResourceValidationPolicy(validate=_on_resource(rule, contract), **about)


def _framework(rule: Rule) -> PolicyComplianceFramework:
    """The first clause: the protocol takes one framework; the others are tags."""
    clause = frameworks.clause(rule.clauses[0])
    if clause is None:
        raise ValueError(f"{rule.id}: ringfence.facts.frameworks has no clause {rule.clauses[0]!r}")
    return PolicyComplianceFramework(name=clause.framework, reference=clause.clause, specification=clause.summary)


def _schema(rule: Rule) -> PolicyConfigSchema | None:
    """The contract's keys, shallow: the analyzer checks the whole and explains what is wrong."""
    if rule.id != "contract":
        return None
    kinds = {"array": ("registries", "trustedPackages"), "string": ("tagKey", "defaultDataClass", "unproven")}
    names = {field.alias or name: name for name, field in Contract.model_fields.items()}
    kind = {name: each for each, members in kinds.items() for name in members}
    return PolicyConfigSchema(properties={name: {"type": kind.get(name, "object")} for name in names})


def _on_resource(rule: Rule, contract: Contract | None) -> Any:
    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        resource = _resource(args)
        if rule.check and rule.applies(resource.type):
            for finding in rule.check(resource, Context(contract, environment=os.environ)):
                report(message(rule, finding), None)

    return validate


def _on_stack(rule: Rule, contract: Contract | None) -> Any:
    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        graph = Graph(_with_edges(each) for each in args.resources)
        scope = Context(contract, environment=os.environ, graph=graph)
        findings = list(rule.check_stack(graph, scope)) if rule.check_stack else []
        for resource in graph.resources.values() if rule.check else ():
            if rule.applies(resource.type):
                findings.extend(rule.check(resource, scope))  # type: ignore[misc]
        for finding in findings:
            report(message(rule, finding), finding.resource.urn)

    return validate


def _resource(args: Any) -> Resource:
    provider = args.provider
    return Resource(
        type=normalised(args.resource_type),
        urn=args.urn,
        name=args.name,
        inputs=unproxied(args.props),
        provider=Provider(provider.resource_type, provider.urn, provider.name, Reader(unproxied(provider.props)))
        if provider
        else None,
        parent=args.opts.parent,
        ignore_changes=tuple(args.opts.ignore_changes),
    )


def _with_edges(args: Any) -> Resource:
    resource = _resource(args)
    resource.parent = args.parent.urn if args.parent else resource.parent
    resource.dependencies = tuple(each.urn for each in args.dependencies)
    resource.property_dependencies = {
        key: tuple(each.urn for each in sources) for key, sources in args.property_dependencies.items()
    }
    return resource
