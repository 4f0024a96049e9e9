"""Tenancy planned: every Kubernetes object that separates tenants on a cluster, as plain manifests.

Owns: putting the parts together. Components, exports and cluster tests all take the objects from here, so they are the
same ones. Refuses to own: how they are applied.
"""

from __future__ import annotations

from ringfence.planning.tenancy.access import access_manifests, cluster_access_manifests
from ringfence.planning.tenancy.admission import admission_manifests
from ringfence.planning.tenancy.names import Manifest, TenancyError, check_namespaces, tenants_on
from ringfence.planning.tenancy.namespaces import namespace_manifests
from ringfence.planning.tenancy.networks import network_manifests
from ringfence.planning.tenancy.queues import queue_manifests
from ringfence.spec.platform import Platform

__all__ = ["TenancyError", "check_namespaces", "cluster_manifests", "tenant_manifests", "tenants_on"]


def cluster_manifests(platform: Platform, cluster: str, *, queues: bool = True) -> list[Manifest]:
    """What a cluster has once, whoever its tenants are: roles, admission policies, and queues where Kueue is there.

    Raises KeyError for an unknown cluster, TenancyError for tenants whose namespaces clash, and capacity.CapacityError
    where the pools cannot carry the quotas.
    """
    problems = check_namespaces(platform)
    if problems:
        raise TenancyError("; ".join(problems))
    return [
        *cluster_access_manifests(platform, cluster),
        *admission_manifests(platform, cluster, queues=queues),
        *(queue_manifests(platform, cluster) if queues else []),
    ]


def tenant_manifests(platform: Platform, cluster: str, tenant: str, *, queues: bool = True) -> list[Manifest]:
    """What one tenant has on one cluster: namespaces with their bounds, access, networks, and local queues.

    `queues` is whether the cluster has Kueue. Raises KeyError for an unknown name, and TenancyError for a tenant that
    is not on the cluster.
    """
    if cluster not in platform.tenants[tenant].clusters:
        raise TenancyError(f"tenants.{tenant}.clusters does not name {cluster}")
    made = [
        *namespace_manifests(platform, cluster, tenant),
        *access_manifests(platform, cluster, tenant),
        *network_manifests(platform, cluster, tenant),
    ]
    return [manifest for manifest in made if queues or manifest["kind"] != "LocalQueue"]
