"""What pods do becomes what happened to jobs; and a short week on the real scheduler and Kueue."""

from __future__ import annotations

from typing import Any

import pytest
from rich.console import Console
from typer.testing import CliRunner

from ringfence.cli.main import application
from ringfence.planning.capacity import cluster_capacity
from ringfence.simulation import running
from ringfence.simulation.comparing import pools_of, shared_clusters, unit_hour
from ringfence.simulation.jobs import Job
from ringfence.simulation.report import Outcome, Report, drawn
from ringfence.simulation.timeline import account
from tests.tenancy.platforms import fifty


def job(name: str, pods: int = 2) -> Job:
    return Job(
        name=name,
        tenant="finance",
        unit="nvidia-h100-80gb",
        resource="nvidia.com/gpu",
        arrival=0.0,
        hours=2.0,
        pods=pods,
        units_per_pod=4,
        priority="batch",
        millicpus_per_unit=1000,
        mebibytes_per_unit=2048,
    )


class Clock:
    """Stands at an hour that the test sets."""

    now = 0.0


def pod(name: str, phase: str, **metadata: Any) -> dict[str, Any]:
    labels = {"batch.kubernetes.io/job-name": "train"}
    return {"metadata": {"name": name, "labels": labels, **metadata}, "status": {"phase": phase}}


@pytest.fixture
def observer() -> running._Observer:
    return running._Observer({"train": job("train")}, Clock())  # ty: ignore[invalid-argument-type]


def told(observer: running._Observer) -> list[str]:
    return [event.what for event in observer.events]


def test_a_gang_has_started_when_its_last_pod_runs(observer: running._Observer) -> None:
    observer.pod("ADDED", pod("a", "Pending"))
    observer.pod("MODIFIED", pod("a", "Running"))
    assert told(observer) == []
    observer.pod("MODIFIED", pod("b", "Running"))
    observer.pod("MODIFIED", pod("b", "Running"))
    assert told(observer) == ["started"]


def test_it_has_finished_when_its_last_pod_has(observer: running._Observer) -> None:
    for name in "ab":
        observer.pod("MODIFIED", pod(name, "Running"))
    observer.pod("MODIFIED", pod("a", "Succeeded"))
    assert told(observer) == ["started"]
    observer.pod("MODIFIED", pod("b", "Succeeded"))
    observer.pod("DELETED", pod("b", "Succeeded"))
    assert told(observer) == ["started", "finished"]


def test_a_preempted_job_is_evicted_once_and_can_start_again(observer: running._Observer) -> None:
    for name in "ab":
        observer.pod("MODIFIED", pod(name, "Running"))
    for name in "ab":
        observer.pod("MODIFIED", pod(name, "Running", deletionTimestamp="now"))
        observer.pod("DELETED", pod(name, "Running"))
    assert told(observer) == ["started", "evicted"]
    for name in "cd":
        observer.pod("MODIFIED", pod(name, "Running"))
    assert told(observer) == ["started", "evicted", "started"]


def test_pods_of_nobody_in_the_mix_are_nothing(observer: running._Observer) -> None:
    observer.pod("ADDED", {"metadata": {"name": "x"}, "status": {"phase": "Running"}})
    assert told(observer) == []


def workload(*holds: str, job: str = "train") -> dict[str, Any]:
    conditions = [{"type": each, "status": "True"} for each in holds]
    return {"metadata": {"name": "w", "ownerReferences": [{"name": job}]}, "status": {"conditions": conditions}}


def lived(observer: running._Observer) -> None:
    """Queued after half an hour, let go after two hours and again after four, running after five, done after ten."""
    clock: Any = observer._clock
    for clock.now, holds in (0.5, ()), (2.0, ("QuotaReserved",)), (3.0, ()), (4.0, ("QuotaReserved",)):
        observer.workload("MODIFIED", workload(*holds))
    clock.now = 5.0
    for name in "ab":
        observer.pod("MODIFIED", pod(name, "Running"))
    for clock.now in (10.0, 11.0):
        observer.workload("MODIFIED", workload("QuotaReserved", "Finished"))
    observer.workload("DELETED", workload())
    observer.workload("MODIFIED", workload("Finished", job="somebody-elses"))


