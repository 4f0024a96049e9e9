"""Kueue's objects as plain records, whoever wrote them: queues, cohorts in their trees, and flavours.

Owns: reading manifests of both API versions (v1beta1: `cohort`, `parent`; v1beta2: `cohortName`, `parentName`). Refuses
to own: judging them (problems.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.planning.feasibility.quantity import Quantity, quantity

GROUP = "kueue.x-k8s.io/"
Place = tuple[str, str]
"""A flavour and a resource: what Kueue counts, lends and borrows."""


class ManifestError(ValueError):
    """A Kueue object that cannot be read. The message names it and the field."""


@dataclass(frozen=True)
class Amounts:
    """What one queue or cohort says of one flavour and resource."""

    nominal: Quantity
    borrowing: Quantity | None
    """None: no limit."""
    lending: Quantity | None


@dataclass(frozen=True)
class Quotas:
    """A ClusterQueue or a Cohort."""

    kind: str
    name: str
    above: str | None
    """The cohort that it belongs to."""
    amounts: Mapping[Place, Amounts]

    @property
    def shown(self) -> str:
        """Its kind and name, for messages."""
        return f"{self.kind} {self.name}"


@dataclass(frozen=True)
class Queues:
    """Everything of Kueue's that decides who may use what on one cluster."""

    queues: tuple[Quotas, ...] = ()
    cohorts: Mapping[str, Quotas] = field(default_factory=dict)
    flavors: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """ResourceFlavor to its node labels."""

    def root(self, member: Quotas) -> str | None:
        """The cohort at the top of a member's tree; None for a queue that shares with nobody."""
        name = member.name if member.kind == "Cohort" else member.above
        seen: list[str] = []
        while name is not None and name not in seen:
            seen.append(name)
            above = self.cohorts[name].above if name in self.cohorts else None
            if above is None:
                return name
            name = above
        return min(seen) if seen else None  # a circle, which Kueue stops; any of its names stands for it

    def trees(self) -> dict[str, list[Quotas]]:
        """Cohort at the top to everything below it, and itself."""
        found: dict[str, list[Quotas]] = {}
        for member in (*self.queues, *self.cohorts.values()):
            root = self.root(member)
            if root is not None:
                found.setdefault(root, []).append(member)
        return found


def read(manifests: Iterable[Mapping[str, Any]]) -> Queues:
    """The queues among any manifests. Raises ManifestError for one whose quotas cannot be read."""
    queues: list[Quotas] = []
    cohorts: dict[str, Quotas] = {}
    flavors: dict[str, Mapping[str, str]] = {}
    for manifest in manifests:
        if not str(manifest.get("apiVersion", "")).startswith(GROUP):
            continue
        kind = manifest.get("kind")
        name = str(_mapping(f"a {kind}", manifest, "metadata").get("name", ""))
        spec = _mapping(f"{kind} {name}", manifest, "spec")
        match kind:
            case "ResourceFlavor":
                labels = _mapping(f"{kind} {name}", spec, "nodeLabels")
                flavors[name] = {str(key): str(value) for key, value in labels.items()}
            case "ClusterQueue":
                above = spec.get("cohortName") or spec.get("cohort")
                queues.append(Quotas("ClusterQueue", name, above, _amounts(f"ClusterQueue {name}", spec)))
            case "Cohort":
                above = spec.get("parentName") or spec.get("parent")
                cohorts[name] = Quotas("Cohort", name, above, _amounts(f"Cohort {name}", spec))
    return Queues(tuple(queues), cohorts, flavors)


def _amounts(owner: str, spec: Mapping[str, Any]) -> dict[Place, Amounts]:
    found: dict[Place, Amounts] = {}
    for group in _list(owner, spec, "resourceGroups"):
        for flavor in _list(owner, group, "flavors"):
            for resource in _list(owner, flavor, "resources"):
                place = (str(flavor.get("name")), str(resource.get("name")))
                where = f"{owner}, {place[0]}/{place[1]}"
                nominal = _quantity(where, resource, "nominalQuota")
                if nominal is None:
                    raise ManifestError(f"{where}: nominalQuota is missing")
                found[place] = Amounts(
                    nominal, _quantity(where, resource, "borrowingLimit"), _quantity(where, resource, "lendingLimit")
                )
    return found


def _mapping(owner: str, holder: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    found = holder.get(key) or {}
    if not isinstance(found, Mapping):
        raise ManifestError(f"{owner}: {key} must be a mapping")
    return found


def _list(owner: str, holder: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    found = holder.get(key) or []
    if not isinstance(found, list) or not all(isinstance(each, Mapping) for each in found):
        raise ManifestError(f"{owner}: {key} must be a list of mappings")
    return found


def _quantity(where: str, holder: Mapping[str, Any], key: str) -> Quantity | None:
    written = holder.get(key)
    if written is None:
        return None
    found = quantity(written)
    if found is None or found.amount < 0:
        raise ManifestError(f"{where}: {key} {written!r} is not a quantity such as 16, 500m or 64Gi")
    return found
