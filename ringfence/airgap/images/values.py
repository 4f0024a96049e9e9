"""The images of a chart that is not rendered: read from its values alone, and marked as such.

Owns: the walk over a chart's default values under those that are set, subcharts included. What a template names by
itself is not in it, so a closure from here says that it is from values only. Refuses to own: rendering (render.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

from ringfence.airgap.images import fields, operators
from ringfence.airgap.images.found import Closure, Why
from ringfence.airgap.images.operators import Node
from ringfence.airgap.images.reference import in_text, parse
from ringfence.planning.charts import Chart


def chart_images(chart: Chart, values: Mapping[str, Any], source: str, nodes: Iterable[Node] = ()) -> Closure:
    """The images that a chart's values spell, with `values` set; parts with `enabled: false` are passed over."""
    closure = Closure(values_only={source})
    _chart(chart, values, source, tuple(nodes), closure)
    return closure


def _chart(chart: Chart, values: Mapping[str, Any], source: str, nodes: tuple[Node, ...], closure: Closure) -> None:
    merged = _over(chart.values, values)
    walk = _Walk(chart.name, _app_version(chart), source, nodes, closure, frozenset(chart.subcharts))
    walk.mapping(merged, "values", ())
    for key, part in chart.subcharts.items():
        own = merged.get(key)
        own = own if isinstance(own, Mapping) else {}
        if own.get("enabled") is not False and not _switched_off(merged, key, chart):
            _chart(part, own, f"{source}, subchart {key}", nodes, closure)


def _switched_off(values: Mapping[str, Any], key: str, chart: Chart) -> bool:
    """Whether a condition of Chart.yaml that is about this subchart says no."""
    for path in chart.switches:
        found: Any = values
        for part in path.split("."):
            found = found.get(part) if isinstance(found, Mapping) else None
        if path.split(".")[0] == key and found is False:
            return True
    return False


def _app_version(chart: Chart) -> str | None:
    meta = yaml.safe_load((chart.folder / "Chart.yaml").read_text(encoding="utf-8"))
    version = meta.get("appVersion")
    return str(version) if version not in (None, "") else None


def _over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Values as Helm merges them: maps merge, anything else replaces, null removes."""
    merged = dict(below)
    for key, value in above.items():
        if value is None:
            merged.pop(key, None)
        elif isinstance(value, Mapping) and isinstance(merged.get(key), Mapping):
            merged[key] = _over(merged[key], value)
        else:
            merged[key] = value
    return merged


class _Walk:
    """One walk over the values of one chart."""

    def __init__(
        self,
        chart: str,
        version: str | None,
        source: str,
        nodes: tuple[Node, ...],
        closure: Closure,
        below: frozenset[str],
    ) -> None:
        self._chart, self._version, self._source, self._nodes = chart, version, source, nodes
        self._closure, self._below = closure, below

    def mapping(self, value: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> None:
        if value.get("enabled") is False and keys:
            return
        why = Why(self._source, path, "split fields")
        way = operators.computed(f"chart {self._chart}", keys)
        if way:
            operators.add_driver(way, value, self._nodes, Why(self._source, path, "runtime driver tag"), self._closure)
            taken = set(operators.KEYS)
        else:
            taken = fields.read(value, keys, why, self._closure, self._version)
        for key, item in value.items():
            if key not in taken and not (not keys and key in self._below):
                self.node(item, f"{path}.{key}", (*keys, str(key)))

    def node(self, value: Any, path: str, keys: tuple[str, ...]) -> None:
        if isinstance(value, Mapping):
            self.mapping(value, path, keys)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.node(item, f"{path}[{index}]", keys)
        elif isinstance(value, str):
            self.text(value, path, keys[-1] if keys else "")

    def text(self, value: str, path: str, key: str) -> None:
        whole = parse(value, pinned=False)
        if key.lower().endswith("image") and whole and "/" in value and (whole.tag or whole.digest):
            self._closure.add(whole, Why(self._source, path, "image field"))
            return
        for reference in in_text(value):
            self._closure.add(reference, Why(self._source, path, "text"))
