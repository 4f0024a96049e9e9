"""The rules' own tables, beside this file: data stores and locators.

Owns: reading them once. Each has its sources and its date in its header, as ringfence.facts has. Refuses to own: what
a rule makes of a row.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent


@cache
def rows(name: str) -> tuple[Mapping[str, str], ...]:
    """The rows of a table by its name without .csv. Raises ValueError where a row has not as many cells as the
    header."""
    lines = (_FOLDER / f"{name}.csv").read_text(encoding="utf-8").splitlines()
    reader = csv.DictReader((line for line in lines if line and not line.startswith("#")), strict=True)
    found = tuple(reader)
    for row in found:
        if None in row or None in row.values():
            raise ValueError(
                f"policy/{name}.csv: the row of {next(iter(row.values()))} has not {len(reader.fieldnames or ())} cells"
            )
    return found


@cache
def harmless() -> frozenset[str]:
    """Types that carry a tag and hold no data."""
    return frozenset(row["type"] for row in rows("harmless"))


@cache
def stores() -> Mapping[str, str]:
    """Type of each data store to the place where it keeps data when no location is given; empty is its provider's."""
    return {row["type"]: row["absent"] for row in rows("stores")}
