"""The shape of a Kubernetes object, and the error that every planner of this room raises.

Owns: building one object as a plain mapping, references between Cluster API objects, and image names at a mirror.
Refuses to own: what any kind of object says.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

Manifest = dict[str, Any]
"""apiVersion, kind, metadata, and the kind's own fields."""


class PlanError(ValueError):
    """Something that cannot be planned: `message` says what and where, `remedy` what to change."""

    def __init__(self, message: str, remedy: str) -> None:
        self.message = message
        self.remedy = remedy
        super().__init__(f"{message}: {remedy}")


def manifest(
    api_version: str,
    kind: str,
    name: str,
    namespace: str | None = None,
    *,
    labels: Mapping[str, str] | None = None,
    annotations: Mapping[str, str] | None = None,
    **fields: Any,
) -> Manifest:
    """One object; `namespace` is None for a cluster-wide kind, and `fields` are its own (`spec`, `data`, ...)."""
    metadata: dict[str, Any] = {"name": name}
    if namespace is not None:
        metadata["namespace"] = namespace
    if labels:
        metadata["labels"] = dict(labels)
    if annotations:
        metadata["annotations"] = dict(annotations)
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}


def contract_reference(target: Manifest) -> dict[str, str]:
    """A v1beta2 Cluster API reference: group, kind and name, never a version or a namespace.

    Source: kubernetes-sigs/cluster-api v1.14.0, ContractVersionedObjectReference.
    """
    return {
        "apiGroup": target["apiVersion"].rpartition("/")[0],
        "kind": target["kind"],
        "name": target["metadata"]["name"],
    }


def versioned(template: Manifest) -> Manifest:
    """The template under a name that changes with what it says.

    Cluster API never looks at a template again once machines are made from it: a change in place is refused, or does
    nothing. A new name makes the deployment that refers to it roll out.
    """
    said = json.dumps(template["spec"], sort_keys=True).encode()
    name = f"{template['metadata']['name']}-{hashlib.sha256(said).hexdigest()[:8]}"
    return {**template, "metadata": {**template["metadata"], "name": name}}


def mirrored(image: str, registry: str | None) -> str:
    """The image at the site's own registry: the same path and tag, with the registry's host in place of the original's.

    This is what a containerd mirror serves too, so that a reference that nobody rewrote still resolves to the mirror.
    """
    if registry is None:
        return image
    host, _, path = image.partition("/")
    if not path or not ("." in host or ":" in host or host == "localhost"):
        path = image
    return f"{registry}/{path}"
