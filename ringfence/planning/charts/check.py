"""Holds values against what a chart knows.

Owns: `DeadValue` and the walk over values, known keys and schema together. Refuses to own: how each of these is read.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal

from ringfence.planning.charts import kubernetes
from ringfence.planning.charts import schema as schemas
from ringfence.planning.charts.chart import Chart, load_chart
from ringfence.planning.charts.documented import documented_findings, documented_instead
from ringfence.planning.charts.known import Node, known_values, paths
from ringfence.planning.charts.suggest import nearest

Keys = tuple[str | int, ...]


@dataclass(frozen=True)
class DeadValue:
    """A value that does nothing, or that the chart refuses."""

    path: str
    """Dotted, with list indexes in brackets and keys that hold a dot in quotes."""
    reason: str
    suggestion: str | None
    """What was probably meant: another path, or what to do instead."""
    source: str
    """Where the values came from, as the caller names it."""
    kind: Literal["unknown", "type", "schema", "no-op"]
    keys: Keys
    line: int | None = None
    """Line in the values file, from 1, where it is known."""

    def __str__(self) -> str:
        where = self.source if self.line is None else f"{self.source}:{self.line}"
        hint = f"; {self.suggestion}" if self.suggestion else ""
        return f"{where}: {self.path}: {self.reason}{hint}"


def check_values(chart_dir: Path, values: Mapping[str, Any], source: str) -> list[DeadValue]:
    """Every value that the chart in `chart_dir` does not read, or reads as another type.

    Raises ChartError where the folder holds no readable chart.
    """
    return check_chart_values(_chart(chart_dir.resolve()), values, source)


@lru_cache(maxsize=128)
def _chart(folder: Path) -> Chart:
    return load_chart(folder)


@lru_cache(maxsize=128)
def _known(folder: Path) -> Node:
    return known_values(_chart(folder))


def check_chart_values(chart: Chart, values: Mapping[str, Any], source: str) -> list[DeadValue]:
    """The same for a chart that is loaded already."""
    root = _known(chart.folder) if _chart_is_cached(chart) else known_values(chart)
    walk = _Walk(chart, root, source)
    found = list(walk.map(values, root, schemas.at_root(chart.schema), ()))
    flagged = {finding.keys for finding in found}
    found += [f for f in _from_schema(chart, values, source) if not _covered(f.keys, flagged)]
    flagged = {finding.keys for finding in found}
    for keys, reason, suggestion in documented_findings(chart.name, values):
        if keys not in flagged:
            found.append(DeadValue(dotted(keys), reason, suggestion, source, "no-op", keys))
    return found


def _chart_is_cached(chart: Chart) -> bool:
    return chart.folder.is_absolute() and _chart(chart.folder) is chart


class _Walk:
    """One pass over a user's values."""

    def __init__(self, chart: Chart, root: Node, source: str) -> None:
        self.chart, self.root, self.source = chart, root, source

    def map(self, values: Mapping[str, Any], node: Node | None, known: list[Any], at: Keys) -> Iterator[DeadValue]:
        for key, value in values.items():
            name, here = str(key), (*at, str(key))
            child = node.children.get(name) if node else None
            below = schemas.below(known, name, self.chart.schema)
            if child is None and below is None:
                free = node.free if node else not schemas.is_closed(known)
                if free or schemas.is_free(known):
                    continue
                yield self._unknown(here)
                continue
            yield from self.value(value, child, below or [], here)

    def value(self, value: Any, node: Node | None, known: list[Any], at: Keys) -> Iterator[DeadValue]:
        mismatch = None if known or node is None else _mismatch(value, node)
        if mismatch:
            yield DeadValue(dotted(at), mismatch, None, self.source, "type", at)
        elif node is not None and node.open:
            return
        elif isinstance(value, Mapping):
            yield from self.map(value, node, known, at)
        elif isinstance(value, list):
            yield from self._items(value, node, known, at)

    def _items(self, value: list[Any], node: Node | None, known: list[Any], at: Keys) -> Iterator[DeadValue]:
        items = schemas.items(known, self.chart.schema)
        default = node.items if node and at[-1] not in kubernetes.LISTS else None
        if default is None and not items:
            return
        for index, item in enumerate(value):
            if isinstance(item, Mapping):
                yield from self.map(item, default, items, (*at, index))

    def _unknown(self, at: Keys) -> DeadValue:
        named = tuple(key for key in at if isinstance(key, str))
        hint = documented_instead(self.chart.name, named)
        near = None if hint else nearest(named, paths(self.root))
        hint = f"did you mean {dotted(near)}?" if near else hint
        reason = f"chart {self.chart.name} {self.chart.version} has no such value"
        return DeadValue(dotted(at), reason, hint, self.source, "unknown", at)


