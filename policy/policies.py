"""Rules as the engine is told of them: pulumi-policy metadata with level, severity, framework and page.

Owns: the translation. Refuses to own: running a rule. Only policy.analyzer does: the stock analyzer would hide which
values are secret, and would turn a rule that meets an unknown value into advice.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    Policy,
    PolicyComplianceFramework,
    PolicyConfigSchema,
    ResourceValidationPolicy,
    StackValidationPolicy,
)

from policy.contract import Contract
from policy.rule import Rule
from ringfence.facts import frameworks

CONTRACT = "contract"
"""The policy whose configuration is the contract."""


@cache
def to_policy(rule: Rule) -> Policy:
    """The rule's metadata, made once: mandatory, with its severity, framework, remedy and page."""
    about: dict[str, Any] = {
        "name": rule.id,
        "description": rule.description,
        "enforcement_level": EnforcementLevel.MANDATORY,
        "severity": rule.severity,
        "framework": _framework(rule),
        "tags": [rule.group, *rule.clauses],
        "remediation_steps": f"Each message ends with its remedy; {rule.page} explains the rule.",
        "url": rule.page,
        "config_schema": _contract_schema() if rule.id == CONTRACT else None,
    }
    kind = StackValidationPolicy if rule.on_stack else ResourceValidationPolicy
    return kind(validate=_refuse_to_run, **about)


def _refuse_to_run(args: Any, report: Any) -> None:
    raise RuntimeError(
        "Ringfence's rules are served by policy.analyzer, not by the policy SDK's own: see policy/pack.py"
    )


def _framework(rule: Rule) -> PolicyComplianceFramework:
    """The first clause: the protocol takes one framework; the others are tags."""
    clause = frameworks.clause(rule.clauses[0])
    if clause is None:
        raise ValueError(f"{rule.id}: ringfence.facts.frameworks has no clause {rule.clauses[0]!r}")
    return PolicyComplianceFramework(name=clause.framework, reference=clause.clause, specification=clause.summary)


def _contract_schema() -> PolicyConfigSchema:
    """The contract's keys, shallow: the analyzer checks the whole and explains what is wrong."""
    described = Contract.model_json_schema(by_alias=True)["properties"]
    kinds = {name: about.get("type") for name, about in described.items()}
    return PolicyConfigSchema(properties={name: {"type": kind} if kind else {} for name, kind in kinds.items()})
