"""Programs as others write them, in the idioms of public examples, live a whole life on the plan-only providers."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from ringfence.engine.summary import name_of, short_type, type_of
from tests.support.engine import EngineRunner, write_project, write_stack

pytestmark = [pytest.mark.engine, pytest.mark.slow]

PROGRAMS = Path(__file__).with_name("programs")
CLOUDS = {
    "aws:region": "eu-central-1",
    "azure-native:location": "germanywestcentral",
    "gcp:project": "acme",
    "gcp:region": "europe-west4",
    "gcp:zone": "europe-west4-a",
}
MANIFEST = """
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {ports: [{port: 80}], selector: {app: web}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {app: web}}
  template: {metadata: {labels: {app: web}}, spec: {containers: [{name: w, image: nginx}]}}
"""


def foreign(folder: Path, program: str) -> Path:
    """The program as a project of its own, with the files it reads."""
    project = write_project(folder / "project", "", stacks={"dev": CLOUDS})
    shutil.copy(PROGRAMS / f"{program}.py", project / "__main__.py")
    (project / "app.yaml").write_text(MANIFEST)
    (project / "app2.yaml").write_text(MANIFEST.replace("web", "web4"))
    return project


@pytest.mark.parametrize(
    ("program", "outputs", "change", "operations"),
    [
        (
            "aws_eks",
            {"account": "123456789012", "part": "aws", "zones": [f"eu-central-1{zone}" for zone in "abc"]},
            {"demo:size": 3, "demo:cidr": "10.0.0.0/15"},
            {"Vpc vpc": "replace", "Subnet subnet-0": "replace", "NodeGroup ng": "replace", "Bucket site": "same"},
        ),
        (
            "azure_aks",
            {"primaryKey": "[secret]", "tenant": "00000000-0000-0000-0000-000000000000"},
            {"demo:size": 5},
            {"ManagedCluster aks": "update", "ResourceGroup rg": "same", "Deployment nginx": "same"},
        ),
        (
            "gcp_gke",
            {"zones": [f"europe-west4-{zone}" for zone in "abc"]},
            {"demo:size": 2},
            {"NodePool pool": "update", "Account sa": "same"},
        ),
        (
            "kubernetes_app",
            {"svc": "web", "other": "vpc-1"},
            {"demo:size": 4, "demo:length": 20},
            {"Deployment frontend": "update", "RandomPassword pw": "replace", "Secret creds": "replace"},
        ),
    ],
)
def test_a_whole_life(
    engine: EngineRunner,
    tmp_path: Path,
    program: str,
    outputs: dict[str, Any],
    change: dict[str, Any],
    operations: dict[str, str],
) -> None:
    project = foreign(tmp_path, program)
    if program == "kubernetes_app":
        neighbour = write_project(tmp_path / "other", 'import pulumi\npulumi.export("vpcId", "vpc-1")', name="other")
        assert engine.up(neighbour, "dev").exit_code == 0
    made = engine.up(project, "dev")
    assert made.exit_code == 0, made.diagnostics
    assert outputs.items() <= made.outputs.items()
    assert "warning" not in made.diagnostics
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics
    write_stack(project, "dev", {**CLOUDS, **change})
    changed = engine.up(project, "dev")
    assert changed.exit_code == 0, changed.diagnostics
    done = {f"{short_type(type_of(urn))} {name_of(urn)}": step for urn, step in changed.operations.items()}
    assert operations.items() <= done.items()
    gone = engine.destroy(project, "dev")
    assert gone.exit_code == 0, gone.diagnostics


def test_outputs_are_the_same_in_every_state(engine: EngineRunner, tmp_path: Path) -> None:
    project = foreign(tmp_path, "aws_eks")
    first = engine.up(project, "dev").outputs
    assert first["arn"].startswith("arn:aws:s3:::site-")
    engine.destroy(project, "dev")
    assert engine.up(project, "dev").outputs == first
