"""The score itself: every known leak is refused with the right path, and no compliant stack is refused.

`ringfence mutate --all` runs the same cases; here they are dealt out, so that the test processes share them."""

from __future__ import annotations

from functools import cache

import pytest

from ringfence.mutation import families, score
from ringfence.mutation.mutant import Case

SHARDS = 16


@cache
def every() -> tuple[Case, ...]:
    return tuple(families.every_case())


@pytest.mark.parametrize("shard", range(SHARDS))
def test_every_leak_is_refused_with_the_right_path_and_nothing_else_is(shard: int) -> None:
    found = score.run(every()[shard::SHARDS])
    assert found.uncovered == ()
    assert [(each.fate.value, each.case.id) for each in found.bad] == []
