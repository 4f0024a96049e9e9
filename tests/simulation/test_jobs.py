"""Job files and made-up weeks: what is read, what is refused with its line, and that a seed says it all."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ringfence.planning.capacity import cluster_capacity, tenant_shares
from ringfence.simulation.arrangements import ARRANGEMENTS, arranged, silos
from ringfence.simulation.demand import SILO_LOAD, week
from ringfence.simulation.jobs import Job, JobFileError, read_jobs
from tests.tenancy.platforms import fifty

GOOD = """\
hours: 48
jobs:
  - {tenant: finance, pool: h100, at: 1.5, hours: 2, pods: 2, accelerators: 4}
  - {tenant: research, pool: h100, hours: 0.5, priority: interactive, times: 3, every: 20}
"""


def read(tmp_path: Path, text: str) -> tuple[list[Job], float]:
    file = tmp_path / "jobs.yaml"
    file.write_text(text, encoding="utf-8")
    return read_jobs(file, fifty(), "fra")


def test_a_file_is_read_in_order_of_arrival(tmp_path: Path) -> None:
    jobs, hours = read(tmp_path, GOOD)
    assert hours == 48
    assert [(job.tenant, job.arrival, job.units, job.priority) for job in jobs] == [
        ("research", 0.0, 1, "interactive"),
        ("finance", 1.5, 8, "batch"),
        ("research", 20.0, 1, "interactive"),
        ("research", 40.0, 1, "interactive"),
    ]
    assert (jobs[1].pods, jobs[1].unit, jobs[1].resource) == (2, "nvidia-h100-80gb", "nvidia.com/gpu")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("{tenant: finanze, pool: h100, hours: 1}", "jobs.yaml:2:6: error[unknown-name]: jobs[0].tenant"),
        ("{tenant: finance, pool: h200, hours: 1}", "did you mean 'h100'?"),
        ("{tenant: finance, pool: h100, hours: 1, accelerators: 21}", "at most 20, the maximum of finance"),
        ("{tenant: finance, pool: h100, hours: 1, accelerators: 11}", "divide the job into more pods"),
        ("{tenant: finance, pool: h100, hours: 1, at: 168}", "error[after-the-end]"),
        ("{tenant: finance, pool: h100, hours: 0}", "jobs[0].hours"),
        ("{tenant: finance, pool: h100, hour: 1}", "did you mean 'hours'?"),
        ("{tenant: finance, pool: h100}", "'hours' is missing"),
        ("nothing", "stands where a mapping must"),
    ],
)
def test_what_cannot_be_is_refused_with_its_line(tmp_path: Path, line: str, told: str) -> None:
    with pytest.raises(JobFileError) as caught:
        read(tmp_path, f"jobs:\n  - {line}\n")
    assert told in str(caught.value)
    assert caught.value.exit_code == 2


@pytest.mark.parametrize("text", ["", "jobs: []", "[1, 2]", "jobs: {", "\ufeff", "jobs: !!python/object:os.x {}"])
def test_files_that_are_no_job_files(tmp_path: Path, text: str) -> None:
    with pytest.raises(JobFileError, match=r"jobs\.yaml:"):
        read(tmp_path, text)


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(JobFileError, match="none"):
        read_jobs(tmp_path / "none.yaml", fifty(), "fra")


def test_the_same_seed_gives_the_same_week_and_another_another() -> None:
    platform = fifty()
    assert week(platform, "fra", 7) == week(platform, "fra", 7)
    assert week(platform, "fra", 7) != week(platform, "fra", 8)


@given(st.integers(0, 10_000), st.floats(0.05, 0.9), st.floats(24, 336))
@example(6393, 0.841316472221971, 33.859375)
@settings(max_examples=30, deadline=None)
def test_a_week_asks_for_its_load_and_every_job_fits_its_silo(seed: int, load: float, hours: float) -> None:
    platform = fifty()
    owned = silos(cluster_capacity(platform, "fra"), tenant_shares(platform, "fra"))
    jobs = week(platform, "fra", seed, hours, load)
    for (tenant, _, _), units in owned.items():
        mine = [job for job in jobs if job.tenant == tenant]
        assert all(job.units <= units and 0 <= job.arrival < hours for job in mine)
        asked = sum(job.units * min(job.hours, hours - job.arrival) for job in mine)
        # The last job drawn may go past the mark, by no more than the largest there is.
        assert load * units * hours <= asked <= load * units * hours + 16 * 24
    assert len({job.name for job in jobs}) == len(jobs)


def test_silos_divide_all_and_keep_to_guarantees_and_maxima() -> None:
    platform = fifty()
    shares = tenant_shares(platform, "fra")
    owned = silos(cluster_capacity(platform, "fra"), shares)
    assert {tenant: units for (tenant, _, _), units in owned.items()} == {
        "finance": 9,
        "marketing": 33,
        "research": 8,
    }
    assert SILO_LOAD < 1


def test_arrangements_differ_in_quotas_only_and_always_add_up() -> None:
    platform = fifty()
    found = {}
    for arrangement in ARRANGEMENTS:
        queues = {
            each["metadata"]["name"]: each["spec"]
            for each in arranged(platform, "fra", arrangement)
            if each["kind"] == "ClusterQueue" and each["metadata"]["name"].endswith("nvidia-h100-80gb")
        }
        gpus = {
            name: next(
                row for row in spec["resourceGroups"][0]["flavors"][0]["resources"] if row["name"].endswith("gpu")
            )
            for name, spec in queues.items()
        }
        assert sum(int(row["nominalQuota"]) for row in gpus.values()) == 50, arrangement
        found[arrangement] = {
            name.split(".")[0]: (int(row["nominalQuota"]), int(row["borrowingLimit"])) for name, row in gpus.items()
        }
    assert found["silos"] == {"platform": (0, 0), "finance": (9, 0), "marketing": (33, 0), "research": (8, 0)}
    assert found["shared"] == {"platform": (50, 0), "finance": (0, 20), "marketing": (0, 50), "research": (0, 50)}
    assert found["declared"] == {"platform": (35, 0), "finance": (0, 20), "marketing": (15, 35), "research": (0, 50)}
