"""The transfer record crosses with the stack, and `diff` says where data goes that it did not go before."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence.airgap import comparing
from ringfence.airgap.manifest import Role
from ringfence.crossing import layout
from tests.crossing.sides import sides
from tests.support.engine import REPOSITORY, write_project, write_stack

pytestmark = pytest.mark.engine

CONTRACT = """
dataClasses:
  patient: {rest: [EU], process: [EU], operate: [EU, US], basis: "GDPR art. 9, 44-49"}
"""
PROGRAM = """
import pulumi

config = pulumi.Config("clinic")
inputs = {"region": "eu-central-1", "tags": {"data-class": "patient"}, "billingMode": "PAY_PER_REQUEST"}
inputs |= {"hashKey": "id", "attributes": [{"name": "id", "type": "S"}]}
key = "arn:aws:kms:eu-central-1:111122223333:key/a"
inputs |= {"serverSideEncryption": {"enabled": True, "kmsKeyArn": key}, "pointInTimeRecovery": {"enabled": True}}
if config.get("replica"):
    there = config.require("replica")
    inputs["replicas"] = [{"regionName": there, "kmsKeyArn": key.replace("eu-central-1", there)}]
aws = pulumi.ProviderResource("aws", "frankfurt", {"region": "eu-central-1"})
pulumi.CustomResource("aws:dynamodb/table:Table", "vitals", inputs, opts=pulumi.ResourceOptions(provider=aws))
"""


def test_a_new_transfer_is_in_the_record_and_in_the_difference(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="clinic")
    (project / "ringfence.policy.yaml").write_text(CONTRACT)
    low, high = sides(tmp_path, project)
    first = low.export(1, pack=REPOSITORY / "policy")
    write_stack(project, "dev", {"clinic:replica": "eu-west-1"})
    second = low.export(2, pack=REPOSITORY / "policy")
    record = json.loads(high.open(first.file).read(layout.TRANSFERS))
    [activity] = record["activities"]
    assert (activity["basis"], activity["countries"]) == ("GDPR art. 9, 44-49", ["DE"])
    assert str(tmp_path) not in json.dumps(record)
    changes = {each.role: each for each in comparing.compare(high.open(first.file), high.open(second.file))}
    values = "\n".join(changes[Role.RESIDENCY].values)
    assert 'activities.patient.countries.1: added "IE"' in values
    assert "::vitals: added" in values, "the flow is named by its resource"


def test_without_a_contract_there_is_no_record(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="clinic")
    low, _ = sides(tmp_path, project)
    assert all(member.role is not Role.RESIDENCY for member in low.export(1).manifest.members)
