"""The same mix under each arrangement, on a fresh control plane each, made into one report.

Owns: the order of things. Refuses to own: the parts that it puts together. Needs the components folder of a checkout
on the import path, for Kueue is configured as the stack configures it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from decimal import Decimal

from ringfence.controlplane import plane
from ringfence.engine.places import Places
from ringfence.errors import UsageError
from ringfence.planning.bill import node_hour
from ringfence.planning.capacity import PoolCapacity, cluster_capacity, tenant_shares
from ringfence.planning.chargeback import Charge, Usage, charge
from ringfence.planning.cluster_context import add_on_context
from ringfence.simulation import running
from ringfence.simulation.arrangements import Arrangement
from ringfence.simulation.jobs import Job
from ringfence.simulation.report import Outcome, Report
from ringfence.simulation.timeline import Account, Pooled, account
from ringfence.spec import Platform

Say = Callable[[str], None]


def shared_clusters(platform: Platform) -> dict[str, int]:
    """Clusters whose accelerators tenants share, to how many units those are; most first."""
    found = {name: sum(pool.capacity for pool in pools_of(platform, name)) for name in platform.clusters}
    return dict(sorted(((name, units) for name, units in found.items() if units), key=lambda each: -each[1]))


def pools_of(platform: Platform, cluster: str) -> list[Pooled]:
    """The kinds of unit that tenants share on a cluster, as the stack file guarantees them."""
    shares = tenant_shares(platform, cluster)
    rows = [row for row in cluster_capacity(platform, cluster) if row.unit in {share.unit for share in shares}]
    return [
        Pooled(
            unit=unit,
            capacity=sum(row.maximum_units for row in rows if row.unit == unit),
            guaranteed={
                tenant: sum(s.guaranteed for s in shares if (s.tenant, s.unit) == (tenant, unit))
                for tenant in dict.fromkeys(share.tenant for share in shares)
            },
        )
        for unit in dict.fromkeys(row.unit for row in rows)
    ]


def compare(
    places: Places,
    platform: Platform,
    cluster: str,
    arrangements: Sequence[Arrangement],
    jobs: Sequence[Job],
    *,
    stack: str,
    hours: float,
    seconds: float,
    source: str,
    say: Say,
) -> Report:
    """Run the mix under each arrangement, `seconds` of wall time each. Raises RingfenceError where that fails."""
    if not jobs:
        raise UsageError(f"cluster {cluster} of {stack} has no tenants that share accelerators: nothing to simulate")
    per_hour = seconds / hours
    outcomes = tuple(
        _outcome(
            _run(places, platform, cluster, each, jobs, hours, per_hour, say), platform, cluster, each, jobs, hours
        )
        for each in arrangements
    )
    return Report(
        stack=stack,
        cluster=cluster,
        hours=hours,
        jobs=len(jobs),
        source=source,
        seconds_per_hour=per_hour,
        outcomes=outcomes,
    )


def _run(
    places: Places,
    platform: Platform,
    cluster: str,
    arrangement: Arrangement,
    jobs: Sequence[Job],
    hours: float,
    per_hour: float,
    say: Say,
) -> running.Run:
    from components.addons import kueue

    # The mix is of Jobs only: that Kueue looks at each of their pods too would only take time.
    configuration = {
        **kueue.configuration(add_on_context(platform, cluster)),
        "integrations": {"frameworks": ["batch/job"]},
    }
    with plane.start(places, say, (*plane.WHOLE, "kueue")) as made:
        made.add_kueue(configuration)
        return running.run(made, platform, cluster, arrangement, jobs, hours, per_hour, say)


def _outcome(
    run: running.Run, platform: Platform, cluster: str, arrangement: Arrangement, jobs: Sequence[Job], hours: float
) -> Outcome:
    pools = pools_of(platform, cluster)
    return Outcome(
        arrangement=arrangement,
        account=account(run.events, jobs, pools, hours),
        charges=charges(platform, cluster, run, jobs, hours),
        stretch=run.stretch,
        overheads=run.overheads,
        wall_seconds=run.wall_seconds,
    )


def charges(
    platform: Platform, cluster: str, run: running.Run, jobs: Sequence[Job], hours: float
) -> tuple[Charge, ...]:
    """What each tenant pays, over all kinds of unit: each kind has a price of its own."""
    totals: dict[str, tuple[float, Decimal | None]] = {}
    for pool in pools_of(platform, cluster):
        mine = account(run.events, [job for job in jobs if job.unit == pool.unit], [pool], hours)
        for row in charge(_usages(mine, pool), mine.capacity_hours, unit_hour(platform, cluster, pool.unit)):
            units, usd = totals.get(row.tenant, (0.0, Decimal(0)))
            known = None if usd is None or row.usd is None else usd + row.usd
            totals[row.tenant] = (units + row.unit_hours, known)
    return tuple(Charge(tenant=name, unit_hours=units, usd=usd) for name, (units, usd) in totals.items())


def _usages(mine: Account, pool: Pooled) -> list[Usage]:
    return [
        Usage(
            tenant=name,
            guaranteed=pool.guaranteed[name] * mine.hours,
            borrowed=mine.tenants[name].borrowed,
            lent=mine.tenants[name].lent,
        )
        for name in pool.guaranteed
    ]


def unit_hour(platform: Platform, cluster: str, unit: str) -> Decimal | None:
    """USD for one unit for an hour: the mean of the pools that offer it; None where one of them has no price."""
    spec = platform.clusters[cluster]
    rows = [row for row in cluster_capacity(platform, cluster) if row.unit == unit and row.maximum_units]
    hourly = [_of_unit(platform, cluster, row) for row in rows]
    known = [price for price in hourly if price is not None]
    if not rows or len(known) < len(rows):
        return None
    weights = [spec.pools[row.pool].largest * row.units_per_node for row in rows]
    return sum((price * weight for price, weight in zip(known, weights, strict=True)), Decimal(0)) / sum(weights)


def _of_unit(platform: Platform, cluster: str, row: PoolCapacity) -> Decimal | None:
    """The node's price divided by everything that the node is cut into, in proportion to the node's CPU."""
    spec = platform.clusters[cluster]
    price, _, _ = node_hour(platform.sites[spec.site], spec.pools[row.pool])
    beside = [each for each in cluster_capacity(platform, cluster) if each.pool == row.pool]
    whole = sum(each.millicpus_per_unit * each.units_per_node for each in beside)
    return None if price is None else price * row.millicpus_per_unit / whole
