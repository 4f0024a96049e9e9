"""Programs of other people, who have never heard of us: each has leaks that must be found, and a twin that passes.

The programs know no tag of ours, bring their own components, loop over configuration and read other stacks. Only
ringfence.policy.yaml was written for the rules. The two stacks of each differ in configuration alone. What this does
not prove: that these are all the leaks that such programs can have (tests/mutation counts those).
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY, EngineRunner

HERE = Path(__file__).parent
US = r"\bUS\b"
LEAKS: dict[str, dict[tuple[str, str], str]] = {
    "radiology": {
        ("residency-location", "dr-studies"): r"us-east-1, from provider dr-aws",
        ("residency-location", "dr-eks"): US,
        ("residency-location", "dr-viewer-cache"): r"us-east-1, from provider dr-k8s, dr-eks",
        ("keys-location", "dr-studies"): r"us-east-1, from dr-studies-key",
        ("residency-replication", "archive-copies"): r"rules\[0\]\.destination\.bucket.*us-east-1, from dr-studies",
        ("backup-location", "worklist-backups-dr"): r"sourceDbInstanceArn.*us-east-1",
        ("backup-location", "cluster-backups"): r"spec\.config\.region.*us-west-2",
        ("telemetry-destination", "audit"): r"not proven.*s3BucketName.*acme-audit-2019",
        ("ai-prompts", "report-drafts"): r"foundationModel.*inference profile us",
    },
    "insurer": {
        ("residency-replication", "claimsphotos"): r"sku\.name.*southcentralus, from the pair of brazilsouth",
        ("residency-replication", "claimsletters"): r"sku\.name.*southcentralus, from the pair of brazilsouth",
        ("backup-location", "policies"): r"requestedBackupStorageRedundancy.*southcentralus",
        ("residency-replication", "events"): r"locations\[1\]\.locationName.*eastus2",
        ("backup-location", "events"): r"periodicModeProperties\.backupStorageRedundancy.*southcentralus",
        ("residency-location", "logs"): r"East US, from resource group rg-observability",
        ("telemetry-destination", "photos-logs"): r"workspaceId.*East US, from logs",
        ("telemetry-destination", "letters-logs"): r"workspaceId.*East US, from logs",
        ("supply-chain-artefact", "images-second"): r"location.*southcentralus",
        ("ai-prompts", "triage-model"): r"sku\.name.*any of the provider's places",
    },
    "genomics": {
        ("residency-location", "variants"): r"US, from the service's default",
        ("residency-location", "phenotypes"): r"US, from the service's default",
        ("backup-location", "samples"): r"settings\.backupConfiguration\.location.*eu, from the service's default",
        ("backup-location", "nightly"): r"snapshotProperties\.storageLocations.*eu, from the service's default",
        ("residency-replication", "sequencer-token"): r"replication\.auto",
        ("telemetry-destination", "everything"): r"destination.*US, from audit",
        ("telemetry-destination", "annotation"): r"OTEL_EXPORTER_OTLP_ENDPOINT|trace\.agent\.datadoghq\.com",
        ("ai-weights", "scribe"): r"not proven.*storageUri.*huggingface\.co",
    },
}
"""Program to (rule, resource) to what the message must match: the property, where there is one, and the place."""


@pytest.fixture
def project(request: pytest.FixtureRequest, engine: EngineRunner, tmp_path: Path) -> Path:
    """A copy of the program, with the stack that it reads from brought up where it has one."""
    folder = shutil.copytree(HERE / request.param, tmp_path / request.param)
    if (folder / "Pulumi.platform.yaml").is_file():
        result = engine.up(folder, "platform")
        assert result.exit_code == 0, result.diagnostics
    return folder


@pytest.mark.engine
@pytest.mark.parametrize("project", sorted(LEAKS), indirect=True)
def test_every_leak_is_found_with_its_path_and_nothing_else_is_refused(engine: EngineRunner, project: Path) -> None:
    result = engine.run_preview(project, "leaky", REPOSITORY / "policy")
    found: dict[tuple[str, str], str] = {}
    for said in result.violations:
        assert said["enforcementLevel"] == "mandatory"
        key = said["policyName"], said["resourceUrn"].rpartition("::")[2]
        found[key] = found.get(key, "") + said["message"].replace("\n", " ")
    wanted = LEAKS[project.name]
    assert result.exit_code != 0 and wanted.keys() <= found.keys(), wanted.keys() - found.keys()
    for key, pattern in wanted.items():
        assert re.search(pattern, found[key]), (key, found[key])
    # A leak may be refused for more than one reason; what does not leak is not refused for any.
    assert {resource for _, resource in found} == {resource for _, resource in wanted}


@pytest.mark.engine
@pytest.mark.parametrize("project", sorted(LEAKS), indirect=True)
def test_the_twin_passes(engine: EngineRunner, project: Path) -> None:
    result = engine.run_preview(project, "twin", REPOSITORY / "policy")
    assert [said["message"] for said in result.violations] == []
    assert result.exit_code == 0, result.diagnostics
