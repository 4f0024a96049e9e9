"""Reads the cited tables that stand beside the accessors. Owns the file format; knows no table's meaning.

A table is a CSV file whose first lines are comments: what it is, then one or more ``# source:`` lines and
exactly one ``# as-of: YYYY-MM-DD`` line. Rows may narrow the source in a ``source`` column of their own.
An empty cell means "not known", which an accessor turns into ``None`` and never into zero.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its rows in file order, their sources, and the day they were last held to be true."""

    name: str
    rows: tuple[Mapping[str, str], ...]
    sources: tuple[str, ...]
    as_of: date


class BrokenTable(ValueError):
    """A shipped table breaks this module's format: a defect of Ringfence, never of the user's file."""


def table_names() -> tuple[str, ...]:
    """Every table that is shipped, by name."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.csv")))


@cache
def table(name: str) -> Table:
    """Load the table ``name`` (once per process). Raises BrokenTable when header or rows are malformed."""
    path = _FOLDER / f"{name}.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    comments = [line[1:].strip() for line in lines if line.startswith("#")]
    sources = tuple(_after("source:", comments))
    dates = _after("as-of:", comments)
    if not sources or len(dates) != 1:
        raise BrokenTable(f"{path.name}: needs at least one '# source:' line and exactly one '# as-of:' line")
    reader = csv.DictReader((line for line in lines if line and not line.startswith("#")), strict=True)
    rows = tuple(reader)
    width = len(reader.fieldnames or ())
    for number, row in enumerate(rows, start=1):
        if len(row) != width or None in row.values():
            raise BrokenTable(f"{path.name}: row {number} ({next(iter(row.values()))}) has not {width} cells")
    return Table(name=name, rows=rows, sources=sources, as_of=date.fromisoformat(dates[0]))


def _after(marker: str, comments: list[str]) -> list[str]:
    return [comment.removeprefix(marker).strip() for comment in comments if comment.startswith(marker)]


def text(cell: str) -> str | None:
    """The cell, or None where it is empty."""
    return cell or None


def number(cell: str) -> Decimal | None:
    """The cell as an exact number, or None where it is empty."""
    return Decimal(cell) if cell else None


def whole(cell: str) -> int | None:
    """The cell as an integer, or None where it is empty."""
    return int(cell) if cell else None


def day(cell: str) -> date | None:
    """The cell as a date, or None where it is empty."""
    return date.fromisoformat(cell) if cell else None


def yes(cell: str) -> bool:
    """The cell as a truth value; only ``yes`` and ``no`` are written in a table."""
    if cell not in ("yes", "no"):
        raise BrokenTable(f"expected yes or no, found {cell!r}")
    return cell == "yes"
