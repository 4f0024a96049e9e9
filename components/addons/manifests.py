"""Helpers for the objects that add-ons bring beside their charts.

Owns: the shape of a manifest as plain data. Refuses to own: creating it (components/addons/stack.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Manifest = dict[str, Any]
"""apiVersion, kind, metadata with name (and namespace), and data or spec."""


@dataclass(frozen=True, kw_only=True)
class Objects:
    """What an add-on needs besides its release."""

    before: tuple[Manifest, ...] = ()
    """Made first: configuration that the chart's pods mount, a database that they connect to."""
    after: tuple[Manifest, ...] = ()
    """Made once the release is ready: custom resources of its own kinds."""

    def __iter__(self) -> Iterator[Manifest]:
        return iter((*self.before, *self.after))


def config_map(name: str, namespace: str, data: Mapping[str, str], labels: Mapping[str, str] | None = None) -> Manifest:
    """A ConfigMap."""
    return manifest("v1", "ConfigMap", name, namespace, labels=labels) | {"data": dict(data)}


def manifest(
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    spec: Mapping[str, Any] | None = None,
    labels: Mapping[str, str] | None = None,
) -> Manifest:
    """Any object; `namespace` is None for a cluster-wide kind."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    made: Manifest = {"apiVersion": api_version, "kind": kind, "metadata": metadata}
    if spec is not None:
        made["spec"] = dict(spec)
    return made
