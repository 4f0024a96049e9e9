"""Azure Resource Manager templates: their resources as if the program had registered them.

Owns: reading a template with what its expressions come to where that is known, nested deployments included. Refuses to
own: linked templates, which are not read.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy.values import UNKNOWN

_EXPRESSION = re.compile(r"^\[(?!\[)(?P<inner>.*)\]$", re.DOTALL)
_LOOKUP = re.compile(r"^(?P<what>parameters|variables)\('(?P<name>[^']+)'\)(?P<rest>(?:\.\w+)*)$")
_CONCAT = re.compile(r"^(?:concat|format)\((?P<inner>.*)\)$", re.DOTALL)
NESTED = "microsoft.resources/deployments"


def parse(given: Any) -> Mapping[str, Any] | None:
    """The template, as an object or as text; None where it is none."""
    if isinstance(given, str):
        try:
            given = json.loads(given)
        except (json.JSONDecodeError, RecursionError):
            return None
    return given if isinstance(given, Mapping) and isinstance(given.get("resources"), (list, Mapping)) else None


class Expressions:
    """What a template's expressions can refer to."""

    def __init__(self, template: Mapping[str, Any], given: Any, location: str | None) -> None:
        self._template, self._location = template, location
        self._given = given if isinstance(given, Mapping) else {}

    def value(self, given: Any) -> Any:
        """What a value comes to; UNKNOWN where a preview cannot tell."""
        if isinstance(given, Mapping):
            return {key: self.value(item) for key, item in given.items()}
        if isinstance(given, list):
            return [self.value(item) for item in given]
        match = _EXPRESSION.match(given) if isinstance(given, str) else None
        return self._expression(match["inner"].strip()) if match else given

    def _expression(self, inner: str) -> Any:
        if inner == "resourceGroup().location":
            return self._location or UNKNOWN
        found = _LOOKUP.match(inner)
        if found:
            value = self._looked_up(found["what"], found["name"])
            for step in found["rest"].split(".")[1:]:
                value = value.get(step, UNKNOWN) if isinstance(value, Mapping) else UNKNOWN
            return value
        if inner.startswith("'") and inner.endswith("'") and "'" not in inner[1:-1]:
            return inner[1:-1]
        joined = _CONCAT.match(inner)
        if joined and inner.startswith("concat"):
            parts = [self._expression(part.strip()) for part in _arguments(joined["inner"])]
            return "".join(map(str, parts)) if all(isinstance(part, (str, int)) for part in parts) else UNKNOWN
        return UNKNOWN

    def _looked_up(self, what: str, name: str) -> Any:
        table = self._template.get(what)
        declared = table.get(name) if isinstance(table, Mapping) else None
        if what == "variables":
            return UNKNOWN if declared is None else self.value(declared)
        given = self._given.get(name)
        if given is UNKNOWN:
            return UNKNOWN
        if isinstance(given, Mapping) and "value" in given:
            return given["value"]
        if isinstance(declared, Mapping) and "defaultValue" in declared:
            return self.value(declared["defaultValue"])
        return UNKNOWN


def _arguments(text: str) -> Iterator[str]:
    """The arguments of a function, apart at commas that are in no brackets and no quotes."""
    depth, quoted, start = 0, False, 0
    for index, char in enumerate(text):
        if char == "'":
            quoted = not quoted
        elif not quoted and char in "([":
            depth += 1
        elif not quoted and char in ")]":
            depth -= 1
        elif not quoted and char == "," and depth == 0:
            yield text[start:index]
            start = index + 1
    yield text[start:]


def resources(template: Mapping[str, Any], parent: Mapping[str, Any] | None = None) -> Iterator[Mapping[str, Any]]:
    """Every resource, children of resources included, with its full type and name."""
    found = template.get("resources") or ()
    for name, each in found.items() if isinstance(found, Mapping) else enumerate(found):
        if not isinstance(each, Mapping) or each.get("existing"):
            continue
        whole = dict(each)
        if parent is not None and "/" not in str(each.get("type", "")):
            whole["type"] = f"{parent['type']}/{each.get('type')}"
            whole.setdefault("location", parent.get("location"))
        whole.setdefault("name", str(name))
        yield whole
        if str(whole.get("type")).lower() != NESTED:
            yield from resources(each, whole)
