"""Zones of regions.

Owns data/zones.csv; a region without a row has zones a, b and c, as every other one has. A region that no table knows
has none that can be named, and gets names that say so.
"""

from __future__ import annotations

import csv
from functools import lru_cache
from pathlib import Path

_USUAL = ("a", "b", "c")


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], tuple[str, ...]]:
    path = Path(__file__).parents[1] / "data" / "zones.csv"
    with path.open(encoding="utf-8", newline="") as rows:
        return {(row["provider"], row["region"]): tuple(row["zones"].split()) for row in csv.DictReader(rows)}


def zones(provider: str, region: str) -> list[str]:
    """`eu-central-1a`, or `europe-west4-a` on Google Cloud."""
    separator = "-" if provider == "gcp" else ""
    return [f"{region}{separator}{letter}" for letter in _table().get((provider, region), _USUAL)]
