"""What the image closure finds: images with the reasons why each is there, and what it could not resolve.

Owns: the plain values and how they merge. Refuses to own: the search (manifests.py, values.py, operators.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.airgap.images.reference import Reference


@dataclass(frozen=True, order=True)
class Why:
    """Where an image is named."""

    source: str
    """What was read: `cluster serve-fra, add-on kserve, chart kserve-resources v0.20.0`."""
    path: str
    """Within it: `Deployment kube-system/coredns spec.template.spec.containers[0].image`."""
    rule: str
    """How it was found: container, image volume, image field, split fields, environment, argument, runtime driver
    tag, or text, which is the weakest: a name in a string that nobody told us is an image."""

    def __str__(self) -> str:
        return f"{self.source}: {self.path} ({self.rule})"


@dataclass(frozen=True, order=True)
class Unresolved:
    """Something that names an image, and not which."""

    name: str
    """What a waiver calls it: stable, and the same for the same thing in every run."""
    why: Why
    reason: str

    def __str__(self) -> str:
        return f"{self.name}: {self.reason} ({self.why})"


@dataclass
class Closure:
    """Images and other artefacts by reference, each with why it is there; and what could not be resolved."""

    images: dict[Reference, set[Why]] = field(default_factory=dict)
    unresolved: set[Unresolved] = field(default_factory=set)
    values_only: set[str] = field(default_factory=set)
    """Sources whose chart was not rendered: what only a template names is missing from their images."""

    def add(self, reference: Reference, why: Why) -> None:
        """Note one more reason for an image."""
        self.images.setdefault(reference, set()).add(why)

    def miss(self, name: str, why: Why, reason: str) -> None:
        """Note something that could not be resolved."""
        self.unresolved.add(Unresolved(name, why, reason))

    def merge(self, other: Closure) -> None:
        """Take in another closure."""
        for reference, reasons in other.images.items():
            self.images.setdefault(reference, set()).update(reasons)
        self.unresolved |= other.unresolved
        self.values_only |= other.values_only

    def pin(self, digests: Mapping[str, str]) -> None:
        """Give each image without a digest the one that `digests` has for its name and tag."""
        for reference in sorted(self.images, key=str):
            digest = digests.get(str(reference))
            if reference.digest is None and digest:
                pinned = Reference(reference.host, reference.path, reference.tag, digest)
                self.images.setdefault(pinned, set()).update(self.images.pop(reference))

    def left(self, waived: Iterable[str]) -> list[Unresolved]:
        """What is unresolved and not waived by its name."""
        names = set(waived)
        return sorted(each for each in self.unresolved if each.name not in names)

    def as_json(self) -> dict[str, Any]:
        """Plain values, sorted: the same closure gives the same bytes."""
        return {
            "images": [
                {"image": str(reference), "why": [str(why) for why in sorted(reasons)]}
                for reference, reasons in sorted(self.images.items(), key=lambda item: str(item[0]))
            ],
            "unresolved": [
                {"name": each.name, "reason": each.reason, "why": str(each.why)} for each in sorted(self.unresolved)
            ],
            "valuesOnly": sorted(self.values_only),
        }
