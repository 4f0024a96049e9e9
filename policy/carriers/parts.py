"""What carriers give: resources from inside a payload, and what could not be read.

Owns: their shape. Refuses to own: any format.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from policy.resource import Resource
from policy.values import Opaque, Secret


@dataclass(frozen=True)
class Unseen:
    """A part of a payload that could not be read: which, and why."""

    what: str
    path: str


Carried = Resource | Unseen


def inside(carrier: Resource, token: str, name: str, inputs: Mapping[str, Any], **more: Any) -> Resource:
    return Resource(
        type=token,
        urn=f"{carrier.urn}#{name}",
        name=f"{carrier.name}/{name}",
        inputs=inputs,
        provider=more.pop("provider", carrier.provider),
        parent=carrier.urn,
        carrier=carrier,
        **more,
    )


def plain(value: Any) -> Any:
    """The value without its wrapping: rules decide on secrets too, and no message shows one."""
    if isinstance(value, Secret):
        return plain(value.value)
    return value.text if isinstance(value, Opaque) else value
