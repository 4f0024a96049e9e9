"""`python -m ringfence.sweep`: what it prints, and that it changes nothing unless asked."""

from __future__ import annotations

import json
import subprocess
import sys

from tests.support.engine import REPOSITORY


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "ringfence.sweep", "--package", "kubernetes", *arguments],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_counts_are_json() -> None:
    done = run("--json")
    counted = json.loads(done.stdout)["kubernetes"]
    assert done.returncode == 0
    assert counted["candidates"] == counted["locator"] + counted["harmless"] + counted["not yet"] > 3000


def test_what_a_pattern_matches_can_be_read_for_review() -> None:
    done = run("--row", "nfs.server")
    assert "kubernetes:core/v1:Pod\tspec.volumes[].nfs.server\ttext\tname: server" in done.stdout.splitlines()


def test_an_unknown_option_is_bad_usage() -> None:
    assert run("--nonsense").returncode == 2
