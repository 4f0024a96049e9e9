"""The transfer record of a preview: its rows, its CSV, its difference to an earlier one, and no secret in any."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.policy.harness import CONTRACT, Given, analyzer, secret

PATIENT = {"tags": {"data-class": "patient"}}
TABLE = "aws:dynamodb/table:Table"


def program(region: str) -> list[Given]:
    replicas = [{"regionName": region}]
    vitals = Given(TABLE, {**PATIENT, "region": "eu-central-1", "replicas": replicas}, name="vitals")
    return [vitals, Given("aws:s3/bucket:Bucket", {**PATIENT, "region": "eu-west-1"}, name="scans")]


def preview(folder: Path, region: str = "eu-west-1", **evidence: Any) -> dict[str, Any]:
    with analyzer(program=folder) as driver:
        driver.configure({**CONTRACT, "evidence": {"directory": "evidence", **evidence}})
        driver.analyze(*program(region))
    return json.loads((folder / "evidence" / "transfers.json").read_text())


def test_the_record_says_where_each_class_is_who_runs_that_and_why(tmp_path: Path) -> None:
    [activity] = preview(tmp_path)["activities"]
    assert (activity["dataClass"], activity["basis"]) == ("patient", "GDPR art. 9, 44-49")
    assert activity["allowed"] == {"rest": "EU", "process": "EU", "operate": "EU, US"}
    assert activity["countries"] == ["DE", "IE"]
    assert [(row["place"], row["countries"], row["outcome"]) for row in activity["places"]] == [
        ("eu-central-1", "DE", "proven"),
        ("eu-west-1", "IE", "proven"),
    ]
    [flow] = activity["flows"]
    assert (flow["kind"], flow["property"], flow["place"]) == ("replica", "replicas[0].regionName", "eu-west-1")
    assert flow["processor"] and flow["operatorLaw"] == "US"
    rows = list(csv.DictReader((tmp_path / "evidence" / "transfers.csv").read_text().splitlines()))
    assert rows == [*activity["places"], flow]


def test_the_same_program_gives_the_same_bytes_and_a_change_its_difference(tmp_path: Path) -> None:
    preview(tmp_path)
    first = (tmp_path / "evidence" / "transfers.json").read_bytes()
    preview(tmp_path)
    assert (tmp_path / "evidence" / "transfers.json").read_bytes() == first
    (tmp_path / "base.json").write_bytes(first)
    preview(tmp_path, "us-east-1", base="base.json")
    found = json.loads((tmp_path / "evidence" / "transfers.diff.json").read_text())
    assert [(row["place"], row["outcome"]) for row in found["added"]] == [("us-east-1", "refused")]
    assert [row["place"] for row in found["removed"]] == ["eu-west-1"]


def test_a_record_that_cannot_be_written_fails_the_preview(tmp_path: Path) -> None:
    (tmp_path / "base.json").write_text("[]")
    with analyzer(program=tmp_path) as driver:
        driver.configure({**CONTRACT, "evidence": {"directory": "evidence", "base": "base.json"}})
        said = driver.analyze(*program("eu-west-1"))
    assert [(each.rule, each.level) for each in said if "transfer record" in each.message] == [
        ("contract", "mandatory")
    ]
    assert not (tmp_path / "evidence" / "transfers.json").exists()


def test_the_environment_can_ask_for_it_and_no_secret_is_in_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_EVIDENCE", str(tmp_path / "out"))
    with analyzer(program=tmp_path) as driver:
        driver.configure(CONTRACT)
        given = Given("aws:s3/bucket:Bucket", {**PATIENT, "region": secret("us-secretive-9")}, name="b")
        driver.analyze(given)
    text = (tmp_path / "out" / "transfers.json").read_text()
    assert "us-secretive-9" not in text and '"unproven"' in text
