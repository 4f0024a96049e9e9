"""A replica: what one copy of a model takes on a cluster, whether it fits, and whether one node is enough.

Owns: units, CPU and memory of a replica, and the choice between one node and several. Refuses to own: the manifests
(models.py) and the formulas of memory (memory.py).
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from ringfence.facts import accelerators
from ringfence.planning.capacity import CPU, CapacityError, PoolCapacity, counted, pool_capacity
from ringfence.planning.serving import memory
from ringfence.spec.model import Placement, ServedModel
from ringfence.spec.platform import Platform
from ringfence.spec.pool import Mig, Pool, TimeSlicing, Vgpu
from ringfence.spec.site import CloudSite
from ringfence.spec.tenant import Quota

LANGUAGE_RUNTIMES = ("vllm", "huggingface")
"""Runtimes that keep a key-value cache."""

MILLICPUS_PER_UNIT = 4000
"""Cores that one accelerator's worth of serving asks for: tokenising and scheduling (our own rule)."""
HOST_GIB = 8
"""GiB of main memory beside the weights that are read into it (our own rule)."""
SHARE = 0.9
"""The most of a unit's part of its node that a replica asks for: the rest is for what KServe puts beside it."""


class ServingError(ValueError):
    """A model that cannot be served as the file says. The message gives the path and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Replica:
    """What one copy of a model takes."""

    resource: str
    """What its pods ask for: nvidia.com/gpu, nvidia.com/mig-1g.10gb, or cpu."""
    unit: str
    """Kind of unit; also the name of the queue."""
    units: int
    """All of them, over all nodes of the replica."""
    nodes: int
    """1, or how many nodes share one copy."""
    millicpus: int
    """For each node."""
    memory_gib: int
    """For each node: request and limit alike."""
    slices: int = 1
    """Replicas that take turns on one device and share its memory, which nothing but their own settings divides."""

    @property
    def units_per_node(self) -> int:
        """Tensor parallelism: the units of one node."""
        return self.units // self.nodes


def placement_of(platform: Platform, name: str, cluster: str) -> Placement:
    """Where on a cluster a model runs. Raises ServingError where it does not, or in two places."""
    model = platform.models[name]
    found = [each for each in model.placements if each.cluster == cluster] if isinstance(model, ServedModel) else []
    if len(found) != 1:
        raise ServingError(f"models.{name}.placements: {cluster} must be there once, not {len(found)} times")
    return found[0]


def replica_of(platform: Platform, name: str, cluster: str) -> Replica:
    """What a replica of a model takes on a cluster.

    Raises ServingError where the placement or the number of accelerators cannot work, and capacity.CapacityError where
    the pool's size is not known.
    """
    model, placement = _model(platform, name), placement_of(platform, name, cluster)
    pool = platform.clusters[cluster].pools[placement.pool]
    row = _row(platform, cluster, name, placement)
    units = model.accelerators_per_replica
    nodes = _nodes(pool, row, units, f"models.{name}")
    on_node = units // nodes
    weights = memory.weights_gib(model.parameters_billions, model.precision) / nodes
    return Replica(
        resource=row.resource,
        unit=row.unit,
        units=units,
        nodes=nodes,
        slices=pool.sharing.replicas if isinstance(pool.sharing, TimeSlicing) else 1,
        millicpus=on_node * min(MILLICPUS_PER_UNIT, int(row.millicpus_per_unit * SHARE)),
        memory_gib=max(
            1, min(math.ceil(weights * 1.1 + HOST_GIB), int(on_node * row.mebibytes_per_unit * SHARE / 1024))
        ),
    )


def fit_of(platform: Platform, name: str, cluster: str) -> memory.Fit | None:
    """Whether a replica of a model fits its device or slice on a cluster; None on a pool without accelerators."""
    model, placement = _model(platform, name), placement_of(platform, name, cluster)
    pool = platform.clusters[cluster].pools[placement.pool]
    row = _row(platform, cluster, name, placement)
    if row.resource == CPU:
        return None
    device_gib, device = _device(pool, row)
    cached = model.runtime in LANGUAGE_RUNTIMES
    return memory.fit(
        parameters_billions=model.parameters_billions,
        precision=model.precision,
        context_tokens=model.context_tokens,
        concurrent_sequences=model.concurrent_sequences if cached else 0,
        devices=model.accelerators_per_replica,
        device_gib=float(device_gib),
        device=device,
    )


def _model(platform: Platform, name: str) -> ServedModel:
    model = platform.models[name]
    if not isinstance(model, ServedModel):
        raise ServingError(f"models.{name} is served by {model.service}: it runs on none of the platform's clusters")
    return model


def _row(platform: Platform, cluster: str, name: str, placement: Placement) -> PoolCapacity:
    site = platform.sites[platform.clusters[cluster].site]
    pool = platform.clusters[cluster].pools[placement.pool]
    provider = site.provider if isinstance(site, CloudSite) else None
    rows = pool_capacity(placement.pool, pool, provider=provider, where=f"clusters.{cluster}.pools.{placement.pool}")
    row = counted(Quota(profile=placement.profile), placement.pool, rows)
    if row is None:
        offered = ", ".join(each.profile or each.resource for each in rows)
        raise ServingError(
            f"models.{name}.placements: profile {placement.profile!r} is not one that pool {placement.pool} offers; "
            f"it offers {offered}"
        )
    return row


def _nodes(pool: Pool, row: PoolCapacity, units: int, where: str) -> int:
    """How many nodes one replica needs. Parts of a device cannot be joined, nor can uneven nodes."""
    if units > 1 and isinstance(pool.sharing, Mig | TimeSlicing | Vgpu):
        raise ServingError(
            f"{where}.acceleratorsPerReplica: {units} parts of shared devices cannot hold one copy together; "
            "use 1, or a pool with `sharing: {kind: none}`"
        )
    nodes = math.ceil(units / row.units_per_node)
    if units % nodes:
        raise ServingError(
            f"{where}.acceleratorsPerReplica: {units} does not divide over {nodes} nodes of {row.units_per_node}"
        )
    return nodes


def _device(pool: Pool, row: PoolCapacity) -> tuple[Decimal, str]:
    """Memory and name of one unit. Time slices share the device's memory, so each may count on its part only."""
    device = accelerators.accelerator(pool.accelerator or "")
    if device is None:  # pool_capacity refuses such a pool first
        raise ServingError(f"{pool.accelerator!r} is not a listed accelerator")
    if isinstance(pool.sharing, Mig) and row.profile:
        return device.mig_profiles[row.profile].memory_gib, f"{row.profile} of {device.name}"
    if isinstance(pool.sharing, TimeSlicing):
        return device.memory_gib / pool.sharing.replicas, f"1/{pool.sharing.replicas} of {device.name}"
    if isinstance(pool.sharing, Vgpu):
        return device.memory_gib / pool.sharing.per_device, f"{row.profile} of {device.name}"
    return device.memory_gib, device.name


def served_on(platform: Platform, cluster: str, row: PoolCapacity) -> Iterator[tuple[str, ServedModel, Replica]]:
    """The models that a cluster serves on a pool's kind of unit, with their replica. A model that cannot be served as
    the file says is left out: the checks of models say so.
    """
    for name, model in platform.models.items():
        if not isinstance(model, ServedModel):
            continue
        try:
            placement, replica = placement_of(platform, name, cluster), replica_of(platform, name, cluster)
        except (ServingError, CapacityError):
            continue
        if (placement.pool, replica.unit) == (row.pool, row.unit):
            yield name, model, replica
