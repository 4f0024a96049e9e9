"""From a Kubernetes manifest (a plain mapping) to the Pulumi resource that stands for it.

Owns: which class a kind gets, what the resource is called, the labels every object carries, that a namespace comes
before what is in it, and that a Secret never carries a value in the clear. Refuses to own: what a manifest says (the
pure planners) and which provider applies it (inherited from `opts`).

Kinds of Kubernetes itself get the SDK's typed class, so that policies see `kubernetes:core/v1:Namespace`; every other
kind is a custom resource and is seen as `kubernetes:<apiVersion>:<kind>`.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable, Mapping
from typing import Any

import pulumi
import pulumi_kubernetes as kubernetes

from ringfence.planning.labels import Tags

SECRET_FIELDS = ("data", "stringData")
_CUSTOM_FIELDS = {"apiVersion", "kind", "metadata", "spec"}


class ManifestError(ValueError):
    """A manifest that cannot be applied: it says which one, what is wrong and what would be right."""


def manifest_key(manifest: Mapping[str, Any]) -> str:
    """`Kind/name`, or `Kind/namespace/name`; raises ManifestError where one of them or the apiVersion is missing."""
    metadata = manifest.get("metadata") or {}
    missing = [field for field in ("apiVersion", "kind") if not manifest.get(field)]
    missing += [] if metadata.get("name") else ["metadata.name"]
    if missing:
        known = f"{manifest.get('kind', '?')}/{metadata.get('name', '?')}"
        raise ManifestError(f"manifest {known} lacks {', '.join(missing)}")
    parts = (manifest["kind"], metadata.get("namespace"), metadata["name"])
    return "/".join(part for part in parts if part)


def resource_name(prefix: str, manifest: Mapping[str, Any]) -> str:
    """`<prefix>-<kind>-<namespace>-<name>`: the same for the same object, whatever stands before or after it."""
    kind, *rest = manifest_key(manifest).split("/")
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "-", kind).lower()
    return "-".join([prefix, words, *rest])


def typed_class(api_version: str, kind: str) -> type[pulumi.CustomResource] | None:
    """The SDK's class for a kind of Kubernetes itself, or None for a custom kind."""
    group, _, version = api_version.rpartition("/")
    module = f"pulumi_kubernetes.{group.split('.')[0] or 'core'}.{version}"
    try:
        found = getattr(importlib.import_module(module), kind, None)
    except ModuleNotFoundError:
        return None
    token = f"kubernetes:{group or 'core'}/{version}:{kind}"
    return found if getattr(found, "pulumi_type", None) == token else None


def _class_of(manifest: Mapping[str, Any]) -> type[pulumi.CustomResource] | None:
    """As `typed_class`; raises ManifestError for an unknown kind of a group that only Kubernetes itself can have."""
    api_version, kind = manifest["apiVersion"], manifest["kind"]
    found = typed_class(api_version, kind)
    if found is None and "." not in api_version.rpartition("/")[0]:
        raise ManifestError(f"{manifest_key(manifest)}: Kubernetes has no kind {kind} in apiVersion {api_version}")
    return found


def labelled(manifest: Mapping[str, Any], labels: Mapping[str, str]) -> dict[str, Any]:
    """The manifest with these labels too; a label that it already has stays as it is."""
    metadata = dict(manifest["metadata"])
    metadata["labels"] = {**labels, **metadata.get("labels", {})}
    return {**manifest, "metadata": metadata}


def _sealed(manifest: Mapping[str, Any]) -> dict[str, Any]:
    """A Secret whose values are all secret Outputs; raises ManifestError where one is a plain value."""
    sealed = dict(manifest)
    for field in SECRET_FIELDS:
        values = manifest.get(field)
        if values is None:
            continue
        if isinstance(values, pulumi.Output):
            sealed[field] = pulumi.Output.secret(values)
            continue
        plain = sorted(key for key, value in values.items() if not isinstance(value, pulumi.Output))
        if plain:
            raise ManifestError(
                f"{manifest_key(manifest)} has plain values at {field}: {', '.join(plain)}. A secret's value is an "
                "Output: read it with pulumi.Config().require_secret, or create the Secret outside and name it only"
            )
        sealed[field] = {key: pulumi.Output.secret(value) for key, value in values.items()}
    return sealed


def apply_manifest(
    name: str,
    manifest: Mapping[str, Any],
    opts: pulumi.ResourceOptions | None = None,
    *,
    tags: Tags | None = None,
) -> pulumi.CustomResource:
    """The resource for one manifest, called `name`.

    `tags` are merged into its labels. Raises ManifestError for a manifest without a kind or name, and for a Secret with
    a plain value.
    """
    manifest_key(manifest)
    body = labelled(manifest, tags.kubernetes()) if tags else dict(manifest)
    api_version, kind = body["apiVersion"], body["kind"]
    found = _class_of(body)
    if found is not None:
        body = _sealed(body) if kind == "Secret" else body
        fields = {_snake(key): value for key, value in body.items() if key not in ("apiVersion", "kind")}
        try:
            return found(name, opts=opts, **fields)
        except TypeError as error:
            raise ManifestError(f"{manifest_key(manifest)} ({api_version}): {error}") from error
    if set(body) <= _CUSTOM_FIELDS:
        return kubernetes.apiextensions.CustomResource(
            name, api_version=api_version, kind=kind, metadata=body["metadata"], spec=body.get("spec"), opts=opts
        )
    # A few kinds keep fields beside `spec` (Kueue's WorkloadPriorityClass, KServe's ClusterStorageContainer).
    version = pulumi.ResourceOptions(version=_sdk_version())
    return pulumi.CustomResource(
        f"kubernetes:{api_version}:{kind}", name, body, pulumi.ResourceOptions.merge(opts, version)
    )


def apply_manifests(
    prefix: str,
    manifests: Iterable[Mapping[str, Any]],
    opts: pulumi.ResourceOptions | None = None,
    *,
    tags: Tags | None = None,
) -> dict[str, pulumi.CustomResource]:
    """The resources for some manifests, by `Kind/namespace/name`, each named by `resource_name`.

    What lives in a namespace that is among the manifests waits for it. Raises ManifestError where two manifests
    are the same object.
    """
    made: dict[str, pulumi.CustomResource] = {}
    ordered = sorted(manifests, key=lambda manifest: manifest.get("kind") != "Namespace")
    for manifest in ordered:
        key = manifest_key(manifest)
        if key in made:
            raise ManifestError(f"{key} is there twice under {prefix!r}: give one of them another name")
        namespace = made.get(f"Namespace/{manifest['metadata'].get('namespace')}")
        waiting = pulumi.ResourceOptions(depends_on=[namespace]) if namespace is not None else None
        made[key] = apply_manifest(
            resource_name(prefix, manifest), manifest, pulumi.ResourceOptions.merge(opts, waiting), tags=tags
        )
    return made


def _snake(key: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", key).lower()


def _sdk_version() -> str:
    from importlib.metadata import version

    return version("pulumi-kubernetes")
