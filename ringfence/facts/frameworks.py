"""The clauses of laws and standards that rules point to, and the retention periods they set.

Owns the reference and a one-line summary in our own words. Refuses to say that anybody complies, and is
no legal advice. Tables: clauses.csv and retention.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from ringfence.facts._tables import table

# A year of retention, long enough for any run of leap years.
_YEAR = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause. ``id`` is how rules name it (``GDPR-44``), ``reference`` how lawyers do (``GDPR Art.
    44``).
    """

    id: str
    framework: str
    clause: str
    summary: str
    url: str

    @property
    def reference(self) -> str:
        """Framework and clause as one would cite them."""
        return f"{self.framework} {self.clause}"


@dataclass(frozen=True, slots=True)
class Retention:
    """The least time a kind of record is kept, and the clause that says so."""

    record: str
    period: timedelta
    clause: Clause


@cache
def _clauses() -> dict[str, Clause]:
    return {
        row["id"]: Clause(row["id"], row["framework"], row["clause"], row["summary"], row["url"])
        for row in table("clauses").rows
    }


@cache
def _retention() -> dict[str, Retention]:
    found = {}
    for row in table("retention").rows:
        period = int(row["years"]) * _YEAR if row["years"] else timedelta(days=int(row["days"]))
        found[row["record"]] = Retention(row["record"], period, _clauses()[row["clause"]])
    return found


def clause(id: str) -> Clause | None:
    """The clause of that id, or None: not listed, so a rule may not cite it."""
    return _clauses().get(id)


def clauses(framework: str | None = None) -> tuple[Clause, ...]:
    """Every listed clause, or those of one framework, in table order."""
    return tuple(c for c in _clauses().values() if framework in (None, c.framework))


def frameworks() -> tuple[str, ...]:
    """The listed frameworks, in table order."""
    return tuple(dict.fromkeys(c.framework for c in _clauses().values()))


def retention(record: str) -> Retention | None:
    """The least retention of a kind of record (``finance``, ``health``, ``card`` ...), or None: no period
    listed.
    """
    return _retention().get(record)


def retention_records() -> tuple[str, ...]:
    """The kinds of record with a listed period."""
    return tuple(_retention())
