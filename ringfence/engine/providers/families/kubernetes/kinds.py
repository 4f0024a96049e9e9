"""Which kind a resource token means, and whether it is namespaced.

Owns the reading of `kubernetes:<group>/<version>:<Kind>` tokens. Source of the scopes: data/cluster_scoped_kinds.csv.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

_DATA = Path(__file__).parents[2] / "data"
_NOT_OBJECTS = frozenset({"helm.sh/v3", "helm.sh/v4", "yaml", "yaml/v2", "kustomize", "kustomize/v2"})
"""Modules of the package whose resources are not Kubernetes objects."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind as the API server names it. `patch`: one of the SDK's `...Patch` resources, with nothing required."""

    group: str
    version: str
    kind: str
    patch: bool = False

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version


def kind_of(token: str, inputs: dict[str, Any]) -> Kind | None:
    """The kind of a token, or None when it is no Kubernetes object (Helm releases, YAML groups)."""
    _, module, name = token.split(":", 2)
    if module in _NOT_OBJECTS:
        return None
    group, _, version = module.rpartition("/")
    if group == "core":
        group = ""
    written = inputs.get("kind")
    patch = name.endswith("Patch") and written == name.removesuffix("Patch")
    api_version = inputs.get("apiVersion")
    if isinstance(api_version, str) and "/" in api_version and not group:
        group, _, version = api_version.rpartition("/")
    return Kind(group, version, name.removesuffix("Patch") if patch else name, patch)


@lru_cache(maxsize=1)
def cluster_scoped() -> frozenset[tuple[str, str]]:
    """(group, kind) of the built-in kinds that live outside namespaces."""
    with (_DATA / "cluster_scoped_kinds.csv").open(encoding="utf-8", newline="") as rows:
        return frozenset((row["api_group"], row["kind"]) for row in csv.DictReader(rows))
