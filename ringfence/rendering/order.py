"""The order of manifests: what others need first, then by name.

Owns: the order. Refuses to own: waiting, which is whose applies them (a kind's definition is served a moment after it
was taken).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_FIRST = (
    "CustomResourceDefinition",
    "Namespace",
    "PriorityClass",
    "StorageClass",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "NetworkPolicy",
    "ResourceQuota",
    "LimitRange",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
)
"""Kinds, in the order in which they are applied; every other kind comes after them. Bounds come before what they
bound."""


def apply_order(manifest: Mapping[str, Any]) -> tuple[int, str, str, str, str]:
    """Sorts manifests: the same objects are in the same order, however the engine came across them."""
    kind, metadata = manifest["kind"], manifest["metadata"]
    rank = _FIRST.index(kind) if kind in _FIRST else len(_FIRST)
    return rank, manifest["apiVersion"], kind, metadata.get("namespace") or "", metadata["name"]
