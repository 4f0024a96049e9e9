"""A week's demand made up from the platform file: the same seed gives the same arrivals.

Owns: the shape of the made-up demand. Refuses to own: anybody's real jobs; a file of those says more (jobs.py).

What is served runs for its demand: the least replicas all the time, the others in the working hours. What is trained
comes in bursts: each tenant has two days on which it asks three times as much as on others, as teams do before a
deadline, and few jobs come at night or at a weekend. Every job fits its tenant's silo, so that all arrangements can
run the same mix.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

from ringfence.planning.capacity import PoolCapacity, TenantShare, cluster_capacity, tenant_shares
from ringfence.planning.serving.replica import replica_of
from ringfence.simulation.arrangements import silos
from ringfence.simulation.jobs import HOURS_PER_WEEK, Job, job_of
from ringfence.spec import Platform
from ringfence.spec.model import ServedModel

SILO_LOAD = 0.3
"""Part of a silo that is in use on average. Our assumption: teams that own machines for their worst day use about a
third of them over a week. `--load` takes another.
"""
OFFICE = (8, 18)
BURST_DAYS, BURST_FACTOR, WEEKEND_FACTOR = 2, 3.0, 0.25
MEDIAN_HOURS, SPREAD, SHORTEST, LONGEST = 3.0, 1.0, 0.5, 24.0
"""Lognormal durations of training jobs, in hours."""
LARGEST_JOB = 16


def week(
    platform: Platform, cluster: str, seed: int, hours: float = HOURS_PER_WEEK, load: float = SILO_LOAD
) -> list[Job]:
    """The jobs of a cluster's tenants, in order of arrival. `load` is the part of each silo in use on average.

    Raises capacity.CapacityError for a cluster whose capacity cannot be known.
    """
    rows = cluster_capacity(platform, cluster)
    shares = tenant_shares(platform, cluster)
    owned = silos(rows, shares)
    made: list[Job] = []
    for share in sorted(shares, key=lambda each: (each.tenant, each.pool, each.unit)):
        row = next(row for row in rows if (row.pool, row.unit) == (share.pool, share.unit))
        own = owned[(share.tenant, share.pool, share.unit)]
        random = Random(f"{seed} {share.tenant} {share.pool} {share.unit}")
        served = list(_served(platform, cluster, share, row, hours, own))
        wanted = load * own * hours - sum(job.units * min(job.hours, hours - job.arrival) for job in served)
        made += served + list(_trained(share, row, random, wanted, own, hours))
    return sorted(made, key=lambda job: (job.arrival, job.name))


def _served(
    platform: Platform, cluster: str, share: TenantShare, row: PoolCapacity, hours: float, own: int
) -> Iterator[Job]:
    """Replicas of the tenant's models on the pool, as long as the silo has room for them."""
    room = own
    for name, model in platform.models.items():
        places = model.placements if isinstance(model, ServedModel) and model.tenant == share.tenant else ()
        if not isinstance(model, ServedModel) or not any((at.cluster, at.pool) == (cluster, row.pool) for at in places):
            continue
        replica = replica_of(platform, name, cluster)
        if replica.unit != row.unit:
            continue
        most = max(model.autoscaling.max_replicas, model.autoscaling.min_replicas)
        for number in range(1, most + 1):
            if replica.units > room:
                break
            room -= replica.units
            for arrival, length in _when(number <= model.autoscaling.min_replicas, hours):
                yield job_of(
                    f"{share.tenant}-{name}-{number}-day-{int(arrival // 24) + 1}",
                    row,
                    share.tenant,
                    arrival=arrival,
                    hours=length,
                    pods=replica.nodes,
                    units=replica.units_per_node,
                    priority="serving",
                )


def _when(always: bool, hours: float) -> Iterator[tuple[float, float]]:
    """(arrival, hours) of a replica: all the time, or the working hours of each working day."""
    if always:
        yield 0.0, hours
        return
    for day in range(int(-(-hours // 24))):
        start = day * 24 + OFFICE[0]
        if day % 7 < 5 and start < hours:
            yield float(start), float(OFFICE[1] - OFFICE[0])


def _trained(
    share: TenantShare, row: PoolCapacity, random: Random, wanted: float, own: int, hours: float
) -> Iterator[Job]:
    days = max(int(-(-hours // 24)), 1)
    bursts = set(random.sample(range(days), min(BURST_DAYS, days)))
    weights = [
        (WEEKEND_FACTOR if day % 7 >= 5 else 1.0) * (BURST_FACTOR if day in bursts else 1.0) for day in range(days)
    ]
    sizes = [size for size in (1, 2, 4, 8, 16) if size <= min(own, LARGEST_JOB)]
    number = 0
    while wanted > 0 and sizes:
        number += 1
        size = random.choices(sizes, weights=[2.0**-position for position in range(len(sizes))])[0]
        length = round(min(max(random.lognormvariate(0, SPREAD) * MEDIAN_HOURS, SHORTEST), LONGEST), 3)
        [day] = random.choices(range(days), weights=weights)
        arrival = round(min(day * 24 + random.triangular(0, 24, sum(OFFICE) / 2), hours * 0.999), 3)
        pods = -(-size // row.units_per_node)
        yield job_of(
            f"{share.tenant}-{row.pool}-train-{number}",
            row,
            share.tenant,
            arrival=arrival,
            hours=length,
            pods=pods,
            units=size // pods,
            priority="interactive" if length < 1 else "batch",
        )
        wanted -= size * min(length, hours - arrival)
