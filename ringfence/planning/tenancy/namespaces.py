"""Namespaces: where a tenant works, how much it may hold there, and which queues it submits to.

Owns: Namespace, ResourceQuota, LimitRange, default ServiceAccount and LocalQueue of a tenant, as plain manifests.
Refuses to own: who may do what (access.py) and who may talk to whom (networks.py).
"""

from __future__ import annotations

from collections.abc import Mapping

from ringfence.planning.capacity import (
    CPU,
    PoolCapacity,
    TenantShare,
    cluster_capacity,
    tenant_shares,
)
from ringfence.planning.labels import KUBERNETES_PREFIX, Tags
from ringfence.planning.tenancy.layout import (
    TenantNamespace,
    allowed_storage_classes,
    claimable,
    tenant_namespaces,
)
from ringfence.planning.tenancy.names import (
    DEFAULT_QUEUE,
    MODELS,
    PURPOSE_LABEL,
    TENANT_LABEL,
    Manifest,
    gibibytes,
    metadata,
    queue_name,
    tenant_classes,
    tenant_tags,
)
from ringfence.planning.tenancy.pools import accelerator_keys, pool_tolerations, provider_of
from ringfence.spec.platform import Platform
from ringfence.spec.tenant import NamespaceQuota

POOLS_ANNOTATION = KUBERNETES_PREFIX + "pools"
TOLERATIONS_ANNOTATION = KUBERNETES_PREFIX + "tolerations"
STORAGE_CLASSES_ANNOTATION = KUBERNETES_PREFIX + "storage-classes"
CLASSES_ANNOTATION = KUBERNETES_PREFIX + "data-classes"
"""What the admission policies read off the namespace (admission.py): lists with commas. Tenants cannot edit them."""

OBJECT_LIMITS = {
    "count/configmaps": "200",
    "count/secrets": "200",
    "count/services": "100",
    "count/deployments.apps": "100",
    "count/statefulsets.apps": "50",
    "count/jobs.batch": "1000",
    "count/cronjobs.batch": "50",
    "persistentvolumeclaims": "100",
}
"""Objects that one namespace may keep in etcd: our own bound, so that no tenant can fill it (a flood of ConfigMaps of
1 MiB each, the API server's limit, stays below 200 MiB)."""


def namespace_manifests(platform: Platform, cluster: str, tenant: str) -> list[Manifest]:
    """Everything that makes and bounds a tenant's namespaces on a cluster.

    Raises capacity.CapacityError where a pool's size or a quota's unit is not known.
    """
    capacities = cluster_capacity(platform, cluster)
    shares = [share for share in tenant_shares(platform, cluster) if share.tenant == tenant]
    tags = tenant_tags(platform, cluster, tenant)
    made: list[Manifest] = []
    for namespace in tenant_namespaces(platform, cluster, tenant):
        made += [
            namespace_manifest(platform, cluster, tenant, namespace, shares),
            resource_quota(platform, cluster, namespace, capacities, shares, tags),
            limit_range(platform, cluster, namespace, tags),
            service_account("default", namespace, tags),
            *([service_account(MODELS, namespace, tags)] if namespace.models else []),
            *local_queues(tenant, namespace, shares, tags),
        ]
    return made


def namespace_manifest(
    platform: Platform, cluster: str, tenant: str, namespace: TenantNamespace, shares: list[TenantShare]
) -> Manifest:
    """The namespace, with its Pod Security Standard and what the admission policies hold its objects against.

    Models get `baseline`: the container that KServe adds for oci:// weights says nothing of its capabilities, which
    `restricted` refuses (kserve, pkg/utils/storage.go). Everything else is `restricted`.
    """
    level = "baseline" if namespace.models else "restricted"
    body = metadata(
        namespace.name,
        tenant_tags(platform, cluster, tenant),
        None,
        **{
            TENANT_LABEL: tenant,
            PURPOSE_LABEL: MODELS if namespace.models else "work",
            "pod-security.kubernetes.io/enforce": level,
            "pod-security.kubernetes.io/enforce-version": "latest",
            "pod-security.kubernetes.io/audit": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        },
    )
    body["annotations"] = namespace_permits(platform, cluster, tenant, shares)
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": body}


def namespace_permits(platform: Platform, cluster: str, tenant: str, shares: list[TenantShare]) -> dict[str, str]:
    """What a tenant's pods and claims may name: pools, taints, storage classes, data classes. Empty means none."""
    pools = sorted({share.pool for share in shares})
    return {
        POOLS_ANNOTATION: ",".join(pools),
        TOLERATIONS_ANNOTATION: ",".join(_tolerable(platform, cluster, pools)),
        STORAGE_CLASSES_ANNOTATION: ",".join(allowed_storage_classes(platform, cluster, tenant)),
        CLASSES_ANNOTATION: ",".join(sorted(tenant_classes(platform, cluster, tenant))),
    }


