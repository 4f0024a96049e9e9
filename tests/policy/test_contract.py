"""The contract: where it is found, in which order, and that a broken one is told and never ignored."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import grpc
import pytest
import yaml

from policy.contract import Contract, from_platform
from policy.contract_sources import FILE, PLATFORM_KEY, ContractError, find
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
    assert found == Contract.model_validate(CONTRACT)
    found = find(None, stack("dev"), tmp_path)
    assert found is not None and "telemetry" in found.data_classes
    assert find(None, {}, tmp_path) == Contract.model_validate(OTHER)


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
        ({}, "dataClasses: Field required"),
        ({**CONTRACT, "unproven": "ignore"}, "unproven: "),
        ({**CONTRACT, "locations": {"x": "Germany"}}, "'Germany' is not an ISO 3166-1"),
        ({**CONTRACT, "defaultDataClass": "secret"}, "defaultDataClass: 'secret' is not one of"),
        (
            {
                **CONTRACT,
                "groups": {"dach": ["DE", "AUT"]},
                "dataClasses": {"x": {"rest": ["dach"], "process": ["DE"], "basis": "y"}},
            },
            "AUT",
        ),
        ({**CONTRACT, "waivrs": "x"}, "waivrs: Extra inputs"),
        (["a"], "valid dictionary"),
        (None, "valid dictionary"),
        ("dataClasses: [", "cannot be read"),
    ],
)
def test_a_broken_file_says_where_and_what(tmp_path: Path, contract: Any, words: str) -> None:
    text = contract if isinstance(contract, str) else yaml.safe_dump(contract)
    (tmp_path / FILE).write_text(text)
    with pytest.raises(ContractError) as caught:
        find(None, {}, tmp_path)
    assert str(tmp_path / FILE) in str(caught.value) and words in str(caught.value)


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
    (tmp_path / FILE).write_text(good)
    found = find(None, {}, tmp_path)
    assert found is not None and found.model_fields_set >= {
        "data_classes",
        "locations",
        "tenants",
        "capacity",
        "budget",
    }
    (tmp_path / FILE).write_text(bad)
    with pytest.raises(ContractError, match="Germany"):
        find(None, {}, tmp_path)
