"""Every rule on where data goes, with the same six cases: passes, refused, unknown, by the provider's region, waived,
and with a waiver that has expired."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.policy.harness import CONTRACT, UNKNOWN, Driver, Given, Said, analyzer

EU, US = {"region": "eu-central-1"}, {"region": "us-east-1"}
PATIENT = {"tags": {"data-class": "patient"}}
AGENT = "aws:bedrock/agentAgent:AgentAgent"
STRICT = {
    **CONTRACT,
    "dataClasses": {
        "patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU", "US"], "basis": "x"},
        "public": {"rest": ["any"], "process": ["any"], "basis": "y"},
    },
    "locations": {**CONTRACT["locations"], "account:999999999999": {"country": "IN"}, "collector.us.example": "CN"},
}


@dataclass(frozen=True)
class Fixture:
    """One rule's cases: the resource with a good, a bad and an unknown value; `by_provider` has no place of its own."""

    good: Given
    bad: Given
    unknown: Given
    by_provider: tuple[Given, Given] | None = None
    """(in the EU, in the United States), where only the provider says so."""


def of(token: str, path: str, good: Any, bad: Any, provider: Any = EU, **more: Any) -> Fixture:
    def given(value: Any) -> Given:
        inputs: Any = value
        for step in reversed(path.split(".")):
            inputs = [inputs] if step == "[]" else {step: inputs}
        assert isinstance(inputs, dict)
        return Given(token, {**PATIENT, **more, **inputs}, name="it", provider=provider)

    return Fixture(given(good), given(bad), given(UNKNOWN))


def both(token: str, inputs: dict[str, Any], fixture: Fixture) -> Fixture:
    """With the cases where the provider's region decides."""
    home, away = (Given(token, inputs, name="it", provider=place) for place in (EU, US))
    return replace(fixture, by_provider=(home, away))


BUCKET = "aws:s3/bucket:Bucket"
TABLE = "aws:dynamodb/table:Table"
REPLICA = "aws:rds/instance:Instance"
FIXTURES = {
    "residency-location": both(BUCKET, PATIENT, of(BUCKET, "region", "eu-west-1", "us-east-1")),
    "residency-replication": both(
        REPLICA,
        {**PATIENT, "replicateSourceDb": "arn:aws:rds:eu-central-1:111111111111:db:records"},
        of(TABLE, "replicas.[].regionName", "eu-west-1", "us-east-1"),
    ),
    "backup-location": of(
        "aws:backup/plan:Plan",
        "rules.[].copyActions.[].destinationVaultArn",
        "arn:aws:backup:eu-west-1:1:backup-vault:x",
        "arn:aws:backup:us-west-2:1:backup-vault:x",
    ),
    "telemetry-destination": of(
        "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter",
        "destinationArn",
        "arn:aws:lambda:eu-west-1:1:function:x",
        "arn:aws:lambda:us-east-1:1:function:x",
    ),
    "routing-destination": of(
        "aws:globalaccelerator/endpointGroup:EndpointGroup", "endpointGroupRegion", "eu-west-1", "us-east-1"
    ),
    "ai-prompts": of(AGENT, "foundationModel", "eu.anthropic.x", "us.anthropic.x"),
    "ai-weights": of(
        "kubernetes:serving.kserve.io/v1beta1:InferenceService",
        "spec.predictor.model.storageUri",
        "oci://registry.internal/m:1",
        "oci://collector.us.example/m:1",
        {"clusterIdentifier": "dc-frankfurt"},
        metadata={"labels": {"ringfence.dev/data-class": "patient"}},
    ),
    "supply-chain-artefact": of(
        "aws:ecr/replicationConfiguration:ReplicationConfiguration",
        "replicationConfiguration.rules.[].destinations.[].region",
        "eu-west-1",
        "us-east-1",
    ),
    "keys-location": both(
        "aws:kms/replicaKey:ReplicaKey",
        {**PATIENT, "primaryKeyArn": "arn:aws:kms:eu-central-1:1:key/x"},
        of(
            "aws:ebs/volume:Volume",
            "kmsKeyId",
            "arn:aws:kms:eu-central-1:1:key/x",
            "arn:aws:kms:us-east-1:1:key/x",
            encrypted=True,
        ),
    ),
    "residency-public-access": of(REPLICA, "publiclyAccessible", False, True),
}


@pytest.fixture
def home(tmp_path: Path) -> Iterator[tuple[Driver, Path]]:
    with analyzer(program=tmp_path) as driver:
        yield driver, tmp_path


def ask(home: tuple[Driver, Path], rule: str, given: Given, waiver: dict[str, Any] | None = None) -> list[Said]:
    driver, folder = home
    (folder / "waivers.yaml").write_text(yaml.safe_dump({"waivers": [waiver] if waiver else []}))
    driver.configure({**STRICT, "waivers": "waivers.yaml"})
    return [said for said in driver.analyze(given) if said.rule in (rule, "contract-waiver")]


def waiver_of(rule: str, said: Said, given: Given, expires: str) -> dict[str, Any]:
    """The waiver that the message itself asks for."""
    line = next(line for line in said.message.splitlines() if line.startswith("Decided by: "))
    deciding, _, value = line.removeprefix("Decided by: ").removesuffix(".").partition(" = ")
    about = {"rule": rule, "resource": given.urn, "property": deciding, "value": value, "expires": expires}
    return {**about, "owner": "ward", "approver": "dpo", "basis": "GDPR art. 46", "reason": "until the contract ends"}


@pytest.mark.parametrize("rule", FIXTURES)
def test_what_is_inside_passes(home: tuple[Driver, Path], rule: str) -> None:
    assert ask(home, rule, FIXTURES[rule].good) == []


@pytest.mark.parametrize("rule", FIXTURES)
def test_what_is_outside_is_refused_with_its_clause_and_fix(home: tuple[Driver, Path], rule: str) -> None:
    said = ask(home, rule, FIXTURES[rule].bad)
    assert {each.level for each in said} == {"mandatory"}
    for each in said:
        assert "not proven" not in each.message
        assert "\nClause: " in each.message and "\nDecided by: " in each.message and "\nFix: " in each.message


@pytest.mark.parametrize("rule", FIXTURES)
def test_what_is_unknown_is_not_proven_and_mandatory(home: tuple[Driver, Path], rule: str) -> None:
    said = ask(home, rule, FIXTURES[rule].unknown)
    assert said and all("not proven: " in each.message and each.level == "mandatory" for each in said)


@pytest.mark.parametrize("rule", [rule for rule, fixture in FIXTURES.items() if fixture.by_provider])
def test_the_provider_s_region_decides_where_the_resource_has_none(home: tuple[Driver, Path], rule: str) -> None:
    inside, outside = FIXTURES[rule].by_provider or (None, None)
    assert inside and outside
    assert ask(home, rule, inside) == []
    assert {each.level for each in ask(home, rule, outside)} == {"mandatory"}


@pytest.mark.parametrize("rule", FIXTURES)
def test_a_waiver_holds_until_its_last_day(home: tuple[Driver, Path], rule: str) -> None:
    bad = FIXTURES[rule].bad
    [said] = ask(home, rule, bad)
    waived = ask(home, rule, bad, waiver_of(rule, said, bad, "2999-12-31"))
    assert {each.level for each in waived} == {"advisory"} and len(waived) == 2
    expired = ask(home, rule, bad, waiver_of(rule, said, bad, "2020-01-01"))
    assert [(each.rule, each.level) for each in expired] == [(rule, "mandatory"), ("contract-waiver", "mandatory")]
