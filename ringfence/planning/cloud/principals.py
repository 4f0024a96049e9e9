"""Groups of the identity provider, as each cloud names them.

Owns: telling a cloud's own name for a group from ours. Refuses to own: looking groups up; a preview asks nobody.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_NATIVE = {
    "azure": (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.I), "the object id of an Entra group"),
    "gcp": (re.compile(r"[^@\s]+@[^@\s]+"), "the address of a Google group"),
}


@dataclass(frozen=True)
class NativeGroups:
    """Groups, as one cloud names them."""

    known: Mapping[str, str]
    """Group to the cloud's own name for it."""
    unknown: tuple[str, ...]
    """Groups that the cloud cannot be told of: their people cannot come in."""

    @property
    def warning(self) -> str:
        """What to say of the unknown ones."""
        return f"nobody of {', '.join(self.unknown)} can come in: principals must give {self._wanted} for each"

    _wanted: str


def native_groups(cloud: str, groups: Iterable[str], principals: Mapping[str, str]) -> NativeGroups:
    """The groups as `principals` says, or by their own name where it already is one of the cloud's.

    `cloud` is azure or gcp.
    """
    pattern, wanted = _NATIVE[cloud]
    named = {group: principals.get(group, group) for group in groups}
    known = {group: native for group, native in named.items() if pattern.fullmatch(native)}
    return NativeGroups(known, tuple(sorted(set(named) - set(known))), wanted)
