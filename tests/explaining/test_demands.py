"""Other tools' demands held against contracts: the copy that satisfies both, or that none does."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from policy.contract import Contract
from policy.rules import ALL
from ringfence.cli.main import application
from ringfence.explaining import demands, own
from ringfence.facts import jurisdictions, regions
from tests.support.engine import REPOSITORY

CONTRACT = """
dataClasses:
  patient: {rest: [EU], process: [EU], operate: [any], basis: GDPR}
  dutch: {rest: [NL], process: [NL], operate: [any], basis: contract}
  sovereign: {rest: [EU], process: [EU], operate: [EU], basis: contract}
  public: {rest: [any], process: [any], operate: [any], basis: published}
"""
EVERY = sorted(demands.demands())


def contract(**classes: list[str]) -> Contract:
    return Contract.model_validate(
        {
            "dataClasses": {
                name: {"rest": places, "process": places, "operate": ["any"], "basis": "b"}
                for name, places in classes.items()
            }
        }
    )


def run(*words: str) -> tuple[int, str]:
    result = CliRunner().invoke(application("explain"), ["explain", *words])
    said = str(result.exception) if result.exception and not isinstance(result.exception, SystemExit) else ""
    return getattr(result.exception, "exit_code", result.exit_code), result.output + said


@pytest.fixture
def file(tmp_path: Path) -> str:
    path = tmp_path / "ringfence.policy.yaml"
    path.write_text(CONTRACT)
    return str(path)


@pytest.mark.parametrize("name", EVERY)
def test_every_demand_is_whole_and_names_a_rule_of_ours(name: str) -> None:
    demand = demands.demands()[name]
    assert demand.kind in demands.KINDS
    assert demand.ours in {rule.id for rule in ALL}
    assert all([demand.demands, demand.leak, demand.both, demand.change, demand.otherwise, demand.source])
    assert demands.find(name.upper()) is demand
    assert all(demands.find(alias) is demand for alias in demand.aliases)


@pytest.mark.parametrize("name", EVERY)
def test_no_copy_leaves_the_contract(name: str) -> None:
    demand = demands.demands()[name]
    found = demands.choice(demand, "patient", contract(patient=["EU"]))
    eu = jurisdictions.countries("EU")
    assert found.regions and {each.country for pair in found.copies for each in pair} <= eu
    assert bool(found.copies) == (demand.kind != "spread")


def test_only_the_pair_satisfies_a_demand_for_the_pair() -> None:
    demand = demands.demands()["checkov:CKV_AZURE_206"]
    for home, other in demands.choice(demand, "patient", contract(patient=["EU"])).copies:
        assert regions.paired_region(home.code) == other
    # West Europe is in the Netherlands, and its pair in Ireland.
    assert demands.choice(demand, "dutch", contract(dutch=["NL"])).copies == ()
    both = demands.choice(demand, "both", contract(both=["NL", "IE"])).copies
    assert [(a.code, b.code) for a, b in both] == [("northeurope", "westeurope"), ("westeurope", "northeurope")]


def test_one_region_leaves_a_copy_in_the_same_region_where_that_passes() -> None:
    german = contract(german=["DE"])
    table = demands.demands()
    any_copy = demands.choice(table["checkov:CKV_AWS_144"], "german", german).copies
    assert [(a.code, b.code) for a, b in any_copy if a.partition == "aws"] == [("eu-central-1", "eu-central-1")]
    other = demands.choice(table["security-hub:S3.7"], "german", german).copies
    assert [pair for pair in other if pair[0].partition == "aws"] == []


def test_a_copy_stays_in_its_partition() -> None:
    table = demands.demands()
    found = demands.choice(table["checkov:CKV_AWS_144"], "german", contract(german=["DE"]))
    assert {each.partition for each in found.regions} == {"aws", "aws-eusc"}
    assert all(a.partition == b.partition for a, b in found.copies)


def test_the_operator_counts(file: str) -> None:
    code, text = run("--against", "checkov:CKV_AWS_144", "--contract", file, "--class", "sovereign")
    assert code == 0 and "sovereign data may rest in: no region of this provider." in text


def test_the_change_is_made_of_allowed_regions(file: str) -> None:
    code, text = run("--against", "checkov:CKV_AWS_144", "--contract", file, "--class", "patient", "--json")
    plain = json.loads(text)
    assert code == 0 and plain["classes"][0]["possible"]
    pair = next(each for each in plain["classes"][0]["copies"])
    assert pair["from"] in plain["change"] and pair["to"] in plain["change"]
    code, text = run(
        "--against", "azure-policy:bf045164-79ba-4215-8f95-f8048dc1780b", "--contract", file, "--class", "dutch"
    )
    assert code == 0 and "Instead: Standard_ZRS" in text and "The change:" not in text


def test_without_a_class_every_class_with_borders_is_told(file: str) -> None:
    _, text = run("--against", "ckv_aws_67", "--contract", file)
    assert [line.split()[0] for line in text.splitlines() if " data may rest in" in line] == [
        "patient",
        "dutch",
        "sovereign",
    ]


def test_our_own_stack_has_a_contract(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    code, text = run("--against", "checkov:CKV_AZURE_206", "-s", "prod", "--class", "patient")
    assert code == 0 and "germanywestcentral (DE)" in text


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--against", "checkov:CKV_AWS_145"), "checkov:CKV_AWS_144"),
        (("--against", "nobody:KNOWS"), "nothing is known"),
        (("residency-replicaton",), "residency-replication"),
        ((), "name one of our rules"),
        (("contract", "--against", "checkov:CKV_AWS_144"), "name one of our rules"),
        (("--against", "checkov:CKV_AWS_144", "--contract", "absent.yaml"), "no such file"),
        (("--against", "checkov:CKV_AWS_144", "-s", "absent"), "no such file"),
    ],
)
def test_what_is_not_known_is_bad_usage_with_what_is_near(
    words: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, text = run(*words)
    assert code == 2 and said in text and "Traceback" not in text


def test_a_class_must_be_the_contract_s(file: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path / "..")
    code, text = run("--against", "checkov:CKV_AWS_144", "--contract", file, "--class", "pateint")
    assert code == 2 and "patient" in text
    code, text = run("--against", "checkov:CKV_AWS_144", "--class", "patient")
    assert code == 2 and "needs a contract" in text


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_every_rule_of_ours_is_explained(rule) -> None:
    found = own.explain(rule.id, REPOSITORY)
    assert found and found.clauses and {"Refused", "Allowed", "What it cannot see"} <= set(found.sections)
    code, text = run(rule.id)
    assert code == 0 and rule.description in text and rule.page in text
