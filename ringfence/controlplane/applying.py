"""Puts manifests on a control plane, as whoever delivers them would: in order, server-side, strictly.

Owns: waiting for kinds to be served, and what the API server said of each object. Refuses to own: the manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.controlplane.client import Client, Refused
from ringfence.errors import RingfenceError

Manifest = Mapping[str, Any]


@dataclass(frozen=True)
class Applied:
    """What became of one object."""

    key: str
    """`Kind/namespace/name`."""
    warnings: tuple[str, ...] = ()
    refusal: str | None = None
    changed: bool = True
    """False where the object was already as the manifest says."""
    served: bool = True
    """False for a kind that the API server does not know."""


def define(client: Client, definitions: Iterable[Manifest]) -> None:
    """Apply CustomResourceDefinitions and return once each is served."""
    names = [definition["metadata"]["name"] for definition in definitions if client.apply(definition)]
    api, kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"

    def established() -> bool:
        found = {each["metadata"]["name"]: each for each in client.items(api, kind)}
        return all(_condition(found[name], "Established") for name in names)

    client.wait(established, f"{len(names)} definitions")


def apply_all(client: Client, manifests: Iterable[Manifest]) -> list[Applied]:
    """Apply each manifest; a refusal is an answer like any other."""
    return [_apply(client, manifest) for manifest in manifests]


def _apply(client: Client, manifest: Manifest) -> Applied:
    metadata = manifest["metadata"]
    key = "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata["name"]) if part)
    try:
        before = _version(client, manifest)
    except RingfenceError:
        return Applied(key, served=False, changed=False)
    try:
        answer = client.apply(manifest)
    except Refused as refusal:
        return Applied(key, refusal=str(refusal), changed=False)
    return Applied(key, answer.warnings, changed=answer.body["metadata"].get("resourceVersion") != before)


def _version(client: Client, manifest: Manifest) -> str | None:
    """The resource version of the object that is there; None where there is none."""
    path = client.path(manifest)
    try:
        return client.request("GET", path).body["metadata"]["resourceVersion"]
    except Refused as refusal:
        if refusal.status == 404:
            return None
        raise


def _condition(thing: Manifest, kind: str) -> bool:
    conditions = thing.get("status", {}).get("conditions", ())
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)
