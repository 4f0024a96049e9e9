"""Slots: where a manifest lacks a value because it is secret, or because nobody knows it before the stack is up.

Owns: how a slot is written into a manifest and filled again. Refuses to own: where values come from.

A slot stands in the manifest as the text `ringfence-slot:<name>`. A cluster never takes an unfilled one by accident for
a secret: in a Secret's `data` it is no base64, so the API server refuses the object.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringfence.errors import RingfenceError

SLOT_PREFIX = "ringfence-slot:"

# How Pulumi marks in JSON what JSON has no type for (sdk/go/common/resource/sig, sdk/go/common/resource/plugin).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""What the engine writes for a value that nobody knows before the stack is up."""

_SECRET_FIELDS = ("data", "stringData")

Step = str | int


class SlotError(RingfenceError):
    """Slots that were not filled; the message names each one."""


@dataclass(frozen=True, kw_only=True)
class Slot:
    """One value that a manifest lacks."""

    name: str
    """Unique within the cluster, such as `Secret/monitoring/grafana/data.password`."""
    reason: Literal["secret", "unknown"]
    object: str
    """`Kind/namespace/name`, or `Kind/name`."""
    path: tuple[Step, ...]
    """Keys and list positions from the top of the manifest."""
    encoding: Literal["text", "base64", "text-map", "base64-map"]
    """What goes in. `base64` under a Secret's `data`; a `-map` where all of a Secret's `data` or `stringData` is one
    secret (the engine's own provider makes it so): then it is a mapping of keys to such values."""

    @property
    def text(self) -> str:
        """What stands in the manifest."""
        return SLOT_PREFIX + self.name


def slotted(manifest: Mapping[str, Any], key: str) -> tuple[dict[str, Any], list[Slot]]:
    """The manifest with each marker of the engine replaced by a slot's text, and those slots, in the manifest's order.

    `key` is the object's `Kind/namespace/name`.
    """
    found: list[Slot] = []
    secret_kind = manifest.get("kind") == "Secret" and manifest.get("apiVersion") == "v1"

    def walk(value: Any, path: tuple[Step, ...]) -> Any:
        reason = _reason(value)
        if reason is not None:
            in_secret = secret_kind and path[:1] and path[0] in _SECRET_FIELDS
            slot = Slot(
                name=f"{key}/{'.'.join(map(str, path))}",
                reason="secret" if in_secret else reason,
                object=key,
                path=path,
                encoding=_encoding(path) if in_secret else "text",
            )
            found.append(slot)
            return slot.text
        if isinstance(value, Mapping):
            return {name: walk(item, (*path, name)) for name, item in value.items()}
        if isinstance(value, list):
            return [walk(item, (*path, index)) for index, item in enumerate(value)]
        return value

    return {name: walk(value, (name,)) for name, value in manifest.items()}, found


def _encoding(path: tuple[Step, ...]) -> Literal["text", "base64", "text-map", "base64-map"]:
    """Of a slot in a Secret."""
    whole = len(path) == 1
    if path[0] == "data":
        return "base64-map" if whole else "base64"
    return "text-map" if whole else "text"


def is_unknown(value: Any) -> bool:
    """Whether the engine does not know the value before the stack is up."""
    return isinstance(value, str) and UNKNOWN in value


def _reason(value: Any) -> Literal["secret", "unknown"] | None:
    if isinstance(value, Mapping) and value.get(_SIGNATURE) == _SECRET:
        return "secret"
    return "unknown" if is_unknown(value) else None


def fill(manifest: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """The manifest with its slots filled from `values`, by slot name.

    Raises:
        SlotError: a slot has no value.
    """
    missing: list[str] = []

    def walk(value: Any) -> Any:
        if isinstance(value, str) and value.startswith(SLOT_PREFIX):
            name = value.removeprefix(SLOT_PREFIX)
            if name not in values:
                missing.append(name)
            return values.get(name)
        if isinstance(value, Mapping):
            return {name: walk(item) for name, item in value.items()}
        return [walk(item) for item in value] if isinstance(value, list) else value

    filled = {name: walk(value) for name, value in manifest.items()}
    if missing:
        raise SlotError(f"no value for {', '.join(sorted(missing))}: give one for each slot and try again")
    return filled
