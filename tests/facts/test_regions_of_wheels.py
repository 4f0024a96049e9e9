"""The region tables against the installed wheels' own lists, and against the survey that they began as."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import pytest

from ringfence.facts import regions


def test_the_aws_wheel_knows_no_region_that_we_do_not() -> None:
    aws = pytest.importorskip("pulumi_aws", reason="the extra [aws] is not installed")
    assert {region.value for region in aws.Region} <= {region.code for region in regions.regions("aws")}


def _wheel(package: str) -> Path:
    spec = find_spec(package)
    if spec is None or not spec.origin:
        pytest.skip(f"{package} is not installed")
    return Path(spec.origin).parent


def test_the_gcp_wheel_documents_no_region_that_we_do_not_know() -> None:
    """The package has no enumeration; its examples name regions. One of them is not a public region."""
    name = re.compile(
        r"\b(?:africa|asia|australia|europe|me|northamerica|southamerica|us)"
        r"-(?:north|south|east|west|central)(?:east|west)?\d{1,2}\b"
    )
    folders = ("container", "storage", "sql", "compute", "alloydb", "artifactregistry", "filestore", "kms")
    files = (path for folder in folders for path in sorted((_wheel("pulumi_gcp") / folder).glob("*.py")))
    named = {found for path in files for found in name.findall(path.read_text(encoding="utf-8"))}
    assert len(named) > 10
    assert named - {region.code for region in regions.regions("gcp")} == {"us-east7"}


def test_the_azure_wheel_enumerates_no_region_that_we_do_not_know() -> None:
    """azure-native has no region type of its own; one resource provider's enumeration is the only list in it."""
    text = (_wheel("pulumi_azure_native") / "weightsandbiases" / "_enums.py").read_text(encoding="utf-8")
    named = re.findall(r'= "(\w+)"\n +"""\n +Region: ([\w ]+)\n', text)
    assert len(named) > 4
    for code, display in named:
        found = regions.region("azure", code)
        assert found is not None, code
        assert found is regions.region("azure", display)


@pytest.mark.shared
def test_the_region_survey_agrees_on_every_country() -> None:
    import csv

    survey = Path(__file__).parents[3] / "shared" / "data" / "cloud_regions.csv"
    if not survey.exists():
        pytest.skip("../shared is absent")
    with survey.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    ours = [regions.region(row["provider"], row["region"]) for row in rows]
    assert [found and found.country for found in ours] == [row["country_iso2"] for row in rows]
