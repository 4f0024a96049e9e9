"""The one residency decision: three values, operators count, and nothing unknown is ever fine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso3166 import countries_by_alpha2

from ringfence.facts.jurisdictions import UnknownJurisdiction, countries
from ringfence.spec.data import DataClass
from ringfence.spec.residency import Outcome, allowed_countries, decide, short

COUNTRY = st.sampled_from(sorted(countries_by_alpha2))
PATIENT = DataClass(rest=("DE",), process=("EU",), operate=("EU", "US"), basis="GDPR art. 9")
PUBLIC = DataClass(rest=("any",), process=("any",), basis="none")


@pytest.mark.parametrize(
    ("flow", "country", "operator", "outcome", "reason"),
    [
        ("rest", "DE", "US", Outcome.PROVEN, ""),
        ("rest", "FR", "US", Outcome.REFUSED, "would rest in FR"),
        ("process", "FR", "US", Outcome.PROVEN, ""),
        ("process", ("FR", "GB", "CH"), "DE", Outcome.REFUSED, "would be processed in CH, GB"),
        ("rest", "DE", "CN", Outcome.REFUSED, "would be operated under the law of CN"),
        ("rest", None, "CN", Outcome.REFUSED, "would be operated under the law of CN"),
        ("operate", "CN", "US", Outcome.PROVEN, ""),
    ],
)
def test_places_are_held_against_the_class(flow, country, operator, outcome, reason) -> None:
    verdict = decide(PATIENT, flow, country, operator)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)


@pytest.mark.parametrize(("country", "operator"), [(None, "US"), ((), "US"), ("DE", None), ("XX", "US"), (None, None)])
def test_what_is_not_known_is_unproven(country, operator) -> None:
    assert decide(PATIENT, "rest", country, operator).outcome is Outcome.UNPROVEN


def test_a_class_without_borders_needs_no_proof() -> None:
    assert decide(PUBLIC, "rest", None, None).proven


def test_own_groups_are_resolved_and_unknown_ones_are_an_error() -> None:
    dach = DataClass(rest=("dach",), process=("dach",), basis="contract")
    assert allowed_countries(dach, "rest", {"dach": ("DE", "AT", "CH")}) == {"DE", "AT", "CH"}
    with pytest.raises(UnknownJurisdiction):
        decide(dach, "rest", "DE", "DE")


@given(country=COUNTRY, operator=COUNTRY, second=COUNTRY)
def test_proven_exactly_when_every_country_is_allowed(country: str, operator: str, second: str) -> None:
    verdict = decide(PATIENT, "process", {country, second}, operator)
    fine = {country, second} <= countries("EU") and operator in countries("EU") | {"US"}
    assert verdict.proven == fine
    assert verdict.outcome is not Outcome.UNPROVEN


def test_a_message_shows_few_countries() -> None:
    assert short({"DE", "AT"}) == "AT, DE"
    assert short(countries("EU"), limit=2) == "AT, BE and 25 more"
    assert short(countries("any")) == "any"