def _mismatch(value: Any, node: Node) -> str | None:
    """Why a value cannot stand where the chart has another type; None when it can."""
    default = node.default
    if default is None or value is None or node.free:
        return None
    if isinstance(default, Mapping) != isinstance(value, Mapping):
        return f"a {_kind(value)} where the chart has a {_kind(default)}"
    if isinstance(default, list) and not isinstance(value, list | str):
        return f"a {_kind(value)} where the chart has a list"
    if isinstance(default, bool) and isinstance(value, str) and not value.startswith("{{"):
        return (
            f"the string {value!r} where the chart has a boolean: templates take every string that is not empty as true"
        )
    return None


def _kind(value: Any) -> str:
    names = {bool: "boolean", str: "string", int: "number", float: "number", list: "list"}
    return "map" if isinstance(value, Mapping) else names.get(type(value), type(value).__name__)


def _from_schema(chart: Chart, values: Mapping[str, Any], source: str) -> Iterator[DeadValue]:
    """What Helm would refuse at install: violations that the user's values cause."""
    if chart.schema is None or not values:
        return
    validator, before = _validator(chart.folder) if _chart_is_cached(chart) else _make_validator(chart)
    merged = _over(copy.deepcopy(dict(chart.values)), values)
    for keys, reason in schemas.violations(validator, merged):
        if (keys, reason) not in before and _touches(keys, values):
            told = f"refused by the chart's schema: {reason}"
            yield DeadValue(dotted(keys) or "(top level)", told, None, source, "schema", keys)


@lru_cache(maxsize=128)
def _validator(folder: Path) -> tuple[Any, frozenset[tuple[Keys, str]]]:
    return _make_validator(_chart(folder))


def _make_validator(chart: Chart) -> tuple[Any, frozenset[tuple[Keys, str]]]:
    """The schema's validator, and what the chart's own defaults violate, which is nobody else's fault."""
    validator = schemas.validator(chart.schema or {})
    return validator, frozenset(schemas.violations(validator, chart.values))


def _over(base: dict[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    for key, value in values.items():
        below = base.get(key)
        if value is None:
            base.pop(key, None)
        elif isinstance(below, dict) and isinstance(value, Mapping):
            base[key] = _over(below, value)
        else:
            base[key] = value
    return base


def _touches(keys: Keys, values: Any) -> bool:
    """Whether a place was set by these values, or holds something that was."""
    for key in keys:
        inside = (
            key in values if isinstance(values, Mapping) else isinstance(values, list) and key in range(len(values))
        )
        if not inside:
            return False
        values = values[key]
    return True


def _covered(keys: Keys, flagged: set[Keys]) -> bool:
    """Whether a finding at, above or directly below this place says the same already."""
    return any(keys == f[: len(keys)] or f == keys[: len(f)] for f in flagged)


def dotted(keys: Keys) -> str:
    """A path as people write it: a.b[0]."c.d"."""
    text = ""
    for key in keys:
        if isinstance(key, int):
            text += f"[{key}]"
        else:
            text += ("." if text else "") + (f'"{key}"' if "." in key or "/" in key else key)
    return text
