"""Arrangements: three ways to share the same machines, so that one can be held against the others.

Owns: how each differs from the platform file. Refuses to own: how quotas become queues (ringfence.planning.tenancy),
which all three use: an arrangement is a platform with other quotas.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ringfence.planning.capacity import PoolCapacity, TenantShare, cluster_capacity, tenant_shares, unguaranteed
from ringfence.planning.tenancy.names import Manifest
from ringfence.planning.tenancy.queues import queue_manifests
from ringfence.spec import Platform
from ringfence.spec.tenant import Quota

Arrangement = Literal["silos", "shared", "declared"]

ARRANGEMENTS: dict[Arrangement, str] = {
    "silos": "each tenant has machines of its own, and nobody lends",
    "shared": "everybody takes from one pool, first come first served, and nothing is guaranteed",
    "declared": "the stack file's guarantees, lent while idle and taken back when asked for",
}


def silos(rows: Iterable[PoolCapacity], shares: Iterable[TenantShare]) -> dict[tuple[str, str, str], int]:
    """(tenant, pool, unit) to the units that a tenant would own, were the pool divided once and for all.

    Its guarantee, and of what was guaranteed to nobody a part by its weight; whole units, and never more than its
    maximum.
    """
    shares = list(shares)
    owned: dict[tuple[str, str, str], int] = {}
    for row in rows:
        mine = [share for share in shares if (share.pool, share.unit) == (row.pool, row.unit)]
        given = {share.tenant: share.guaranteed for share in mine}
        for _ in range(max(unguaranteed(row, mine), 0)):
            wanting = [share for share in mine if given[share.tenant] < share.maximum]
            if not wanting:
                break
            # Whoever has least of the rest for its weight gets the next unit.
            next_one = min(wanting, key=lambda share: (given[share.tenant] - share.guaranteed + 1) / share.weight)
            given[next_one.tenant] += 1
        owned |= {(tenant, row.pool, row.unit): units for tenant, units in given.items()}
    return owned


def arranged(platform: Platform, cluster: str, arrangement: Arrangement) -> list[Manifest]:
    """The queues of a cluster under an arrangement. Raises what queue_manifests raises."""
    if arrangement == "declared":
        return queue_manifests(platform, cluster)
    owned = silos(cluster_capacity(platform, cluster), tenant_shares(platform, cluster))
    made = queue_manifests(_with_quotas(platform, cluster, owned if arrangement == "silos" else None), cluster)
    for each in made:
        if each["kind"] == "ClusterQueue" and "namespaceSelector" in each["spec"]:
            # Nobody has to give back: in silos nothing was lent, and without guarantees nobody has a claim.
            each["spec"]["preemption"] = {"reclaimWithinCohort": "Never", "withinClusterQueue": "LowerPriority"}
    return made


def _with_quotas(platform: Platform, cluster: str, owned: dict[tuple[str, str, str], int] | None) -> Platform:
    """The platform with a tenant's own units as guarantee and maximum, or with no guarantees at all."""
    shares = {(share.tenant, share.pool): share for share in tenant_shares(platform, cluster)}

    def quota(tenant: str, pool: str, declared: Quota) -> Quota:
        if owned is None:
            return declared.model_copy(update={"guaranteed": 0})
        units = owned[(tenant, pool, shares[(tenant, pool)].unit)]
        return declared.model_copy(update={"guaranteed": units, "maximum": units})

    tenants = {
        name: tenant.model_copy(
            update={
                "quotas": {
                    **tenant.quotas,
                    cluster: {pool: quota(name, pool, each) for pool, each in tenant.quotas.get(cluster, {}).items()},
                }
            }
        )
        for name, tenant in platform.tenants.items()
    }
    return platform.model_copy(update={"tenants": tenants})
