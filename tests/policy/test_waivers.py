"""Waivers through the real analyzer: in force, expired, too wide, useless, and files that cannot be used."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from policy.rules import ALL
from tests.policy.harness import CONTRACT, Driver, Given, Said, analyzer

BUCKET = "aws:s3/bucket:Bucket"
PATIENT = {"tags": {"data-class": "patient"}}
WAIVER = {
    "rule": "residency-location",
    "resource": f"{BUCKET}::scans",
    "property": "region",
    "value": "us-east-1",
    "owner": "radiology",
    "approver": "dpo@example.org",
    "basis": "GDPR art. 46, standard contractual clauses of 2026-03-01",
    "reason": "second opinion in Boston until the contract ends",
    "expires": "2999-12-31",
}


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[tuple[Driver, Path]]:
    """An analyzer in a project's folder, whose contract names waivers.yaml."""
    with analyzer(program=tmp_path) as driver:
        yield driver, tmp_path


def ask(folder: tuple[Driver, Path], waivers: Any, *given: Given) -> list[Said]:
    driver, path = folder
    (path / "waivers.yaml").write_text(yaml.safe_dump({"waivers": waivers}))
    driver.configure({**CONTRACT, "waivers": "./waivers.yaml"})
    return [said for said in driver.analyze(*given) if said.rule in ("residency-location", "contract-waiver")]


def bucket(name: str = "scans", region: str = "us-east-1") -> Given:
    return Given(BUCKET, {**PATIENT, "region": region}, name=name)


def test_a_waiver_in_force_is_said_with_its_days_and_refuses_nothing(folder: tuple[Driver, Path]) -> None:
    waived, listed = ask(folder, [WAIVER], bucket())
    assert (waived.rule, waived.level) == ("residency-location", "advisory")
    assert "waived until 2999-12-31: residency-location: patient data on scans" in waived.message
    assert (listed.rule, listed.level, listed.resource) == ("contract-waiver", "advisory", "scans")
    assert " days left: second opinion in Boston" in listed.message and "approved by dpo@example.org" in listed.message


def test_an_expired_waiver_refuses_twice(folder: tuple[Driver, Path]) -> None:
    said = ask(folder, [{**WAIVER, "expires": "2020-01-31"}], bucket())
    assert [(each.rule, each.level) for each in said] == [
        ("residency-location", "mandatory"),
        ("contract-waiver", "mandatory"),
    ]
    assert "expired on 2020-01-31" in said[1].message


def test_another_value_is_not_waived(folder: tuple[Driver, Path]) -> None:
    said = ask(folder, [WAIVER], bucket(region="us-west-2"))
    assert [(each.rule, each.level) for each in said] == [
        ("residency-location", "mandatory"),
        ("contract-waiver", "mandatory"),
    ]
    assert "nothing is refused that it would allow" in said[1].message


def test_a_waiver_of_nothing_is_refused(folder: tuple[Driver, Path]) -> None:
    [said] = ask(folder, [WAIVER], bucket(region="eu-central-1"))
    assert (said.rule, said.level) == ("contract-waiver", "mandatory")


@pytest.mark.parametrize(
    ("other", "words"),
    [
        (bucket("scans-west", "us-west-2"), "it names scans-west (us-west-2) too"),
        (bucket("scans-home", "eu-central-1"), "it names scans-home (not refused) too"),
    ],
)
def test_a_pattern_that_names_more_than_it_waives_is_refused(
    folder: tuple[Driver, Path], other: Given, words: str
) -> None:
    said = ask(folder, [{**WAIVER, "resource": f"{BUCKET}::scans*"}], bucket(), other)
    refused = [each for each in said if each.rule == "contract-waiver" and each.level == "mandatory"]
    assert len(refused) == 1 and words in refused[0].message


def test_a_pattern_for_several_stacks_is_as_narrow_as_a_name(folder: tuple[Driver, Path]) -> None:
    said = ask(folder, [{**WAIVER, "resource": f"urn:pulumi:*::demo::{BUCKET}::scans"}], bucket())
    assert {each.level for each in said} == {"advisory"}


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"approver": "Radiology "}, "waivers[0].approver: radiology owns this waiver and cannot approve it"),
        ({"rule": "residency-locations"}, "did you mean 'residency-location'?"),
        ({"resource": "*"}, "names no resource"),
        ({"resource": "urn:pulumi:*::*"}, "names no resource"),
        ({"expires": "next year"}, "waivers[0].expires"),
        ({"basis": ""}, "waivers[0].basis"),
        ({"vaule": "x"}, "did you mean 'value'?"),
    ],
)
def test_a_file_that_cannot_be_used_fails_the_preview(
    folder: tuple[Driver, Path], changed: dict[str, str], words: str
) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        ask(folder, [{**WAIVER, **changed}])
    told = caught.value.details()  # ty: ignore[missing-attribute]
    assert words in told and "waivers.yaml:" in told


def test_waivers_are_judged_after_every_other_rule() -> None:
    assert ALL[-1].id == "contract-waiver"
