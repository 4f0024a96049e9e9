"""The arithmetic of a simulation: every unit-hour is somebody's, and what is borrowed was spare or lent."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.chargeback import PLATFORM, Usage, charge
from ringfence.simulation.jobs import Job
from ringfence.simulation.timeline import Event, Pooled, account, quantile

UNIT = "gpu"
POOL = Pooled(unit=UNIT, capacity=10, guaranteed={"a": 4, "b": 2, "c": 0})


def job(name: str, tenant: str, units: int, hours: float = 1.0, arrival: float = 0.0) -> Job:
    return Job(name=name, tenant=tenant, unit=UNIT, resource="nvidia.com/gpu", arrival=arrival, hours=hours, pods=1,
               units_per_pod=units, priority="batch")  # fmt: skip


def test_a_tenant_borrows_what_is_spare_first_and_then_what_others_leave_idle() -> None:
    jobs = [job("x", "c", 7, 2.0), job("y", "a", 1, 2.0)]
    events = [
        Event(0.0, "x", "started"),
        Event(0.0, "y", "started"),
        Event(2.0, "x", "finished"),
        Event(2.0, "y", "finished"),
    ]
    found = account(events, jobs, [POOL], 4.0)
    # Seven borrowed: four were nobody's, three come from five idle ones: three of a's and two of b's.
    assert found.tenants["c"].borrowed == pytest.approx(14)
    assert found.tenants["a"].owned == pytest.approx(2)
    assert found.tenants["a"].lent == pytest.approx(3 * 3 / 5 * 2)
    assert found.tenants["b"].lent == pytest.approx(3 * 2 / 5 * 2)
    assert found.utilisation == pytest.approx(16 / 40)
    assert found.use["c"] == [7.0, 7.0, 0.0, 0.0]


def test_a_preempted_job_loses_its_work_and_waits_once() -> None:
    jobs = [job("x", "c", 2, 3.0, arrival=0.5)]
    events = [
        Event(1.5, "x", "started"),
        Event(2.0, "x", "evicted"),
        Event(4.0, "x", "started"),
        Event(7.0, "x", "finished"),
    ]
    mine = account(events, jobs, [POOL], 8.0).tenants["c"]
    assert (mine.preemptions, mine.lost, mine.waits, mine.finished) == (1, 1.0, [1.0], 1)
    assert mine.used == pytest.approx(7.0)


def test_what_never_starts_waits_until_the_end() -> None:
    mine = account([], [job("x", "a", 1, arrival=3.0)], [POOL], 10.0).tenants["a"]
    assert (mine.waits, mine.never_started, mine.finished, mine.used) == ([7.0], 1, 0, 0.0)


def test_quantiles() -> None:
    assert [quantile([4, 1, 3, 2], part) for part in (0.0, 0.5, 0.75, 0.95, 1.0)] == [1, 2, 3, 4, 4]
    assert quantile([], 0.5) == 0


JOBS = st.lists(
    st.tuples(st.sampled_from("abc"), st.integers(1, 3), st.floats(0, 9), st.floats(0.1, 5)), min_size=1, max_size=12
)


@given(JOBS, st.randoms(use_true_random=False))
@settings(max_examples=200, deadline=None)
def test_every_hour_is_somebodys_and_is_paid_for_once(drawn: list, random) -> None:
    """Started as long as the pool has room, as a scheduler would; ended or evicted at will."""
    jobs = [job(f"j{i}", tenant, units, hours, arrival) for i, (tenant, units, arrival, hours) in enumerate(drawn)]
    held: list[tuple[float, float, int]] = []
    events = []
    for each in sorted(jobs, key=lambda one: one.arrival):
        end = each.arrival + each.hours
        if any(
            sum(units for start, stop, units in held if start <= at < stop) + each.units > POOL.capacity
            for at in [each.arrival, *(start for start, _, _ in held if each.arrival <= start < end)]
        ):
            continue
        held.append((each.arrival, end, each.units))
        ending = random.choice(["finished", "evicted"])
        events += [Event(each.arrival, each.name, "started"), Event(end, each.name, ending)]
    found = account(events, jobs, [POOL], 10.0)
    rows = found.tenants.values()
    assert sum(each.used for each in rows) <= found.capacity_hours + 1e-6
    assert sum(sum(values) for values in found.use.values()) == pytest.approx(sum(each.used for each in rows))
    assert sum(each.lent for each in rows) <= sum(each.borrowed for each in rows) + 1e-9
    for name, each in found.tenants.items():
        assert each.owned + each.lent <= POOL.guaranteed[name] * 10.0 + 1e-9
    usages = [
        Usage(tenant=name, guaranteed=POOL.guaranteed[name] * 10.0, borrowed=each.borrowed, lent=each.lent)
        for name, each in found.tenants.items()
    ]
    charges = charge(usages, found.capacity_hours, Decimal("3.40"))
    assert sum(each.unit_hours for each in charges) == pytest.approx(found.capacity_hours)
    assert sum(each.usd or 0 for each in charges) == pytest.approx(Decimal("340.00"), abs=Decimal("0.05"))
    assert charges[-1].tenant == PLATFORM


def test_what_has_no_price_is_never_free() -> None:
    [one, rest] = charge([Usage(tenant="a", guaranteed=10, borrowed=0, lent=4)], 100, None)
    assert (one.unit_hours, one.usd, rest.unit_hours, rest.usd) == (6, None, 94, None)
