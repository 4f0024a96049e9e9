"""What a simulation says: for each arrangement, each tenant's hours, waits and money, as plain values and as text.

Owns: the report's form, as JSON and for a terminal. Refuses to own: the arithmetic (timeline.py) and the picture
(chart.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from rich.console import Group
from rich.table import Table
from rich.text import Text

from ringfence.planning.chargeback import Charge
from ringfence.simulation.arrangements import ARRANGEMENTS, Arrangement
from ringfence.simulation.timeline import Account, TenantAccount, quantile

COMPARABLE = 1.0
"""Hours of a wait, at the median, that may be the control plane's own. Our choice: a third of the median job that is
made up (demand.MEDIAN_HOURS). Above it the waits of arrangements say more of the machine than of the sharing.
"""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """One arrangement."""

    arrangement: Arrangement
    account: Account
    charges: tuple[Charge, ...]
    """Over all kinds of unit; USD None where any kind has no price."""
    stretch: float
    """How long jobs held their devices, of how long they asked to: 1 without distortion. The median of the finished."""
    overheads: tuple[float, ...]
    """Of each job that started: the hours of its wait in which not its queue but the control plane kept it."""
    wall_seconds: float

    def overhead(self, part: float) -> float:
        """Hours of a wait that are the control plane's, at a quantile of the jobs that started."""
        return quantile(self.overheads, part)


@dataclass(frozen=True, kw_only=True)
class Report:
    """The same mix under each arrangement."""

    stack: str
    cluster: str
    hours: float
    jobs: int
    source: str
    """The job file, or the seed."""
    seconds_per_hour: float
    """Wall seconds of a simulated hour."""
    outcomes: tuple[Outcome, ...]

    @property
    def distortion(self) -> list[str]:
        """What compressing the time does to the figures."""
        minutes = 60 / self.seconds_per_hour
        stretched = max((outcome.stretch for outcome in self.outcomes), default=1.0)
        middle, most = (max((each.overhead(part) for each in self.outcomes), default=0.0) for part in (0.5, 0.95))
        return [
            f"An hour took {self.seconds_per_hour:.2f} s. The scheduler, Kueue and the controllers did not speed up "
            f"with it: each second that they took counts as {minutes:.0f} minutes of waiting.",
            f"Of each wait {middle:.2f} h at the median and {most:.2f} h at the 95th percentile were theirs; the rest "
            "was waiting in a queue.",
            f"Jobs held their devices {stretched:.2f} times as long as they asked for at the median (1.00 is "
            "undistorted); short jobs are stretched most. Compare arrangements with each other rather than a wait with "
            "a clock.",
            "Pods start at once: pulling images and loading weights take no time here. A preempted job starts from its "
            "beginning, as one without checkpoints does.",
        ]

    @property
    def too_fast(self) -> str | None:
        """Why the arrangements cannot be compared, and what to do; None where they can."""
        most = max((each.overhead(0.5) for each in self.outcomes), default=0.0)
        if most <= COMPARABLE:
            return None
        seconds = self.hours * self.seconds_per_hour * most / COMPARABLE
        return (
            f"Not to be compared: {most:.1f} h of a wait are the control plane's own at the median, more than "
            f"{COMPARABLE:g} h. Next: --seconds {seconds:.0f} or more, or a machine with less to do"
        )

    def as_json(self) -> dict[str, Any]:
        """Plain values: hours for times, unit-hours for use, USD for money."""
        return {
            "stack": self.stack,
            "cluster": self.cluster,
            "hours": self.hours,
            "jobs": self.jobs,
            "source": self.source,
            "secondsPerHour": self.seconds_per_hour,
            "distortion": self.distortion,
            "comparable": self.too_fast is None,
            "arrangements": {outcome.arrangement: _outcome(outcome) for outcome in self.outcomes},
        }


