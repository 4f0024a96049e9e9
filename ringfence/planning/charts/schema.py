"""What a chart's values.schema.json knows of a place.

Owns: following references and combinations to the schemas of one place, and asking them about a key; validating merged
values. Refuses to own: keys that no schema speaks of (known.py).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

Schema = Mapping[str, Any]


def at_root(schema: Schema | None) -> list[Schema]:
    """The schemas of the whole values file."""
    return [] if schema is None else list(_expand(schema, schema, set()))


def below(schemas: list[Schema], key: str, root: Schema | None) -> list[Schema] | None:
    """The schemas of a key, [] where it is known and may hold anything, None where no schema knows it."""
    found: list[Schema] = []
    known = False
    for schema in schemas:
        for below_schema in _of_key(schema, key):
            known = True
            if isinstance(below_schema, Mapping):
                found += _expand(below_schema, root or {}, set())
    return found if known else None


def items(schemas: list[Schema], root: Schema | None) -> list[Schema]:
    """The schemas of a list's items."""
    return [
        expanded
        for schema in schemas
        if isinstance(schema.get("items"), Mapping)
        for expanded in _expand(schema["items"], root or {}, set())
    ]


def is_free(schemas: list[Schema]) -> bool:
    """Whether a schema says that any key may stand here, and names none itself."""
    return any(
        schema.get("type") in ("object", None)
        and not schema.get("properties")
        and schema.get("additionalProperties", True) is not False
        and "type" in schema
        for schema in schemas
    )


def is_closed(schemas: list[Schema]) -> bool:
    """Whether schemas name the keys that may stand here and refuse every other."""
    naming = [schema for schema in schemas if schema.get("properties")]
    return bool(naming) and all(schema.get("additionalProperties") is False for schema in naming)


def _of_key(schema: Schema, key: str) -> Iterator[Any]:
    properties = schema.get("properties") or {}
    if key in properties:
        yield properties[key]
        return
    for pattern, value in (schema.get("patternProperties") or {}).items():
        if re.search(pattern, key):
            yield value
            return
    extra = schema.get("additionalProperties")
    # `true` beside named properties is a generator's default and proves nothing; a schema for the rest does.
    if isinstance(extra, Mapping) or (extra is True and not properties):
        yield extra


def _expand(schema: Schema, root: Schema, seen: set[str]) -> Iterator[Schema]:
    """The schema itself and every one that it refers to or combines; remote references are left out."""
    reference = schema.get("$ref")
    if isinstance(reference, str):
        if not reference.startswith("#"):
            yield {"type": "object"}  # Kubernetes' own types, published elsewhere: anything may stand here
        elif reference not in seen:
            target = _resolve(reference, root)
            if target is not None:
                yield from _expand(target, root, seen | {reference})
    yield schema
    for combination in ("allOf", "anyOf", "oneOf"):
        for part in schema.get(combination) or ():
            if isinstance(part, Mapping):
                yield from _expand(part, root, seen)
    for branch in ("then", "else"):
        if isinstance(schema.get(branch), Mapping):
            yield from _expand(schema[branch], root, seen)


def _resolve(reference: str, root: Schema) -> Schema | None:
    node: Any = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if not part:
            continue
        name = part.replace("~1", "/").replace("~0", "~")
        if not isinstance(node, Mapping) or name not in node:
            return None
        node = node[name]
    return node if isinstance(node, Mapping) else None


def without_remote_references(schema: Any) -> Any:
    """A copy whose references to other files accept anything: the check works without a network."""
    if isinstance(schema, Mapping):
        reference = schema.get("$ref")
        if isinstance(reference, str) and not reference.startswith("#"):
            return {}
        return {key: without_remote_references(value) for key, value in schema.items()}
    if isinstance(schema, list):
        return [without_remote_references(value) for value in schema]
    return schema


def validator(schema: Schema) -> Any:
    """A validator of merged values that needs no network."""
    import jsonschema  # imported late: half of the time that a check of values without a schema takes

    kind = jsonschema.validators.validator_for(schema, default=jsonschema.Draft7Validator)
    return kind(without_remote_references(schema))


def violations(validator: Any, values: Mapping[str, Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Where merged values break the schema, as Helm would find at install: path and what is wrong."""
    for error in validator.iter_errors(values):
        yield tuple(error.absolute_path), _explain(error)


def _explain(error: Any) -> str:
    if error.validator == "enum":
        return f"{error.instance!r} is not allowed: one of {', '.join(map(repr, error.validator_value))}"
    if error.validator == "type":
        wanted = error.validator_value
        return f"{error.instance!r} is not of type {wanted if isinstance(wanted, str) else ' or '.join(wanted)}"
    return error.message.split("\n", 1)[0][:200]
