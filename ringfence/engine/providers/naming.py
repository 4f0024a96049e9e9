"""Names that a provider makes up when a program gives none: deterministic, so that two previews agree.

Owns the suffix and the engine's autonaming options. A real provider draws the suffix at random; here it is a hash of
the URN and of the name that a replaced resource had, so a replacement never collides with what it replaces.
"""

from __future__ import annotations

import hashlib
from typing import Any

PROPOSE, ENFORCE, DISABLE = 0, 1, 2

UNKNOWN_IN_PLAN = "unknown-in-plan"
"""Stands for a value that nobody gave and only a cloud could: no table of regions, projects or accounts knows it, so
nothing can be proven of it."""


def digest(*parts: str, length: int = 8) -> str:
    """Lower-case hexadecimal digits of a hash of the parts."""
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:length]


def made_up(
    stem: str, urn: str, replaced: str, autonaming: Any, *, separator: str = "-", digits: int = 7
) -> str | None:
    """The name for a resource without one; None when the user's autonaming options forbid it."""
    if autonaming is not None and autonaming.ByteSize():
        if autonaming.mode == DISABLE:
            return None
        if autonaming.proposed_name:
            return autonaming.proposed_name
    return f"{stem}{separator}{digest(urn, replaced, length=digits)}"
