"""CloudFormation templates: their resources as if the program had registered them.

Owns: reading a template (JSON, or YAML with its short tags) and what its functions come to where that is known. Refuses
to own: types that are code of their own (custom resources, macros, modules): they are not read, and are said so.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from policy.values import UNKNOWN

_SUBSTITUTE = re.compile(r"\$\{([^!][^}]*)\}")


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """Safe YAML with CloudFormation's short tags."""


def _short(loader: Any, suffix: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.ScalarNode):
        value: Any = node.value.split(".", 1) if suffix == "GetAtt" else node.value
    elif isinstance(node, yaml.SequenceNode):
        value = loader.construct_sequence(node, deep=True)
    else:
        value = loader.construct_mapping(node, deep=True)
    return {suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}": value}


_Loader.add_multi_constructor("!", _short)


def parse(text: str) -> Mapping[str, Any] | None:
    """The template, or None where the text is none."""
    try:
        found = json.loads(text) if text.lstrip().startswith("{") else yaml.load(text, _Loader)
    except (json.JSONDecodeError, yaml.YAMLError, RecursionError, ValueError):
        return None
    return found if isinstance(found, Mapping) and isinstance(found.get("Resources"), Mapping) else None


@dataclass
class Scope:
    """What a template's functions can refer to."""

    template: Mapping[str, Any]
    given: Mapping[str, Any]
    """Parameters of the stack: name to value, UNKNOWN included."""
    region: str | None
    references: dict[str, set[str]] = field(default_factory=dict)
    """Top-level property of the resource in hand to the logical ids, or parameter:NAME, that it refers to."""
    top: str = ""

    def value(self, given: Any) -> Any:
        """What a value comes to; UNKNOWN where a preview cannot tell."""
        if isinstance(given, Mapping):
            if len(given) == 1:
                [(name, argument)] = given.items()
                if name == "Ref" or str(name).startswith("Fn::") or name == "Condition":
                    return self._function(str(name), argument)
            return {key: self.value(item) for key, item in given.items()}
        if isinstance(given, list):
            return [self.value(item) for item in given if item != {"Ref": "AWS::NoValue"}]
        return given

    def _function(self, name: str, argument: Any) -> Any:
        if name == "Ref" and isinstance(argument, str):
            return self._named(argument)
        if name == "Fn::GetAtt":
            self._refer(str(argument[0] if isinstance(argument, list) else str(argument).partition(".")[0]))
            return UNKNOWN
        if name == "Fn::Sub":
            return self._substituted(argument)
        if name == "Fn::Join" and isinstance(argument, list) and len(argument) == 2:
            parts = self.value(argument[1])
            known = isinstance(parts, list) and all(isinstance(part, (str, int)) for part in parts)
            return str(argument[0]).join(map(str, parts)) if known else UNKNOWN
        if name == "Fn::FindInMap" and isinstance(argument, list):
            return self._mapped([self.value(each) for each in argument])
        if name == "Fn::If" and isinstance(argument, list) and len(argument) == 3:
            first, second = self.value(argument[1]), self.value(argument[2])
            return first if first == second else UNKNOWN
        self.value(argument if isinstance(argument, (Mapping, list)) else None)
        return UNKNOWN

    def _named(self, name: str) -> Any:
        if name == "AWS::Region":
            return self.region or UNKNOWN
        if name in self.template["Resources"]:
            self._refer(name)
            return UNKNOWN
        parameters = self.template.get("Parameters")
        if name in self.given:
            if self.given[name] is UNKNOWN:
                self._refer(f"parameter:{name}")
            return self.given[name]
        declared = parameters.get(name) if isinstance(parameters, Mapping) else None
        return declared.get("Default", UNKNOWN) if isinstance(declared, Mapping) else UNKNOWN

    def _substituted(self, argument: Any) -> Any:
        text, own = (argument, {}) if isinstance(argument, str) else (argument[0], self.value(argument[1]))
        unknown = False

        def each(match: re.Match[str]) -> str:
            nonlocal unknown
            name = match[1]
            found = own.get(name) if name in own else self._named(name.partition(".")[0])
            if "." in name or not isinstance(found, (str, int)):
                unknown = unknown or name not in ("AWS::Partition", "AWS::AccountId")
            return str(found) if isinstance(found, (str, int)) else "aws"

        result = _SUBSTITUTE.sub(each, str(text))
        return UNKNOWN if unknown else result

    def _mapped(self, keys: list[Any]) -> Any:
        found: Any = self.template.get("Mappings")
        for key in keys:
            found = found.get(key) if isinstance(found, Mapping) and isinstance(key, str) else None
        return UNKNOWN if found is None else found

    def _refer(self, name: str) -> None:
        self.references.setdefault(self.top, set()).add(name)