def resource_quota(
    platform: Platform,
    cluster: str,
    namespace: TenantNamespace,
    capacities: tuple[PoolCapacity, ...],
    shares: list[TenantShare],
    tags: Tags,
) -> Manifest:
    """What the namespace may hold at once. Each accelerator resource of the cluster is named: 0 without a share.

    `limits.memory` makes the API server refuse a pod that sets no memory limit.
    """
    quota = namespace.quota
    hard = {
        "requests.cpu": str(quota.cpus),
        "requests.memory": gibibytes(quota.memory_gib),
        "limits.memory": gibibytes(quota.memory_gib),
        "requests.storage": gibibytes(quota.storage_gib),
        "pods": str(quota.pods),
        "services.loadbalancers": str(quota.load_balancers),
        "services.nodeports": "0",
        **OBJECT_LIMITS,
        **_storage_quota(platform, cluster, namespace, tags.tenant or ""),
        **_accelerator_quota(quota, capacities, shares),
    }
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": metadata("ringfence-quota", tags, namespace.name),
        "spec": {"hard": hard},
    }


def limit_range(platform: Platform, cluster: str, namespace: TenantNamespace, tags: Tags) -> Manifest:
    """Defaults and bounds of a container and a claim.

    There is no default and no maximum for memory: either would give a limit to containers that set none (Kubernetes
    takes a missing default from the maximum), and a pod without limits is to be refused, not guessed at.
    """
    scratch = 2048 if namespace.models else 200
    biggest = max([*claimable(platform, cluster).values(), 0])
    limits: list[Manifest] = [
        {
            "type": "Container",
            "defaultRequest": {"cpu": "100m", "memory": "256Mi", "ephemeral-storage": "1Gi"},
            "default": {"ephemeral-storage": gibibytes(min(scratch, 20))},
            "min": {"cpu": "10m", "memory": "8Mi"},
            "max": {"ephemeral-storage": gibibytes(scratch)},
        }
    ]
    if biggest:
        largest = gibibytes(min(namespace.quota.storage_gib, biggest))
        limits.append({"type": "PersistentVolumeClaim", "min": {"storage": "1Gi"}, "max": {"storage": largest}})
    return {
        "apiVersion": "v1",
        "kind": "LimitRange",
        "metadata": metadata("ringfence-limits", tags, namespace.name),
        "spec": {"limits": limits},
    }


def service_account(name: str, namespace: TenantNamespace, tags: Tags) -> Manifest:
    """An account that mounts no token, so no pod talks to the API by accident; `default` is for pods that name none."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name, tags, namespace.name),
        "automountServiceAccountToken": False,
    }


def local_queues(tenant: str, namespace: TenantNamespace, shares: list[TenantShare], tags: Tags) -> list[Manifest]:
    """The default queue, and one for each kind of unit that the tenant has a share of, called like the unit."""
    return [
        {
            "apiVersion": "kueue.x-k8s.io/v1beta2",
            "kind": "LocalQueue",
            "metadata": metadata(unit, tags, namespace.name),
            "spec": {"clusterQueue": queue_name(tenant, unit)},
        }
        for unit in (DEFAULT_QUEUE, *sorted({share.unit for share in shares}))
    ]


def _storage_quota(platform: Platform, cluster: str, namespace: TenantNamespace, tenant: str) -> Mapping[str, str]:
    allowed = allowed_storage_classes(platform, cluster, tenant)
    return {
        f"{name}.storageclass.storage.k8s.io/requests.storage": (
            gibibytes(min(capacity, namespace.quota.storage_gib)) if name in allowed else "0"
        )
        for name, capacity in claimable(platform, cluster).items()
    }


def _accelerator_quota(
    quota: NamespaceQuota, capacities: tuple[PoolCapacity, ...], shares: list[TenantShare]
) -> Mapping[str, str]:
    resources = sorted({row.resource for row in capacities if row.resource != CPU})
    limits = {name: sum(share.maximum for share in shares if share.resource == name) for name in resources}
    return {
        f"requests.{name}": str(limit if quota.accelerators is None else min(quota.accelerators, limit))
        for name, limit in limits.items()
    }


def _tolerable(platform: Platform, cluster: str, pools: list[str]) -> list[str]:
    """`key=value` for taints that a toleration must match whole, and a bare key for those of accelerators."""
    spec = platform.clusters[cluster].pools
    keys = {key for pool in pools for key in accelerator_keys(spec[pool], provider_of(platform, cluster))}
    whole = {
        f"{entry['key']}={entry['value']}"
        for pool in pools
        for entry in pool_tolerations(platform, cluster, pool)
        if entry["operator"] == "Equal"
    }
    return sorted(keys | whole)
