"""The mutants themselves: where they come from, what a refusal must name, and that a missing rule lowers the score."""

from __future__ import annotations

from collections import Counter

import pytest

from policy import tables
from policy.flows import PLACES
from policy.rules import ALL
from ringfence.mutation import drive, families, score, values
from ringfence.mutation.base import PROVIDERS, stack
from ringfence.mutation.families import locators, scenarios
from ringfence.mutation.mutant import Compliant, Expected, Fate, Mutant, Said, judge
from ringfence.mutation.program import Planned, Program

REFUSAL = Said(
    "r", "mandatory", "copy", "r: patient data copied by rules[0].destination.bucket of copy: US (us-east-1)"
)
EXPECTED = Expected(frozenset({"r"}), "copy", "rules[].destination.bucket", ("us-east-1",))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_no_rule_has_anything_against_the_stacks_that_leaks_are_planted_into(provider: str) -> None:
    assert drive.ask(stack(provider)) == ()


def test_every_reader_of_the_rules_has_values() -> None:
    assert locators.uncovered() == []
    assert {name for name in PLACES if not values.covers(name)} == set()


def test_every_row_of_every_table_is_a_mutant_and_has_a_compliant_variant() -> None:
    made = list(families.every_case())
    assert [
        name for name, count in Counter(case.id for case in made if isinstance(case, Mutant)).items() if count > 1
    ] == []
    for kind in (Mutant, Compliant):
        ids = [case.id for case in made if isinstance(case, kind)]
        planted = {each.rpartition("/")[0] for each in ids}
        bare = [row for row in locators.rows() if locators.name_of(row) not in planted]
        # Beside some, another required property spreads data over the world: those have no compliant variant.
        assert not bare if kind is Mutant else len(bare) < len(locators.rows()) / 50, (kind, bare[:10])
        for name in ("encryption", "exposure"):
            for each in tables.rows(name):
                assert any(found.startswith(f"{name}/{each['type']}/") for found in ids), (kind, each)
    stores = {case.id.split("/v1")[0] for case in made if case.id.startswith("stores/")}
    assert all(any(token in each for each in (case.id for case in made)) for token in tables.stores()), stores


def test_every_scenario_has_both_sides_and_says_what_it_is() -> None:
    for name, row in scenarios.table().items():
        assert name.startswith(row["provider"].partition("-")[0]), name
        known = row["resources"] | row["leak"].get("resources", {})
        for each in row["expect"] if isinstance(row["expect"], list) else [row["expect"]]:
            assert each.get("resource", "") in ("", *known), name
        assert row["leak"], name


@pytest.mark.parametrize(
    ("said", "fate"),
    [
        (REFUSAL, Fate.KILLED),
        (Said("r", "advisory", "copy", REFUSAL.message), Fate.SURVIVED),
        (Said("other", "mandatory", "copy", REFUSAL.message), Fate.MISPLACED),
        (Said("r", "mandatory", "source", REFUSAL.message), Fate.MISPLACED),
        (Said("r", "mandatory", "copy", REFUSAL.message.replace("us-east-1", "us-east-10")), Fate.MISPLACED),
        (
            Said("r", "mandatory", "copy", REFUSAL.message.replace("destination.bucket", "destination.buckets")),
            Fate.MISPLACED,
        ),
        (Said("r", "mandatory", "copy", REFUSAL.message.replace("rules[0]", "more.rules[0]")), Fate.MISPLACED),
    ],
)
def test_only_the_right_path_is_a_kill(said: Said, fate: Fate) -> None:
    mutant = Mutant("m", "aws", "replica", Program(()), EXPECTED)
    assert judge(mutant, (said,)).fate is fate
    assert judge(mutant, ()).fate is Fate.SURVIVED
    compliant = Compliant("c", "aws", "replica", Program(()))
    assert judge(compliant, (said,)).fate is (Fate.PASSED if fate is Fate.SURVIVED else Fate.ACCUSED)


def test_a_rule_that_is_gone_lowers_the_score(monkeypatch: pytest.MonkeyPatch) -> None:
    cases = score.select(families.every_case(), every=True, only="stores/aws:s3/bucket:Bucket/")
    assert score.run(cases).tally().survived == 0
    monkeypatch.setattr(drive, "ALL", tuple(rule for rule in ALL if rule.id != "residency-location"))
    tally = score.run(cases).tally()
    assert tally.survived + tally.misplaced > 0 and tally.percent < 100


def test_a_contract_that_cannot_be_used_refuses() -> None:
    patient = {"rest": ["Atlantis"], "process": ["EU"], "basis": "none"}
    program = Program((Planned("aws:s3/bucket:Bucket", "b"),), {"dataClasses": {"patient": patient}})
    [said] = drive.ask(program)
    assert said.refuses and "Atlantis" in said.message


def test_a_sample_has_every_kind_and_each_choice_narrows_it() -> None:
    every = list(families.every_case())
    sample = score.select(every, every=False)
    assert {(case.provider, case.flow) for case in sample} == {(case.provider, case.flow) for case in every}
    assert len(sample) < len(every) / 4
    assert {case.provider for case in score.select(every, every=True, providers=["gcp"])} == {"gcp"}
    assert {case.flow for case in score.select(every, every=True, flows=["backup"])} == {"backup"}
