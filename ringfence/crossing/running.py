"""What would change if a bundle were carried in now: its plan against the state that is running, without an engine run.

Owns: the comparison, resource by resource. Refuses to own: what changes between two bundles
(ringfence.airgap.comparing), and reading a bundle.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ringfence.airgap.reading import Bundle
from ringfence.crossing import canonical, layout
from ringfence.crossing.store import Store

_STACK = "pulumi:pulumi:Stack"


@dataclass(frozen=True)
class Drift:
    """One resource that is not as the bundle would leave it."""

    urn: str
    step: Literal["create", "change", "delete"]
    values: tuple[str, ...] = ()
    """What differs in its inputs: `path: value here, value in the bundle`."""


def compare(plan: Mapping[str, Mapping[str, Any]], export: Mapping[str, Any]) -> list[Drift]:
    """Every resource that differs, by URN. What the plan does not know yet, and secrets, differ in nothing."""
    state = {each["urn"]: each for each in canonical.canonical_state(export) if not each.get("delete")}
    found = []
    for urn in sorted({*plan, *state}):
        if urn not in state:
            found.append(Drift(urn, "create"))
        elif urn not in plan:
            found.append(Drift(urn, "delete"))
        elif state[urn]["type"] != _STACK:
            values = tuple(canonical.differences(plan[urn]["inputs"], state[urn]["inputs"]))
            if values:
                found.append(Drift(urn, "change", values))
    return found


def plan_of(bundle: Bundle, store: Store) -> dict[str, dict[str, Any]]:
    """The plan in a bundle; a delta that did not change it has it from an earlier one, which the store keeps.

    Raises:
        RingfenceError: it is in neither.
    """
    if bundle.manifest.member(layout.PLAN).carried:
        return json.loads(bundle.read(layout.PLAN))["resources"]
    return store.read_json(bundle.manifest, layout.PLAN)["resources"]
