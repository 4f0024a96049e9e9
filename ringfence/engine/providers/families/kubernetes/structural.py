"""Holds a Kubernetes object against a JSON schema: the bundled ones and those of CustomResourceDefinitions.

Owns the parts of JSON Schema that both use: type, properties, required, items, enum, bounds, patterns, int-or-string,
preserved unknown fields, embedded resources. Unknown values (Pulumi's) pass. CEL rules need a cluster and are not
evaluated. Source: kubernetes.io, "Extend the Kubernetes API with CustomResourceDefinitions", structural schemas.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from ringfence.engine.providers.check import Failure, describe, keyed
from ringfence.engine.providers.suggest import hint
from ringfence.engine.providers.wire import UNKNOWN, contains_unknown

Schema = Mapping[str, Any]
_EMBEDDED = frozenset({"apiVersion", "kind", "metadata"})


class Validator:
    """Validates against one set of definitions (for `$ref`); says where and what in the house's words."""

    def __init__(self, definitions: Mapping[str, Schema] | None = None) -> None:
        self._definitions = definitions or {}

    def check(self, value: Any, schema: Schema, path: str = "") -> Iterator[Failure]:
        """Every failure of a value and what is beneath it."""
        if value is UNKNOWN or value is None:
            return
        schema = self._followed(schema)
        if _is_int_or_string(schema):
            if not isinstance(value, int | float | str) or isinstance(value, bool):
                yield Failure(path, f"expected a number or a string, got {describe(value)}")
            return
        options = schema.get("oneOf")
        if options and all("type" in option for option in options):
            if not any(_has_type(value, _types(option)) for option in options):
                yield Failure(path, f"expected a number or a string, got {describe(value)}")
            return
        types = _types(schema)
        if types and not _has_type(value, types):
            yield Failure(path, f"expected {_spoken(types)}, got {describe(value)}")
            return
        yield from _bounds(value, schema, path)
        if isinstance(value, Mapping):
            yield from self._object(value, schema, path)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.check(item, schema.get("items") or {}, f"{path}[{index}]")
        yield from self._combined(value, schema, path)

    def _object(self, value: Mapping[str, Any], schema: Schema, path: str) -> Iterator[Failure]:
        properties = schema.get("properties") or {}
        extra = schema.get("additionalProperties")
        embedded = schema.get("x-kubernetes-embedded-resource")
        for key, item in sorted(value.items()):  # the wire has no order
            where = keyed(path, key)
            if key in properties:
                yield from self.check(item, properties[key], where)
            elif isinstance(extra, Mapping):
                yield from self.check(item, extra, where)
            elif _drops_unknown(schema) and not (embedded and key in _EMBEDDED) and not key.startswith("__"):
                yield Failure(where, f"the schema has no such field{hint(key, properties)}")
        for key in schema.get("required") or ():
            if value.get(key) is None:
                yield Failure(keyed(path, key), "required field is missing")

    def _combined(self, value: Any, schema: Schema, path: str) -> Iterator[Failure]:
        """allOf, anyOf, oneOf and not, for values that hold nothing unknown."""
        combined = [key for key in ("allOf", "anyOf", "oneOf", "not") if schema.get(key)]
        if not combined or contains_unknown(value):
            return
        for option in schema.get("allOf") or ():
            yield from self._matched(value, option, path)
        for key in ("anyOf", "oneOf"):
            options = schema.get(key) or ()
            matches = sum(not any(self._matched(value, option, path)) for option in options)
            if options and (matches == 0 or (key == "oneOf" and matches > 1)):
                wanted = "exactly one" if key == "oneOf" else "at least one"
                yield Failure(path, f"must satisfy {wanted} of: {'; '.join(map(_alternative, options))}")
        banned = schema.get("not")
        if banned and not any(self._matched(value, banned, path)):
            yield Failure(path, f"must not satisfy: {_alternative(banned)}")

    def _matched(self, value: Any, option: Schema, path: str) -> Iterator[Failure]:
        """Failures against an alternative, whose properties only constrain and never forbid other fields."""
        return self.check(value, {"x-kubernetes-preserve-unknown-fields": True, **option}, path)

    def _followed(self, schema: Schema) -> Schema:
        while "$ref" in schema:
            schema = self._definitions.get(str(schema["$ref"]).rsplit("/", 1)[-1], {})
        return schema


def _drops_unknown(schema: Schema) -> bool:
    if schema.get("x-kubernetes-preserve-unknown-fields") or schema.get("additionalProperties") is True:
        return False
    return "object" in _types(schema) or "properties" in schema


def _types(schema: Schema) -> tuple[str, ...]:
    declared = schema.get("type")
    if isinstance(declared, str):
        return (declared,)
    return tuple(item for item in declared if item != "null") if isinstance(declared, list) else ()


def _is_int_or_string(schema: Schema) -> bool:
    return bool(schema.get("x-kubernetes-int-or-string")) or schema.get("format") == "int-or-string"


def _has_type(value: Any, types: tuple[str, ...]) -> bool:
    return any(_is(value, kind) for kind in types)


def _is(value: Any, kind: str) -> bool:
    if kind == "object":
        return isinstance(value, Mapping)
    if kind == "array":
        return isinstance(value, list)
    if kind == "string":
        return isinstance(value, str)
    if kind == "boolean":
        return isinstance(value, bool)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return kind == "number" or float(value).is_integer()


def _spoken(types: tuple[str, ...]) -> str:
    names = {"object": "an object", "array": "a list", "string": "a string", "boolean": "true or false"}
    return " or ".join(names.get(kind, "a whole number" if kind == "integer" else "a number") for kind in types)


def _bounds(value: Any, schema: Schema, path: str) -> Iterator[Failure]:
    allowed = schema.get("enum")
    if allowed and value not in allowed:
        shown = [str(item) for item in allowed if item not in (None, "")]
        yield Failure(path, f"{describe(value)} is not one of {', '.join(shown)}{hint(str(value), shown)}")
    if isinstance(value, str):
        found = _pattern(schema["pattern"]) if "pattern" in schema else None
        if found and not found.search(value):
            yield Failure(path, f"{describe(value)} does not match {schema['pattern']}")
        yield from _size(len(value), schema, path, "Length", "characters")
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if "minimum" in schema and value < schema["minimum"]:
            yield Failure(path, f"{value} is below the minimum {schema['minimum']}")
        if "maximum" in schema and value > schema["maximum"]:
            yield Failure(path, f"{value} is above the maximum {schema['maximum']}")
    elif isinstance(value, list):
        yield from _size(len(value), schema, path, "Items", "items")
    elif isinstance(value, Mapping):
        yield from _size(len(value), schema, path, "Properties", "properties")


def _size(size: int, schema: Schema, path: str, suffix: str, unit: str) -> Iterator[Failure]:
    least, most = schema.get(f"min{suffix}"), schema.get(f"max{suffix}")
    if least is not None and size < least:
        yield Failure(path, f"needs at least {least} {unit}, has {size}")
    if most is not None and size > most:
        yield Failure(path, f"takes at most {most} {unit}, has {size}")


@lru_cache(maxsize=1024)
def _pattern(text: str) -> re.Pattern[str] | None:
    """The pattern, or None where Kubernetes' RE2 syntax is not Python's."""
    try:
        return re.compile(text)
    except re.error:
        return None


def _alternative(option: Schema) -> str:
    if option.get("required"):
        return " and ".join(option["required"])
    if option.get("properties"):
        return ", ".join(option["properties"])
    return ", ".join(f"{key} {value}" for key, value in option.items() if not isinstance(value, Mapping | list)) or "…"
