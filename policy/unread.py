"""What a resource sets that nobody reads yet: properties that could move data, which the sweep found and no row covers.

Owns: finding them, fast, and the place that a value says by itself (a region in an ARN, a location in a Google name).
Refuses to own: whether that matters, which depends on the classes of what the resource holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from policy import tables
from policy.addresses import said_by
from policy.places import Located
from policy.resource import Resource
from policy.values import Read

_NOTHING: tuple[object, ...] = ("", False, [], {})


@dataclass(frozen=True)
class Unread:
    """One property that is set and that nothing reads: its value, and the place that the value says, if it does."""

    read: Read
    said: Located | None


def known(type: str) -> bool:
    """Whether the sweep knows a type; nothing is read of one that it does not know."""
    return tables.not_yet(type) is not None


def unread(resource: Resource) -> Iterator[Unread]:
    """Every property that a resource sets and nothing reads, once each; none for a type that the sweep does not know.

    What is false, empty or null is not set. An unknown value is set: it is reported where the unknown begins.
    """
    seen: set[str] = set()
    for top, paths in _by_top(resource.type).items():
        if resource.inputs.get(top) in (None, "", False):
            continue
        for path in paths:
            for read in resource.reader.all(path):
                if read.path in seen or read.absent or (read.known and read.value in _NOTHING):
                    continue
                seen.add(read.path)
                yield Unread(read, said(read))


def said(read: Read) -> Located | None:
    """The place that a known text says: the region of an ARN, the location of a Google Cloud name; else None."""
    return said_by(read.text) if read.text else None


@lru_cache(maxsize=1024)
def _by_top(type: str) -> dict[str, tuple[str, ...]]:
    """The type's paths by their first step: most resources set few properties."""
    found: dict[str, list[str]] = {}
    for path in tables.not_yet(type) or ():
        found.setdefault(re.split(r"[.\[]", path, maxsplit=1)[0], []).append(path)
    return {top: tuple(paths) for top, paths in found.items()}
