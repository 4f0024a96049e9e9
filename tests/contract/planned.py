"""Reads a real preview as a list of planned resources, with what each says of itself in its tags or labels.

Owns: where each package keeps tags, asked of the SDKs' own types. Refuses to own: what they ought to say
(test_previewed_stack.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pulumi  # noqa: F401  first: ringfence.engine.providers puts stubs in its place where it is not loaded yet

from ringfence.engine.providers.schema.registry import PACKAGES, Registry
from ringfence.engine.run import Result
from ringfence.planning.labels import KUBERNETES_PREFIX

STACK_TYPE = "pulumi:pulumi:Stack"
UNKNOWN = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
"""Stands for a value that is known after the preview only (pulumi/pulumi, sdk/go/common/resource/plugin/rpc.go)."""

_TAG_PROPERTIES = {
    "aws": ("tags",),
    "azure-native": ("tags",),
    "gcp": ("labels", "resourceLabels", "userLabels"),
}
"""Where each cloud's resources carry tags. `labels` of an EKS node group are its nodes', not its own."""


@dataclass(frozen=True)
class Planned:
    """One resource that the engine would create."""

    urn: str
    state: Mapping[str, Any]
    operation: str

    def __str__(self) -> str:
        return f"{self.type} {self.name}"

    @property
    def type(self) -> str:
        """Its type token."""
        return self.state["type"]

    @property
    def name(self) -> str:
        """Its name in the program."""
        return self.urn.split("::", 3)[3]

    @property
    def package(self) -> str:
        """The package of its type; a provider's is `pulumi`."""
        return self.type.partition(":")[0]

    @property
    def parent(self) -> str:
        """URN of its parent; "" for the stack itself."""
        return self.state.get("parent", "")

    @property
    def inputs(self) -> Mapping[str, Any]:
        """What the program says of it."""
        return self.state.get("inputs") or {}

    @property
    def is_component(self) -> bool:
        """Whether it is one of our components."""
        return self.type.startswith("ringfence:index:")

    @property
    def is_cloud_s(self) -> bool:
        """Whether a provider makes it: no component, no provider, not the stack, and not merely read."""
        return bool(self.state.get("custom")) and self.package != "pulumi" and self.operation != "read"

    def tags(self) -> dict[str, str] | None:
        """Its tags or labels by our own keys; None where its type can carry none."""
        if self.package == "kubernetes":
            if self.type == "kubernetes:helm.sh/v3:Release":
                return None  # Helm gives a release's objects their labels; the release itself has none
            labels = (self.inputs.get("metadata") or {}).get("labels") or {}
            return {key.removeprefix(KUBERNETES_PREFIX): value for key, value in labels.items()}
        for name in _TAG_PROPERTIES.get(self.package, ()):
            if name in _properties(self.package, self.type):
                return dict(self.inputs.get(name) or {})
        return None


@cache
def _registry(package: str) -> Registry:
    return Registry(PACKAGES[package])


@cache
def _properties(package: str, token: str) -> frozenset[str]:
    found = _registry(package).resource(token)
    assert found is not None, f"the SDK knows no {token}"
    return frozenset(found.inputs.properties)


def planned(result: Result) -> list[Planned]:
    """Every resource of a preview."""
    operations = result.operations
    return [Planned(urn, state, operations.get(urn, "")) for urn, state in result.resources.items()]
