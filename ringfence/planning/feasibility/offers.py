"""What a cluster of the platform offers to queues, flavour by flavour.

Owns: turning planned capacity into offers. Refuses to own: counting it (ringfence.planning.capacity).
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction

from ringfence.planning.capacity import POOL_LABEL, cluster_capacity
from ringfence.planning.feasibility.problems import Offer
from ringfence.spec.platform import Platform


def offers(
    platform: Platform, cluster: str, flavors: Mapping[str, Mapping[str, str]] | None = None
) -> dict[str, Offer]:
    """Flavour to what its nodes have. A flavour is a pool by its `ringfence.dev/pool` label, or by its name.

    Raises KeyError for an unknown cluster and capacity.CapacityError for a pool whose size cannot be known.
    """
    rows = cluster_capacity(platform, cluster)
    by_pool: dict[str, Offer] = {}
    for name, pool in platform.clusters[cluster].pools.items():
        own = [row for row in rows if row.pool == name]
        by_pool[name] = Offer(
            resources={row.resource: Fraction(row.maximum_units) for row in own if "/" in row.resource},
            unit=own[0].unit if len(own) == 1 else name,
            shared=pool.sharing.kind != "none",
        )
    pools = {name: labels.get(POOL_LABEL, name) for name, labels in (flavors or {}).items()}
    return {
        name: by_pool[pool] for name, pool in {**{each: each for each in by_pool}, **pools}.items() if pool in by_pool
    }
