"""What a change of how a pool's devices are cut evicts: the units that go, and whose pods ask for them.

Owns: the comparison of two platform files in that respect. Pure. Refuses to own: whether the later file is right
(ringfence.planning.checks), and cutting the devices, which the GPU operator's MIG manager does on an empty node.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ringfence.planning.capacity import TenantShare, cluster_capacity, tenant_shares
from ringfence.planning.serving.replica import Replica, served_on
from ringfence.spec import Platform
from ringfence.spec.finding import Finding
from ringfence.spec.model import ServedModel


@dataclass(frozen=True, kw_only=True)
class EvictedModel:
    """A served model that runs on such units."""

    model: str
    tenant: str
    pods: int
    """That always run."""
    most: int
    """With the autoscaler at its end."""


@dataclass(frozen=True, kw_only=True)
class Eviction:
    """One kind of unit that a pool has fewer of on each node, or no more."""

    cluster: str
    pool: str
    resource: str
    profile: str | None
    before: int
    """Units of a node."""
    after: int
    nodes: int
    shares: tuple[TenantShare, ...]
    """Quotas that count in it."""
    models: tuple[EvictedModel, ...]

    @property
    def lost(self) -> int:
        """Units that pods lose over all nodes of the pool at its largest."""
        return (self.before - self.after) * self.nodes


def evictions(before: Platform, after: Platform) -> Iterator[Eviction]:
    """Everything that loses its place when the pools of one file become those of the other, in the file's order.

    A pool whose devices are cut as before evicts nothing, whatever else of it changes. Raises CapacityError for a pool
    of either file whose size cannot be known.
    """
    for cluster, spec in before.clusters.items():
        later = after.clusters.get(cluster)
        recut = [
            name
            for name, pool in spec.pools.items()
            if later and name in later.pools and later.pools[name].sharing != pool.sharing
        ]
        if not recut:
            continue
        rows = [row for row in cluster_capacity(before, cluster) if row.pool in recut]
        new = {(row.pool, row.resource): row.units_per_node for row in cluster_capacity(after, cluster)}
        shares = tenant_shares(before, cluster)
        for row in rows:
            left = new.get((row.pool, row.resource), 0)
            if left < row.units_per_node:
                yield Eviction(
                    cluster=cluster,
                    pool=row.pool,
                    resource=row.resource,
                    profile=row.profile,
                    before=row.units_per_node,
                    after=left,
                    nodes=spec.pools[row.pool].largest,
                    shares=tuple(each for each in shares if (each.pool, each.unit) == (row.pool, row.unit)),
                    models=tuple(_evicted(*each) for each in served_on(before, cluster, row)),
                )


def _evicted(name: str, model: ServedModel, replica: Replica) -> EvictedModel:
    scaling = model.autoscaling
    return EvictedModel(
        model=name,
        tenant=model.tenant,
        pods=scaling.min_replicas * replica.nodes,
        most=max(scaling.max_replicas, scaling.min_replicas) * replica.nodes,
    )


def findings(before: Platform, after: Platform) -> Iterator[Finding]:
    """Each eviction as a warning at the pool of the later file that causes it."""
    for each in evictions(before, after):
        models = [f"{one.model} of {one.tenant} ({one.pods} to {one.most} pods)" for one in each.models]
        quotas = [f"{one.tenant} ({one.guaranteed} guaranteed, at most {one.maximum})" for one in each.shares]
        whose = [f"models {', '.join(models)}"] if models else []
        whose += [f"jobs that count against the quota of {', '.join(quotas)}"] if quotas else []
        what = f"{each.resource} is not offered any more" if not each.after else f"{each.resource}: {each.lost} fewer"
        yield Finding(
            code="layout-evicts",
            path=("clusters", each.cluster, "pools", each.pool, "sharing"),
            message=f"{what} ({each.before} on each of {each.nodes} nodes, now {each.after}). Its pods are evicted and "
            + ("never start again: " if not each.after else f"{each.lost} of them do not start again: ")
            + ("; ".join(whose) or "nobody's in this file")
            + ". All other pods on these nodes stop while the devices are cut, and start again",
            suggestion="move those models and quotas to what the new layout offers, in the same change"
            if whose
            else None,
            severity="warning",
        )
