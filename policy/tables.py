"""The rules' own tables, beside this file: data stores, locators, and what the sweep found that nothing reads yet.

Owns: reading them once. Each has its sources and its date in its header, as ringfence.facts has. Refuses to own: what
a rule makes of a row.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from functools import cache, lru_cache
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


def locator_rows() -> Iterator[Mapping[str, str]]:
    """Every locator: those of locators.csv, then those that the sweep made of the patterns in reviewed.csv."""
    yield from rows("locators")
    for line in (_FOLDER / "swept" / "locators.csv").read_text(encoding="utf-8").splitlines():
        cells = line.split(",")  # not csv: it is read at each preview, and no cell of it has a comma
        if len(cells) == 4 and cells[0] != "type":
            names = dict(zip(("type", "path", "flow", "place"), cells, strict=True))
            yield {**names, "of": "", "absent": "", "when": ""}


@cache
def harmless() -> frozenset[str]:
    """Types that carry a tag and hold no data."""
    return frozenset(row["type"] for row in rows("harmless"))


@cache
def stores() -> Mapping[str, str]:
    """Type of each data store to the place where it keeps data when no location is given; empty is its provider's."""
    return {row["type"]: row["absent"] for row in rows("stores")}


@cache
def stores_elsewhere() -> Mapping[str, str]:
    """The same of packages that the sweep does not know."""
    return {row["type"]: row["absent"] for row in rows("stores_elsewhere")}


def default_place(token: str) -> str:
    """Where a service keeps data when no location is given; empty where its provider says."""
    return stores().get(token) or stores_elsewhere().get(token, "")


@cache
def packages() -> Mapping[str, Mapping[str, str]]:
    """Every package that the ladder knows, by name."""
    return {row["package"]: row for row in rows("packages")}


def not_yet(type: str) -> tuple[str, ...] | None:
    """Paths of a type's properties that no locator reads and nobody has called harmless, as `Reader.all` takes them.

    A property at one of them is unproven where it is set. Empty where all is read. None where the sweep does not know
    the type (another package, a newer wheel, a custom resource whose definition it never saw): then nothing of it is
    read. `policy.unread.unread` gives the ones that a resource sets. Source: policy/swept, written by
    `python -m ringfence.sweep --write`.
    """
    package = type.partition(":")[0]
    names = ("kubernetes", "custom") if package == "kubernetes" else (package,)
    for name in names:
        found = _swept(name).get(type)
        if found is not None:
            return tuple(found.split())
    return None


def known_types(package: str) -> Iterator[str]:
    """Every type of a package that the sweep knows."""
    yield from _swept(package)


@lru_cache(maxsize=2048)
def native_kind(token: str) -> str | None:
    """What a type of CloudFormation holds: store, works, harmless or opaque. None where nobody has read it."""
    for row in rows("native_types"):
        if fnmatchcase(token, row["type"]):
            return row["kind"]
    return None


def is_store(token: str) -> bool:
    """Whether resources of a type keep data."""
    return (
        token in stores()
        or token in stores_elsewhere()
        or (token.startswith("aws-native:") and native_kind(token) == "store")
    )


@cache
def _swept(name: str) -> Mapping[str, str]:
    """Type to its paths, as one text: split only for the types that a program has."""
    return dict(_pairs(_FOLDER / "swept" / f"{name}.txt"))


def _pairs(file: Path) -> Iterator[tuple[str, str]]:
    for line in file.read_text(encoding="utf-8").splitlines() if file.is_file() else ():
        token, _, paths = line.partition("\t")
        yield token, paths
