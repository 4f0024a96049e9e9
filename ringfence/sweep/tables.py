"""The reviewed tables that the sweep is held against: policy/reviewed.csv, locators.csv and opaque.csv.

Owns which class a candidate gets: an exact row before a pattern, a longer pattern before a shorter one; what no row
covers is `not yet`. In a pattern `*` in a type is any text, `*` in a path is any one step and `**` any number of them;
`[]` is not written. A row may hold several types and several paths, with spaces between. Refuses to own the runtime's
reading of the same tables (`policy.tables`).
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from ringfence.sweep.candidates import Candidate

POLICY = Path(__file__).parents[2] / "policy"
LOCATOR, HARMLESS, NOT_YET = "locator", "harmless", "not yet"


@dataclass(frozen=True, slots=True)
class Row:
    """One reviewed row. `place` is a reader of policy/flows.py; `ladder` and `rule:NAME` are read elsewhere."""

    type: str
    path: str
    classified: str
    flow: str = ""
    place: str = ""
    why: str = ""
    reviewed: bool = False
    """Whether it is a row of reviewed.csv; the others are the written locators."""

    @property
    def reads_text(self) -> bool:
        """Whether it is a pattern whose reader takes a text."""
        return self.classified == LOCATOR and "*" in self.path and self.place not in ("ladder", "linked-service")

    @property
    def weight(self) -> int:
        """How much of a pattern is literal text."""
        return len(re.sub(r"\*", "", self.type + self.path))


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a candidate is, and the row that says so (None where no row does)."""

    candidate: Candidate
    classified: str
    row: Row | None


def read_rows(path: Path) -> list[dict[str, str]]:
    """The rows of a table of the policy's. Raises ValueError where a row has not as many cells as the header."""
    lines = (line for line in path.read_text(encoding="utf-8").splitlines() if line and not line.startswith("#"))
    rows = list(csv.DictReader(lines, strict=True))
    for row in rows:
        if None in row or None in row.values():
            raise ValueError(f"{path.name}: the row of {list(row.values())[:3]} has too few or too many cells")
    return rows


_FLOWS = {"encryption": "key", "exposure": "route", "lineage": "lineage"}
"""The flow that is counted for a property which a table of another rule reads."""


def _read_elsewhere(table: Path) -> Iterator[tuple[str, str]]:
    """(type, path) of each property that a table of another rule names."""
    for row in read_rows(table) if table.is_file() else ():
        for column in ("key", "path", "from", "to"):
            if row.get(column) and row[column] != "self":
                yield row["type"], row[column]


def plain(path: str) -> str:
    """A path as patterns see it: without `[]`."""
    return path.replace("[]", "")


@dataclass
class Reviewed:
    """All rows, ready to classify."""

    rows: tuple[Row, ...]
    locators: Mapping[str, tuple[Row, ...]] = field(default_factory=dict)
    opaque: tuple[str, ...] = ()

    @classmethod
    def read(cls, folder: Path = POLICY) -> Reviewed:
        """Read the tables of a folder."""
        rows = tuple(
            Row(token, path, each["class"], each["flow"], each["place"], each["why"], True)
            for each in read_rows(folder / "reviewed.csv")
            for token in each["type"].split()
            for path in each["path"].split()
        )
        exact: dict[str, list[Row]] = {}
        for each in read_rows(folder / "locators.csv"):
            found = Row(each["type"], each["path"], LOCATOR, each["flow"], each["place"])
            exact.setdefault(each["type"], []).append(found)
            for helper in (each["of"], each["when"].partition("=")[0]):
                if helper:
                    exact[each["type"]].append(Row(each["type"], helper, LOCATOR, each["flow"], "helper"))
        for name, rule in (("encryption", "keys-location"), ("exposure", "residency-public-access"), ("lineage", "")):
            for token, path in _read_elsewhere(folder / f"{name}.csv"):
                exact.setdefault(token, []).append(Row(token, path, LOCATOR, _FLOWS[name], f"rule:{rule}"))
        opaque = tuple(each["type"] for each in read_rows(folder / "opaque.csv"))
        return cls(rows, {token: tuple(found) for token, found in exact.items()}, opaque)

    @cached_property
    def _patterns(self) -> list[tuple[re.Pattern[str], re.Pattern[str], Row]]:
        """Every row, the one that counts most first; of two as long, the later."""
        ordered = sorted(
            enumerate(self.rows), key=lambda each: (_is_exact(each[1]), each[1].weight, each[0]), reverse=True
        )
        return [(_type_pattern(row.type), _path_pattern(row.path), row) for _, row in ordered]

    def of(self, candidates: Iterable[Candidate]) -> list[Verdict]:
        """Classify candidates, in their order."""
        by_type: dict[str, list[tuple[re.Pattern[str], Row]]] = {}
        found = []
        for candidate in candidates:
            if candidate.type not in by_type:
                by_type[candidate.type] = [
                    (path, row) for token, path, row in self._patterns if token.fullmatch(candidate.type)
                ]
            found.append(self._verdict(candidate, by_type[candidate.type]))
        return found

    def _verdict(self, candidate: Candidate, patterns: list[tuple[re.Pattern[str], Row]]) -> Verdict:
        path = plain(candidate.path)
        for pattern, row in patterns:
            if row.place == "ladder" and pattern.fullmatch(path):
                return Verdict(candidate, LOCATOR, row)
        for row in self.locators.get(candidate.type, ()):
            if _covers(plain(row.path), path):
                return Verdict(candidate, LOCATOR, row)
        if any(_opaque(token, candidate.type) for token in self.opaque):
            return Verdict(candidate, LOCATOR, Row(candidate.type, "**", LOCATOR, "carrier", "rule:residency-opaque"))
        for pattern, row in patterns:
            # A pattern that reads a place from text says nothing of a switch, which has a name like one.
            if pattern.fullmatch(path) and (candidate.kind == "text" or not row.reads_text):
                return Verdict(candidate, row.classified, row)
        return Verdict(candidate, NOT_YET, None)


def _covers(locator: str, path: str) -> bool:
    """Whether a locator reads this path, or an object that it is in."""
    if "*" in locator:
        return re.fullmatch(_path_text(locator) + r"(\..*)?", path) is not None
    return path == locator or path.startswith(f"{locator}.")


def _opaque(token: str, type_: str) -> bool:
    if token.startswith("kubernetes:*"):
        return type_.startswith("kubernetes:") and token.removeprefix("kubernetes:*") in type_
    return token == type_


def _is_exact(row: Row) -> bool:
    return "*" not in row.type + row.path


def _type_pattern(glob: str) -> re.Pattern[str]:
    return re.compile(re.escape(glob).replace(r"\*", ".*"))


def _path_pattern(glob: str) -> re.Pattern[str]:
    return re.compile(_path_text(glob))


def _path_text(glob: str) -> str:
    text = re.escape(glob).replace(r"\*\*\.", "(?:.+\\.)?").replace(r"\.\*\*", "(?:\\..+)?").replace(r"\*\*", ".*")
    return text.replace(r"\*", "[^.]*")
