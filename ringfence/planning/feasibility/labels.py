"""Node labels that are not a pool's own: what writes them changes them when sharing is switched on.

Owns: which keys. Source: NVIDIA gpu-feature-discovery and mig-manager: product becomes `...-SHARED` under time-slicing
and `...-MIG-1g.10gb` or `MIG-INVALID` under MIG, and count, replicas and memory follow (gpu-operator#479).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

CHANGING = (
    "nvidia.com/gpu.product",
    "nvidia.com/gpu.count",
    "nvidia.com/gpu.replicas",
    "nvidia.com/gpu.memory",
    "nvidia.com/gpu.multiprocessors",
    "nvidia.com/gpu.slices.",
    "nvidia.com/gpu.engines.",
    "nvidia.com/gpu.sharing-strategy",
    "nvidia.com/mig-",
    "nvidia.com/mig.",
    "nvidia.com/vgpu.present",
    "amd.com/gpu.compute-partitioning-supported",
    "amd.com/compute-partitioning",
    "amd.com/memory-partitioning",
)
"""Keys, and beginnings of keys where they end in a mark."""

REQUESTS = ("nvidia.com/mig.config", "nvidia.com/device-plugin.config", "nvidia.com/gpu.workload.config")
"""Labels by which an administrator asks for a layout: they are set on nodes, and not selected by."""


def changing(keys: Iterable[str]) -> list[str]:
    """Those of the keys that change."""
    begin = tuple(each for each in CHANGING if each.endswith((".", "-")))
    return [key for key in keys if key not in REQUESTS and (key in CHANGING or key.startswith(begin))]


def selected(values: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], str]]:
    """Each place in plain values where nodes are selected by a label that changes, with the label."""
    if isinstance(values, Mapping):
        expression = values.get("key")
        if isinstance(expression, str) and "operator" in values and changing([expression]):
            yield (*path, "key"), expression
        for key, value in values.items():
            if changing([str(key)]) and not isinstance(value, Mapping | list):
                yield (*path, key), str(key)
            yield from selected(value, (*path, key))
    elif isinstance(values, list):
        for index, value in enumerate(values):
            yield from selected(value, (*path, index))
