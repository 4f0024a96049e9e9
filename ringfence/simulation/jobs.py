"""Jobs: what tenants ask of a cluster, and when, read from a file.

Owns: the form of a job file and whether its jobs could ever run. Refuses to own: making a mix up (demand.py). Times
are hours of simulated time since its beginning, a Monday at midnight.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from ringfence import checking
from ringfence.errors import UsageError
from ringfence.planning.capacity import PoolCapacity, TenantShare, cluster_capacity, tenant_shares
from ringfence.spec import Platform
from ringfence.spec.base import Name, PositiveInt, Spec
from ringfence.spec.finding import Finding, did_you_mean, listed
from ringfence.spec.load import parse_as
from ringfence.spec.source import StackFileError, read_file

HOURS_PER_WEEK = 168

Priority = Literal["serving", "interactive", "batch"]
Hours = Annotated[float, Field(ge=0, le=8784)]


class JobLine(Spec):
    """One line of a job file: a job, or one that comes again."""

    tenant: Name
    pool: Name
    profile: str | None = None
    """MIG or vGPU profile, where the pool is cut into several."""
    at: Hours = 0
    """When it arrives."""
    hours: Annotated[float, Field(gt=0, le=8784)]
    """How long it runs."""
    pods: PositiveInt = 1
    """All of them start together, or none does."""
    accelerators: PositiveInt = 1
    """Units of each pod: devices, MIG instances or slices."""
    priority: Priority = "batch"
    times: Annotated[int, Field(ge=1, le=10_000)] = 1
    every: Annotated[float, Field(gt=0, le=8784)] = 24
    """Hours from one arrival to the next, where it comes several times."""


class JobMix(Spec):
    """A job file."""

    hours: Annotated[float, Field(gt=0, le=8784)] = HOURS_PER_WEEK
    """Length of the simulated time."""
    jobs: Annotated[tuple[JobLine, ...], Field(min_length=1)]


@dataclass(frozen=True, kw_only=True)
class Job:
    """One job of a mix."""

    name: str
    tenant: str
    unit: str
    """Kind of unit, as its queue is called."""
    resource: str
    """What its pods ask for, such as nvidia.com/gpu."""
    arrival: float
    hours: float
    pods: int
    units_per_pod: int
    priority: Priority
    millicpus_per_unit: int = 0
    mebibytes_per_unit: int = 0

    @property
    def units(self) -> int:
        """Units of all its pods."""
        return self.pods * self.units_per_pod


class JobFileError(UsageError):
    """A job file that cannot be used; the message has every finding with its line. Exit code 2."""


def read_jobs(file: Path, platform: Platform, cluster: str) -> tuple[list[Job], float]:
    """The jobs of a file in order of arrival, and the hours that it covers. Raises JobFileError."""
    try:
        source = read_file(file)
    except StackFileError as error:
        raise JobFileError(f"{file}:{error.line}:{error.column}: error[unreadable]: {error.message}") from None
    mix, findings = parse_as(JobMix, source.data if source.data is not None else {})
    if mix is not None:
        findings = list(_impossible(mix, platform, cluster))
    if mix is None or findings:
        raise JobFileError("\n".join(each.as_text() for each in checking.locate(source, findings, root=())))
    return sorted(_jobs(mix, platform, cluster), key=lambda job: (job.arrival, job.name)), mix.hours


def job_of(
    name: str,
    row: PoolCapacity,
    tenant: str,
    *,
    arrival: float,
    hours: float,
    pods: int,
    units: int,
    priority: Priority,
) -> Job:
    """A job on a pool's units; each pod has what belongs to its units of CPU and memory."""
    return Job(
        name=name,
        tenant=tenant,
        unit=row.unit,
        resource=row.resource,
        arrival=arrival,
        hours=hours,
        pods=pods,
        units_per_pod=units,
        priority=priority,
        millicpus_per_unit=row.millicpus_per_unit,
        mebibytes_per_unit=row.mebibytes_per_unit,
    )


def _impossible(mix: JobMix, platform: Platform, cluster: str) -> Iterator[Finding]:
    shares = tenant_shares(platform, cluster)
    tenants = sorted({share.tenant for share in shares})
    for index, line in enumerate(mix.jobs):
        at = ("jobs", index)
        mine = [share for share in shares if share.tenant == line.tenant]
        if not mine:
            yield _unknown((*at, "tenant"), f"{line.tenant!r} has no share of cluster {cluster}", line.tenant, tenants)
            continue
        share = _share(line, mine, platform, cluster)
        if share is None:
            offered = sorted({each.pool for each in mine})
            yield _unknown((*at, "pool"), f"{line.tenant} has no share of pool {line.pool!r}", line.pool, offered)
            continue
        row = _row(share, platform, cluster)
        asked = line.pods * line.accelerators
        if asked > share.maximum:
            yield Finding(
                code="never-starts",
                path=(*at, "accelerators"),
                message=f"{asked} {share.resource} are asked for at once: it would wait for ever",
                allowed=f"at most {share.maximum}, the maximum of {line.tenant}",
            )
        elif line.accelerators > row.units_per_node:
            yield Finding(
                code="never-starts",
                path=(*at, "accelerators"),
                message=f"a pod asks for {line.accelerators} {share.resource}, and a node has {row.units_per_node}",
                allowed=f"at most {row.units_per_node}",
                suggestion="divide the job into more pods",
            )
        if line.at >= mix.hours:
            yield Finding(
                code="after-the-end",
                path=(*at, "at"),
                message=f"it arrives after the simulated {mix.hours:g} hours",
                allowed=f"less than {mix.hours:g}",
            )


def _unknown(path: tuple[str | int, ...], message: str, given: str, known: list[str]) -> Finding:
    close = did_you_mean(given, known)
    return Finding(
        code="unknown-name",
        path=path,
        message=message,
        allowed=listed(known),
        suggestion=f"did you mean {close!r}?" if close else None,
    )


def _share(line: JobLine, mine: list[TenantShare], platform: Platform, cluster: str) -> TenantShare | None:
    for share in mine:
        if share.pool == line.pool and line.profile in (None, _row(share, platform, cluster).profile):
            return share
    return None


def _row(share: TenantShare, platform: Platform, cluster: str) -> PoolCapacity:
    rows = cluster_capacity(platform, cluster)
    return next(row for row in rows if (row.pool, row.unit) == (share.pool, share.unit))


def _jobs(mix: JobMix, platform: Platform, cluster: str) -> Iterator[Job]:
    shares = tenant_shares(platform, cluster)
    for index, line in enumerate(mix.jobs, start=1):
        share = _share(line, [each for each in shares if each.tenant == line.tenant], platform, cluster)
        assert share is not None, "it was checked before"
        row = _row(share, platform, cluster)
        for time in range(line.times):
            arrival = line.at + time * line.every
            if arrival < mix.hours:
                yield job_of(
                    f"{line.tenant}-{index}-{time + 1}",
                    row,
                    line.tenant,
                    arrival=arrival,
                    hours=line.hours,
                    pods=line.pods,
                    units=line.accelerators,
                    priority=line.priority,
                )
