"""Tenants: teams with guarantees, limits, groups, namespaces and a budget.

Owns: what a tenant may say. Refuses to own: whether the guarantees fit the pools (ringfence.planning.checks).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from ringfence.spec.base import CostCenter, Count, GiB, Name, PositiveInt, Spec, Text, UsdPerMonth


class Quota(Spec):
    """A tenant's share of one pool, counted in what the pool's nodes offer: devices, MIG instances or slices."""

    guaranteed: Count = 0
    """Always there when asked for; lent to others while idle."""
    maximum: Count | None = None
    """Never more than this, borrowed ones included; no limit within the pool when unset."""
    largest_gang: PositiveInt | None = None
    """The most units that one job takes, all at once: held against the share and the pool's biggest free block."""
    profile: str | None = None
    """MIG pools with several profiles: which one is counted."""


class NamespaceQuota(Spec):
    """One namespace of a tenant, and what it may hold besides accelerators."""

    cpus: PositiveInt = 64
    """CPU requests, in cores."""
    memory_gib: GiB = 256
    storage_gib: GiB = 1024
    pods: PositiveInt = 200
    load_balancers: Count = 0
    accelerators: Count | None = None
    """The most accelerators this namespace may request at once; the tenant's maximum when unset."""


class Groups(Spec):
    """Groups of the identity provider."""

    admins: tuple[Text, ...] = Field(min_length=1)
    users: tuple[Text, ...] = ()
    viewers: tuple[Text, ...] = ()


class Tenant(Spec):
    """A team that shares the platform with others."""

    groups: Groups
    cost_center: CostCenter
    """As the organisation's ledger spells it; becomes a tag on everything the tenant owns."""
    data_classes: tuple[Name, ...] = ()
    """Classes that the tenant may process."""
    namespaces: dict[Name, NamespaceQuota] = {}
    """By name, without the tenant's prefix; one namespace named after the tenant when empty."""
    clusters: tuple[Name, ...] = Field(min_length=1)
    """Workload clusters where the tenant has its namespaces."""
    quotas: dict[Name, dict[Name, Quota]] = {}
    """Cluster to pool to share."""
    weight: Annotated[float, Field(gt=0, le=1e6)] = 1.0
    """Fair-sharing weight for what nobody was guaranteed."""
    monthly_budget_usd: UsdPerMonth | None = None
