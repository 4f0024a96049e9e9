"""What stands at a locator's path in a mutant, and what is around it.

Owns the model. Refuses to own any value (ringfence.mutation.values, ringfence.mutation.words).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.mutation.program import Planned


@dataclass(frozen=True)
class Planted:
    """What stands at a locator's path, and what is around it."""

    how: str
    """How it is written, as part of the mutant's id."""
    value: Any = None
    """None leaves the property out."""
    places: tuple[str, ...] = ()
    """Words for the place, of which the refusal must have one."""
    companions: tuple[Planned, ...] = ()
    edge: str = ""
    """The resource that the value was made from."""
    region: str | None = None
    """Where the resource itself is, when not at home."""
    contract: Mapping[str, Any] = field(default_factory=dict)
    """What is added to the contract."""
    data_class: str = "patient"
