"""Demand: how many replicas answer it.

Owns: the arithmetic of peaks and replicas. Refuses to own: how many tokens a second a device gives, which only a
measurement or a cited table can say.
"""

from __future__ import annotations

import math

from ringfence.spec.model import Demand

SECONDS_PER_DAY = 86_400


def mean_tokens_per_second(demand: Demand) -> float:
    """Input and output tokens together, over the day."""
    return demand.tokens_per_day / SECONDS_PER_DAY


def peak_output_tokens_per_second(demand: Demand) -> float:
    """What must be generated in the busiest second; the day's mean of output tokens where no peak is given."""
    if demand.peak_requests_per_second:
        return demand.peak_requests_per_second * demand.output_tokens
    request = demand.input_tokens + demand.output_tokens
    return mean_tokens_per_second(demand) * demand.output_tokens / request


def replicas_for(output_tokens_per_second: float, per_accelerator: float, accelerators_per_replica: int) -> int:
    """Replicas that generate so much: the peak over what one replica gives, rounded up. At least one.

    `per_accelerator` is output tokens/s of one device at the promised latency, never at maximal load. Raises ValueError
    where it is not above zero.
    """
    if per_accelerator <= 0:
        raise ValueError(f"throughput of one accelerator is {per_accelerator}: it must be above 0 tokens/s")
    return max(1, math.ceil(output_tokens_per_second / (per_accelerator * accelerators_per_replica)))


def daily_limit(demand: Demand) -> int | None:
    """Tokens that a model's owner may use in a day: what it was sized for; None where no demand was declared."""
    return demand.tokens_per_day or None
