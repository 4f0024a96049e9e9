"""The clauses of laws and standards that rules point to, and the retention periods they set.

Owns the reference and a one-line summary in our own words. Refuses to say that anybody complies, and is
no legal advice. Tables: clauses.csv and retention.csv.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from ringfence.facts._tables import table


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause.

    ``id`` is how rules name it (``GDPR-44``), ``reference`` how lawyers do (``GDPR Art. 44``).
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
    """The least time a kind of record is kept, and the clause that says so.

    ``days`` counts as many leap days as the years can hold; ``years`` is rounded up to whole years.
    """

    record: str
    days: int
    years: int
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
        years = int(row["years"]) if row["years"] else -(-int(row["days"]) // 365)
        days = int(row["days"]) if row["days"] else 365 * years + -(-years // 4)
        found[row["record"]] = Retention(row["record"], days, years, _clauses()[row["clause"]])
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
    """The least retention of a kind of record (``finance``, ``health`` ...), or None: none listed."""
    return _retention().get(record)


def retention_records() -> tuple[str, ...]:
    """The kinds of record with a listed period."""
    return tuple(_retention())
