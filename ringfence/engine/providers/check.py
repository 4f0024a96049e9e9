"""Holds plain property values against the SDK's types: names (nested too), required properties, shapes, closed enums.

Owns the wording of a refusal: a path, what is wrong, what was meant. Unknown values always pass. Refuses to know any
package; `lenient` says whether the package's real provider converts between scalars (Terraform bridge: aws, gcp,
random).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.engine.providers.schema.model import (
    Anything,
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
from ringfence.engine.providers.suggest import hint, nearest
from ringfence.engine.providers.wire import UNKNOWN, Asset

_NUMBER = re.compile(r"^-?\d+(\.\d+)?([eE][+-]?\d+)?$")
_KIND_NAMES = {"string": "a string", "integer": "a whole number", "number": "a number", "boolean": "true or false"}


@dataclass(frozen=True, slots=True)
class Failure:
    """One refused property: its path (`spec.template.spec.containers[0].image`) and why."""

    path: str
    reason: str

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}" if self.path else self.reason


def check_object(
    value: Mapping[str, Any], shape: ObjectType, path: str = "", *, lenient: bool = False
) -> list[Failure]:
    """Every failure of an object, by the names of its properties, missing ones last."""
    return list(_object(value, shape, path, lenient))


def _object(value: Mapping[str, Any], shape: ObjectType, path: str, lenient: bool) -> Iterator[Failure]:
    properties = shape.properties
    for key, item in sorted(value.items()):  # the wire has no order
        known = properties.get(key)
        if known is not None:
            if item is not UNKNOWN and item is not None:
                yield from _value(item, known.type, f"{path}.{key}" if path else key, lenient)
        elif not key.startswith("__"):
            yield _unknown_name(key, shape, path)
    for key, known in properties.items():
        if known.required and value.get(key) is None and not isinstance(known.type, Constant):
            where = f"{path}.{key}" if path else key
            yield Failure(where, f"required property is missing from {shape.name}")


def _unknown_name(key: str, shape: ObjectType, path: str) -> Failure:
    where = f"{path}.{key}" if path else key
    match = nearest(key, shape.properties)
    if match is None:
        return Failure(where, f"{shape.name} has no such property{hint(key, shape.properties)}")
    python_name = shape.properties[match].python_name
    aside = f' ("{python_name}" in Python)' if python_name != match else ""
    return Failure(where, f'{shape.name} has no such property; did you mean "{match}"{aside}?')


def _value(value: Any, shape: Type, path: str, lenient: bool) -> Iterator[Failure]:
    if value is UNKNOWN or value is None:
        return
    if isinstance(shape, Scalar):
        if not _fits_scalar(value, shape.kind, lenient):
            yield Failure(path, f"expected {_KIND_NAMES[shape.kind]}, got {describe(value)}")
    elif isinstance(shape, ObjectType):
        if isinstance(value, Mapping):
            yield from _object(value, shape, path, lenient)
        else:
            yield Failure(path, f"expected an object ({shape.name}), got {describe(value)}")
    elif isinstance(shape, ListOf):
        yield from _list(value, shape, path, lenient)
    elif isinstance(shape, MapOf):
        yield from _map(value, shape, path, lenient)
    elif isinstance(shape, EnumOf):
        yield from _enum(value, shape, path)
    elif isinstance(shape, OneOf):
        yield from _one_of(value, shape, path, lenient)
    elif isinstance(shape, Constant):
        if value != shape.value:
            yield Failure(path, f'must be "{shape.value}", got {describe(value)}')
    elif isinstance(shape, AssetType):
        if not isinstance(value, Asset):
            yield Failure(path, f"expected a file or an archive, got {describe(value)}")
    else:
        assert isinstance(shape, Anything)


def _list(value: Any, shape: ListOf, path: str, lenient: bool) -> Iterator[Failure]:
    if not isinstance(value, list):
        yield Failure(path, f"expected a list, got {describe(value)}")
        return
    for index, item in enumerate(value):
        yield from _value(item, shape.item, f"{path}[{index}]", lenient)


def _map(value: Any, shape: MapOf, path: str, lenient: bool) -> Iterator[Failure]:
    if not isinstance(value, Mapping):
        yield Failure(path, f"expected a map, got {describe(value)}")
        return
    for key, item in value.items():
        yield from _value(item, shape.item, keyed(path, key), lenient)


def _enum(value: Any, shape: EnumOf, path: str) -> Iterator[Failure]:
    if value in shape.values:
        return
    allowed = [str(item) for item in shape.values]
    if isinstance(value, str) and value.lower() in {item.lower() for item in allowed}:
        match = next(item for item in allowed if item.lower() == value.lower())
        yield Failure(path, f'"{value}" is written "{match}"')
        return
    yield Failure(path, f"{describe(value)} is not one of {', '.join(allowed[:20])}{hint(str(value), allowed)}")


def _one_of(value: Any, shape: OneOf, path: str, lenient: bool) -> Iterator[Failure]:
    best: list[Failure] | None = None
    for option in shape.options:
        failures = list(_value(value, option, path, lenient))
        if not failures:
            return
        # An option of the right shape explains more than one of the wrong shape: deeper paths win.
        if best is None or _depth(failures, path) > _depth(best, path):
            best = failures
    yield from best or ()


def _depth(failures: list[Failure], path: str) -> tuple[bool, int]:
    discriminated = any(failure.reason.startswith("must be ") for failure in failures)
    inside = any(failure.path != path for failure in failures)
    return inside and not discriminated, -len(failures) if inside else 0


def _fits_scalar(value: Any, kind: str, lenient: bool) -> bool:
    if kind == "string":
        return isinstance(value, str) or (lenient and isinstance(value, int | float))
    if kind == "boolean":
        return isinstance(value, bool) or (lenient and value in ("true", "false"))
    if isinstance(value, bool):
        return False
    if isinstance(value, int | float):
        return kind == "number" or float(value).is_integer()
    return lenient and isinstance(value, str) and _NUMBER.match(value) is not None


def describe(value: Any) -> str:
    """What a value is, without printing what may be a secret: a short string is shown, a structure is only named."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f'"{value}"' if len(value) <= 40 and "\n" not in value else "a string"
    if isinstance(value, int | float):
        return f"the number {value}"
    if isinstance(value, list):
        return "a list"
    if isinstance(value, Mapping):
        return "an object"
    return "a file" if isinstance(value, Asset) else "an unknown value"


def keyed(path: str, key: str) -> str:
    """A property path one key longer, as the engine writes paths: `a.b` or `a["b.c"]`."""
    if not re.fullmatch(r"[\w-]+", key):
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
