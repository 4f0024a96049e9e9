"""Pieces of CEL, the API server's expression language, that several admission conditions are made of.

Owns: the shape of a policy and the expressions that conditions share. Refuses to own: the conditions themselves
(admission_rules.py). CEL here is what Kubernetes offers without optional syntax.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.planning.tenancy.names import QUEUE_LABEL

CONTROLLER_NAMESPACES = (
    "kube-system",
    "kueue-system",
    "jobset-system",
    "lws-system",
    "kubeflow-system",
    "kserve",
    "keda",
    "argo",
)
"""Where controllers run that make or change tenants' pods on their behalf."""

ACCELERATOR_PREFIXES = ("nvidia.com/", "amd.com/")
"""Starts of the resource names of accelerators."""


@dataclass(frozen=True, kw_only=True)
class Validation:
    """One condition, and what the API server says when it does not hold."""

    expression: str
    message: str


@dataclass(frozen=True, kw_only=True)
class AdmissionPolicy:
    """One policy for objects in tenants' namespaces."""

    name: str
    group: str
    version: str
    resources: tuple[str, ...]
    validations: tuple[Validation, ...]
    variables: tuple[tuple[str, str], ...] = ()
    """Name and expression, in an order in which later ones may use earlier ones."""
    operations: tuple[str, ...] = ("CREATE", "UPDATE")


def refusing(
    name: str,
    kinds: tuple[str, str, *tuple[str, ...]],
    *,
    unless: str,
    message: str,
    variables: tuple[tuple[str, str], ...] = (),
) -> AdmissionPolicy:
    """A policy of one condition. `kinds` is a group, a version, and the resources' plural names."""
    group, version, *resources = kinds
    return AdmissionPolicy(
        name=name,
        group=group,
        version=version,
        resources=tuple(resources),
        validations=(Validation(expression=unless, message=message),),
        variables=variables,
    )


def cel_list(values: tuple[str, ...]) -> str:
    return "[" + ", ".join(f"'{value}'" for value in values) + "]"


def permits(annotation: str) -> str:
    """The list in one of the namespace's annotations; empty where it is missing."""
    held = "namespaceObject.metadata.annotations"
    return f"has({held}) && '{annotation}' in {held} ? {held}['{annotation}'].split(',').filter(x, x != '') : []"


def accelerated(spec: str) -> str:
    """Whether any container of a pod spec asks for an accelerator."""
    named = " || ".join(f"r.startsWith('{prefix}')" for prefix in ACCELERATOR_PREFIXES)
    limits = f"(has(c.resources.limits) && c.resources.limits.exists(r, {named}))"
    requests = f"(has(c.resources.requests) && c.resources.requests.exists(r, {named}))"
    asks = f"has(c.resources) && ({limits} || {requests})"
    initial = f"{spec}.initContainers"
    return f"{spec}.containers.exists(c, {asks}) || (has({initial}) && {initial}.exists(c, {asks}))"


def queue_of(value: str) -> str:
    """The queue that an object names, or an empty string."""
    labels = f"{value}.metadata.labels"
    return f"has({labels}) && '{QUEUE_LABEL}' in {labels} ? {labels}['{QUEUE_LABEL}'] : ''"


def controller() -> str:
    """Whether one of the platform's controllers sent the request."""
    who = "request.userInfo.username"
    return " || ".join(f"{who}.startsWith('system:serviceaccount:{name}:')" for name in CONTROLLER_NAMESPACES)


def owned_by(kind: str) -> str:
    """Whether a controller of that kind owns the object."""
    owners = "object.metadata.ownerReferences"
    return f"has({owners}) && {owners}.exists(o, o.kind == '{kind}' && has(o.controller) && o.controller)"


def field_or(value: str, path: str, otherwise: str = "{}") -> str:
    return f"(has({value}.{path}) ? {value}.{path} : {otherwise})"
