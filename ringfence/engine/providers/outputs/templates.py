"""Templates of output values (`arn:$partition:eks:$region:$account:cluster/$name`) and the table that holds them.

Owns data/outputs.csv: package, type, property (a path, or `id`), template, source. A template that starts with `{` or
`[` is JSON.
"""

from __future__ import annotations

import base64
import csv
import json
import string
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ringfence.engine.providers.naming import digest

_ENCODED = "base64 "
_DATA = Path(__file__).parents[1] / "data"


class Facts(Mapping[str, str]):
    """What a template may say of one resource. A fact is worked out when it is asked for.

    Besides the given facts: `$hash17`, `$hash8` and so on (hexadecimal digits), `$digits12` (decimal digits) and
    `$in_<property>` (an input that is a string).
    """

    def __init__(
        self, seed: tuple[str, ...], given: Mapping[str, str | Callable[[], str]], inputs: Mapping[str, Any]
    ) -> None:
        self._seed = seed
        self._given = given
        self._inputs = inputs

    def __getitem__(self, key: str) -> str:
        if key in self._given:
            value = self._given[key]
            return value if isinstance(value, str) else value()
        if key.startswith("hash"):
            return digest(*self._seed, length=int(key[4:]))
        if key.startswith("digits"):
            return str(int(digest(*self._seed, length=24), 16))[-int(key[6:]) :]
        if key.startswith("in_"):
            value = self._inputs.get(key[3:])
            return str(value) if isinstance(value, str | int | float) else ""
        raise KeyError(key)

    def __iter__(self) -> Iterator[str]:
        return iter(self._given)

    def __len__(self) -> int:
        return len(self._given)

    def seeded(self, *more: str) -> Facts:
        """The same facts for a part of the resource: other hashes."""
        return Facts((*self._seed, *more), self._given, self._inputs)


def fill(template: str, facts: Facts) -> Any:
    """The value of a template. `base64 ` before it says that a cloud hands it out encoded."""
    text = string.Template(template).substitute(facts)
    if text.startswith(_ENCODED):
        return base64.b64encode(text.removeprefix(_ENCODED).encode()).decode()
    return json.loads(text) if text[:1] in ("{", "[") or text in ("true", "false") else text


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], dict[str, str]]:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    with (_DATA / "outputs.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            rows.setdefault((row["package"], row["type"]), {})[row["property"]] = row["template"]
    return rows


@lru_cache(maxsize=4096)
def templates(package: str, token: str) -> Mapping[str, str]:
    """The rows of a type over the rows of its whole package, by property."""
    table = _table()
    return {**table.get((package, "*"), {}), **table.get((package, token), {})}
