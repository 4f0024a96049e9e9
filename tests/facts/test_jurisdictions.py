"""Groups of countries: exact members, dates, own groups, and errors that help."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso3166 import countries_by_alpha2

from ringfence.facts import jurisdictions
from ringfence.facts._tables import table
from ringfence.facts.jurisdictions import (
    JurisdictionCycle,
    ReservedJurisdiction,
    UnknownJurisdiction,
    countries,
)

EU = set("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split())  # noqa: SIM905


def test_the_union_and_the_economic_area() -> None:
    assert countries("EU") == EU
    assert countries("EEA") == EU | {"IS", "LI", "NO"}
    assert not {"CH", "GB"} & countries("EEA")


def test_adequate_means_the_eea_and_every_decision_but_the_certified_one() -> None:
    decided = {"AD", "AR", "BR", "CA", "CH", "FO", "GB", "GG", "IL", "IM", "JE", "JP", "KR", "NZ", "UY"}
    assert countries("GDPR-adequate") == countries("EEA") | decided
    assert countries("GDPR-adequate-with-DPF") == countries("GDPR-adequate") | {"US"}


@pytest.mark.parametrize(
    ("country", "day", "expected"),
    [
        ("GB", date(2021, 6, 27), False),
        ("GB", date(2021, 6, 28), True),
        ("GB", date(2031, 12, 27), True),
        ("GB", date(2031, 12, 28), False),
        ("BR", date(2026, 2, 8), False),
        ("BR", date(2026, 2, 9), True),
        ("KR", date(2021, 12, 16), False),
    ],
)
def test_a_decision_counts_from_its_day_to_its_last(country: str, day: date, expected: bool) -> None:
    assert (country in countries("GDPR-adequate", on=day)) is expected


def test_without_a_day_the_answer_is_that_of_the_tables_own_date() -> None:
    assert countries("GDPR-adequate") == countries("GDPR-adequate", on=jurisdictions.known_as_of())


def test_only_the_american_decision_needs_a_certificate() -> None:
    certified = [d.country for d in jurisdictions.adequacy_decisions() if d.certified_only]
    assert certified == ["US"]


def test_any_is_every_country() -> None:
    assert countries("any") == set(countries_by_alpha2)


def test_every_country_in_the_tables_is_iso() -> None:
    listed = {row["country"] for name in ("country_groups", "adequacy", "electricity") for row in table(name).rows}
    assert listed <= set(countries_by_alpha2)


def test_every_offered_group_resolves() -> None:
    assert jurisdictions.group_names() == ("EU", "EEA", "GDPR-adequate", "GDPR-adequate-with-DPF", "any")
    assert all(countries(group) for group in jurisdictions.group_names())


def test_own_groups_nest() -> None:
    own = {"DACH": ["DE", "AT", "CH"], "home": ["DACH", "LI"], "world": ["home", "EU"]}
    assert countries("home", own) == {"DE", "AT", "CH", "LI"}
    assert countries("world", own) == EU | {"CH", "LI"}


def test_a_group_in_two_places_is_no_cycle() -> None:
    own = {"a": ["c"], "b": ["c"], "c": ["DE"], "all": ["a", "b"]}
    assert countries("all", own) == {"DE"}


def test_an_empty_group_covers_nothing() -> None:
    assert countries("nowhere", {"nowhere": []}) == frozenset()


def test_a_cycle_is_refused_with_its_path() -> None:
    own = {"start": ["a"], "a": ["DE", "b"], "b": ["a"]}
    with pytest.raises(JurisdictionCycle, match=r"'a' contains itself: a -> b -> a$") as caught:
        countries("start", own)
    assert caught.value.path == ("a", "b", "a")


@pytest.mark.parametrize("name", ["EU", "DE", "any", "GDPR-adequate"])
def test_no_group_may_redefine_a_known_name(name: str) -> None:
    with pytest.raises(ReservedJurisdiction, match=name):
        countries("DE", {name: ["US"]})


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [
        ("UK", "GB"),
        ("EL", "GR"),
        ("de", "DE"),
        ("DEU", "DE"),
        ("Germany", "DE"),
        ("germny", "DE"),
        ("eu", "EU"),
        ("GDPR-adequat", "GDPR-adequate"),
        ("dachh", "DACH"),
        ("qqqqqq", None),
        ("", None),
    ],
)
def test_an_unknown_name_says_what_was_probably_meant(name: str, suggestion: str | None) -> None:
    with pytest.raises(UnknownJurisdiction) as caught:
        countries(name, {"DACH": ["DE", "AT", "CH"]})
    assert caught.value.suggestion == suggestion
    message = str(caught.value)
    assert repr(name) in message
    assert "'GDPR-adequate'" in message
    assert (f"did you mean {suggestion!r}?" in message) is (suggestion is not None)


def test_an_unknown_member_of_an_own_group_is_named() -> None:
    with pytest.raises(UnknownJurisdiction, match="'UK'"):
        countries("mine", {"mine": ["DE", "UK"]})


@given(
    st.dictionaries(
        st.sampled_from(["g1", "g2", "g3", "g4"]),
        st.lists(st.sampled_from(["DE", "FR", "EEA", "g1", "g2", "g3", "g4", "nowhere"]), max_size=4),
    ),
    st.sampled_from(["g1", "g2", "DE", "EU"]),
)
def test_any_groups_resolve_to_countries_or_a_jurisdiction_error(groups, name) -> None:
    try:
        found = countries(name, groups)
    except jurisdictions.JurisdictionError:
        return
    assert found <= set(countries_by_alpha2)
