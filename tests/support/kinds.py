"""Definitions of kinds that no module which can be fetched defines, for tests of what admission makes of them."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]

OUT_OF_REACH = (
    ("opentelemetry.io", "v1beta1", "OpenTelemetryCollector"),
    ("datadoghq.com", "v2alpha1", "DatadogAgent"),
)
"""Kinds that residency holds and whose Go modules cannot be fetched with the Go that is pinned."""


def open_kind(group: str, version: str, kind: str) -> Manifest:
    """A definition that takes any content: admission is what is tried on it, not its schema."""
    plural = f"{kind.lower()}s"
    schema = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"kind": kind, "plural": plural},
            "versions": [{"name": version, "served": True, "storage": True, "schema": schema}],
        },
    }
