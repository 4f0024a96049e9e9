"""The place that was meant: the nearest known path to one that the chart does not know.

Owns: that search over whole paths, since a key is as often in the wrong place as misspelt. Refuses to own: deciding
that a key is dead.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from difflib import SequenceMatcher, get_close_matches

Path = tuple[str, ...]

_CUTOFF = 0.75
"""How alike two keys must be: `stratgy` and `strategy` are 0.93, `name` and `values` 0.4."""

_CUTOFF_HERE = 0.6
"""The same for keys of one map, where a like one is much more probably meant: `tga` and `tag` are 0.67."""


def nearest(path: Path, known: Iterable[Path]) -> Path | None:
    """The known path most like `path`: its last key in another place, or a like key near it; None when nothing is."""
    known = list(known)
    here = {_plain(candidate[-1]): candidate for candidate in known if candidate[:-1] == path[:-1]}
    near = get_close_matches(_plain(path[-1]), list(here), n=1, cutoff=_CUTOFF_HERE)
    if near:
        return here[near[0]]
    by_leaf: defaultdict[str, list[Path]] = defaultdict(list)
    for candidate in known:
        by_leaf[_plain(candidate[-1])].append(candidate)
    leaf = _plain(path[-1])
    close = get_close_matches(leaf, list(by_leaf), n=8, cutoff=_CUTOFF)
    candidates = [candidate for name in close for candidate in by_leaf[name] if candidate != path]
    if not candidates:
        return None
    best = max(candidates, key=lambda c: (_score(path, c), -len(c), tuple(reversed(c))))
    if len(path) == len(best) == 1 or _shared(path, best):
        return best
    # Without a shared parent only the very same word says anything, unless it is everywhere, as `enabled` is.
    same = _plain(best[-1]) == leaf
    return best if same and len(by_leaf[leaf]) <= 3 else None


def _plain(key: str) -> str:
    return key.lower().replace("-", "").replace("_", "")


def _shared(path: Path, candidate: Path) -> int:
    """How many leading keys the two have in common, the last ones not counted."""
    count = 0
    for one, other in zip(path[:-1], candidate[:-1], strict=False):
        if _plain(one) != _plain(other):
            break
        count += 1
    return count


def _score(path: Path, candidate: Path) -> float:
    alike = SequenceMatcher(None, _plain(path[-1]), _plain(candidate[-1])).ratio()
    parents = len(set(map(_plain, path[:-1])) & set(map(_plain, candidate[:-1])))
    return 2 * alike + _shared(path, candidate) + 0.5 * parents - 0.1 * abs(len(path) - len(candidate))
