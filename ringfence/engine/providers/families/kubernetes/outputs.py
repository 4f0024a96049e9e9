"""What a cluster adds to an object that it accepted: identity, status, addresses. Always the same for the same
object.

Owns ids and statuses, and which change replaces an object. Addresses are of ranges that no network routes (RFC 5737,
RFC 2544).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any

from ringfence.engine.providers.families.base import Path, Resource
from ringfence.engine.providers.families.kubernetes.kinds import Kind
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.replacement import forcing

CREATED = "2000-01-01T00:00:00Z"
"""Creation time of everything: a plan-only object has none, and a real clock would make every run differ."""

_MUTABLE_FLAGS = {"ConfigMap": "enableConfigMapMutable", "Secret": "enableSecretMutable"}


def _identity(resource: Resource) -> tuple[str | None, str]:
    metadata = resource.inputs.get("metadata")
    metadata = metadata if isinstance(metadata, dict) else {}
    name = metadata.get("name") or f"{metadata.get('generateName', '')}{digest(resource.urn, length=5)}"
    return metadata.get("namespace"), str(name)


def object_id(resource: Resource) -> str:
    """`namespace/name`, or `name` outside namespaces."""
    namespace, name = _identity(resource)
    return f"{namespace}/{name}" if namespace else name


def of_object(resource: Resource, kind: Kind) -> dict[Path, Any]:
    """What a cluster adds to an object, by path."""
    namespace, name = _identity(resource)
    added: dict[Path, Any] = {
        ("metadata", "name"): name,
        ("metadata", "uid"): str(uuid.uuid5(uuid.NAMESPACE_URL, f"{resource.urn}/{namespace}/{name}")),
        ("metadata", "creationTimestamp"): CREATED,
        ("metadata", "generation"): 1,
        ("metadata", "resourceVersion"): "1",
    }
    if kind.kind.endswith("List"):
        added = {}
    return added | _particular(resource, kind, name)


def of_found(resource: Resource, kind: Kind) -> dict[Path, Any]:
    """What a cluster says of an object that is only known by its id: enough for what programs look one up for."""
    if (kind.group, kind.kind) == ("", "Service") and "spec" not in resource.inputs:
        resource.inputs["spec"] = {"type": "LoadBalancer"}
        return {("spec",): {"type": "LoadBalancer"}, **of_object(resource, kind)}
    if not kind.group and kind.kind in ("ConfigMap", "Secret") and "data" not in resource.inputs:
        return {("data",): {}, **of_object(resource, kind)}
    return of_object(resource, kind)


def _particular(resource: Resource, kind: Kind, name: str) -> dict[Path, Any]:
    spec = resource.inputs.get("spec")
    spec = spec if isinstance(spec, dict) else {}
    if (kind.group, kind.kind) == ("", "Service"):
        return _service(resource, spec, name)
    if kind.kind in ("Deployment", "StatefulSet", "ReplicaSet"):
        replicas = spec.get("replicas", 1)
        counts = {"replicas": replicas, "readyReplicas": replicas, "availableReplicas": replicas}
        return {("status",): {"observedGeneration": 1, **counts}}
    if kind.kind == "Job":
        return {("status",): {"succeeded": spec.get("completions", 1)}}
    if kind.kind in ("Ingress", "Gateway"):
        address = _address(resource.urn, name)
        if kind.kind == "Ingress":
            return {("status",): {"loadBalancer": {"ingress": [{"ip": address}]}}}
        return {("status",): {"addresses": [{"type": "IPAddress", "value": address}]}}
    if kind.kind == "Namespace":
        return {("status",): {"phase": "Active"}}
    if kind.kind == "PersistentVolumeClaim":
        return {("status",): {"phase": "Bound"}, ("spec", "volumeName"): f"pvc-{digest(resource.urn, name, length=12)}"}
    return {}


def _service(resource: Resource, spec: dict[str, Any], name: str) -> dict[Path, Any]:
    added: dict[Path, Any] = {}
    number = int(digest(resource.urn, name, length=4), 16)
    if "clusterIP" not in spec and spec.get("type") != "ExternalName":
        added["spec", "clusterIP"] = f"198.18.{number >> 8}.{number & 255}"
    if spec.get("type") == "LoadBalancer":
        added["status",] = {"loadBalancer": {"ingress": [{"ip": _address(resource.urn, name)}]}}
    return added


def _address(*parts: str) -> str:
    return f"203.0.113.{int(digest(*parts, length=2), 16)}"


def release_id(resource: Resource) -> str:
    """`namespace/name` of a Helm release."""
    return f"{resource.inputs.get('namespace', 'default')}/{resource.inputs.get('name', resource.name)}"


def of_release(resource: Resource) -> dict[Path, Any]:
    """A Helm release (or another resource of the package that is no object): deployed, first revision."""
    inputs = resource.inputs
    name, namespace = inputs.get("name", resource.name), inputs.get("namespace", "default")
    status = {
        "name": name,
        "namespace": namespace,
        "chart": inputs.get("chart", ""),
        "version": inputs.get("version", ""),
        "appVersion": "",
        "revision": 1,
        "status": "deployed",
    }
    return {("status",): status, ("resourceNames",): {}}


def replacements(
    kind: Kind | None, old: dict[str, Any], configuration: dict[str, Any], token: str
) -> Callable[[str], bool]:
    """Whether a path's change replaces the object."""
    if kind is None:
        return forcing("kubernetes", token)
    if kind.patch:
        return forcing("kubernetes", "")
    flag = _MUTABLE_FLAGS.get(kind.kind) if not kind.group else None
    mutable = flag is not None and str(configuration.get(flag, "")).lower() == "true"
    table = "" if mutable and not old.get("immutable") else f"{kind.group or 'core'}:{kind.kind}"
    decide = forcing("kubernetes", table)
    old_version = old.get("apiVersion")
    old_group = str(old_version).rpartition("/")[0]
    return lambda path: decide(path) or (path == "apiVersion" and old_version is not None and old_group != kind.group)
