"""Property values as a rule reads them: known, absent or unknown, and never printed when they are secret.

Owns: decoding what the engine sends (the unknown sentinel and the secret mark included) and reading a path out of it.
A rule that touched the SDK's own proxies would be turned into an advisory by one unknown value and the preview would
pass; nothing here raises for an unknown. Refuses to own: what any property means.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from functools import lru_cache
from typing import Any

from pulumi_policy import proxy

_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"
_ASSET = "c44067f5952c0a294b673a41bacd8c17"
_SENTINELS = tuple(value for name, value in vars(proxy).items() if name.startswith("UNKNOWN_"))
_UNKNOWN = re.compile("|".join(map(re.escape, _SENTINELS)))
_STEP = re.compile(r"[^.\[\]]+|\[\]")


class _Unknown(Enum):
    UNKNOWN = "unknown"

    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN = _Unknown.UNKNOWN
"""Stands for a value that a preview cannot know, also for a text of which one part is unknown."""


@dataclass(frozen=True)
class Secret:
    """A value that the program marked as secret. Rules may decide on it; no message may show it."""

    value: Any

    def __repr__(self) -> str:
        return "Secret([secret])"


@dataclass(frozen=True)
class Opaque:
    """A file or archive: its text where it was given as text."""

    text: str | None


def decode(value: Any, secrets: set[str] | None = None) -> Any:
    """What the engine sent, as dictionaries, lists, texts, numbers, UNKNOWN, Secret and Opaque.

    Every text that is marked as secret is added to `secrets`, so that no message need ever show one.
    """
    if isinstance(value, str):
        # Only a text as long as a sentinel can hold one.
        return UNKNOWN if len(value) >= 36 and _UNKNOWN.search(value) else value
    if isinstance(value, Mapping):
        if _SIGNATURE in value:
            return _special(value, secrets)
        return {key: decode(item, secrets) for key, item in value.items()}
    if isinstance(value, Sequence):
        return [decode(item, secrets) for item in value]
    # The protocol has no whole numbers: 3 comes as 3.0.
    return int(value) if isinstance(value, float) and value.is_integer() else value


def from_json(value: Any) -> Any:
    """A value, or what it holds where it is an object or a list as JSON text."""
    if isinstance(value, str) and value[:1] in ("{", "["):
        try:
            return decode(json.loads(value))
        except (json.JSONDecodeError, RecursionError):
            return value
    return value


def _special(value: Mapping[str, Any], secrets: set[str] | None) -> Any:
    if value[_SIGNATURE] == _SECRET:
        inner = decode(value.get("value"))
        if secrets is not None:
            secrets.update(text for _, text, _ in texts(inner))
        return inner if inner is UNKNOWN else Secret(inner)
    if value[_SIGNATURE] == _ASSET:
        return Opaque(value.get("text"))
    return Opaque(None)


class State(Enum):
    """What can be said of the value at a path."""

    KNOWN = "known"
    ABSENT = "absent"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Read:
    """One value found at a concrete path, such as rules[0].destination.bucket."""

    path: str
    state: State
    value: Any = None
    secret: bool = False

    @property
    def known(self) -> bool:
        """Whether there is a value and it is known."""
        return self.state is State.KNOWN

    @property
    def unknown(self) -> bool:
        """Whether there is a value that the preview cannot know."""
        return self.state is State.UNKNOWN

    @property
    def absent(self) -> bool:
        """Whether nothing is there."""
        return self.state is State.ABSENT

    @property
    def text(self) -> str | None:
        """The value where it is a known text that is not empty."""
        return self.value if self.known and isinstance(self.value, str) and self.value else None

    @property
    def shown(self) -> str:
        """The value for a message: never a secret, never long."""
        if not self.known:
            return self.state.value
        if self.secret or isinstance(self.value, (dict, list, Opaque)):
            return "[secret]" if self.secret else "[object]"
        return repr(self.value) if len(str(self.value)) <= 80 else repr(str(self.value)[:77] + "...")


class Reader:
    """Reads paths such as `rules[].destination.bucket` out of decoded properties; `*` is every key of a mapping."""

    def __init__(self, properties: Any) -> None:
        self.properties = properties

    def one(self, path: str) -> Read:
        """The first value at a path; ABSENT where there is none, UNKNOWN where any part of the way is unknown."""
        return next(self.all(path), Read(path, State.ABSENT))

    def all(self, path: str) -> Iterator[Read]:
        """Every value at a path: one Read each. A list or mapping that is empty gives nothing."""
        yield from _walk(self.properties, _steps(path), "", False)

    def entry(self, path: str, key: str) -> Read:
        """A value in the mapping at a path by a key of any spelling (labels hold dots and slashes)."""
        found = self.one(path)
        if not found.known or not isinstance(found.value, dict):
            return Read(f"{path}[{key}]", State.UNKNOWN if found.unknown else State.ABSENT)
        return _read(found.value.get(key), f'{path}["{key}"]', found.secret)


@lru_cache(maxsize=16384)
def _steps(path: str) -> tuple[str, ...]:
    return tuple(_STEP.findall(path))


def _walk(value: Any, steps: Sequence[str], path: str, secret: bool) -> Iterator[Read]:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if not steps or value is UNKNOWN or value is None:
        if steps and value is None:
            yield Read(_join(path, ".".join(steps)), State.ABSENT)
        else:
            yield _read(value, path, secret)
        return
    step, rest = steps[0], steps[1:]
    if step == "[]":
        # Providers' own inputs and some SDKs give a single object where a list is meant.
        items = value if isinstance(value, list) else [value]
        for index, item in enumerate(items):
            yield from _walk(item, rest, f"{path}[{index}]", secret)
    elif not isinstance(value, dict):
        yield Read(_join(path, step), State.ABSENT)
    elif step == "*":
        for key, item in value.items():
            yield from _walk(item, rest, _join(path, key), secret)
    else:
        yield from _walk(value.get(step), rest, _join(path, step), secret)


def _read(value: Any, path: str, secret: bool) -> Read:
    if isinstance(value, Secret):
        value, secret = value.value, True
    if value is None:
        return Read(path, State.ABSENT)
    if value is UNKNOWN:
        return Read(path, State.UNKNOWN)
    return Read(path, State.KNOWN, value, secret)


def _join(path: str, step: str) -> str:
    return f"{path}.{step}" if path else step


def texts(value: Any, path: str = "") -> Iterator[tuple[str, str, bool]]:
    """Every known text in a value with its path and whether it is secret: (path, text, secret)."""
    if isinstance(value, Secret):
        for inner, text, _ in texts(value.value, path):
            yield inner, text, True
    elif isinstance(value, str):
        yield path, value, False
    elif isinstance(value, Opaque):
        if value.text:
            yield path, value.text, False
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from texts(item, _join(path, str(key)))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from texts(item, f"{path}[{index}]")
