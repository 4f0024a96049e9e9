"""What changed between old and new inputs, path by path, and which change forces a replacement.

Owns the comparison and the matching of property paths against replacement patterns. Refuses to know which properties
force one (`replacement.py`). ignoreChanges needs nothing here: the engine puts the old values into the new inputs
first.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from ringfence.engine.providers.check import keyed
from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.wire import UNKNOWN

ADD, DELETE, UPDATE = "ADD", "DELETE", "UPDATE"


def changes(old: Any, new: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, ADD | DELETE | UPDATE) of every difference, as deep as objects and lists of equal length go."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in old.keys() | new.keys():
            if key.startswith("__"):
                continue
            where = keyed(path, key)
            if key not in new:
                yield where, DELETE
            elif key not in old:
                yield where, ADD
            else:
                yield from changes(old[key], new[key], where)
    elif isinstance(old, list) and isinstance(new, list):
        for index in range(max(len(old), len(new))):
            where = f"{path}[{index}]"
            if index >= len(new):
                yield where, DELETE
            elif index >= len(old):
                yield where, ADD
            else:
                yield from changes(old[index], new[index], where)
    elif new is UNKNOWN:
        if old is not UNKNOWN:
            yield path, UPDATE
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield path, UPDATE


def respond(
    old: dict[str, Any], new: dict[str, Any], forces_replacement: Callable[[str], bool]
) -> provider_pb2.DiffResponse:
    """The engine's answer for two sets of plain inputs."""
    response = provider_pb2.DiffResponse(changes=provider_pb2.DiffResponse.DIFF_NONE, hasDetailedDiff=True)
    tops: set[str] = set()
    replaces: set[str] = set()
    for path, kind in changes(old, new):
        top = top_level(path)
        tops.add(top)
        if forces_replacement(path):
            replaces.add(top)
            kind += "_REPLACE"
        response.detailedDiff[path].kind = provider_pb2.PropertyDiff.Kind.Value(kind)
        response.detailedDiff[path].inputDiff = True
    if tops:
        response.changes = provider_pb2.DiffResponse.DIFF_SOME
        response.diffs.extend(sorted(tops))
        response.replaces.extend(sorted(replaces))
    return response


def top_level(path: str) -> str:
    """`spec.template[0].x` -> `spec`; `["a.b"].c` -> `a.b`."""
    quoted = re.match(r'\[("(?:[^"\\]|\\.)*")\]', path)
    return json.loads(quoted.group(1)) if quoted else re.split(r"[.\[]", path, maxsplit=1)[0]


def pattern(text: str) -> re.Pattern[str]:
    """A replacement pattern as a regular expression.

    `vpcConfig.subnetIds` matches that path and all beneath it; `[*]` stands for any index, `.*` for any one key.
    """
    escaped = re.escape(text).replace(r"\[\*\]", r"\[\d+\]").replace(r"\.\*", r"(?:\.[^.\[]+|\[\"[^\"]+\"\])")
    return re.compile(rf"^{escaped}(?:$|[.\[])")
