"""Every rule with the same six cases, through the real analyzer: passes, refused, unknown, by the provider's region,
waived, and with a waiver that has expired. The programs, and why a case cannot be, stand in table.py."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from policy.rules import ALL
from tests.policy import cases, table
from tests.policy.cases import Cases, Program
from tests.policy.harness import Driver, Said, analyzer

RULES = tuple(rule.id for rule in ALL)
UNKNOWN = [name for name, each in table.ALL.items() if isinstance(each.unknown, Program)]
BY_PROVIDER = [name for name, each in table.ALL.items() if isinstance(each.by_provider, tuple)]
WAIVABLE = [name for name, each in table.ALL.items() if not each.unwaived]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Driver, Path]]:
    monkeypatch.setenv("PULUMI_BACKEND_URL", "file:///srv/state")
    with analyzer(program=tmp_path) as driver:
        yield driver, tmp_path


def ask(home: tuple[Driver, Path], rule: str, program: Program, waiver: dict[str, Any] | None = None) -> list[Said]:
    driver, folder = home
    contract = None
    if program.contract is not None:
        given = {key: value for key, value in program.contract.items() if key != "waived"}
        waivers = [each for each in (waiver, program.contract.get("waived")) if each]
        (folder / "waivers.yaml").write_text(yaml.safe_dump({"waivers": waivers}))
        contract = {**cases.STRICT, **given, "waivers": "waivers.yaml"}
    with pytest.MonkeyPatch.context() as variables:
        for name, value in program.environment.items():
            variables.setenv(name, value)
        driver.configure(contract)
        return [said for said in driver.analyze(*program.given) if said.rule in (rule, "contract-waiver")]


def waiver_of(rule: str, said: Said, program: Program, expires: str) -> dict[str, Any]:
    """The waiver that the message itself asks for."""
    line = next(line for line in said.message.splitlines() if line.startswith("Decided by: "))
    deciding, _, value = line.removeprefix("Decided by: ").removesuffix(".").partition(" = ")
    urn = next(each.urn for each in program.given if each.name == said.resource)
    about = {"rule": rule, "resource": urn, "property": deciding, "value": value, "expires": expires}
    return {**about, "owner": "ward", "approver": "dpo", "basis": "GDPR art. 46", "reason": "until the contract ends"}


def of(rule: str) -> Cases:
    return table.ALL[rule]


def test_every_rule_has_its_cases_and_a_reason_for_each_that_it_lacks() -> None:
    assert set(table.ALL) == set(RULES)
    for name, each in table.ALL.items():
        for reason in (each.unknown, each.by_provider, each.unwaived):
            assert not isinstance(reason, str) or reason == "" or len(reason) > 15, name


@pytest.mark.parametrize("rule", RULES)
def test_what_is_inside_passes(home: tuple[Driver, Path], rule: str) -> None:
    assert [each for each in ask(home, rule, of(rule).passes) if each.level != "advisory"] == []


@pytest.mark.parametrize("rule", RULES)
def test_what_is_outside_is_refused_with_its_clause_and_fix(home: tuple[Driver, Path], rule: str) -> None:
    said = ask(home, rule, of(rule).refused)
    assert {(each.rule, each.level) for each in said} == {(rule, "mandatory")}
    for each in said:
        assert ("not proven: " in each.message) == of(rule).unproven
        assert "\nClause: " in each.message and "\nDecided by: " in each.message and "\nFix: " in each.message


@pytest.mark.parametrize("rule", UNKNOWN)
def test_what_is_unknown_is_not_proven_and_mandatory(home: tuple[Driver, Path], rule: str) -> None:
    unknown = of(rule).unknown
    assert isinstance(unknown, Program)
    said = ask(home, rule, unknown)
    assert {each.level for each in said} == {"mandatory"}
    assert any("not proven: " in each.message for each in said)


@pytest.mark.parametrize("rule", BY_PROVIDER)
def test_the_provider_s_region_decides_where_the_resource_has_none(home: tuple[Driver, Path], rule: str) -> None:
    inside, outside = of(rule).by_provider
    assert isinstance(inside, Program) and isinstance(outside, Program)
    assert ask(home, rule, inside) == []
    assert {each.level for each in ask(home, rule, outside)} == {"mandatory"}


@pytest.mark.parametrize("rule", WAIVABLE)
def test_a_waiver_holds_until_its_last_day(home: tuple[Driver, Path], rule: str) -> None:
    bad = of(rule).refused
    [said] = ask(home, rule, bad)
    waived = ask(home, rule, bad, waiver_of(rule, said, bad, "2999-12-31"))
    assert {each.level for each in waived} == {"advisory"} and len(waived) == 2
    expired = ask(home, rule, bad, waiver_of(rule, said, bad, "2020-01-01"))
    assert [(each.rule, each.level) for each in expired] == [(rule, "mandatory"), ("contract-waiver", "mandatory")]
