"""Runs a job mix on the real scheduler and Kueue, on simulated nodes, with time compressed.

Owns: what is put on the control plane for it, when jobs are submitted, and noticing what becomes of them. Refuses to
own: the arithmetic (timeline.py), and everything of a tenant but its queues: quotas of namespaces, roles and networks
have tests of their own and would only take time here.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ringfence.controlplane import Client, ControlPlane
from ringfence.controlplane.stages import RUNS_FOR
from ringfence.controlplane.watching import Watch
from ringfence.planning.nodes import cluster_nodes
from ringfence.planning.tenancy.names import TENANT_LABEL, Manifest, queue_name
from ringfence.planning.tenancy.queues import API
from ringfence.simulation.arrangements import Arrangement, arranged
from ringfence.simulation.jobs import Job
from ringfence.simulation.timeline import Event
from ringfence.spec import Platform

QUEUE, PRIORITY = "kueue.x-k8s.io/queue-name", "kueue.x-k8s.io/priority-class"
_JOB = "batch.kubernetes.io/job-name"


@dataclass(frozen=True, kw_only=True)
class Run:
    """What happened, in simulated hours."""

    events: tuple[Event, ...]
    stretch: float
    """How long finished jobs held their devices, of how long they asked to run: the median, 1 where none finished."""
    overheads: tuple[float, ...]
    """Of each job that started: the part of its wait that was not waiting in its queue."""
    wall_seconds: float


def run(
    plane: ControlPlane,
    platform: Platform,
    cluster: str,
    arrangement: Arrangement,
    jobs: Sequence[Job],
    hours: float,
    seconds_per_hour: float,
    say: Callable[[str], None] = lambda _: None,
) -> Run:
    """Submit each job when it arrives and watch what becomes of it, for `hours` of simulated time.

    The control plane is a fresh one with Kueue on it, and is used up. Raises RingfenceError where it fails.
    """
    prepare(plane.client, platform, cluster, arrangement, {(job.tenant, job.unit) for job in jobs})
    clock = _Clock(seconds_per_hour)
    seen = _Observer({job.name: job for job in jobs}, clock)
    watches = [Watch(plane.client, "v1", "Pod", seen.pod), Watch(plane.client, API, "Workload", seen.workload)]
    try:
        _submit(plane, jobs, hours, clock, lambda day: say(f"{arrangement}: day {day} of {-(-hours // 24):.0f}"))
    finally:
        for watch in watches:
            watch.close()
    events = sorted(event for event in seen.events if event.at <= hours)
    return Run(
        events=tuple(events),
        stretch=stretch(seen.times, jobs),
        overheads=overheads(seen.times, jobs),
        wall_seconds=clock.wall,
    )


class _Clock:
    """Simulated hours since the first job could arrive."""

    def __init__(self, seconds_per_hour: float) -> None:
        self.seconds_per_hour = seconds_per_hour
        self._begun = time.monotonic()

    @property
    def wall(self) -> float:
        return time.monotonic() - self._begun

    @property
    def now(self) -> float:
        return self.wall / self.seconds_per_hour

    def sleep_until(self, hours: float) -> None:
        time.sleep(max(hours * self.seconds_per_hour - self.wall, 0))


@dataclass
class _Pods:
    """The pods of one job since it was last started."""

    running: set[str] = field(default_factory=set)
    done: set[str] = field(default_factory=set)
    started: bool = False


@dataclass
class Times:
    """When the control plane did what with a job, in simulated hours."""

    queued: float | None = None
    """Its queue knew of it."""
    reserved: list[float] = field(default_factory=list)
    """Its queue let it go, each time."""
    holding: bool = False
    started: float | None = None
    """The first time."""
    released: float | None = None
    """Its queue counts it no more."""

    @property
    def let_go(self) -> float | None:
        """When its queue let it go before its first start."""
        before = [at for at in self.reserved if self.started is not None and at <= self.started]
        return before[-1] if before else None


class _Observer:
    """Turns changes of pods and workloads into what became of jobs. Each method is called on one watch's thread."""

    def __init__(self, jobs: Mapping[str, Job], clock: _Clock) -> None:
        self._jobs, self._clock = jobs, clock
        self._pods: dict[str, _Pods] = {}
        self.times = {name: Times() for name in jobs}
        self.events: list[Event] = []

    def pod(self, how: str, thing: Manifest) -> None:
        """A pod changed."""
        job = self._jobs.get(thing["metadata"].get("labels", {}).get(_JOB, ""))
        if job is None:
            return
        mine, name = self._pods.setdefault(job.name, _Pods()), thing["metadata"]["name"]
        phase = thing.get("status", {}).get("phase")
        if phase == "Succeeded":
            mine.done.add(name)
            if mine.started and len(mine.done) == job.pods:
                self._note(job, "finished")
                self._pods[job.name] = _Pods()
        elif how == "DELETED" or "deletionTimestamp" in thing["metadata"]:
            if mine.started and name in mine.running and name not in mine.done:
                self._note(job, "evicted")
                self._pods[job.name] = _Pods()
            mine.running.discard(name)
        elif phase == "Running":
            mine.running.add(name)
            if not mine.started and len(mine.running | mine.done) == job.pods:
                mine.started = True
                at, times = self._note(job, "started"), self.times[job.name]
                times.started = at if times.started is None else times.started

    def workload(self, how: str, thing: Manifest) -> None:
        """What Kueue keeps of a job changed."""
        owners = thing["metadata"].get("ownerReferences") or [{"name": ""}]
        times = self.times.get(owners[0]["name"])
        if times is None or how == "DELETED":
            return
        now = self._clock.now
        times.queued = now if times.queued is None else times.queued
        holds = {each["type"] for each in thing.get("status", {}).get("conditions") or () if each["status"] == "True"}
        if "QuotaReserved" in holds and not times.holding:
            times.reserved.append(now)
        times.holding = "QuotaReserved" in holds
        if "Finished" in holds and times.released is None:
            times.released = now

    def _note(self, job: Job, what: Any) -> float:
        self.events.append(Event(self._clock.now, job.name, what))
        return self.events[-1].at


