"""The tree of everything a chart knows: its values, its comments, its templates, its subcharts.

Owns: building that tree. Refuses to own: walking a user's values over it (check.py) and schemas (schema.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.planning.charts import kubernetes
from ringfence.planning.charts.chart import Chart
from ringfence.planning.charts.comments import ITEM, commented_keys
from ringfence.planning.charts.documented import open_paths

_TEMPLATE = re.compile(r"\.Values((?:\.[A-Za-z_][A-Za-z0-9_]*)+)")

SCAFFOLD = ("nameOverride", "fullnameOverride")
"""Keys that the helpers made by `helm create` read whether or not values.yaml names them (helm/helm, create.go).

They count as known where a folder has no templates to ask.
"""


@dataclass
class Node:
    """One place in a chart's values."""

    default: Any = None
    children: dict[str, Node] = field(default_factory=dict)
    items: Node | None = None
    """For a list: what its items may hold, together."""
    open: bool = False
    """The chart hands this on whole: nothing below is looked at."""
    free: bool = False
    """Anything may stand below: an empty map, a null, or a subchart that is not on disk."""

    def child(self, name: str) -> Node:
        """The place below, made when it is not there."""
        return self.children.setdefault(name, Node(free=True))


def known_values(chart: Chart) -> Node:
    """Everything that the chart can read, subcharts included, with `global` as all of them see it."""
    root = _tree(chart)
    shared = list(_globals(chart))
    if shared or chart.missing:
        _global_node(root, chart, shared)
    return root


def _tree(chart: Chart) -> Node:
    root = _from_value(chart.values)
    root.free = False
    for path in commented_keys(chart.text):
        _add(root, path)
    for path in _template_paths(chart):
        _add(root, path)
    if not (chart.folder / "templates").is_dir():
        for name in SCAFFOLD:
            root.children.setdefault(name, Node(default=""))
    for switch in chart.switches:
        _add(root, tuple(switch.split(".")))
    for key, subchart in chart.subcharts.items():
        _merge(root.children.setdefault(key, Node()), _tree(subchart))
        root.children[key].free = False
        _add(root, (key, "global"))
    for key in chart.missing:
        root.child(key).free = True
    for path in open_paths(chart.name):
        node = root
        for key in path:
            node = node.child(key)
        node.open = True
    return root


def _from_value(value: Any, name: str = "") -> Node:
    if isinstance(value, Mapping):
        children = {str(key): _from_value(below, str(key)) for key, below in value.items()}
        free = not children or kubernetes.is_free(name)
        for field_name in kubernetes.fields(name) if children else ():
            children.setdefault(field_name, Node(free=True))
        return Node(value, children, free=free)
    if isinstance(value, list):
        maps = [item for item in value if isinstance(item, Mapping)]
        if not maps:
            return Node(value)
        items = Node()
        for item in maps:
            _merge(items, _from_value(item))
        items.free = False
        return Node(value, items=items)
    return Node(value, free=value is None)


def _merge(into: Node, other: Node) -> None:
    """Know in `into` what `other` knows too; the default of `into` wins."""
    if into.default is None:
        into.default = other.default
    into.free = into.free or other.free
    into.open = into.open or other.open
    for key, node in other.children.items():
        if key in into.children:
            _merge(into.children[key], node)
        else:
            into.children[key] = node
    if other.items is not None:
        into.items = into.items or Node()
        _merge(into.items, other.items)


def _add(root: Node, path: tuple[str, ...]) -> None:
    """Know a path that only a comment, a template or Chart.yaml mentions."""
    node = root
    for part in path:
        if part == ITEM:
            if node.items is None:
                return
            node = node.items
        else:
            if isinstance(node.default, str | bool | int | float):
                return
            node = node.child(part)


def _template_paths(chart: Chart) -> Iterator[tuple[str, ...]]:
    """Paths that the chart's templates read, where the folder has templates (a fetched chart does)."""
    templates = chart.folder / "templates"
    if not templates.is_dir():
        return
    for file in sorted(templates.rglob("*")):
        if file.suffix in (".yaml", ".yml", ".tpl", ".txt", ".json") and file.is_file():
            for match in _TEMPLATE.finditer(file.read_text(encoding="utf-8", errors="replace")):
                yield tuple(match[1].strip(".").split("."))


def _globals(chart: Chart) -> Iterator[Node]:
    """`global` as the chart and every chart below it knows it."""
    tree = _tree_of_globals(chart)
    if tree is not None:
        yield tree
    for subchart in chart.subcharts.values():
        yield from _globals(subchart)


def _tree_of_globals(chart: Chart) -> Node | None:
    own = Node()
    if "global" in chart.values:
        own.children["global"] = _from_value(chart.values["global"], "global")
    for path in (*commented_keys(chart.text), *_template_paths(chart)):
        if path[0] == "global":
            _add(own, path)
    return own.children.get("global")


def _global_node(root: Node, chart: Chart, shared: list[Node]) -> None:
    together = root.children.setdefault("global", Node())
    empty = all(not node.children for node in shared)
    for node in shared:
        _merge(together, node)
    # Helm hands `global` to every subchart: it is open only where one of them is not there to ask, or none says more.
    together.free = bool(chart.missing) or empty
    _close(together)


def _close(node: Node) -> None:
    """An empty default in one chart does not open what another chart spells out."""
    for child in node.children.values():
        if child.children and isinstance(child.default, Mapping):
            child.free = False
            _close(child)


def paths(node: Node, prefix: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every path of the tree."""
    for key, child in node.children.items():
        below = (*prefix, key)
        yield below
        yield from paths(child, below)
