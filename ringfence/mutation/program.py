"""Programs as the engine would register them: resources with their inputs, providers and edges, and what is around.

Owns the plain model and the one way to change it (a JSON merge patch, RFC 7396). Refuses to own what any of it means.
"""

from __future__ import annotations

import copy
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine sends for a text that a preview cannot know (sdk/go/common/resource/plugin, UnknownStringValue)."""
SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
COMPONENT = "demo:index:Part"


def secret(value: Any) -> dict[str, Any]:
    """A value that the program marked as secret, as the engine sends it."""
    return {SIGNATURE: _SECRET, "value": value}


@dataclass(frozen=True)
class Planned:
    """One resource of a program."""

    type: str
    name: str
    inputs: Mapping[str, Any] = field(default_factory=dict)
    provider: Mapping[str, Any] | None = field(default_factory=dict)
    """Configuration of its provider; None for a component."""
    provider_name: str = "default"
    edges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Top-level property to the names of the resources that it was made from."""
    ignore_changes: tuple[str, ...] = ()
    parent: str = ""
    """Name of the component that it is in."""

    @property
    def package(self) -> str:
        """The package, such as aws."""
        return self.type.partition(":")[0]

    @property
    def urn(self) -> str:
        """The URN in the stack `prod` of the project `demo`."""
        return f"urn:pulumi:prod::demo::{self.type}::{self.name}"

    @property
    def provider_urn(self) -> str:
        """The URN of its provider."""
        return f"urn:pulumi:prod::demo::pulumi:providers:{self.package}::{self.provider_name}"


@dataclass(frozen=True)
class Program:
    """A whole program: its resources in the order of registration, and what the rules may look at besides."""

    resources: tuple[Planned, ...]
    contract: Mapping[str, Any] = field(default_factory=dict)
    """As it would stand in ringfence.policy.yaml; empty is none."""
    config: Mapping[str, str] = field(default_factory=dict)
    """The stack's configuration."""
    environment: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    """Files beside Pulumi.yaml, by name."""

    def adding(self, resources: Iterable[Planned], contract: Mapping[str, Any] | None = None) -> Program:
        """The program with further resources, and the contract with what a patch adds."""
        return replace(self, resources=(*self.resources, *resources), contract=merged(self.contract, contract or {}))


def merged(value: Any, patch: Any) -> Any:
    """`value` with a JSON merge patch applied (RFC 7396): mappings merge, None removes, all else replaces."""
    if not isinstance(patch, Mapping):
        return copy.deepcopy(patch)
    found = dict(value) if isinstance(value, Mapping) else {}
    for key, item in patch.items():
        if item is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), item)
    return found


def steps(path: str) -> list[str]:
    """The steps of a table's path: `rules[].destination.bucket` is rules, [], destination, bucket."""
    return [step for part in path.split(".") for step in (part.replace("[]", "\0[]").split("\0")) if step]


KEY = "main"
"""The key that stands for `*`."""


def placed(inputs: Mapping[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Inputs with a value at a table's path: one item for each [], the key `main` for *. What is there is kept."""
    return _placed(copy.deepcopy(dict(inputs)), steps(path), value)


def _placed(holder: Any, way: list[str], value: Any) -> Any:
    if not way:
        return value
    step, rest = way[0], way[1:]
    if step == "[]":
        items = list(holder) if isinstance(holder, list) and holder else [None]
        return [_placed(items[0], rest, value), *items[1:]]
    found = dict(holder) if isinstance(holder, Mapping) else {}
    key = KEY if step == "*" and KEY not in found else step
    if step == "*":
        key = next(iter(found), KEY)
    found[key] = _placed(found.get(key), rest, value)
    return found


def without(inputs: Mapping[str, Any], path: str) -> dict[str, Any]:
    """Inputs without the value at a table's path, and without what held nothing else."""
    return _without(copy.deepcopy(dict(inputs)), steps(path)) or {}


def _without(holder: Any, way: list[str]) -> Any:
    step, rest = way[0], way[1:]
    if step == "[]":
        items = holder if isinstance(holder, list) else []
        kept = [_without(item, rest) for item in items] if rest else []
        return [item for item in kept if item] or None
    if not isinstance(holder, Mapping):
        return holder
    found = dict(holder)
    for key in list(found) if step == "*" else [step]:
        inner = _without(found.get(key), rest) if rest and found.get(key) is not None else None
        if inner is None or inner == {}:
            found.pop(key, None)
        else:
            found[key] = inner
    return found or None


def top(path: str) -> str:
    """The top-level property of a path: the engine records edges by it."""
    return steps(path)[0]
