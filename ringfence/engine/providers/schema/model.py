"""The type model: what shape a property may have.

Owns the classes only. Names are the wire's (camelCase), never the Python SDK's.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


class Type:
    """Any shape."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Anything(Type):
    """Not described further by the SDK."""


@dataclass(frozen=True, slots=True)
class Scalar(Type):
    """`kind` is one of string, integer, number, boolean."""

    kind: str


@dataclass(frozen=True, slots=True)
class AssetType(Type):
    """A file or an archive."""


@dataclass(frozen=True, slots=True)
class Constant(Type):
    """One literal value."""

    value: Any


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    item: Type


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    item: Type


@dataclass(frozen=True, slots=True)
class EnumOf(Type):
    """A closed set of values; an open one is `OneOf` with a string beside it."""

    name: str
    values: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class OneOf(Type):
    options: tuple[Type, ...]


@dataclass(slots=True)
class Property:
    """One property of an object: its shape, whether it must be given, and its name in Python."""

    type: Type
    required: bool
    python_name: str


@dataclass(slots=True, eq=False)
class ObjectType(Type):
    """An object with named properties. `properties` is filled after creation, so that types may refer to themselves."""

    name: str
    properties: dict[str, Property] = field(default_factory=dict)


@dataclass(slots=True)
class ResourceType:
    """A resource: what it takes and what it gives."""

    token: str
    inputs: ObjectType
    outputs: ObjectType
    secrets: frozenset[str] = frozenset()


@dataclass(slots=True)
class FunctionType:
    """A function: its arguments' names with their Python names, those that must be given, and its result."""

    token: str
    arguments: dict[str, Property]
    result: ObjectType


STRING = Scalar("string")
INTEGER = Scalar("integer")
NUMBER = Scalar("number")
BOOLEAN = Scalar("boolean")
ANYTHING = Anything()
ASSET = AssetType()
