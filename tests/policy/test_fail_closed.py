"""The real `pulumi preview` with the pack: what is not proven fails the preview, and a compliant program passes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.policy.harness import CONTRACT
from tests.support.engine import REPOSITORY, EngineRunner, write_project

pytestmark = pytest.mark.engine

PACK = REPOSITORY / "policy"
BUCKET = """
    import pulumi_aws as aws

    bucket = aws.s3.Bucket("scans", {region}tags={{"data-class": "patient"}})
    aws.s3.BucketPublicAccessBlock(
        "scans", bucket=bucket.id, {region}block_public_acls=True, block_public_policy=True,
        ignore_public_acls=True, restrict_public_buckets=True,
    )
    key = aws.kms.Key("scans", {region}tags={{"data-class": "patient"}})
    aws.s3.BucketServerSideEncryptionConfiguration(
        "scans", bucket=bucket.id, {region}
        rules=[{{"apply_server_side_encryption_by_default":
            {{"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn}}}}],
    )
"""


def project(tmp_path: Path, region: str, contract: Any = CONTRACT) -> Path:
    folder = write_project(tmp_path / "shop", BUCKET.format(region=region), stacks={"prod": {}})
    if contract is not None:
        text = contract if isinstance(contract, str) else yaml.safe_dump(contract)
        (folder / "ringfence.policy.yaml").write_text(text)
    return folder


def rules(result: Any) -> dict[str, set[str]]:
    """Level of each violation by rule."""
    found: dict[str, set[str]] = {}
    for violation in result.violations:
        found.setdefault(violation["policyName"], set()).add(violation["enforcementLevel"])
    return found


def test_a_compliant_program_passes(engine: EngineRunner, tmp_path: Path) -> None:
    result = engine.run_preview(project(tmp_path, 'region="eu-central-1", '), "prod", PACK)
    assert (result.exit_code, result.violations) == (0, [])


def test_a_region_outside_fails_the_preview(engine: EngineRunner, tmp_path: Path) -> None:
    result = engine.run_preview(project(tmp_path, 'region="us-east-1", '), "prod", PACK)
    assert result.exit_code != 0
    assert rules(result)["residency-location"] == {"mandatory"}
    messages = "".join(each["message"] for each in result.violations)
    assert "patient data on scans (aws:s3/bucket:Bucket) would rest in US (us-east-1)" in messages


def test_a_region_that_nobody_says_fails_the_preview(engine: EngineRunner, tmp_path: Path) -> None:
    result = engine.run_preview(project(tmp_path, ""), "prod", PACK)
    assert result.exit_code != 0
    assert rules(result)["residency-location"] == {"mandatory"}


def test_a_region_that_is_known_only_after_the_update_fails_the_preview(engine: EngineRunner, tmp_path: Path) -> None:
    folder = project(tmp_path, "region=name, ")
    program = folder / "__main__.py"
    start = "import pulumi_random as random\nname = random.RandomPet('r').id.apply(lambda x: 'eu-central-1')\n"
    program.write_text(start + program.read_text())
    result = engine.run_preview(folder, "prod", PACK)
    assert result.exit_code != 0
    assert rules(result)["residency-location"] == {"mandatory"}
    advised = project(tmp_path, "region=name, ", {**CONTRACT, "unproven": "advise"})
    (advised / "__main__.py").write_text(start + BUCKET.format(region="region=name, ").replace("\n    ", "\n"))
    result = engine.run_preview(advised, "prod", PACK)
    assert (result.exit_code, rules(result)["residency-location"]) == (0, {"advisory"})


@pytest.mark.parametrize(
    "contract",
    ["dataClasses: [", "dataClases: {}\n", "dataClasses: {patient: {rest: [EUX], process: [EU], basis: x}}\n"],
)
def test_a_broken_contract_fails_the_preview(engine: EngineRunner, tmp_path: Path, contract: str) -> None:
    result = engine.run_preview(project(tmp_path, 'region="eu-central-1", ', contract), "prod", PACK)
    assert result.exit_code != 0
    assert "ringfence.policy.yaml" in result.diagnostics + result.stderr


def test_no_contract_fails_the_preview_of_a_program_with_stores(engine: EngineRunner, tmp_path: Path) -> None:
    result = engine.run_preview(project(tmp_path, 'region="eu-central-1", ', None), "prod", PACK)
    assert result.exit_code != 0
    assert rules(result) == {"contract": {"mandatory"}}


def test_the_contract_can_come_with_the_command(engine: EngineRunner, tmp_path: Path) -> None:
    folder = project(tmp_path, 'region="us-east-1", ', None)
    config = tmp_path / "pack.json"
    config.write_text(json.dumps({"contract": CONTRACT, "keys-location": "disabled"}))
    result = engine.run_preview(folder, "prod", PACK, None, "--policy-pack-config", str(config))
    assert result.exit_code != 0
    assert rules(result) == {"residency-location": {"mandatory"}}
