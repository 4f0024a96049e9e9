"""Names, labels and quantities of tenancy objects: spelled once, read by queues, namespaces, access and admission.

Owns: what a tenant's namespaces and queues are called and the tags they carry. Refuses to own: what is in them.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning import lineage
from ringfence.planning.labels import KUBERNETES_PREFIX, TENANT, Tags
from ringfence.planning.places import place_of
from ringfence.spec.model import ServedModel
from ringfence.spec.platform import Platform

Manifest = dict[str, Any]

TENANT_LABEL = KUBERNETES_PREFIX + TENANT
"""On every namespace of a tenant, which cannot edit it: queues, network and admission policies select by it."""

PURPOSE_LABEL = KUBERNETES_PREFIX + "purpose"
"""On namespaces: `work` for the tenant's own, `models` for what Ringfence serves for it."""

QUEUE_LABEL = "kueue.x-k8s.io/queue-name"
"""Label that puts a workload into a LocalQueue (kueue, pkg/controller/constants)."""

PRIORITY_LABEL = "kueue.x-k8s.io/priority-class"
"""Label with the WorkloadPriorityClass of a workload (kueue, pkg/controller/constants)."""

MODELS = "models"

DEFAULT_QUEUE = "default"
"""LocalQueue that Kueue takes for work that names none (kueue, LocalQueueDefaulting)."""

DEFAULT_FLAVOR = "platform.default"
"""ResourceFlavor of any node; its dot keeps it apart from pools' names."""

PLATFORM_NAMESPACE_PREFIXES = ("kube-", "kueue-", "kserve", "envoy-", "ringfence", "openshift", "gke-", "default")
"""Starts of namespace names that belong to Kubernetes or to add-ons; no tenant's namespace may have one."""


class TenancyError(ValueError):
    """Tenants that cannot be told apart or that take a platform's name. The message gives the path and the remedy."""


def tenants_on(platform: Platform, cluster: str) -> tuple[str, ...]:
    """The tenants of a cluster, in the file's order."""
    return tuple(name for name, tenant in platform.tenants.items() if cluster in tenant.clusters)


def namespaces_of(platform: Platform, tenant: str) -> dict[str, str]:
    """The tenant's own namespaces: name in the file to name in the cluster, prefixed with the tenant's."""
    declared = platform.tenants[tenant].namespaces
    return {name: f"{tenant}-{name}" for name in declared} if declared else {"": tenant}


def models_namespace(tenant: str) -> str:
    """The namespace of the models that are served for a tenant. Nobody but the gateway talks to what is in it."""
    return f"{tenant}-{MODELS}"


def check_namespaces(platform: Platform) -> list[str]:
    """What is wrong with the namespaces that tenants would get: two alike, or one of the platform's; [] if nothing."""
    owners: dict[str, list[str]] = {}
    for tenant in platform.tenants:
        for namespace in {*namespaces_of(platform, tenant).values(), models_namespace(tenant)}:
            owners.setdefault(namespace, []).append(tenant)
    problems = []
    for namespace, tenants in sorted(owners.items()):
        if namespace.startswith(PLATFORM_NAMESPACE_PREFIXES):
            problems.append(f"tenants.{tenants[0]}: namespace {namespace!r} belongs to the platform; rename the tenant")
        if len(tenants) > 1:
            problems.append(
                f"tenants.{tenants[1]}: namespace {namespace!r} is there twice (also tenants.{tenants[0]}); rename one"
            )
    return problems


def cluster_tags(platform: Platform, cluster: str) -> Tags:
    """What everything on a cluster says of itself: its site, country and the classes that are processed on it."""
    site = platform.clusters[cluster].site
    return Tags(
        platform=platform.name,
        environment=platform.environment,
        site=site,
        jurisdiction=place_of(platform.sites[site]).country or "unknown",
        cost_center=platform.cost_center,
        data_classes=tuple(sorted(lineage.classes_of_cluster(platform, cluster))),
    )


def tenant_tags(platform: Platform, cluster: str, tenant: str) -> Tags:
    """What everything of a tenant on a cluster says of itself."""
    spec = platform.tenants[tenant]
    return cluster_tags(platform, cluster).but(
        tenant=tenant, cost_center=spec.cost_center, data_classes=sorted(tenant_classes(platform, cluster, tenant))
    )


def tenant_classes(platform: Platform, cluster: str, tenant: str) -> frozenset[str]:
    """The classes that a tenant processes on a cluster: those it declares, and those of its models there."""
    served = (
        lineage.classes_in_use(platform, name)
        for name in lineage.models_on_cluster(platform, cluster)
        if platform.models[name].tenant == tenant
    )
    return frozenset(platform.tenants[tenant].data_classes).union(*served)


def served_models(platform: Platform, cluster: str, tenant: str) -> dict[str, ServedModel]:
    """The models of a tenant with replicas on a cluster."""
    names = lineage.models_on_cluster(platform, cluster)
    models = {name: platform.models[name] for name in names}
    return {n: m for n, m in models.items() if isinstance(m, ServedModel) and m.tenant == tenant}


def queue_name(tenant: str, unit: str) -> str:
    """ClusterQueue of a tenant for one kind of unit. A dot is in neither name, so no two pairs can meet."""
    return f"{tenant}.{unit}"


def spare_queue_name(unit: str) -> str:
    """ClusterQueue that lends what nobody was guaranteed. Three parts, so no tenant's queue can be called the same."""
    return f"platform.spare.{unit}"


def default_queue_name(tenant: str) -> str:
    """ClusterQueue of a tenant's work without accelerators."""
    return queue_name(tenant, DEFAULT_QUEUE)


def metadata(name: str, tags: Tags, namespace: str | None = None, **labels: str) -> Manifest:
    """Object metadata with the tags as labels; `labels` come on top."""
    placed = {"namespace": namespace} if namespace else {}
    return {"name": name, **placed, "labels": {**tags.kubernetes(), **labels}}


def millicores(amount: int) -> str:
    """Thousandths of a core as Kubernetes writes them: 2500 is 2500m, 3000 is 3."""
    return str(amount // 1000) if amount % 1000 == 0 else f"{amount}m"


def gibibytes(amount: int) -> str:
    """Gibibytes as Kubernetes writes them: 512 is 512Gi, 1024 is 1Ti."""
    return mebibytes(amount * 1024)


def mebibytes(amount: int) -> str:
    """Mebibytes as Kubernetes writes them: 1536 is 1536Mi, 2048 is 2Gi, 0 is 0."""
    for unit, size in (("Ti", 1024**2), ("Gi", 1024)):
        if amount and amount % size == 0:
            return f"{amount // size}{unit}"
    return f"{amount}Mi" if amount else "0"
