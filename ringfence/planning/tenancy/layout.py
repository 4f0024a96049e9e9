"""The layout of a tenant on a cluster: which namespaces it has, how large they are, and which storage they may claim.

Owns: those plain values. Refuses to own: the objects that are made of them (namespaces.py, access.py, networks.py).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ringfence.planning.places import place_of
from ringfence.planning.serving.replica import replica_of
from ringfence.planning.tenancy.names import (
    MODELS,
    models_namespace,
    namespaces_of,
    served_models,
    tenant_classes,
)
from ringfence.spec.model import ServedModel
from ringfence.spec.platform import Platform
from ringfence.spec.residency import decide
from ringfence.spec.tenant import NamespaceQuota

SIDECAR_MILLICPUS, SIDECAR_GIB = 1000, 2
"""The most that the containers which KServe puts beside a model ask for (kserve, charts/kserve-resources: storage)."""

CLAIMABLE = ("block", "file", "scratch", "cache")
"""Kinds of storage tier that a PersistentVolumeClaim can ask for; the class has the tier's name."""


@dataclass(frozen=True, kw_only=True)
class TenantNamespace:
    """One namespace of a tenant on a cluster."""

    name: str
    quota: NamespaceQuota
    models: bool
    """Whether it holds what is served for the tenant, rather than the tenant's own work."""


def tenant_namespaces(platform: Platform, cluster: str, tenant: str) -> tuple[TenantNamespace, ...]:
    """The tenant's namespaces on a cluster: its own, and one for its models where the cluster serves any."""
    spec = platform.tenants[tenant]
    names = namespaces_of(platform, tenant)
    models = served_models(platform, cluster, tenant)
    made = [
        TenantNamespace(
            name=name, quota=spec.namespaces.get(key, NamespaceQuota()), models=bool(models) and key == MODELS
        )
        for key, name in names.items()
    ]
    if models and MODELS not in names:
        quota = models_quota(platform, cluster, models)
        made.append(TenantNamespace(name=models_namespace(tenant), quota=quota, models=True))
    return tuple(made)


def models_quota(platform: Platform, cluster: str, models: Mapping[str, ServedModel]) -> NamespaceQuota:
    """What a tenant's models may hold together: every replica, one more while a version is rolled out, and canaries.

    Raises ringfence.planning.serving.replica.ServingError for a model that cannot be placed.
    """
    millicpus, gib, pods = 0, 0, 0
    for name, model in models.items():
        replica = replica_of(platform, name, cluster)
        canaries = math.ceil(model.autoscaling.max_replicas * model.canary.percent / 100) if model.canary else 0
        count = (max(model.autoscaling.max_replicas, model.autoscaling.min_replicas) + 1 + canaries) * replica.nodes
        millicpus += count * (replica.millicpus + SIDECAR_MILLICPUS)
        gib += count * (replica.memory_gib + SIDECAR_GIB)
        pods += count
    return NamespaceQuota(cpus=math.ceil(millicpus / 1000), memory_gib=gib, pods=pods)


def allowed_storage_classes(platform: Platform, cluster: str, tenant: str) -> list[str]:
    """Storage classes where every class of data that the tenant processes may rest: all of the cluster's, or none.

    A place that is not known allows nothing.
    """
    spec = platform.clusters[cluster]
    place = place_of(platform.sites[spec.site])
    verdicts = (
        decide(platform.data_classes[name], "rest", place.country, place.laws, platform.groups)
        for name in tenant_classes(platform, cluster, tenant)
    )
    return sorted(claimable(platform, cluster)) if all(verdict.proven for verdict in verdicts) else []


def claimable(platform: Platform, cluster: str) -> dict[str, int]:
    """Storage classes of a cluster that a claim can name, with their capacity in GiB."""
    tiers = platform.clusters[cluster].storage
    return {name: tier.capacity_gib for name, tier in tiers.items() if tier.kind in CLAIMABLE}
