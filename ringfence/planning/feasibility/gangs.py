"""Gangs against blocks: whether pods that must run at the same time have room on nodes that are all alike.

Owns: packing, exactly where that is cheap. A gang is cut into pods of at most one node each. Refuses to own: what is
running (a plan knows only what will always run), and the order in which a scheduler tries.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

_STEPS = 20_000
"""States that the exact search may look at; past them the answer is 'not known'."""


def pods_of(units: int, per_node: int) -> list[int]:
    """A gang as pods, each as large as a node lets it be. Empty where a node holds nothing."""
    if per_node < 1:
        return []
    return [per_node] * (units // per_node) + ([units % per_node] if units % per_node else [])


def nodes_needed(pods: Iterable[int], per_node: int) -> int:
    """A number of nodes that holds all the pods, by first fit decreasing: at most 11/9 of the least, plus one
    (Johnson 1973), and the least where each size divides the next (Coffman, Garey, Johnson 1987)."""
    free: list[int] = []
    for pod in sorted(pods, reverse=True):
        for index, room in enumerate(free):
            if pod <= room:
                free[index] -= pod
                break
        else:
            free.append(per_node - pod)
    return len(free)


def fits(pods: Iterable[int], nodes: int, per_node: int) -> bool | None:
    """Whether all the pods can run at once: True, False, or None where neither could be proven."""
    sizes = sorted((pod for pod in pods if pod > 0), reverse=True)
    if not sizes:
        return True
    if sizes[0] > per_node or sum(sizes) > nodes * per_node:
        return False
    if nodes_needed(sizes, per_node) <= nodes:
        return True
    if sum(1 for pod in sizes if pod * 2 > per_node) > nodes:
        return False
    return _search(tuple(sizes), nodes, per_node)


def _search(sizes: tuple[int, ...], nodes: int, per_node: int) -> bool | None:
    """Exact: each pod in turn into each kind of free room that there is."""
    left = _STEPS

    @cache
    def place(index: int, free: tuple[int, ...]) -> bool | None:
        nonlocal left
        if index == len(sizes):
            return True
        left -= 1
        if left < 0:
            return None
        unknown = False
        for room in sorted({room for room in free if room >= sizes[index]}):
            rest = list(free)
            rest.remove(room)
            found = place(index + 1, tuple(sorted((*rest, room - sizes[index]))))
            if found:
                return True
            unknown = unknown or found is None
        return None if unknown else False

    if len(sizes) > 200 or nodes > 200:
        return None
    return place(0, (per_node,) * nodes)


def biggest_block(taken: Iterable[int], nodes: int, per_node: int) -> int:
    """The most units that one gang can have beside pods that always run, packed as densely as they can be."""
    standing = [pod for pod in taken if pod > 0]
    low, high = 0, max(nodes * per_node - sum(standing), 0)
    while low < high:
        middle = (low + high + 1) // 2
        if fits([*standing, *pods_of(middle, per_node)], nodes, per_node):
            low = middle
        else:
            high = middle - 1
    return low
