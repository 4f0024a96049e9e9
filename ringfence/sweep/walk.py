"""Every input property of a resource type, nested ones too, as paths.

Owns going through the type model of `ringfence.engine.providers.schema` and through the schemas of custom resources.
Paths are those of policy/locators.csv: `[]` is every item of a list, `*` every key of a mapping. Refuses to own which
property matters (`ringfence.sweep.lexicon`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.engine.providers.schema.model import (
    Anything,
    EnumOf,
    ListOf,
    MapOf,
    ObjectType,
    OneOf,
    Scalar,
    Type,
)
from ringfence.engine.providers.schema.registry import Registry

MOST_LEAVES = 5000
"""A type with more paths than this (a tree of activities within activities) is walked with each object once."""


@dataclass(frozen=True, slots=True)
class Leaf:
    """One property that holds a value: text, a switch, an object without properties, or what nobody describes."""

    path: tuple[str, ...]
    kind: str
    prose: str = ""
    values: tuple[str, ...] = ()


def leaves(registry: Registry, token: str) -> list[Leaf]:
    """The properties of one resource type. Numbers are left out: none names a place."""
    found = registry.resource(token)
    if found is None:
        return []
    paths: list[Leaf] = []
    for leaf in _typed(registry, found.inputs, (), frozenset(), None):
        paths.append(leaf)
        if len(paths) > MOST_LEAVES:
            return _unique(_typed(registry, found.inputs, (), frozenset(), set()))
    return _unique(iter(paths))


def _unique(found: Iterator[Leaf]) -> list[Leaf]:
    """One leaf of each path: the options of a union can have the same property."""
    by_path: dict[tuple[str, ...], Leaf] = {}
    for leaf in found:
        known = by_path.get(leaf.path)
        if known is None:
            by_path[leaf.path] = leaf
        elif leaf.kind == "text":
            by_path[leaf.path] = Leaf(leaf.path, "text", known.prose or leaf.prose, known.values + leaf.values)
    return list(by_path.values())


def _typed(
    registry: Registry,
    given: Type,
    path: tuple[str, ...],
    above: frozenset[int],
    once: set[int] | None,
    prose: str = "",
) -> Iterator[Leaf]:
    """Walk a type. An object inside itself is not walked again; with `once`, no object is walked twice."""
    if isinstance(given, ListOf):
        yield from _typed(registry, given.item, (*path, "[]"), above, once, prose)
    elif isinstance(given, MapOf):
        yield from _typed(registry, given.item, (*path, "*"), above, once, prose)
    elif isinstance(given, OneOf):
        for option in given.options:
            yield from _typed(registry, option, path, above, once, prose)
    elif isinstance(given, ObjectType):
        if id(given) in above or (once is not None and id(given) in once):
            return
        if once is not None:
            once.add(id(given))
        if not given.properties:
            yield Leaf(path, "object", prose)
        said = registry.documentation(given)
        for name, inner in given.properties.items():
            yield from _typed(registry, inner.type, (*path, name), above | {id(given)}, once, said.get(name, ""))
    else:
        leaf = _leaf(given, path, prose)
        if leaf:
            yield leaf


def _leaf(given: Type, path: tuple[str, ...], prose: str) -> Leaf | None:
    if isinstance(given, EnumOf):
        return Leaf(path, "text", prose, tuple(str(value) for value in given.values))
    if isinstance(given, Scalar) and given.kind in ("string", "boolean"):
        return Leaf(path, "text" if given.kind == "string" else "switch", prose)
    return Leaf(path, "text", prose) if isinstance(given, Anything) else None


def custom(schema: Mapping[str, Any]) -> list[Leaf]:
    """The properties of one version of a custom resource, below `spec` and whatever else it has but its status."""
    top = schema.get("properties") or {}
    found = (
        leaf
        for name, inner in top.items()
        if name not in ("apiVersion", "kind", "metadata", "status")
        for leaf in _described(inner, (name,))
    )
    return _unique(found)


def _described(schema: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[Leaf]:
    properties = schema.get("properties") or {}
    more = schema.get("additionalProperties")
    kind = schema.get("type")
    if kind == "array":
        yield from _described(schema.get("items") or {}, (*path, "[]"))
    elif properties:
        for name, inner in properties.items():
            yield from _described(inner, (*path, name))
    elif isinstance(more, dict):
        yield from _described(more, (*path, "*"))
    elif kind == "boolean":
        yield Leaf(path, "switch")
    elif kind == "object" and not schema.get("x-kubernetes-preserve-unknown-fields"):
        yield Leaf(path, "object")
    elif kind not in ("integer", "number"):
        yield Leaf(path, "text", "", tuple(str(value) for value in schema.get("enum") or ()))
