"""Clouds: which half of a stack builds what is in a cloud, chosen by the sites that the platform has.

Owns: the lazy choice of a cloud's SDK, and the plain values that each cloud's components are given. Refuses to own: any
one cloud (stacks/aws.py, azure.py, gcp.py).
"""

from __future__ import annotations

import importlib
from typing import Protocol

import pulumi

from ringfence.spec import Platform
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite
from stacks.parts import Built, BuiltCluster, ClusterPart

_HALVES = {"aws": "AwsSites", "azure": "AzureSites", "gcp": "GcpSites"}
DAYS_PER_YEAR = 365


class CloudSites(Protocol):
    """One cloud's half of a stack."""

    def cluster(self, part: ClusterPart) -> BuiltCluster:
        """Create a training cluster."""
        ...

    def dataset(self, name: str, spec: Dataset) -> pulumi.Output[str]:
        """Create a dataset's store; the result is its URI."""
        ...


def clouds_of(platform: Platform) -> tuple[str, ...]:
    """The clouds in which the platform has a site, sorted."""
    return tuple(sorted({site.provider for site in platform.sites.values() if isinstance(site, CloudSite)}))


def cloud_halves(built: Built) -> dict[str, CloudSites]:
    """Cloud to its half of the stack. Imports no SDK of a cloud that the platform does not use."""
    return {
        cloud: getattr(importlib.import_module(f"stacks.{cloud}"), _HALVES[cloud])(built)
        for cloud in clouds_of(built.settings.platform)
    }


def audit_days(platform: Platform) -> int:
    """How long the control planes' audit logs are kept."""
    return platform.audit.retention_years * DAYS_PER_YEAR


def retention_years(platform: Platform, dataset: Dataset) -> int:
    """The longer of the dataset's own retention and its class's: a dataset cannot undercut the law."""
    return max(dataset.retention_years or 0, platform.data_classes[dataset.data_class].retention_years)


def tenant_groups(platform: Platform, cluster: str) -> tuple[str, ...]:
    """Groups of the tenants on a cluster: they may authenticate, and their RBAC says what they may do."""
    groups = {
        group
        for tenant in platform.tenants.values()
        if cluster in tenant.clusters
        for group in (*tenant.groups.admins, *tenant.groups.users, *tenant.groups.viewers)
    }
    return tuple(sorted(groups))
