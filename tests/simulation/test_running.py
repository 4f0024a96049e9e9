"""What pods do becomes what happened to jobs; and a short week on the real scheduler and Kueue."""

from __future__ import annotations

from typing import Any

import pytest
from typer.testing import CliRunner

from ringfence.cli.main import application
from ringfence.planning.capacity import cluster_capacity
from ringfence.simulation import running
from ringfence.simulation.comparing import pools_of, shared_clusters, unit_hour
from ringfence.simulation.jobs import Job
from ringfence.simulation.timeline import Event
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


def test_stretch_is_how_long_a_job_ran_of_what_it_asked() -> None:
    events = [Event(1.0, "train", "started"), Event(2.0, "train", "evicted"), Event(3.0, "train", "started")]
    assert running.stretch(events, [job("train")]) == 1.0
    assert running.stretch([*events, Event(6.0, "train", "finished")], [job("train")]) == 1.5


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
