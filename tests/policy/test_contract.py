"""The contract: where it is found, in which order, and that a broken one is told and never ignored."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from policy.contract import Contract
from policy.contract_platform import from_platform
from policy.contract_sources import FILE, PLATFORM_KEY, ContractError, find
from policy.rules import ALL
from policy.waivers import WaiverFile
from ringfence.spec.platform import Platform
from tests.policy.harness import CONTRACT, analyzer
from tests.support.engine import REPOSITORY

OTHER = {**CONTRACT, "defaultDataClass": "public"}


def stack(name: str) -> dict[str, str]:
    config = yaml.safe_load((REPOSITORY / f"Pulumi.{name}.yaml").read_text())["config"]
    return {PLATFORM_KEY: json.dumps(config[PLATFORM_KEY])}


def test_the_pack_s_configuration_comes_first_then_the_stack_then_the_file(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(yaml.safe_dump(OTHER))
    found = find(CONTRACT, stack("dev"), tmp_path)
    assert found is not None and found.contract == Contract.model_validate(CONTRACT)
    found = find(None, stack("dev"), tmp_path)
    assert found is not None and "telemetry" in found.contract.data_classes
    found = find(None, {}, tmp_path)
    assert found is not None and found.contract == Contract.model_validate(OTHER)


def test_the_file_stands_beside_the_project_and_no_further_up(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(yaml.safe_dump(OTHER))
    source = tmp_path / "shop" / "source"
    source.mkdir(parents=True)
    assert find(None, {}, source) is not None
    (tmp_path / "shop" / "Pulumi.yaml").write_text("name: shop\n")
    assert find(None, {}, source) is None


@pytest.mark.parametrize(
    ("contract", "words"),
    [
        ({}, "dataClasses: 'dataClasses' is missing"),
        ({**CONTRACT, "unproven": "ignore"}, "unproven: "),
        ({**CONTRACT, "locations": {"x": "Germany"}}, "'Germany' is not an ISO 3166-1"),
        (
            {**CONTRACT, "defaultDataClass": "secret"},
            "defaultDataClass: there is no data class 'secret'\n    allowed: card, patient, public",
        ),
        (
            {
                **CONTRACT,
                "groups": {"dach": ["DE", "AUT"]},
                "dataClasses": {"x": {"rest": ["dach"], "process": ["DE"], "basis": "y"}},
            },
            "AUT",
        ),
        ({**CONTRACT, "waivrs": "x"}, "waivrs: 'waivrs' is not a key here"),
        (["a"], "stands where a mapping must"),
        (None, "the file is empty"),
        ("dataClasses: [", "not valid YAML"),
    ],
)
def test_a_broken_file_says_where_and_what(tmp_path: Path, contract: Any, words: str) -> None:
    text = contract if isinstance(contract, str) else yaml.safe_dump(contract)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ContractError) as caught:
        find(None, {}, tmp_path)
    assert str(tmp_path / FILE) in str(caught.value) and words in str(caught.value)


ISSUE = """\
tagKey: data-class
defaultDataClass: patient
unproven: refuse
dataClasses:
  patient: {rest: [EU], process: [EU], operate: [any], basis: "GDPR art. 9, 44-49", retentionYears: 10}
  card:    {rest: [DE], process: [DE, NL]}
locations:
  kubernetes:dc-frankfurt: DE
  registry.internal: DE
  account:123456789012: {country: DE, operator: US}
