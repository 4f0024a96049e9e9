"""Quotas: what tenants were promised exists, and nobody is promised what can be taken away.

Owns: guarantees and limits against pools, and budgets against each other. Refuses to own: how capacity is counted
(ringfence.planning.capacity).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.planning.capacity import CapacityError, PoolCapacity, cluster_capacity, counted
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path, listed
from ringfence.spec.tenant import Quota

_TAKEN_AWAY = ("spot", "flex")


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about tenants' shares."""
    for cluster in platform.clusters:
        try:
            capacities = cluster_capacity(platform, cluster)
        except CapacityError:
            continue  # said by the checks of the pool itself
        yield from _shares(platform, cluster, capacities)
    for name, tenant in platform.tenants.items():
        at: Path = ("tenants", name)
        for cluster in tenant.quotas:
            if cluster not in tenant.clusters:
                yield Finding(
                    code="tenant-cluster",
                    path=(*at, "quotas", cluster),
                    message=f"{name} has a share of {cluster}, but no namespace there",
                    suggestion=f"add {cluster} to tenants.{name}.clusters",
                )
        for index, cluster in enumerate(tenant.clusters):
            if platform.clusters[cluster].role == "management":
                yield Finding(
                    code="tenant-cluster",
                    path=(*at, "clusters", index),
                    message=f"{cluster} is a management cluster: whoever runs there can reach every cluster it hosts",
                    allowed=listed(key for key, value in platform.clusters.items() if value.role == "workload"),
                )
    yield from _budgets(platform)


def _shares(platform: Platform, cluster: str, capacities: tuple[PoolCapacity, ...]) -> Iterator[Finding]:
    promised: dict[tuple[str, str], list[tuple[str, int, Path]]] = {}
    rows = {(row.pool, row.unit): row for row in capacities}
    for tenant_name, tenant in platform.tenants.items():
        for pool, quota in tenant.quotas.get(cluster, {}).items():
            at: Path = ("tenants", tenant_name, "quotas", cluster, pool)
            row = counted(quota, pool, capacities)
            if row is None:
                profiles = [each.profile or each.resource for each in capacities if each.pool == pool]
                yield Finding(
                    code="quota-profile",
                    path=at,
                    message=f"it is not clear which unit of pool {pool} is counted",
                    allowed=listed(profiles),
                    suggestion="add 'profile'" if quota.profile is None else None,
                )
                continue
            promised.setdefault((row.pool, row.unit), []).append((tenant_name, quota.guaranteed, at))
            yield from _share(quota, row, platform.clusters[cluster].pools[pool].capacity.kind, at)
    for key, shares in promised.items():
        total, row = sum(count for _, count, _ in shares), rows[key]
        if total > row.maximum_units:
            told = ", ".join(f"{tenant} {count}" for tenant, count, _ in shares if count)
            for _, count, at in shares:
                if count:
                    yield Finding(
                        code="guarantees-over-capacity",
                        path=(*at, "guaranteed"),
                        message=f"guarantees of pool {row.pool} add up to {total} {row.resource} ({told})",
                        allowed=f"at most {row.maximum_units} together",
                        suggestion=f"take {total - row.maximum_units} away, or add nodes to the pool",
                    )


def _share(quota: Quota, row: PoolCapacity, capacity_kind: str, at: Path) -> Iterator[Finding]:
    if quota.maximum is not None and quota.maximum < quota.guaranteed:
        yield Finding(
            code="quota-maximum",
            path=(*at, "maximum"),
            message=f"{quota.maximum} is less than the {quota.guaranteed} that are guaranteed",
            allowed=f"at least {quota.guaranteed}",
        )
    if quota.maximum is not None and quota.maximum > row.maximum_units:
        yield Finding(
            code="quota-maximum",
            path=(*at, "maximum"),
            message=f"{quota.maximum} is more than pool {row.pool} will ever hold",
            allowed=f"at most {row.maximum_units} {row.resource}",
            suggestion=f"maximum: {row.maximum_units}",
        )
    if quota.guaranteed and capacity_kind in _TAKEN_AWAY:
        yield Finding(
            code="guarantee-on-spot",
            path=(*at, "guaranteed"),
            message=f"pool {row.pool} is {capacity_kind} capacity: it can be taken away, so nothing of it is "
            "guaranteed",
            allowed="0",
        )
    elif quota.guaranteed > row.guaranteed_units:
        yield Finding(
            code="guarantee-needs-scaling",
            path=(*at, "guaranteed"),
            message=f"only {row.guaranteed_units} {row.resource} are always there: the rest waits for new nodes",
            severity="warning",
        )


def _budgets(platform: Platform) -> Iterator[Finding]:
    total = sum(tenant.monthly_budget_usd or 0 for tenant in platform.tenants.values())
    if total > platform.budget.monthly_usd:
        yield Finding(
            code="budgets-over-platform",
            path=("budget", "monthlyUsd"),
            message=f"tenants' budgets add up to {total:,.0f} USD a month, more than the platform's",
            allowed=f"at least {total:,.0f}",
            severity="warning",
        )
