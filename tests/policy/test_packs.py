"""The packs as the engine is told of them, and the pages that explain their rules."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from google.protobuf import json_format

from policy.pack import rules_of
from policy.rules import ALL
from ringfence.facts import frameworks
from tests.policy.harness import Driver, Empty, analyzer
from tests.support.engine import REPOSITORY, EngineRunner, write_project

DOCS = REPOSITORY / "docs" / "rules"
GROUPS = ("residency", "tenancy", "budget", "supply-chain")
PACKS = [REPOSITORY / "policy", *(REPOSITORY / "policy" / "packs" / group for group in GROUPS)]
SECTIONS = ("## Why", "## What it sees", "## What it cannot see", "## Refused", "## Allowed", "## Configuration")


def test_every_rule_is_mandatory_and_explains_itself(driver: Driver) -> None:
    told = {policy.name: policy for policy in driver.stub.GetAnalyzerInfo(Empty()).policies}
    assert list(told) == [rule.id for rule in ALL]
    for policy in told.values():
        assert policy.enforcementLevel == 1  # mandatory
        assert policy.severity and policy.description.endswith(".")
        assert policy.framework.name and policy.framework.reference
        assert policy.url == f"docs/rules/{policy.name}.md"


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_rule_is_named_after_its_group_and_cites_clauses_that_exist(rule) -> None:
    assert rule.id == rule.group or rule.id.startswith(f"{rule.group}-")
    assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule.id)
    assert rule.clauses and all(frameworks.clause(each) for each in rule.clauses)
    assert bool(rule.check) != bool(rule.check_stack)


def test_every_rule_has_a_page_and_every_page_a_rule() -> None:
    assert {page.stem for page in DOCS.glob("*.md")} - {"README"} == {rule.id for rule in ALL}


@pytest.mark.parametrize("rule", ALL, ids=lambda rule: rule.id)
def test_a_page_says_all_that_a_reader_asks(rule) -> None:
    page = (DOCS / f"{rule.id}.md").read_text()
    assert page.startswith(f"# {rule.id}\n\n{rule.description}\n")
    positions = [page.index(section) for section in SECTIONS]
    assert positions == sorted(positions)
    for clause in rule.clauses:
        found = frameworks.clause(clause)
        assert found and found.reference in page


def test_the_contract_s_schema_has_every_key_and_its_type(driver: Driver) -> None:
    told = {policy.name: policy for policy in driver.stub.GetAnalyzerInfo(Empty()).policies}
    schema = json_format.MessageToDict(told["contract"].configSchema.properties)
    page = (DOCS / "contract.md").read_text()
    kinds = {"registries": "array", "dataClasses": "object", "unproven": "string"}
    assert {key: schema[key].get("type") for key in kinds} == kinds
    assert all(key in page for key in schema)


def test_the_groups_are_packs_of_their_own() -> None:
    for group in GROUPS:
        assert {group, "contract"} <= {rule.group for rule in rules_of(group)}
    named = [rule.id for group in GROUPS for rule in rules_of(group) if rule.group != "contract"]
    assert len(named) == len(set(named))
    assert {rule.id for group in GROUPS for rule in rules_of(group)} == {rule.id for rule in ALL}


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_a_pack_names_the_environment_that_setup_makes(pack: Path) -> None:
    project = yaml.safe_load((pack / "PulumiPolicy.yaml").read_text())
    environment = pack / project["runtime"]["options"]["virtualenv"]
    assert environment.resolve() == REPOSITORY / ".venv"
    assert project["version"]


@pytest.mark.parametrize("pack", PACKS, ids=lambda pack: pack.name)
def test_a_pack_starts_in_any_folder_and_prints_its_port(pack: Path, tmp_path: Path) -> None:
    (tmp_path / "policy.py").write_text("raise SystemExit('the wrong policy module')\n")
    command = [sys.executable, "-u", "-m", "pulumi.policy", "127.0.0.1:1", str(pack)]
    process = subprocess.Popen(command, cwd=tmp_path, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True)
    try:
        assert process.stdout is not None
        assert 0 < int(process.stdout.readline()) < 65536
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@pytest.mark.engine
def test_a_group_runs_alone_on_the_real_engine(engine: EngineRunner, tmp_path: Path) -> None:
    program = """
        import pulumi_kubernetes as k8s
        k8s.core.v1.Pod("web", spec={"containers": [{"name": "web", "image": "nginx:1.29"}]})
    """
    folder = write_project(tmp_path / "web", program)
    result = engine.run_preview(folder, "dev", REPOSITORY / "policy" / "packs" / "supply-chain")
    assert result.exit_code != 0
    assert {each["policyName"] for each in result.violations} == {"supply-chain-image-digest"}
    result = engine.run_preview(folder, "dev", REPOSITORY / "policy" / "packs" / "budget")
    assert (result.exit_code, result.violations) == (0, [])


def test_levels_can_be_changed_by_configuration() -> None:
    from tests.policy.harness import CONTRACT, Given

    bucket = Given("aws:s3/bucket:Bucket", {"region": "us-east-1", "tags": {"data-class": "patient"}})
    with analyzer() as driver:
        for level, expected in (("advisory", {"advisory"}), ("disabled", set()), ("mandatory", {"mandatory"})):
            driver.configure(CONTRACT, levels={"residency-location": level})
            assert {said.level for said in driver.analyze(bucket) if said.rule == "residency-location"} == expected