groups: {dach: [DE, AT, CH]}
"""


def test_the_shortest_contract_leaves_out_what_no_rule_needs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(ISSUE)
    found = find(None, {}, tmp_path)
    assert found is not None
    assert found.contract.locations["account:123456789012"].laws == {"US"}
    assert found.contract.data_classes["patient"].retention_years == 10
    assert found.contract.data_classes["card"].basis == ""


def test_every_fault_is_told_at_once_with_line_column_path_and_what_was_meant(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(
        ISSUE.replace("rest: [EU], process", "rest: [Germany], process")
        .replace("[DE, AT, CH]", "[DE, AUT]")
        .replace("kubernetes:dc", "kubernets:dc")
        .replace("defaultDataClass: patient", "defaultDataClass: pateint")
    )
    with pytest.raises(ContractError) as caught:
        find(None, {}, tmp_path)
    at = f"{tmp_path / FILE}:"
    assert str(caught.value).splitlines() == [
        f"{tmp_path / FILE} cannot be used, so nothing can be proven, and the preview fails. Faults: 4",
        f"{at}2:1: error[dangling-name]: defaultDataClass: there is no data class 'pateint'",
        "    allowed: card, patient",
        "    fix: did you mean 'patient'?",
        f"{at}5:20: error[unknown-jurisdiction]: dataClasses.patient.rest[0]: there is no jurisdiction 'Germany'",
        "    allowed: an ISO 3166 alpha-2 code, EU, EEA, GDPR-adequate, GDPR-adequate-with-DPF, any, dach",
        "    fix: did you mean 'DE'?",
        f"{at}8:3: error[unknown-location]: locations.kubernets:dc-frankfurt: 'kubernets' is no kind of location",
        "    allowed: kubernetes:<cluster>, <package>:<provider>, account:<number>, gateway:<name>, a host, a URI, an "
        "ARN",
        "    fix: did you mean 'kubernetes:dc-frankfurt'?",
        f"{at}11:21: error[unknown-jurisdiction]: groups.dach[1]: there is no jurisdiction 'AUT'",
        "    allowed: an ISO 3166 alpha-2 code, EU, EEA, GDPR-adequate, GDPR-adequate-with-DPF, any, dach",
        "    fix: did you mean 'AT'?",
    ]


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"deidentified": [{"resource": "*", "class": "patient", "who": "a", "why": "b"}]}, "names no resource"),
        ({"deidentified": [{"resource": "*::*", "class": "patient", "who": "a", "why": "b"}]}, "names no resource"),
        ({"deidentified": [{"resource": "a:b:C::x", "class": "patient", "who": "a"}]}, "'why' is missing"),
        ({"deidentified": [{"resource": "a:b:C::x", "class": "patent", "who": "a", "why": "b"}]}, "mean 'patient'?"),
        ({"locations": {"account:": "DE"}}, "an account is account: and its number or name"),
        ({"groups": {"DE": ["FR"]}}, "'DE' is a country or a built-in group already"),
        ({"groups": {"aa": ["bb"], "bb": ["aa"]}}, "contains itself"),
        ({"waivers": "./none.yaml"}, "there is no file"),
    ],
)
def test_what_no_rule_could_use_is_a_fault(tmp_path: Path, more: dict[str, Any], words: str) -> None:
    (tmp_path / FILE).write_text(yaml.safe_dump({**CONTRACT, **more}))
    with pytest.raises(ContractError) as caught:
        find(None, {}, tmp_path)
    assert words in str(caught.value)


def test_a_host_with_a_port_is_a_location(tmp_path: Path) -> None:
    locations = {"registry.internal:5000": "DE", "registry.internal:5000/models": "DE", "arn:aws:s3:::x": "FR"}
    (tmp_path / FILE).write_text(yaml.safe_dump({**CONTRACT, "locations": locations}))
    assert find(None, {}, tmp_path) is not None


def test_a_broken_stack_file_fails_the_pack_too() -> None:
    with pytest.raises(ContractError, match="ringfence check"):
        find(None, {PLATFORM_KEY: "{}"}, Path("/nowhere"))


def test_the_engine_is_told_of_a_broken_contract() -> None:
    with analyzer() as driver, pytest.raises(grpc.RpcError) as caught:
        driver.configure({**CONTRACT, "unproven": "ignore"})
    assert "unproven" in caught.value.details()  # ty: ignore[missing-attribute]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_our_own_stacks_amount_to_a_contract(name: str) -> None:
    platform = Platform.model_validate(json.loads(stack(name)[PLATFORM_KEY]))
    contract = from_platform(platform)
    assert contract.unproven == platform.unproven
    assert set(contract.capacity) == set(platform.clusters)
    assert {f"kubernetes:{cluster}" for cluster in platform.clusters} <= set(contract.locations)
    assert contract.budget is not None and contract.budget.monthly_usd == platform.budget.monthly_usd


def test_a_class_has_borders_unless_it_may_be_anywhere() -> None:
    contract = Contract.model_validate(CONTRACT)
    assert [contract.restricted(name) for name in ("patient", "public", "unheard-of")] == [True, False, True]


def test_the_page_s_example_is_a_contract_and_its_bad_one_is_not(tmp_path: Path) -> None:
    page = (REPOSITORY / "docs" / "rules" / "contract.md").read_text()
    bad, good = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    waivers = (REPOSITORY / "docs" / "rules" / "contract-waiver.md").read_text()
    (tmp_path / "waivers.yaml").write_text(re.findall(r"```yaml\n(.*?)```", waivers, re.DOTALL)[1])
    (tmp_path / FILE).write_text(good)
    found = find(None, {}, tmp_path, [rule.id for rule in ALL])
    assert (
        found is not None
        and len(found.waivers) == 1
        and found.contract.model_fields_set
        >= {
            "data_classes",
            "locations",
            "tenants",
            "capacity",
            "budget",
        }
    )
    (tmp_path / FILE).write_text(bad)
    with pytest.raises(ContractError, match="Germany"):
        find(None, {}, tmp_path)


@pytest.mark.parametrize(("name", "model"), [("ringfence.policy", Contract), ("waivers", WaiverFile)])
def test_the_schemas_for_editors_are_the_models(name: str, model: type[Contract] | type[WaiverFile]) -> None:
    told = json.loads((REPOSITORY / "docs" / "rules" / f"{name}.schema.json").read_text())
    assert told.pop("$schema").endswith("2020-12/schema")
    assert told == json.loads(json.dumps(model.model_json_schema(by_alias=True)))