def _outcome(outcome: Outcome) -> dict[str, Any]:
    account = outcome.account
    return {
        "about": ARRANGEMENTS[outcome.arrangement],
        "utilisation": round(account.utilisation, 4),
        "stretch": round(outcome.stretch, 3),
        "overheadHours": {"median": round(outcome.overhead(0.5), 3), "p95": round(outcome.overhead(0.95), 3)},
        "wallSeconds": round(outcome.wall_seconds, 1),
        "tenants": {name: _tenant(each) for name, each in account.tenants.items()},
        "useByHour": {name: [round(value, 3) for value in values] for name, values in account.use.items()},
        "charges": [
            {"tenant": each.tenant, "unitHours": round(each.unit_hours, 2), "usd": _money(each.usd)}
            for each in outcome.charges
        ],
    }


def _tenant(each: TenantAccount) -> dict[str, Any]:
    return {
        "askedUnitHours": round(each.asked, 2),
        "ownedUnitHours": round(each.owned, 2),
        "borrowedUnitHours": round(each.borrowed, 2),
        "lentUnitHours": round(each.lent, 2),
        "lostUnitHours": round(each.lost, 2),
        "medianWaitHours": round(each.median_wait, 3),
        "p95WaitHours": round(each.p95_wait, 3),
        "preemptions": each.preemptions,
        "jobs": each.jobs,
        "finished": each.finished,
        "neverStarted": each.never_started,
    }


def _money(usd: Decimal | None) -> float | None:
    return None if usd is None else float(usd)


def drawn(report: Report) -> Group:
    """The report for a terminal."""
    head = Text(
        f"{report.stack}, cluster {report.cluster}: {report.jobs} jobs in {report.hours:g} hours, {report.source}"
    )
    tables = [part for outcome in report.outcomes for part in (Text(""), _title(outcome), _table(outcome))]
    notes = [Text(""), *(Text(f"- {line}") for line in report.distortion)]
    said = _gain(report.outcomes) if report.too_fast is None else Text(f"{report.too_fast}.", "bold red")
    return Group(head, *tables, Text(""), said, *notes)


def _title(outcome: Outcome) -> Text:
    used = f"{outcome.account.utilisation:.0%} of the units in use"
    return Text.assemble((outcome.arrangement, "bold"), f": {ARRANGEMENTS[outcome.arrangement]}; {used}")


def _table(outcome: Outcome) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in ("tenant", "owned", "borrowed", "lent", "lost", "wait, median", "p95", "preempted", "done", "USD"):
        table.add_column(name, justify="left" if name == "tenant" else "right")
    money: Mapping[str, Charge] = {each.tenant: each for each in outcome.charges}
    for each in outcome.account.tenants.values():
        charge = money.get(each.tenant)
        table.add_row(
            each.tenant,
            *(f"{value:,.0f}" for value in (each.owned, each.borrowed, each.lent, each.lost)),
            f"{each.median_wait:.1f} h",
            f"{each.p95_wait:.1f} h",
            str(each.preemptions),
            f"{each.finished}/{each.jobs}",
            "not priced" if charge is None or charge.usd is None else f"{charge.usd:,.0f}",
        )
    return table


def _gain(outcomes: tuple[Outcome, ...]) -> Text:
    """What the declared arrangement gains over silos, and whom it costs what."""
    found = {outcome.arrangement: outcome.account for outcome in outcomes}
    if "silos" not in found or "declared" not in found:
        return Text("")
    before, after = found["silos"], found["declared"]
    worse = [
        f"{name} waits {after.tenants[name].p95_wait - each.p95_wait:+.1f} h at the 95th percentile"
        for name, each in before.tenants.items()
        if after.tenants[name].p95_wait > each.p95_wait + 0.5
    ]
    waits = [sum(each.p95_wait for each in one.tenants.values()) / len(one.tenants) for one in (before, after)]
    said = (
        f"Pooling: the tenants' 95th percentile waits go from {waits[0]:.1f} h in silos to {waits[1]:.1f} h on average"
    )
    lost = sum(each.lost for each in after.tenants.values())
    said += f"; preemption throws {lost:,.0f} unit-hours away"
    return Text(f"{said}. It costs: {'; '.join(worse) if worse else 'nobody waits longer than in a silo'}.")
