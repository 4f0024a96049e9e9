"""What the installed SDKs say of a type: whether it can be tagged, where it says its place, what it must be given.

Owns these questions over ringfence.engine.providers.schema. Where a wheel is not installed the answer is a guess that
the in-process analyzer takes just as well. Refuses to own the schema itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from ringfence.engine.providers.schema.model import (
    AssetType,
    Constant,
    EnumOf,
    ListOf,
    MapOf,
    ObjectType,
    OneOf,
    Scalar,
    Type,
)
from ringfence.engine.providers.schema.registry import PACKAGES, Registry
from ringfence.mutation.program import placed, steps

_TAGS = {
    "aws": ("tags",),
    "aws-native": ("tags",),
    "azure-native": ("tags",),
    "gcp": ("labels", "resourceLabels", "userLabels", "settings.userLabels"),
}
_PLACES = {"aws": ("region",), "azure-native": ("location",), "gcp": ("location", "region", "zone")}


@cache
def _registry(package: str) -> Registry | None:
    try:
        return Registry(PACKAGES[package])
    except (KeyError, ModuleNotFoundError):
        return None


@cache
def inputs(token: str) -> ObjectType | None:
    """What a type takes, or None where no installed SDK says it (custom resources of Kubernetes)."""
    registry = _registry(token.partition(":")[0])
    found = registry.resource(token) if registry else None
    return found.inputs if found else None


def at(token: str, path: str) -> Type | None:
    """The type at a table's path. None where the SDK does not say it."""
    known = inputs(token)
    found = list(_reach([known], steps(path))) if known else []
    return found[0] if found else None


def _reach(types: list[Type], way: list[str]) -> list[Type]:
    for step in way:
        types = [inner for each in types for inner in _step(each, step)]
    return types


def _step(given: Type, step: str) -> Iterator[Type]:
    if isinstance(given, OneOf):
        for option in given.options:
            yield from _step(option, step)
    elif isinstance(given, ListOf):
        yield from [given.item] if step == "[]" else _step(given.item, step)
    elif isinstance(given, MapOf):
        yield given.item
    elif isinstance(given, ObjectType) and step in given.properties:
        yield given.properties[step].type


@cache
def tag_path(token: str) -> str | None:
    """Where a type takes tags or labels, or None where it takes none."""
    package = token.partition(":")[0]
    known = inputs(token)
    if package == "kubernetes":
        return "metadata.labels" if has(token, "metadata.labels") else None
    for path in _TAGS.get(package, ()):
        if known is None or at(token, path) is not None:
            return path
    return None


@cache
def place_path(token: str) -> str | None:
    """The property by which a type says its own place, or None where it has none."""
    package = token.partition(":")[0]
    known = inputs(token)
    for path in _PLACES.get(package, ()):
        if known is None or path in known.properties:
            return path
    return None


def has(token: str, path: str) -> bool:
    """Whether a type takes a property. True where no SDK says."""
    return inputs(token) is None or at(token, path) is not None


def words(token: str, path: str) -> tuple[str, ...]:
    """The values of the enum at a path; empty where it is none."""
    found = at(token, path)
    options = found.options if isinstance(found, OneOf) else (found,)
    return tuple(str(value) for each in options if isinstance(each, EnumOf) for value in each.values)


def is_boolean(token: str, path: str) -> bool:
    """Whether the property at a path is true or false."""
    found = at(token, path)
    return isinstance(found, Scalar) and found.kind == "boolean"


def something(token: str, path: str) -> Any:
    """A value of the shape that a path takes, for a property whose mere presence matters."""
    found = at(token, path)
    return _plain(found) if found is not None else "something"


def completed(token: str, given: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs with every property that the SDK requires, so that the real engine takes them."""
    known = inputs(token)
    found = dict(given)
    return _completed(found, known) if known else found


def _completed(value: Any, shape: Type) -> Any:
    if isinstance(shape, ListOf) and isinstance(value, list):
        return [_completed(item, shape.item) for item in value]
    if isinstance(shape, OneOf):
        objects = [each for each in shape.options if isinstance(each, ObjectType)]
        return _completed(value, objects[0]) if len(objects) == 1 and isinstance(value, dict) else value
    if not isinstance(shape, ObjectType) or not isinstance(value, dict):
        return value
    found = {key: _completed(item, shape.properties[key].type) if key in shape.properties else item
             for key, item in value.items()}  # fmt: skip
    for key, known in shape.properties.items():
        if known.required and found.get(key) is None:
            found[key] = _plain(known.type)
    return found


def _plain(shape: Type) -> Any:
    """The plainest value of a shape."""
    if isinstance(shape, Scalar):
        return {"string": "plain", "boolean": True}.get(shape.kind, 1)
    if isinstance(shape, Constant):
        return shape.value
    if isinstance(shape, EnumOf):
        return shape.values[0]
    if isinstance(shape, OneOf):
        return _plain(shape.options[0])
    if isinstance(shape, ListOf):
        return [_plain(shape.item)]
    if isinstance(shape, MapOf):
        return {"main": _plain(shape.item)}
    if isinstance(shape, ObjectType):
        return _completed({}, shape)
    return {} if isinstance(shape, AssetType) else "plain"


def labelled(token: str, given: Mapping[str, Any], key: str, name: str) -> dict[str, Any]:
    """Inputs with the class's tag, where the type takes any."""
    path = tag_path(token)
    if path is None:
        return dict(given)
    if token.startswith("aws-native:"):
        return {**given, path: [*given.get(path, ()), {"key": key, "value": name}]}
    holder = placed(given, path, None)
    tags = {(f"ringfence.dev/{key}" if path == "metadata.labels" else key): name}
    before = given
    for step in path.split("."):
        before = (before or {}).get(step, {}) if isinstance(before, Mapping) else {}
    return placed(holder, path, {**(before or {}), **tags})
