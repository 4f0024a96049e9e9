"""Sizes of parallel file systems for scratch: each cloud sells its own steps.

Owns: rounding a wish up to what can be bought. Refuses to own: prices.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ringfence.planning.cloud import Unplannable
from ringfence.spec.cluster import StorageTier

FSX_MIB_PER_TIB = (125, 250, 500, 1000)
"""MB/s for each TiB of PERSISTENT_2 SSD storage (Amazon FSx for Lustre user guide, "Performance")."""

AMLFS = {40: (48, 768), 125: (16, 128), 250: (8, 128), 500: (4, 128)}
"""MB/s for each TiB to the step and the most, in TiB, of AMLFS-Durable-Premium-<key> (Microsoft Learn, "Azure Managed
Lustre: throughput configurations")."""

GCP_LUSTRE_STEPS = {1000: 9000, 500: 18000, 250: 36000, 125: 72000}
"""MB/s for each TiB to the step of capacity in GiB (Google Cloud Managed Lustre, "Performance tiers")."""


@dataclass(frozen=True, kw_only=True)
class Lustre:
    """A file system that can be bought."""

    capacity_gib: int
    mib_per_second_per_tib: int


def fsx(tier: StorageTier) -> Lustre:
    """FSx for Lustre, PERSISTENT_2 on SSD: 1,200 GiB, or multiples of 2,400."""
    capacity = 1200 if tier.capacity_gib <= 1200 else _up(tier.capacity_gib, 2400)
    return Lustre(capacity_gib=capacity, mib_per_second_per_tib=_fastest(tier, capacity, FSX_MIB_PER_TIB))


def amlfs(tier: StorageTier) -> Lustre:
    """Azure Managed Lustre: each speed has its own step of capacity, and its most."""
    fitting = [(speed, _up(tier.capacity_gib, step * 1024), most * 1024) for speed, (step, most) in AMLFS.items()]
    return _cheapest(
        tier, [(speed, capacity) for speed, capacity, most in fitting if capacity <= most], "Azure Managed Lustre"
    )


def gcp(tier: StorageTier) -> Lustre:
    """Google Cloud Managed Lustre: each speed has its own step of capacity."""
    fitting = [(speed, _up(tier.capacity_gib, step)) for speed, step in GCP_LUSTRE_STEPS.items()]
    return _cheapest(tier, fitting, "Google Cloud Managed Lustre")


def _cheapest(tier: StorageTier, choices: Sequence[tuple[int, int]], product: str) -> Lustre:
    """The smallest that holds the tier and is fast enough, and of those the slowest."""
    wanted = tier.throughput_mib_per_second or 0
    enough = [(capacity, speed) for speed, capacity in choices if speed * capacity / 1024 >= wanted]
    if not enough:
        raise Unplannable(f"no {product} has {tier.capacity_gib} GiB at {wanted} MiB/s")
    capacity, speed = min(enough)
    return Lustre(capacity_gib=capacity, mib_per_second_per_tib=speed)


def _up(gib: int, step: int) -> int:
    return -(-gib // step) * step


def _fastest(tier: StorageTier, capacity: int, speeds: Sequence[int]) -> int:
    wanted = (tier.throughput_mib_per_second or 0) * 1024 / capacity
    speed = next((speed for speed in speeds if speed >= wanted), None)
    if speed is None:
        raise Unplannable(
            f"{tier.throughput_mib_per_second} MiB/s need more than {speeds[-1]} MB/s for each TiB of {capacity} GiB"
        )
    return speed
