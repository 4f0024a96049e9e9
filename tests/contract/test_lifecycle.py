"""A platform's life on the embedded engine: up, nothing to do, one line changed, refreshed, destroyed.

What this does not prove: that a cloud does the same. It proves that the program gives the engine the same answer
twice, and that one changed line changes what it names and nothing else.
"""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest

from ringfence.engine.run import Result
from tests.support.engine import EngineRunner
from tests.support.stacks import stack_file, stack_project

pytestmark = [pytest.mark.engine, pytest.mark.slow]

LOADED = """
import sys
clouds = ("pulumi_aws", "pulumi_azure_native", "pulumi_gcp")
pulumi.export("sdks", [name for name in clouds if name in sys.modules])
"""
"""Appended to the program: which clouds' SDKs it loaded."""


def done(result: Result) -> Counter[str]:
    """How many resources had which operation; fails with what the engine said where it failed."""
    assert result.exit_code == 0, f"{_changes(result)}\n{result.diagnostics[-4000:]}"
    return Counter(result.operations.values())


def _changes(result: Result) -> str:
    """Each resource that does not stay the same, with the properties that differ."""
    steps = (event["metadata"] for event in result.of("resourcePreEvent"))
    return "\n".join(
        f"{step['op']} {step['urn']} {sorted(step.get('detailedDiff') or {})}"
        for step in steps
        if step["op"] not in ("same", "read", "create")
    )


def named(result: Result, operation: str) -> set[str]:
    """Names of the resources that had an operation."""
    return {urn.split("::", 3)[3] for urn, each in result.operations.items() if each == operation}


def test_a_platform_comes_up_stays_changes_and_goes(engine: EngineRunner, tmp_path: Path) -> None:
    project = stack_project(tmp_path, "dev", extra=LOADED)

    up = engine.up(project, "dev")
    created = done(up)
    assert set(created) <= {"create", "read"}
    assert up.outputs["sdks"] == ["pulumi_aws"], "a stack in one cloud needs one cloud's SDK"
    assert up.outputs["endpoints"]["train-fra"].startswith("https://")
    assert not any("04da6b54" in each for each in up.outputs["datasets"].values())

    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert set(done(again)) <= {"same", "read"}

    file = project / "Pulumi.dev.yaml"
    before = stack_file("dev").read_text(encoding="utf-8")
    assert before.count("maxNodes: 2") == 1
    file.write_text(before.replace("maxNodes: 2", "maxNodes: 3"), encoding="utf-8")
    changed = engine.up(project, "dev")
    assert set(done(changed)) <= {"same", "read", "update"}
    assert "train-fra-a100" in named(changed, "update")
    assert {name.startswith("train-fra") for name in named(changed, "update") - {"ringfence-dev"}} == {True}

    assert not set(done(engine.refresh(project, "dev"))) & {"create", "delete", "replace", "update"}

    assert done(engine.destroy(project, "dev"))["delete"] == created["create"]
    state = json.loads(engine.pulumi(project, "stack", "export", "-s", "dev").stdout)
    assert state["deployment"].get("resources", []) == []
