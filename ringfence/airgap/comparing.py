"""What changed between two bundles: members by role, and inside documents the values that differ.

Owns the pairing of members and the words for a change. Reads documents only as far as they are small.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from ringfence.airgap.manifest import Manifest, Member, Role
from ringfence.airgap.reading import Bundle

LARGEST_DOCUMENT = 8 << 20
"""Bytes: documents beyond it are said to differ, and no more."""
_ABSENT = object()


@dataclass(frozen=True)
class Change:
    """One thing that is only in A (`removed`), only in B (`added`) or different (`changed`)."""

    role: Role
    what: str
    """The path, or for images and charts what they are called without tag and digest."""
    before: Member | None
    after: Member | None
    values: tuple[str, ...] = ()
    """Inside a document: `monthly.total: 41200 -> 43900`."""

    @property
    def kind(self) -> str:
        """`added`, `removed` or `changed`."""
        return "added" if self.before is None else "removed" if self.after is None else "changed"

    def as_json(self) -> dict[str, Any]:
        """The change as plain values."""
        return {
            "role": self.role.value,
            "kind": self.kind,
            "what": self.what,
            "before": self.before.digest if self.before else None,
            "after": self.after.digest if self.after else None,
            "values": list(self.values),
        }


def compare(before: Bundle, after: Bundle) -> list[Change]:
    """The changes from one bundle to another, by role and name."""
    old, new = _named(before.manifest), _named(after.manifest)
    changes = []
    for key in sorted(old.keys() | new.keys()):
        a, b = old.get(key), new.get(key)
        if a and b and a.digest == b.digest:
            continue
        values = tuple(_inside(before, a, after, b)) if a and b else ()
        changes.append(Change(Role(key[0]), key[1], a, b, values))
    return changes


def new_bytes(before: Manifest, after: Manifest) -> int:
    """Bytes of `after` that `before` does not have: what a delta carries."""
    held = {member.digest for member in before.members}
    return sum(member.size for member in after.members if member.digest not in held)


def _named(manifest: Manifest) -> Mapping[tuple[str, str], Member]:
    """The members by role and by what they are called in every version. A name that is not unique stays a path."""
    made: dict[tuple[str, str], Member] = {}
    for member in manifest.members:
        name = _called(member)
        if (member.role.value, name) in made:
            name = member.path
        made[member.role.value, name] = member
    return made


def _called(member: Member) -> str:
    if not member.ref:
        return member.path
    repository = member.ref.partition("@")[0]
    tag = repository.rpartition(":")
    plain = tag[0] if tag[0] and "/" not in tag[2] else repository
    return f"{plain} ({member.platform})" if member.platform else plain


def _inside(before: Bundle, a: Member, after: Bundle, b: Member) -> Iterator[str]:
    """The values that differ in a document that both carry."""
    old, new = _document(before, a), _document(after, b)
    if old is not _ABSENT and new is not _ABSENT:
        yield from differences(old, new)
    elif a.tag != b.tag:
        yield f"tag: {a.tag} -> {b.tag}"


def _document(bundle: Bundle, member: Member) -> Any:
    if not member.carried or member.size > LARGEST_DOCUMENT:
        return _ABSENT
    try:
        text = bundle.read(member.path).decode()
        if member.path.endswith(".json"):
            return json.loads(text)
        if member.path.endswith((".yaml", ".yml")):
            return list(yaml.safe_load_all(text))
    except (ValueError, yaml.YAMLError, RecursionError):
        pass
    return _ABSENT


def differences(old: Any, new: Any, at: str = "") -> Iterator[str]:
    """The leaves that differ between two documents of plain JSON, with the way to them. Lists of named things (each
    with `name`, `urn`, `id`, `resource` or `dataClass`) are compared by name, others by position.
    """
    old, new = _by_name(old), _by_name(new)
    if isinstance(old, dict) and isinstance(new, dict):
        for key in sorted(old.keys() | new.keys(), key=str):
            where = f"{at}.{key}" if at else str(key)
            yield from differences(old.get(key, _ABSENT), new.get(key, _ABSENT), where)
    elif old is _ABSENT:
        yield f"{at}: added {_short(new)}"
    elif new is _ABSENT:
        yield f"{at}: removed {_short(old)}"
    elif old != new:
        yield f"{at}: {_short(old)} -> {_short(new)}"


def _by_name(value: Any) -> Any:
    if not isinstance(value, list):
        return value
    for key in ("urn", "name", "id", "resource", "dataClass"):
        names = [each.get(key) for each in value if isinstance(each, dict)]
        if value and len(names) == len(value) == len({str(name) for name in names}) and None not in names:
            return {str(each[key]): each for each in value}
    return dict(enumerate(value))


def _short(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 80 else f"{text[:77]}..."
