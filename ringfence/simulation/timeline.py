"""From what happened to what it means: used, owned, borrowed and lent unit-hours, waiting, preemptions, utilisation.

Owns: the arithmetic. Pure. Refuses to own: making anything happen (running.py) and money
(ringfence.planning.chargeback). Times are simulated hours.

At every moment a tenant's units in use are its own up to its guarantee, and borrowed beyond it. What is borrowed comes
out of what nobody was guaranteed first, and then out of idle guarantees, from each in proportion to how much of it is
idle: that is lent. The guarantees are the stack file's in every arrangement, so that arrangements can be compared.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from ringfence.simulation.jobs import Job

Happening = Literal["started", "evicted", "finished"]


@dataclass(frozen=True, order=True)
class Event:
    """Something that happened to a job."""

    at: float
    """Simulated hours."""
    job: str
    what: Happening


@dataclass(frozen=True, kw_only=True)
class Pooled:
    """One kind of unit that tenants share."""

    unit: str
    capacity: int
    guaranteed: Mapping[str, int]
    """Tenant to units, 0 included for those without a guarantee."""

    @property
    def spare(self) -> int:
        """Units that were guaranteed to nobody."""
        return self.capacity - sum(self.guaranteed.values())


@dataclass(kw_only=True)
class TenantAccount:
    """What a tenant had, over the whole time and all kinds of unit. Unit-hours."""

    tenant: str
    owned: float = 0.0
    """Used of its own guarantee."""
    borrowed: float = 0.0
    lent: float = 0.0
    """Of its guarantee, used by others."""
    asked: float = 0.0
    """What its jobs needed, had nothing ever been thrown away."""
    lost: float = 0.0
    """Work thrown away by preemption: the job starts from its beginning."""
    waits: list[float] = field(default_factory=list)
    """Hours from arrival to first start, a job; a job that never started waited until the end."""
    preemptions: int = 0
    jobs: int = 0
    finished: int = 0
    never_started: int = 0

    @property
    def used(self) -> float:
        """All unit-hours in which its pods ran."""
        return self.owned + self.borrowed

    @property
    def median_wait(self) -> float:
        """Hours."""
        return quantile(self.waits, 0.5)

    @property
    def p95_wait(self) -> float:
        """Hours."""
        return quantile(self.waits, 0.95)


@dataclass(frozen=True, kw_only=True)
class Account:
    """The whole simulated time under one arrangement."""

    hours: float
    pools: tuple[Pooled, ...]
    tenants: dict[str, TenantAccount]
    use: dict[str, list[float]]
    """Tenant to the mean units in use in each hour."""

    @property
    def capacity_hours(self) -> float:
        """Unit-hours that there were."""
        return sum(pool.capacity for pool in self.pools) * self.hours

    @property
    def utilisation(self) -> float:
        """Part of them in which pods ran, from 0 to 1."""
        return sum(each.used for each in self.tenants.values()) / self.capacity_hours if self.capacity_hours else 0.0


def quantile(values: Sequence[float], part: float) -> float:
    """The smallest value that at least `part` of the values do not exceed; 0 of nothing."""
    ordered = sorted(values)
    return ordered[max(math.ceil(part * len(ordered)) - 1, 0)] if ordered else 0.0


def account(events: Iterable[Event], jobs: Sequence[Job], pools: Sequence[Pooled], hours: float) -> Account:
    """What the events come to between the beginning and `hours`. Events that do not fit a job's state are left out."""
    by_name = {job.name: job for job in jobs}
    tenants = {tenant: TenantAccount(tenant=tenant) for pool in pools for tenant in pool.guaranteed}
    for job in jobs:
        mine = tenants[job.tenant]
        mine.jobs += 1
        mine.asked += job.units * min(job.hours, hours - job.arrival)
    kept = sorted(event for event in events if event.job in by_name and event.at <= hours)
    _jobs_fates(kept, by_name, tenants, hours)
    use = {tenant: [0.0] * max(math.ceil(hours), 1) for tenant in tenants}
    for pool in pools:
        for start, end, held in _stretches(kept, by_name, pool.unit, hours):
            _divide(pool, tenants, held, end - start)
            _add_use(use, held, start, end)
    return Account(hours=hours, pools=tuple(pools), tenants=tenants, use=use)


def _jobs_fates(
    events: Sequence[Event], jobs: Mapping[str, Job], tenants: Mapping[str, TenantAccount], hours: float
) -> None:
    first: dict[str, float] = {}
    running: dict[str, float] = {}
    for event in events:
        job = jobs[event.job]
        mine = tenants[job.tenant]
        if event.what == "started":
            first.setdefault(job.name, event.at)
            running.setdefault(job.name, event.at)
            continue
        since = running.pop(job.name, None)
        if since is None:
            continue
        if event.what == "evicted":
            mine.preemptions += 1
            mine.lost += job.units * (event.at - since)
        else:
            mine.finished += 1
    for job in jobs.values():
        mine = tenants[job.tenant]
        mine.waits.append(max(first.get(job.name, hours) - job.arrival, 0.0))
        mine.never_started += job.name not in first


def _stretches(
    events: Sequence[Event], jobs: Mapping[str, Job], unit: str, hours: float
) -> Iterator[tuple[float, float, dict[str, int]]]:
    """(from, to, tenant to units in use) for each stretch in which nothing changed."""
    running: set[str] = set()
    held: dict[str, int] = {}
    since = 0.0
    for event in events:
        job = jobs[event.job]
        begins = event.what == "started"
        if job.unit != unit or begins == (job.name in running):
            continue
        if event.at > since:
            yield since, event.at, dict(held)
            since = event.at
        held[job.tenant] = held.get(job.tenant, 0) + (job.units if begins else -job.units)
        (running.add if begins else running.discard)(job.name)
    if hours > since:
        yield since, hours, dict(held)


def _divide(pool: Pooled, tenants: Mapping[str, TenantAccount], held: Mapping[str, int], length: float) -> None:
    borrowed = 0
    idle: dict[str, int] = {}
    for tenant, guaranteed in pool.guaranteed.items():
        units = held.get(tenant, 0)
        own = min(units, guaranteed)
        tenants[tenant].owned += own * length
        tenants[tenant].borrowed += (units - own) * length
        borrowed += units - own
        idle[tenant] = guaranteed - own
    lent, most = max(borrowed - pool.spare, 0), sum(idle.values())
    for tenant, units in idle.items():
        tenants[tenant].lent += lent * units / most * length if most else 0.0


def _add_use(use: Mapping[str, list[float]], held: Mapping[str, int], start: float, end: float) -> None:
    for tenant, units in held.items():
        for hour in range(int(start), min(math.ceil(end), len(use[tenant]))):
            use[tenant][hour] += units * (min(end, hour + 1) - max(start, hour))
