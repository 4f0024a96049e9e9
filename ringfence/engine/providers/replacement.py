"""Which property, when it changes, forces a resource to be replaced.

Owns the table's reading: data/replacements.csv, each row with its source. A type's `*` means all of its properties
but tags, labels and descriptions; the type `*` means every type of the package.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path

from ringfence.engine.providers.diff import pattern, top_level

_NEVER = frozenset({"tags", "labels", "annotations", "description", "timeouts", "forceDestroy"})


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], tuple[str, ...]]:
    rows: dict[tuple[str, str], list[str]] = {}
    path = Path(__file__).with_name("data") / "replacements.csv"
    with path.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rows.setdefault((row["package"], row["type"]), []).append(row["path"])
    return {key: tuple(paths) for key, paths in rows.items()}


@lru_cache(maxsize=1024)
def forcing(package: str, type_: str, extra: tuple[str, ...] = ()) -> Callable[[str], bool]:
    """Whether a change at a path replaces a resource of a type. `extra` adds paths, such as the property with its
    name.
    """
    own = _table().get((package, type_), ())
    paths = (*_table().get((package, "*"), ()), *own, *extra)
    everything = "*" in paths
    patterns: list[re.Pattern[str]] = [pattern(path) for path in paths if path != "*"]

    def forces(path: str) -> bool:
        if everything and top_level(path) not in _NEVER:
            return True
        return any(item.match(path) for item in patterns)

    return forces
