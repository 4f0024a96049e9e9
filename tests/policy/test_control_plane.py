"""control-plane-* and residency-unreviewed, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, Given

PATIENT = {"tags": {"data-class": "patient"}}
BUCKET = Given("aws:s3/bucket:Bucket", {**PATIENT, "region": "eu-central-1"}, name="scans")
STRICT = {"dataClasses": {"patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU"], "basis": "x"}}}


@pytest.mark.parametrize(
    ("url", "contract", "level", "words"),
    [
        ("https://api.pulumi.com", STRICT, "mandatory", "would be operated under the law of US (api.pulumi.com)"),
        ("https://api.pulumi.com", CONTRACT, None, ""),
        ("s3://state?region=us-east-1", STRICT, "mandatory", "law of US (us-east-1)"),
        ("s3://state", STRICT, "mandatory", "not proven: "),
        ("s3://state", {**STRICT, "locations": {"s3://state": "DE"}}, None, ""),
        ("file:///srv/state", STRICT, None, ""),
        ("https://state.example", {**STRICT, "locations": {"state.example": "DE"}}, None, ""),
        ("", STRICT, "advisory", "nothing says which backend is logged in to"),
    ],
)
def test_the_state_is_kept_where_its_classes_may_be_operated_from(
    ask: Ask, monkeypatch: pytest.MonkeyPatch, url: str, contract: Any, level: str | None, words: str
) -> None:
    monkeypatch.setenv("PULUMI_BACKEND_URL", url)
    said = ask("control-plane-state", BUCKET, contract=contract)
    assert [each.level for each in said] == ([level] if level else [])
    assert all(words in each.message for each in said)


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("https://s3.unheard-of.example", "not proven: "),
        ("https://collector.us.example", "operated under the law of US"),
        ("https://store.de.example", None),
        ("http://localhost:4566", None),
    ],
)
def test_a_provider_s_own_endpoints_are_control_planes(ask: Ask, host: str, words: str | None) -> None:
    contract = {**STRICT, "locations": {"collector.us.example": "US", "store.de.example": "DE"}}
    provider = Given("pulumi:providers:aws", {"endpoints": f'[{{"s3": "{host}"}}]'}, name="own")
    bucket = Given(BUCKET.type, BUCKET.inputs, name="scans", provider_name="own")
    said = ask("control-plane-endpoint", provider, bucket, contract=contract)
    assert [str(words) in each.message for each in said] == ([True] if words else [])
    assert all("endpoints[0].s3" in each.message and each.resource == "own" for each in said)


def test_manifests_in_a_folder_are_meant_for_a_cluster_that_is_placed(ask: Ask) -> None:
    provider = Given("pulumi:providers:kubernetes", {"renderYamlToDirectory": "out"}, name="edge")
    [said] = ask("control-plane-rendered-yaml", provider)
    assert "not proven: " in said.message and said.level == "mandatory"
    placed = {**CONTRACT, "locations": {"kubernetes:edge": "DE"}}
    assert ask("control-plane-rendered-yaml", provider, contract=placed) == []


def test_an_account_under_another_law_is_not_let_in(ask: Ask) -> None:
    trust = '{"Statement": [{"Principal": {"AWS": "arn:aws:iam::123456789012:root"}}]}'
    role = Given("aws:iam/role:Role", {**PATIENT, "assumeRolePolicy": trust}, name="support")
    contract = {**STRICT, "locations": {"account:123456789012": {"country": "DE", "operator": "US"}}}
    [said] = ask("control-plane-support-access", role, contract=contract)
    assert "law of US (account 123456789012, from the contract)" in said.message
    assert ask("control-plane-support-access", role, contract=STRICT) == []


def test_a_property_that_nobody_has_read_is_not_proven_unless_it_says_a_place_inside(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    from policy import tables, unread

    unread._by_top.cache_clear()
    monkeypatch.setattr(tables, "_swept", lambda name: {BUCKET.type: "mirror"} if name == "aws" else {})
    try:
        for value, words in (("us-east-1", "it names us-east-1"), ("eu-west-1", None), ("x", "no rule reads it yet")):
            given = Given(BUCKET.type, {**BUCKET.inputs, "mirror": value}, name="scans")
            said = ask("residency-unreviewed", given)
            assert [str(words) in each.message for each in said] == ([True] if words else []), value
            assert all("not proven: mirror of scans" in each.message for each in said)
    finally:
        unread._by_top.cache_clear()
