"""Keys that a values.yaml only mentions in its comments.

Owns: finding them and the place they belong to. A commented-out key is one that the chart's templates read; it counts
as known. Refuses to own: judging values. Where a comment may be read two ways it is read both ways: taking prose for a
key costs nothing, refusing a real key would.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator

import yaml

ITEM = "[]"
"""Stands in a path for any item of a list."""

Path = tuple[str, ...]

_COMMENT = re.compile(
    r"^(?P<indent>\s*)#+(?P<gap>\s*)(?P<dash>(?:- +)*)(?P<key>\"[^\"]+\"|'[^']+'|[\w./$-]+):(?P<rest>\s.*|)$"
)
_PARAM = re.compile(r"^\s*#+\s*@(?:param|extra|skip)\s+(?P<path>[\w.\[\]-]+)")
_HELM_DOCS = re.compile(r"^\s*#+\s*(?P<path>[\w-]+(?:\.[\w-]+)+) -- ")
_PROSE = re.compile(r"^(?:[A-Z]|e\.g|example|ref$|note$|default$|i\.e|usage$|options?$)", re.ASCII)


def commented_keys(text: str) -> Iterator[Path]:
    """Every path that a comment of the file mentions."""
    try:
        root = yaml.compose(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
    except yaml.YAMLError:
        return
    live: list[tuple[int, int, Path]] = []
    blocks: list[tuple[int, int]] = []
    if root is not None:
        _collect(root, (), live, blocks)
    live.sort()
    lines_of_keys = [line for line, _, _ in live]
    hidden = {number for start, end in blocks for number in range(start, end)}
    open_comments: list[tuple[int, Path]] = []
    last_live = -1
    for number, line in enumerate(text.splitlines()):
        if "#" not in line or number in hidden:
            continue
        named = _PARAM.match(line) or _HELM_DOCS.match(line)
        if named:
            yield _split(named["path"])
            continue
        match = _COMMENT.match(line)
        if match is None:
            continue
        before = bisect_left(lines_of_keys, number)
        if before != last_live:
            open_comments, last_live = [], before
        yield from _place(match, live[:before], open_comments)


def _place(
    match: re.Match[str], live: list[tuple[int, int, Path]], open_comments: list[tuple[int, Path]]
) -> Iterator[Path]:
    """The paths that one commented line may stand for; keeps the stack of commented parents up to date."""
    column = len(match["indent"]) + max(0, len(match["gap"]) - 1)
    while open_comments and open_comments[-1][0] >= column + len(match["dash"]):
        open_comments.pop()
    above = _above(live, column)
    parent = open_comments[-1][1] if open_comments else above
    key = match["key"].strip("\"'")
    inner = (ITEM,) if match["dash"] else ()
    path = (*parent, *inner, key)
    yield path
    if open_comments and _PROSE.match(parent[-1]):
        yield (*above, *inner, key)
    # `#   key` may stand two or three columns below its parent, by whether the blank after # belongs to the comment.
    if not open_comments and len(match["gap"]) > 1:
        yield (*_above(live, len(match["indent"]) + len(match["gap"])), *inner, key)
    if not match["rest"].strip() or match["rest"].strip()[0] in "{|>[#":
        open_comments.append((column + len(match["dash"]), path))


def _above(live: list[tuple[int, int, Path]], column: int) -> Path:
    """What a line at this column hangs below: the parent of the key before it in the same column, or the key above."""
    for _, at, path in reversed(live):
        if at == column:
            return path[:-1]
        if at < column:
            return path
    return ()


def _split(dotted: str) -> Path:
    return tuple(part for part in re.sub(r"\[\d*\]", f".{ITEM}", dotted).split(".") if part)


def _collect(node: yaml.Node, path: Path, live: list[tuple[int, int, Path]], blocks: list[tuple[int, int]]) -> None:
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            below = (*path, str(key.value))
            live.append((key.start_mark.line, key.start_mark.column, below))
            _collect(value, below, live, blocks)
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            _collect(item, (*path, ITEM), live, blocks)
    elif isinstance(node, yaml.ScalarNode) and node.style in ("|", ">") and node.start_mark and node.end_mark:
        blocks.append((node.start_mark.line + 1, node.end_mark.line))
