"""Every stack file of the project previews green with the policies on, and one edited line turns it red.

What this does not prove: that a cloud accepts what is previewed. The providers are plan-only.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import EngineRunner
from tests.support.stacks import EXAMPLES, REPO, STACKS, previewed, stack_project

pytestmark = pytest.mark.engine

EDITS: dict[str, tuple[tuple[str, str], list[str]]] = {
    "dev": (
        ("region: eu-central-1", "region: us-east-1"),
        ["error[residency]: datasets.scans.site", "patient data of dataset scans", "would rest in US", "GDPR art. 9"],
    ),
    "prod": (
        ("        backups:\n          nightly: {site: azure-frankfurt", "        replicas: {dr: {site: aws-virginia}}\n"
         "        backups:\n          nightly: {site: azure-frankfurt"),
        ["error[residency]: datasets.scans.replicas.dr.site", "would rest in US", "allowed: DE, FR, PL"],
    ),
    "finance": (
        ("l40s: {guaranteed: 12, maximum: 20,", "l40s: {guaranteed: 60, maximum: 60,"),
        ["error[guarantees-over-capacity]", "tenants.finance.quotas.serve.l40s", "add up to 75", "at most 50 together"],
    ),
    "healthcare": (
        ("region: europe-west3", "region: us-central1"),
        ["error[residency]: datasets.scans.site", "would rest in US", "allowed: DE, FR"],
    ),
    "manufacturing": (
        ("region: eu-north-1", "region: us-west-2"),
        ["error[residency]: datasets.sensor-history.site", "would rest in US"],
    ),
    "three_datacentres": (
        ("country: PL\n        city: Warsaw", "country: BY\n        city: Warsaw"),
        ["error[residency]: models.copilot-small.placements[0].cluster", "be processed in BY", "allowed: DE, FR, PL"],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", [*STACKS, *EXAMPLES])
def test_stack_previews_green(engine: EngineRunner, name: str) -> None:
    result = previewed(engine, name)
    assert result.exit_code == 0, result.diagnostics[-3000:]
    assert [each["message"] for each in result.violations if each["enforcementLevel"] == "mandatory"] == []
    assert set(result.operations.values()) <= {"create", "read"}


@pytest.mark.parametrize("name", EDITS)
def test_one_edited_line_refuses_the_stack(engine: EngineRunner, name: str, tmp_path: Path) -> None:
    edit, expected = EDITS[name]
    folder = stack_project(tmp_path, name, edit)
    result = engine.run_preview(folder, name.replace("_", "-"), pack=REPO / "policy")
    assert result.exit_code != 0
    assert "Traceback" not in result.diagnostics
    assert f"Pulumi.{name.replace('_', '-')}.yaml:" in result.diagnostics, "the line is named"
    assert "    fix: " in result.diagnostics, "the remedy is named"
    for fragment in expected:
        assert fragment in result.diagnostics


AROUND = {
    "a bucket in us-east-1": (
        """
import pulumi_aws as aws
aws.s3.Bucket("leak", region="us-east-1", tags={"data-class": "patient"})
""",
        "leak",
        ["patient", "US", "us-east-1"],
    ),
    "a provider in us-east-1": (
        """
import pulumi, pulumi_aws as aws
abroad = aws.Provider("abroad", region="us-east-1")
aws.s3.Bucket("leak", tags={"data-class": "patient"}, opts=pulumi.ResourceOptions(provider=abroad))
""",
        "leak",
        ["patient", "US", "us-east-1"],
    ),
}


@pytest.mark.parametrize("name", AROUND)
def test_what_goes_round_the_platform_file_is_refused_by_the_pack(
    engine: EngineRunner, name: str, tmp_path: Path
) -> None:
    extra, resource, expected = AROUND[name]
    folder = stack_project(tmp_path, "dev", extra=extra)
    result = engine.run_preview(folder, "dev", pack=REPO / "policy")
    assert result.exit_code != 0
    refusals = [each for each in result.violations if each["enforcementLevel"] == "mandatory"]
    assert {each["resourceUrn"].rpartition("::")[2] for each in refusals} == {resource}, refusals
    assert any(all(word in each["message"] for word in expected) for each in refusals), refusals
    assert all("docs/rules/" in each["message"] for each in refusals)
