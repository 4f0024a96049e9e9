"""Memory of a replica: weights, key-value cache and overhead, and whether they fit into a device or a slice of one.

Owns: the formulas, in GiB (2**30 bytes) throughout; to read GB where GiB is meant is 7 % wrong. Refuses to own: how
fast a replica answers (ringfence.planning.serving.demand) and what a device holds (ringfence.facts.accelerators).

The estimate follows kaito's (kaito-project/kaito, pkg/workspace/estimator/nodesestimator, Apache-2.0), with the ceiling
where kaito adds one to the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise

from ringfence.spec.model import Precision

GIB = 2**30

BYTES_PER_PARAMETER: dict[str, float] = {"fp32": 4, "bf16": 2, "fp16": 2, "fp8": 1, "int8": 1, "int4": 0.5}
"""Bytes of one weight at each precision."""

USABLE = 0.84
"""Part of a device's memory that an engine may plan with (kaito: utilisation)."""
BASE_GIB = 2.3
"""What CUDA, graphs and the engine take on each device (kaito: base memory)."""
WEIGHTS_FACTOR = 1.02
"""Weights in memory over weights on disk (kaito)."""
ACTIVATIONS_FACTOR = 1.05
"""Activations on top of each device's weights (kaito: five per cent)."""

KV_POINTS = ((1.24, 32_768), (8.03, 131_072), (70.55, 327_680), (405.85, 516_096))
"""Billions of parameters, and bytes of key-value cache for one token at 16 bit: 2 x layers x kv heads x head size x 2.

Source: configurations of Llama 3.2 1B (16, 8, 64), Llama 3.1 8B (32, 8, 128), 70B (80, 8, 128) and 405B (126, 8, 128).
Between the points the estimate goes by the power law through its neighbours. Models that share more (multi-head latent
attention) need less, models without grouped queries need more.
"""


@dataclass(frozen=True, kw_only=True)
class Fit:
    """Whether a replica fits the devices that it is given, in GiB for one device."""

    fits: bool
    weights_gib: float
    cache_gib: float
    needed_gib: float
    """Weights with activations, cache and the engine's base."""
    usable_gib: float
    """What an engine may plan with: 84 % of the device."""
    message: str
    """One sentence for a person."""


def weights_gib(parameters_billions: float, precision: Precision) -> float:
    """Weights of a whole model."""
    return parameters_billions * 1e9 * BYTES_PER_PARAMETER[precision] / GIB


def cache_bytes_per_token(parameters_billions: float, *, bytes_per_value: float = 2) -> float:
    """Key-value cache of one token, in bytes, estimated from the size. The engine keeps it at 16 bit by default."""
    points = [(math.log(size), math.log(held)) for size, held in KV_POINTS]
    at = math.log(parameters_billions)
    below, above = next(
        (pair for pair in pairwise(points) if at <= pair[1][0]),
        (points[-2], points[-1]),
    )
    slope = (above[1] - below[1]) / (above[0] - below[0])
    return math.exp(below[1] + slope * (at - below[0])) * bytes_per_value / 2


def cache_gib(parameters_billions: float, tokens: int) -> float:
    """Key-value cache of so many tokens: context times sequences."""
    return cache_bytes_per_token(parameters_billions) * tokens / GIB


def free_for_weights_gib(device_gib: float, cache_on_device_gib: float) -> float:
    """What is left of one device for weights, below zero where the cache alone is too much."""
    return (device_gib * USABLE - BASE_GIB - cache_on_device_gib) / ACTIVATIONS_FACTOR


def devices_needed(weights: float, device_gib: float, cache_on_device_gib: float) -> int | None:
    """The fewest devices that hold weights (GiB) with so much cache on each; None where none is ever enough."""
    free = free_for_weights_gib(device_gib, cache_on_device_gib)
    return math.ceil(weights * WEIGHTS_FACTOR / free) if free > 0 else None


def fit(
    *,
    parameters_billions: float,
    precision: Precision,
    context_tokens: int,
    concurrent_sequences: int,
    devices: int,
    device_gib: float,
    device: str,
) -> Fit:
    """Whether a replica over `devices` devices (or slices) of `device_gib` each holds its weights and its sequences."""
    weights = weights_gib(parameters_billions, precision) / devices
    cache = cache_gib(parameters_billions, context_tokens * concurrent_sequences) / devices
    needed = weights * WEIGHTS_FACTOR * ACTIVATIONS_FACTOR + cache + BASE_GIB
    usable = device_gib * USABLE
    what = f"{precision} weights {weights:.1f} GiB, cache {cache:.1f} GiB and {BASE_GIB} GiB for the engine"
    on = f"{usable:.1f} GiB usable of {device}" + (f" (each of {devices})" if devices > 1 else "")
    said = f"{what} take {needed:.1f} GiB with activations" + (" and fit " if needed <= usable else ", more than the ")
    return Fit(
        fits=needed <= usable,
        weights_gib=weights,
        cache_gib=cache,
        needed_gib=needed,
        usable_gib=usable,
        message=f"{said}{on}",
    )
