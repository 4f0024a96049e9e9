"""Findings: what is wrong with a platform file, where, what is allowed, and what to write instead.

Owns: one finding's shape and its spelling for people and machines. Refuses to own: finding anything.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

Path = tuple[str | int, ...]


def spell_path(path: Path) -> str:
    """The path as `pulumi config set --path` spells it: sites.fra.region, routes[0]."""
    spelled = ""
    for part in path:
        spelled += f"[{part}]" if isinstance(part, int) else (f".{part}" if spelled else str(part))
    return spelled


def did_you_mean(wrong: str, known: Iterable[str]) -> str | None:
    """The closest known word, or None where nothing is close."""
    words = list(known)
    by_folded = {word.casefold(): word for word in words}
    close = difflib.get_close_matches(wrong.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[close[0]] if close else None


def listed(words: Iterable[object], most: int = 12) -> str:
    """Words for a message, sorted, cut with a count where there are many."""
    ordered = sorted(str(word) for word in words)
    shown = ", ".join(ordered[:most])
    return f"{shown} and {len(ordered) - most} more" if len(ordered) > most else shown


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that is wrong, or worth a warning."""

    code: str
    """Stable identifier in kebab-case, such as dangling-name."""
    path: Path
    """Where, from the root of the platform."""
    message: str
    allowed: str | None = None
    suggestion: str | None = None
    severity: Literal["error", "warning"] = "error"


def dangling(path: Path, what: str, wrong: str, known: Sequence[str]) -> Finding:
    """A name that nothing in the file carries."""
    close = did_you_mean(wrong, known)
    return Finding(
        code="dangling-name",
        path=path,
        message=f"there is no {what} named {wrong!r}",
        allowed=listed(known) if known else f"no {what} is declared",
        suggestion=f"did you mean {close!r}?" if close else f"declare the {what} or use one of those listed",
    )
