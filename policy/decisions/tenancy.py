"""Fair shares: what tenants were promised against what quotas and queues give them, and against what there is.

Owns: the arithmetic. Pure: plain numbers in, sentences out. Refuses to own: reading queues (policy.rules.tenancy).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from policy.values import UNKNOWN

ACCELERATORS = ("nvidia.com/", "amd.com/gpu", "habana.ai/", "gpu.intel.com/", "aws.amazon.com/neuron", "google.com/tpu")
"""Starts of the names under which device plugins offer accelerators."""


def is_accelerator(resource: str) -> bool:
    """Whether a resource name is an accelerator, or a quota on one."""
    return resource.removeprefix("requests.").startswith(ACCELERATORS)


def units(quantity: object) -> int | None:
    """A whole number of devices, or None where it is not known or not a whole number."""
    if quantity is UNKNOWN or isinstance(quantity, bool):
        return None
    try:
        return int(str(quantity))
    except ValueError:
        return None


@dataclass(frozen=True)
class Promise:
    """What one queue guarantees to one tenant (None: nobody's, lent to all), or None where that is not known."""

    queue: str
    tenant: str | None
    resource: str
    guaranteed: int | None


def over_capacity(promises: Iterable[Promise], capacity: Mapping[str, int]) -> list[str]:
    """Where the guarantees of a cluster add up to more than it has."""
    wrong = []
    totals: dict[str, int] = {}
    for promise in promises:
        totals[promise.resource] = totals.get(promise.resource, 0) + (promise.guaranteed or 0)
    for resource, total in sorted(totals.items()):
        held = capacity.get(resource, 0)
        if total > held:
            wrong.append(f"guarantees {total} {resource} and has {held}")
    return wrong


def broken(promises: Iterable[Promise], tenant: str, promised: Mapping[str, int]) -> list[str]:
    """Where a tenant's queues give it less, or more, than it was promised."""
    given: dict[str, int] = {}
    for promise in promises:
        if promise.tenant == tenant:
            given[promise.resource] = given.get(promise.resource, 0) + (promise.guaranteed or 0)
    wrong = []
    for resource in sorted({*given, *promised}):
        has, due = given.get(resource, 0), promised.get(resource, 0)
        if has != due:
            wrong.append(f"{tenant} was promised {due} {resource} and its queues guarantee {has}")
    return wrong
