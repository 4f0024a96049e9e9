"""Versions: both k0s spellings, any spelling of a minor, and support that says when it cannot tell."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.facts import kubernetes
from ringfence.facts._tables import table
from ringfence.facts.kubernetes import K0sVersion, k0s_version, minor_of, support


@pytest.mark.parametrize("text", ["v1.34.1-k0s.0", "v1.34.1+k0s.0", "1.34.1+k0s.0"])
def test_either_spelling_of_k0s_gives_both(text: str) -> None:
    found = k0s_version(text)
    assert found == K0sVersion("1.34.1", 0)
    assert (found.dash, found.plus) == ("v1.34.1-k0s.0", "v1.34.1+k0s.0")


@pytest.mark.parametrize("text", ["", "v1.34.1", "v1.34+k0s.0", "v1.34.1_k0s.0", "v1.34.1-k0s", "v1.34.1-k0s.0 "])
def test_anything_else_is_no_k0s_version(text: str) -> None:
    assert k0s_version(text) is None


@given(st.integers(0, 99), st.integers(0, 99), st.integers(0, 9))
def test_spellings_round_trip(minor: int, patch: int, build: int) -> None:
    version = K0sVersion(f"1.{minor}.{patch}", build)
    assert k0s_version(version.dash) == k0s_version(version.plus) == version


@pytest.mark.parametrize("text", ["1.34", "v1.34", "1.34.4", "v1.34.4", "1.34.4-gke.1047000", "v1.34.1+k0s.0"])
def test_a_minor_is_read_from_any_spelling(text: str) -> None:
    assert minor_of(text) == "1.34"


@pytest.mark.parametrize("text", ["", "latest", "1", "1.x", "1.34.", "version 1.34"])
def test_anything_else_has_no_minor(text: str) -> None:
    assert minor_of(text) is None
    assert support("eks", text) is None


def test_support_by_day() -> None:
    found = support("eks", "v1.34.2")
    assert found is not None
    assert (found.supported_until, found.extended_until) == (date(2026, 12, 2), date(2027, 12, 2))
    days = [date(2025, 10, 5), date(2025, 10, 6), date(2026, 12, 2), date(2026, 12, 3)]
    assert [found.supported(day) for day in days] == [False, True, True, False]


def test_an_end_that_is_not_known_is_neither_yes_nor_no() -> None:
    found = support("gke", "1.36")
    assert found is not None
    assert found.supported(date(2026, 11, 22)) is None


def test_what_is_not_listed_is_none() -> None:
    assert support("eks", "1.99") is None
    assert support("openshift", "1.34") is None


def test_minors_are_in_order_and_unique() -> None:
    assert {row["distribution"] for row in table("kubernetes").rows} == set(kubernetes.DISTRIBUTIONS)
    assert kubernetes.minors("eks") == ("1.31", "1.32", "1.33", "1.34", "1.35", "1.36")
    keys = [(row["distribution"], row["minor"]) for row in table("kubernetes").rows]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize("row", table("kubernetes").rows, ids=lambda row: f"{row['distribution']}-{row['minor']}")
def test_dates_follow_each_other(row: dict[str, str]) -> None:
    dates = [row[name] for name in ("released", "supported_until", "extended_until") if row[name]]
    assert dates == sorted(dates)
