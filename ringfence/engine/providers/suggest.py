"""`did you mean`: the nearest allowed name. Owns the wording, so that every refusal reads alike."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


def nearest(name: str, allowed: Iterable[str]) -> str | None:
    """The allowed name most like `name`, ignoring case and underscores, or None when nothing is near."""
    spelled = {_fold(candidate): candidate for candidate in allowed}
    folded = _fold(name)
    if folded in spelled:
        return spelled[folded]
    matches = difflib.get_close_matches(folded, spelled, n=1, cutoff=0.6)
    return spelled[matches[0]] if matches else None


def hint(name: str, allowed: Iterable[str]) -> str:
    """`; did you mean "x"?`, or the allowed names when they are few, or nothing."""
    names = list(allowed)
    match = nearest(name, names)
    if match:
        return f'; did you mean "{match}"?'
    if 0 < len(names) <= 12:
        return "; allowed: " + ", ".join(sorted(names))
    return ""


def _fold(name: str) -> str:
    return name.replace("_", "").replace("-", "").lower()
