"""A day in half a minute, from the mix to the report, on a control plane of its own.

What is asked here holds however busy the machine is: how long anything takes is in the report, not in the test.
"""

from __future__ import annotations

from decimal import Decimal

import pytest

from ringfence.engine.places import Places
from ringfence.planning.capacity import cluster_capacity
from ringfence.simulation import comparing
from ringfence.simulation.jobs import Job, job_of
from ringfence.simulation.report import Outcome, Report
from tests.support.controlplane import say
from tests.tenancy.platforms import fifty

HOURS, SECONDS = 30, 30


def mix() -> list[Job]:
    [row] = [each for each in cluster_capacity(fifty(), "fra") if each.pool == "h100"]
    asked = {"finance": (2, 5), "marketing": (1, 5), "research": (1, 10)}
    return [
        job_of(f"{tenant}-1", row, tenant, arrival=0.0, hours=2.0, pods=pods, units=units, priority="batch")
        for tenant, (pods, units) in asked.items()
    ]


@pytest.fixture(scope="module")
def report(places: Places) -> Report:
    """The declared arrangement, with room for every job at once."""
    return comparing.compare(
        places,
        fifty(),
        "fra",
        ["declared"],
        mix(),
        stack="acme",
        hours=HOURS,
        seconds=SECONDS,
        source="a test",
        say=say,
    )


@pytest.fixture(scope="module")
def outcome(report: Report) -> Outcome:
    [found] = report.outcomes
    return found


def test_every_job_ran_and_is_somebodys(outcome: Outcome) -> None:
    tenants = outcome.account.tenants
    assert {name: (each.finished, each.preemptions) for name, each in tenants.items()} == dict.fromkeys(tenants, (1, 0))
    # Marketing's 5 are of its own guarantee, the others have none: what they use is borrowed.
    assert tenants["marketing"].owned > 0 and tenants["marketing"].borrowed == 0
    assert all(tenants[name].borrowed > 0 and tenants[name].owned == 0 for name in ("finance", "research"))


def test_what_compression_distorts_is_in_the_report(report: Report, outcome: Outcome) -> None:
    """The control plane's own part of a wait is no more than the wait, and here, where nothing queues, most of it; a
    job holds its devices no shorter than it runs. Too much of it, and nothing is called better.
    """
    waits = [wait for each in outcome.account.tenants.values() for wait in each.waits]
    assert len(outcome.overheads) == len(waits) == 3
    assert 0 < sum(outcome.overheads) <= sum(waits)
    assert outcome.stretch >= 1
    said = report.as_json()
    assert said["comparable"] is (said["arrangements"]["declared"]["overheadHours"]["median"] <= 1)


def test_hours_feed_the_chargeback(outcome: Outcome) -> None:
    paid = {each.tenant: each.usd for each in outcome.charges}
    assert all(usd is not None and usd > 0 for name, usd in paid.items() if name in outcome.account.tenants)
    assert sum((usd or Decimal(0) for usd in paid.values()), Decimal(0)) > 0