def stretch(times: Mapping[str, Times], jobs: Iterable[Job]) -> float:
    """The median of how long jobs held their devices when they ran to their end, of how long they asked to run."""
    asked = {job.name: job.hours for job in jobs}
    ratios = [
        (each.released - each.reserved[-1]) / asked[name]
        for name, each in times.items()
        if each.released is not None and each.reserved
    ]
    return statistics.median(ratios) if ratios else 1.0


def overheads(times: Mapping[str, Times], jobs: Iterable[Job]) -> tuple[float, ...]:
    """Of each job that started, the hours from its arrival to its start less those in which its queue held it back."""
    found = []
    for job in jobs:
        mine = times[job.name]
        if mine.started is not None and mine.queued is not None and mine.let_go is not None:
            found.append((mine.started - job.arrival) - (mine.let_go - mine.queued))
    return tuple(found)


def prepare(
    client: Client, platform: Platform, cluster: str, arrangement: Arrangement, asking: Iterable[tuple[str, str]]
) -> None:
    """Put a cluster's nodes and queues on a control plane, and a namespace for each (tenant, unit) that asks."""
    for node in cluster_nodes(platform, cluster):
        client.apply(node)
        client.patch(node, {"status": node["status"]}, part="status")
    # Kueue places nothing on a node that is not ready: nothing is asked of it before all are.
    client.wait(lambda: all(_ready(each) for each in client.items("v1", "Node")), "the nodes")
    for manifest in arranged(platform, cluster, arrangement):
        client.apply(manifest)
    asking = sorted(set(asking))
    for tenant in dict.fromkeys(tenant for tenant, _ in asking):
        metadata = {"name": tenant, "labels": {TENANT_LABEL: tenant}}
        client.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": metadata})
    for tenant, unit in asking:
        spec = {"clusterQueue": queue_name(tenant, unit)}
        client.apply(
            {"apiVersion": API, "kind": "LocalQueue", "metadata": {"name": unit, "namespace": tenant}, "spec": spec}
        )


def _ready(node: Manifest) -> bool:
    conditions = node.get("status", {}).get("conditions") or ()
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def _submit(plane: ControlPlane, jobs: Sequence[Job], hours: float, clock: _Clock, told: Callable[[int], None]) -> None:
    """Create each job on time, and wait for the end; `told` of each simulated day as it begins."""
    arrivals = [(job.arrival, job) for job in jobs if job.arrival < hours]
    days: list[tuple[float, Job | None]] = [(day * 24.0, None) for day in range(int(-(-hours // 24)))]
    for at, job in sorted([*days, *arrivals, (hours, None)], key=lambda each: each[0]):
        clock.sleep_until(at)
        if job is not None:
            plane.client.create(manifest(job, clock.seconds_per_hour))
        elif at < hours:
            plane.processes.check()
            told(int(at // 24) + 1)


def manifest(job: Job, seconds_per_hour: float) -> Manifest:
    """A job as Kubernetes takes it; its pods run for its hours, at so many seconds each."""
    size = {
        job.resource: str(job.units_per_pod),
        "cpu": f"{job.millicpus_per_unit * job.units_per_pod}m",
        "memory": f"{job.mebibytes_per_unit * job.units_per_pod}Mi",
    }
    container = {
        "name": "main",
        "image": "registry.example/simulated:1",
        "resources": {"requests": size, "limits": {job.resource: size[job.resource]}},
    }
    annotations = {RUNS_FOR: f"{job.hours * seconds_per_hour * 1000:.0f}ms"}
    template = {"metadata": {"annotations": annotations}, "spec": {"restartPolicy": "Never", "containers": [container]}}
    labels = {QUEUE: job.unit, PRIORITY: f"ringfence-{job.priority}"}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": job.name, "namespace": job.tenant, "labels": labels},
        "spec": {
            "parallelism": job.pods,
            "completions": job.pods,
            "backoffLimit": 0,
            "ttlSecondsAfterFinished": 3,
            "template": template,
        },
    }
