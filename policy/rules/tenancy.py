"""Rules on fair shares: every tenant namespace has a quota on accelerators, and guarantees fit what there is.

Owns: tenancy-gpu-quota and tenancy-guarantee. Refuses to own: the arithmetic (policy.decisions.tenancy) and who is a
tenant (the contract, or the label on a namespace).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from pulumi_policy import Severity

from policy.contract import Contract
from policy.decisions.tenancy import Promise, broken, is_accelerator, over_capacity, units
from policy.places import cluster_names
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from ringfence.planning.labels import KUBERNETES_PREFIX, TENANT
from ringfence.spec.residency import Outcome

_NAMESPACE = "kubernetes:core/v1:Namespace"
_QUOTA = "kubernetes:core/v1:ResourceQuota"
_QUEUE_VERSIONS = ("v1beta1", "v1beta2", "v1")
_QUEUES = tuple(f"kubernetes:kueue.x-k8s.io/{version}:ClusterQueue" for version in _QUEUE_VERSIONS)
_LABEL = KUBERNETES_PREFIX + TENANT


def _tenant(resource: Resource) -> str | None:
    labels = resource.reader
    return labels.entry("metadata.labels", _LABEL).text or labels.entry("metadata.labels", TENANT).text


def _cluster(resource: Resource, known: Iterable[str]) -> str | None:
    """The cluster's name as the contract has it."""
    names = cluster_names(resource)
    return next((name for name in names if name in known), names[0] if names else None)


def _clusters(contract: Contract) -> set[str]:
    return {*contract.capacity, *(cluster for shares in contract.tenants.values() for cluster in shares)}


def _quota(graph: Graph, context: Context) -> Iterator[Finding]:
    contract = context.contract
    known = _clusters(contract) if contract else set()
    for namespace in graph.of_type(_NAMESPACE):
        cluster = _cluster(namespace, known)
        if _is_tenants(namespace, cluster, contract) and not _without_accelerators(cluster, contract):
            yield from _quota_of(namespace, graph)


def _is_tenants(namespace: Resource, cluster: str | None, contract: Contract | None) -> bool:
    if _tenant(namespace):
        return True
    name = namespace.reader.one("metadata.name").text
    shares = contract.tenants.values() if contract else ()
    return any(cluster in each and name in each[cluster].namespaces for each in shares)


def _without_accelerators(cluster: str | None, contract: Contract | None) -> bool:
    """Whether the contract says that the cluster has none: then there is nothing to share."""
    return bool(contract and cluster in contract.capacity and not any(contract.capacity[cluster].values()))


def _quota_of(namespace: Resource, graph: Graph) -> Iterator[Finding]:
    hidden = False
    for quota in _in_namespace(namespace, graph):
        hard = quota.reader.one("spec.hard")
        if hard.unknown:
            hidden = True
        for resource, amount in hard.value.items() if isinstance(hard.value, dict) else ():
            if is_accelerator(resource):
                if units(amount) is not None:
                    return
                hidden = True
    fix = "add a ResourceQuota with `requests.nvidia.com/gpu` (or the accelerator the cluster offers); 0 is a quota too"
    if hidden:
        text = f"the quota on accelerators of {namespace.shown} is not known before the update"
        yield Finding(namespace, Outcome.UNPROVEN, text, fix)
    else:
        text = f"{namespace.shown} of tenant {_tenant(namespace) or '(by the contract)'} has no quota on accelerators"
        yield Finding(namespace, Outcome.REFUSED, text, fix)


def _in_namespace(namespace: Resource, graph: Graph) -> Iterator[Resource]:
    name = namespace.reader.one("metadata.name").text or namespace.name
    provider = namespace.provider.urn if namespace.provider else None
    for quota in graph.of_type(_QUOTA):
        if (quota.provider.urn if quota.provider else None) != provider:
            continue
        read = quota.reader.one("metadata.namespace")
        if read.text == name or (read.unknown and namespace in graph.behind(quota, "metadata")):
            yield quota


def _guarantee(graph: Graph, context: Context) -> Iterator[Finding]:
    contract = context.contract
    if contract is None:
        return
    by_cluster: dict[str | None, list[tuple[Resource, Promise]]] = {}
    for queue in graph.of_type(*_QUEUES):
        found = [(queue, promise) for promise in _promises(queue)]
        by_cluster.setdefault(_cluster(queue, _clusters(contract)), []).extend(found)
    for cluster, pairs in by_cluster.items():
        if pairs:
            yield from _held(cluster, pairs, contract)


def _held(cluster: str | None, pairs: list[tuple[Resource, Promise]], contract: Contract) -> Iterator[Finding]:
    fix = "lower a nominalQuota (or `guaranteed` under tenants), or add nodes that are always there"
    for queue, promise in pairs:
        if promise.guaranteed is None:
            text = f"how many {promise.resource} {queue.shown} guarantees is not known before the update"
            yield Finding(queue, Outcome.UNPROVEN, text, "give nominalQuota a plain number")
    promises = [promise for _, promise in pairs]
    if cluster is None or cluster not in contract.capacity:
        text = f"the capacity of cluster {cluster or '(unnamed)'} is not in the contract: nothing holds its guarantees"
        yield Finding(pairs[0][0], Outcome.UNPROVEN, text, f"add {cluster} to `capacity` in the contract")
        return
    for wrong in over_capacity(promises, contract.capacity[cluster]):
        yield Finding(pairs[0][0], Outcome.REFUSED, f"cluster {cluster} {wrong}", fix)
    for tenant, shares in contract.tenants.items():
        if cluster in shares:
            mine = next((queue for queue, promise in pairs if promise.tenant == tenant), pairs[0][0])
            for wrong in broken(promises, tenant, shares[cluster].guaranteed):
                text = f"on cluster {cluster} {wrong}"
                yield Finding(mine, Outcome.REFUSED, text, "make the queue's nominalQuota what the contract promises")


def _promises(queue: Resource) -> Iterator[Promise]:
    tenant = _tenant(queue)
    if queue.reader.one("spec").unknown:
        yield Promise(queue.name, tenant, "accelerators", None)
    for read in queue.reader.all("spec.resourceGroups[].flavors[].resources[]"):
        if read.unknown:
            yield Promise(queue.name, tenant, "accelerators", None)
        elif isinstance(read.value, dict) and is_accelerator(str(read.value.get("name"))):
            yield Promise(queue.name, tenant, read.value["name"], units(read.value.get("nominalQuota")))


RULES = (
    Rule(
        id="tenancy-gpu-quota",
        group="tenancy",
        severity=Severity.HIGH,
        description="Every tenant's namespace has a quota on accelerators.",
        clauses=("SOC2-CC6", "NIS2-21"),
        check_stack=_quota,
    ),
    Rule(
        id="tenancy-guarantee",
        group="tenancy",
        severity=Severity.HIGH,
        description="Tenants get what they were promised, and the promises fit the cluster.",
        clauses=("SOC2-CC8", "NIS2-21"),
        check_stack=_guarantee,
    ),
)
