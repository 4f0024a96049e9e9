"""What our host changes in the SDK says the same as the SDK, only sooner."""

from __future__ import annotations

import asyncio
import traceback
from typing import Any

import pulumi.runtime.resource as registering
import pytest
from pulumi import Output

from ringfence.engine import program

STACK = "urn:pulumi:dev::shop::pulumi:pulumi:Stack::shop-dev"
NESTED = "urn:pulumi:dev::shop::shop:index:Site$shop:index:Cluster::berlin"


def told(made: Any) -> str | None:
    async def ask() -> str | None:
        return await made().future()

    return asyncio.run(ask())


@pytest.mark.parametrize("parent", [STACK, NESTED, ""])
@pytest.mark.parametrize("name", ["scans", "a::b", "käse"])
def test_a_urn_of_strings_is_the_sdks(name: str, parent: str) -> None:
    quick = program._urn_at_once(registering.create_urn)
    ours, theirs = (
        told(lambda make=make: make(name, "aws:s3/bucket:Bucket", parent)) for make in (quick, registering.create_urn)
    )
    assert ours == theirs
    assert ours and ours.endswith(f"$aws:s3/bucket:Bucket::{name}")


def test_a_urn_of_anything_else_is_left_to_the_sdk() -> None:
    quick = program._urn_at_once(registering.create_urn)
    made = told(lambda: quick("scans", "aws:s3/bucket:Bucket", Output.from_input(NESTED)))
    assert made == f"{NESTED.rpartition('::')[0]}$aws:s3/bucket:Bucket::scans"


def test_a_line_is_looked_up_once_and_each_line_has_its_own_place() -> None:
    asked: list[int | None] = []

    def position_of(frame: traceback.FrameSummary) -> str:
        asked.append(frame.lineno)
        return f"{frame.filename}:{frame.lineno}"

    position = program._remembered(position_of)
    frames = [traceback.FrameSummary("shop.py", line, "make") for line in (1, 2, 1, 2)]
    assert [position(frame) for frame in frames] == ["shop.py:1", "shop.py:2", "shop.py:1", "shop.py:2"]
    assert asked == [1, 2]
