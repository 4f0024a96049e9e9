"""What charts document and no file shows: values that exist and do nothing, or take only some words.

Owns: reading documented.yaml, a small cited table, and matching values against it. Refuses to own: keys that the
chart does not have (known.py finds those by itself).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

import yaml

from ringfence.planning.charts.chart import LOADER

_ABSENT = object()


@cache
def documented() -> tuple[Mapping[str, Any], ...]:
    """Every entry: chart, path, reason, source, and `when` (values that it is about), `allowed` or `open`."""
    text = files("ringfence.planning.charts").joinpath("documented.yaml").read_text(encoding="utf-8")
    return tuple(yaml.load(text, Loader=LOADER)["facts"])


def documented_findings(chart: str, values: Mapping[str, Any]) -> Iterator[tuple[tuple[str, ...], str, str | None]]:
    """Path, reason and remedy for each value that an entry speaks of."""
    for fact in documented():
        keys = tuple(fact["path"].split("."))
        value = _at(values, keys) if fact["chart"] == chart and "open" not in fact else _ABSENT
        if value is _ABSENT:
            continue
        if "allowed" in fact:
            if value in fact["allowed"] and isinstance(value, str):
                continue
            yield keys, f"{value!r}: {fact['reason']}", f"allowed: {', '.join(fact['allowed'])}"
        elif "when" not in fact or any(value is wanted for wanted in fact["when"]):
            yield keys, fact["reason"], fact.get("instead")


def open_paths(chart: str) -> Iterator[tuple[str, ...]]:
    """Paths that a chart hands on whole: any key may stand below them."""
    for fact in documented():
        if fact["chart"] == chart and fact.get("open"):
            yield tuple(fact.get("keys") or fact["path"].split("."))


def documented_instead(chart: str, keys: tuple[str, ...]) -> str | None:
    """What to do instead of a key that the chart does not have, where the table says so."""
    path = ".".join(keys)
    return next((f.get("instead") for f in documented() if f["chart"] == chart and f["path"] == path), None)


def _at(values: Any, keys: tuple[str, ...]) -> Any:
    for key in keys:
        if not isinstance(values, Mapping) or key not in values:
            return _ABSENT
        values = values[key]
    return values
