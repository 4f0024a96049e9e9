"""Clauses and retention: rules may cite what is listed, and every period has its clause."""

from __future__ import annotations

import pytest

from ringfence.facts import frameworks
from ringfence.facts._tables import table
from ringfence.facts.frameworks import clause, retention


def test_a_clause_is_cited_as_lawyers_do() -> None:
    found = clause("GDPR-44")
    assert found is not None
    assert found.reference == "GDPR Art. 44"
    assert found.url.startswith("https://eur-lex.europa.eu/")
    assert clause("GDPR-999") is None


@pytest.mark.parametrize(
    "id",
    [
        *(f"GDPR-{article}" for article in (28, 30, 32, 44, 45, 46, 47, 48, 49)),
        *("DORA-28", "DORA-29", "DORA-30", "SOX-404", "SOX-802", "PCI-3.5", "PCI-10.5.1"),
        *("HIPAA-164.308.a.7", "HIPAA-164.312.a.2.iv", "HIPAA-164.314"),
    ],
)
def test_the_clauses_that_the_design_names_are_listed(id: str) -> None:
    assert clause(id)


def test_clauses_have_unique_ids_and_one_sentence() -> None:
    ids = [row["id"] for row in table("clauses").rows]
    assert len(ids) == len(set(ids))
    for found in frameworks.clauses():
        assert found.summary.endswith(".")
        assert len(found.summary) < 110
        assert found.url.startswith("https://")


def test_clauses_of_one_framework() -> None:
    assert "DORA" in frameworks.frameworks()
    assert [found.id for found in frameworks.clauses("DORA")] == [
        *("DORA-9", "DORA-11", "DORA-12", "DORA-28", "DORA-29", "DORA-30"),
    ]
    assert frameworks.clauses("nothing") == ()


@pytest.mark.parametrize(
    ("record", "years", "days", "clause_id"),
    [
        ("finance", 7, 2557, "SOX-802"),
        ("health", 6, 2192, "HIPAA-164.316.b.2.i"),
        ("card", 1, 366, "PCI-10.5.1"),
        ("ai-logs", 1, 183, "AI-ACT-19"),
        ("ai-documentation", 10, 3653, "AI-ACT-18"),
    ],
)
def test_how_long_records_are_kept(record: str, years: int, days: int, clause_id: str) -> None:
    found = retention(record)
    assert found is not None
    assert (found.years, found.days, found.clause.id) == (years, days, clause_id)


def test_every_listed_record_has_a_period_and_no_other() -> None:
    assert all(retention(record) for record in frameworks.retention_records())
    assert retention("poetry") is None
