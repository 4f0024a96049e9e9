"""Rule on where a tenant's pods run: where the scheduler puts them, on pools of which the tenant has a share.

Owns: tenancy-placement, the twin of the admission policy `ringfence-tenant-placement`. Refuses to own: what may be
selected (ringfence.planning.tenancy.admission_rules) and custom resources of which an operator makes pods: the cluster
refuses those pods.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policy.places import cluster_names
from policy.pods import pod_path
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from policy.values import Read
from ringfence.planning.capacity import POOL_LABEL
from ringfence.planning.labels import KUBERNETES_PREFIX, TENANT
from ringfence.planning.tenancy.admission_rules import NODE_CONDITION_KEYS, POD_PRIORITIES, SELECTABLE_KEYS
from ringfence.planning.tenancy.namespaces import POOLS_ANNOTATION, TOLERATIONS_ANNOTATION
from ringfence.spec.finding import listed
from ringfence.spec.residency import Outcome

_LABEL = KUBERNETES_PREFIX + TENANT
_NAMESPACE = "kubernetes:core/v1:Namespace"
_KINDS = tuple(
    f"kubernetes:{group}/v1:{kind}"
    for group, kinds in {
        "core": ("Pod", "PodTemplate", "ReplicationController"),
        "apps": ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"),
        "batch": ("Job", "CronJob"),
    }.items()
    for kind in kinds
)
_TERMS = "affinity.nodeAffinity.requiredDuringSchedulingIgnoredDuringExecution.nodeSelectorTerms"


def _placement(graph: Graph, context: Context) -> Iterator[Finding]:
    spaces = {
        (_provider(each), each.reader.one("metadata.name").text or each.name): each
        for each in graph.of_type(_NAMESPACE)
    }
    for resource in graph.of_type(*_KINDS):
        space = spaces.get((_provider(resource), resource.reader.one("metadata.namespace").text or ""))
        if _is_tenants(resource, space, context):
            yield from _judged(resource, space)


def _provider(resource: Resource) -> str | None:
    return resource.provider.urn if resource.provider else None


def _is_tenants(resource: Resource, space: Resource | None, context: Context) -> bool:
    """By the label of the namespace or of the object itself, or by the contract's list of namespaces."""
    if any(each.reader.entry("metadata.labels", _LABEL).text for each in (resource, space) if each):
        return True
    name = resource.reader.one("metadata.namespace").text
    shares = context.contract.tenants.values() if context.contract else ()
    clusters = cluster_names(resource)
    return any(name in share.namespaces for each in shares for cluster, share in each.items() if cluster in clusters)


def _judged(resource: Resource, space: Resource | None) -> Iterator[Finding]:
    path = pod_path(resource)
    selector = resource.reader.one(f"{path}.nodeSelector")
    pools = _permitted(space, POOLS_ANNOTATION)
    fix = "leave it out: the queue's flavour puts the pod on its pool, and the scheduler on a node"
    for read in (selector, *resource.reader.all(f"{path}.{_TERMS}[]")):
        if read.unknown:
            text = f"which nodes {resource.shown} selects ({read.path}) is not known before the update"
            yield Finding(resource, Outcome.UNPROVEN, text, fix)
    asked: list[tuple[str, str, list[Any] | None]] = [
        (selector.path, key, [value]) for key, value in _mapping(selector).items()
    ]
    asked += [each for read in resource.reader.all(f"{path}.{_TERMS}[]") for each in _expressions(read)]
    for where, key, values in asked:
        if key not in SELECTABLE_KEYS:
            text = f"{where} of {resource.shown} selects nodes by {key}, which could be another tenant's"
            yield Finding(resource, Outcome.REFUSED, text, fix, listed(SELECTABLE_KEYS))
        elif key == POOL_LABEL and (values is None or (pools is not None and not set(values) <= set(pools))):
            text = f"{where} of {resource.shown} goes beyond the pools of which its tenant has a share"
            yield Finding(resource, Outcome.REFUSED, text, fix, listed(pools or ()))
    yield from _named(resource, path or "")
    yield from _tolerated(resource, path or "", _permitted(space, TOLERATIONS_ANNOTATION))


def _named(resource: Resource, path: str) -> Iterator[Finding]:
    """A node, a scheduler and a priority that a tenant's pod may not name."""
    for field, allowed, why in (
        ("nodeName", (), "names its node: the scheduler places it"),
        ("schedulerName", ("default-scheduler",), "names a scheduler that does not know the shares"),
        ("priorityClassName", POD_PRIORITIES, "has a priority that takes nodes from others"),
    ):
        read = resource.reader.one(f"{path}.{field}")
        if read.text and read.text not in allowed:
            text = f"{resource.shown} {why} ({read.path} = {read.shown})"
            yield Finding(resource, Outcome.REFUSED, text, f"leave {field} out", listed(allowed) if allowed else "")


def _tolerated(resource: Resource, path: str, permitted: list[str] | None) -> Iterator[Finding]:
    for read in resource.reader.all(f"{path}.tolerations[]"):
        toleration = _mapping(read)
        if not toleration:
            continue
        key, value = toleration.get("key"), toleration.get("value") or ""
        known = key in NODE_CONDITION_KEYS or permitted is None or {key, f"{key}={value}"} & set(permitted)
        if not key or not known:
            text = f"{read.path} of {resource.shown} tolerates taints that are not of its tenant's pools"
            yield Finding(resource, Outcome.REFUSED, text, "leave it out: the queue's flavour brings what is needed")


def _expressions(term: Read) -> Iterator[tuple[str, str, list[Any] | None]]:
    """(where, key, values) of a term of an affinity; None for values that say which nodes it may not be."""
    given = _mapping(term)
    for each in given.get("matchFields") or ():
        yield term.path, str(each.get("key")), None
    for each in given.get("matchExpressions") or ():
        if isinstance(each, dict):
            values = each.get("values") if each.get("operator") == "In" else None
            yield term.path, str(each.get("key")), values if isinstance(values, list) else None


def _mapping(read: Read) -> dict[str, Any]:
    return read.value if read.known and isinstance(read.value, dict) else {}


def _permitted(space: Resource | None, annotation: str) -> list[str] | None:
    """What the namespace lets its tenant name; None where the program does not say."""
    if space is None:
        return None
    read = space.reader.entry("metadata.annotations", annotation)
    return [each for each in read.text.split(",") if each] if read.text is not None else None


RULES = (
    Rule(
        id="tenancy-placement",
        group="tenancy",
        severity=Severity.HIGH,
        description="A tenant's pods run where the scheduler puts them, on its own pools.",
        clauses=("SOC2-CC6", "NIS2-21"),
        check_stack=_placement,
    ),
)
