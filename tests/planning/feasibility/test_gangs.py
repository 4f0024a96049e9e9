"""Packing: what it says fits does fit, what it says does not never does, and the biggest block is the biggest."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.feasibility.gangs import biggest_block, fits, nodes_needed, pods_of

small_pods = st.lists(st.integers(1, 8), max_size=5)


def tried(pods: list[int], nodes: int, per_node: int) -> bool:
    """Every way to put every pod on every node."""
    for ways in product(range(nodes), repeat=len(pods)):
        room = [per_node] * nodes
        for pod, node in zip(pods, ways, strict=True):
            room[node] -= pod
        if min(room, default=0) >= 0:
            return True
    return not pods


@settings(max_examples=300, deadline=None)
@given(small_pods, st.integers(1, 4), st.integers(1, 8))
def test_the_answer_is_that_of_trying_everything(pods: list[int], nodes: int, per_node: int) -> None:
    assert fits(pods, nodes, per_node) is tried(pods, nodes, per_node)


@given(st.lists(st.integers(1, 8), max_size=40), st.integers(8, 16))
def test_first_fit_uses_enough_nodes_and_not_twice_as_many(pods: list[int], per_node: int) -> None:
    used = nodes_needed(pods, per_node)
    assert used * per_node >= sum(pods)
    assert not pods or (used - 1) * per_node < 2 * sum(pods)
    assert fits(pods, used, per_node) is True


@settings(max_examples=200, deadline=None)
@given(small_pods, st.integers(1, 4), st.integers(1, 8))
def test_the_biggest_block_fits_and_one_more_does_not(taken: list[int], nodes: int, per_node: int) -> None:
    block = biggest_block(taken, nodes, per_node)
    if not tried(taken, nodes, per_node):
        assert block == 0
        return
    assert tried([*taken, *pods_of(block, per_node)], nodes, per_node)
    assert not tried([*taken, *pods_of(block + 1, per_node)], nodes, per_node)


@given(st.integers(0, 100), st.integers(1, 16))
def test_a_gang_is_cut_into_pods_that_add_up(units: int, per_node: int) -> None:
    pods = pods_of(units, per_node)
    assert sum(pods) == units
    assert all(0 < pod <= per_node for pod in pods)


@pytest.mark.parametrize(
    ("pods", "nodes", "per_node", "expected"),
    [
        ([], 0, 8, True),
        ([1], 0, 8, False),
        ([9], 2, 8, False),  # larger than a node, though the pool has room
        ([5, 5], 1, 8, False),
        ([4, 4, 4, 4], 2, 8, True),
        ([4, 3, 3, 2, 2, 2], 2, 8, True),  # 4+2+2 and 3+3+2: first fit decreasing needs three nodes
        ([6, 5, 5, 4, 2, 2], 2, 12, True),  # 6+4+2 and 5+5+2: the same
        ([6, 6, 6], 2, 8, False),  # 18 of 24 would be room enough on one node of 24
    ],
)
def test_examples(pods: list[int], nodes: int, per_node: int, expected: bool) -> None:
    assert fits(pods, nodes, per_node) is expected


def test_first_fit_alone_would_have_said_no() -> None:
    assert nodes_needed([4, 3, 3, 2, 2, 2], 8) == 3


def test_what_cannot_be_searched_is_not_known() -> None:
    pods = [7, 6, 5, 4, 3] * 60
    assert fits(pods, sum(pods) // 13 + 1, 13) in (True, None), "never a false no"