def test_stretch_is_how_long_a_job_held_its_devices_of_what_it_asked(observer: running._Observer) -> None:
    assert running.stretch(observer.times, [job("train")]) == 1.0
    lived(observer)
    assert running.stretch(observer.times, [job("train")]) == (10 - 4) / 2


def test_overhead_is_what_of_a_wait_was_not_waiting_in_a_queue(observer: running._Observer) -> None:
    assert running.overheads(observer.times, [job("train")]) == ()
    lived(observer)
    assert running.overheads(observer.times, [job("train")]) == (0.5 + 1.0,)


@pytest.mark.parametrize(("overhead", "comparable"), [(0.9, True), (1.0, True), (2.5, False)])
def test_a_report_that_the_control_plane_distorts_too_much_says_so_instead_of_comparing(
    overhead: float, comparable: bool
) -> None:
    """What distorts is measured and said; where it is more than is allowed, no arrangement is called better."""
    jobs = [job("train")]
    empty = account([], jobs, pools_of(fifty(), "fra"), 10)
    outcomes = tuple(
        Outcome(arrangement=each, account=empty, charges=(), stretch=1.2, overheads=(overhead, 3.0), wall_seconds=5.0)
        for each in ("silos", "declared")
    )
    report = Report(stack="prod", cluster="fra", hours=10, jobs=1, source="x", seconds_per_hour=0.5, outcomes=outcomes)
    said = report.as_json()
    assert said["comparable"] is comparable
    assert said["arrangements"]["silos"]["overheadHours"] == {"median": overhead, "p95": 3.0}
    assert said["arrangements"]["silos"]["stretch"] == 1.2
    assert f"{overhead:.2f} h at the median and 3.00 h at the 95th percentile were theirs" in str(report.distortion)
    console = Console(width=200, record=True)
    console.print(drawn(report))
    text = console.export_text()
    assert ("Pooling:" in text) is comparable
    assert ("Not to be compared: 2.5 h" in text and "--seconds 12 or more" in text) is not comparable


def test_a_job_as_kubernetes_takes_it() -> None:
    made = running.manifest(job("train"), 0.5)
    assert made["metadata"] == {
        "name": "train",
        "namespace": "finance",
        "labels": {"kueue.x-k8s.io/queue-name": "nvidia-h100-80gb", "kueue.x-k8s.io/priority-class": "ringfence-batch"},
    }
    assert (made["spec"]["parallelism"], made["spec"]["completions"]) == (2, 2)
    assert made["spec"]["template"]["metadata"]["annotations"] == {"ringfence.dev/runs-for": "1000ms"}
    [container] = made["spec"]["template"]["spec"]["containers"]
    assert container["resources"] == {
        "requests": {"nvidia.com/gpu": "4", "cpu": "4000m", "memory": "8192Mi"},
        "limits": {"nvidia.com/gpu": "4"},
    }


def test_pools_and_prices_of_a_cluster() -> None:
    platform = fifty()
    [pool] = pools_of(platform, "fra")
    assert (pool.unit, pool.capacity, pool.spare) == ("nvidia-h100-80gb", 50, 35)
    assert dict(pool.guaranteed) == {"finance": 0, "marketing": 15, "research": 0}
    assert shared_clusters(platform) == {"fra": 50}
    price = unit_hour(platform, "fra", "nvidia-h100-80gb")
    assert price is not None and 0 < price < 20, "USD for one device for an hour"
    assert unit_hour(platform, "fra", "nothing") is None
    assert {row.unit for row in cluster_capacity(platform, "fra")} >= {"nvidia-h100-80gb"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["-s", "none"], "Pulumi.none.yaml"),
        (["-s", "prod", "--cluster", "serve-frx"], "did you mean 'serve-fra'?"),
        (["-s", "prod", "--arrangement", "silo"], "did you mean 'silos'?"),
        (["-s", "prod", "--jobs", "none.yaml"], "none.yaml"),
    ],
)
def test_what_cannot_be_simulated_is_said_before_anything_starts(arguments: list[str], said: str) -> None:
    from ringfence.errors import UsageError

    result = CliRunner().invoke(application("simulate"), ["simulate", *arguments])
    assert isinstance(result.exception, UsageError)
    assert said in str(result.exception)
