"""Puts manifests on a control plane, as whoever delivers them would: in order, server-side, strictly.

Owns: waiting until kinds are served and what was applied is in force, and what the API server said of each object.
Refuses to own: the manifests.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from ringfence.controlplane.client import Client, Refused
from ringfence.errors import RingfenceError

Manifest = Mapping[str, Any]

_SECONDS_TO_SERVE = 120
_ADMISSION = "admissionregistration.k8s.io/v1"
_PROBE = "ringfence-probe"
_FIRST = ("Namespace", "CustomResourceDefinition")
_HISTORY = ("resourceVersion", "managedFields")


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
    content: Manifest | None = field(default=None, repr=False)
    """The object as it is now; None where it was not taken."""


def define(client: Client, definitions: Iterable[Manifest]) -> None:
    """Create CustomResourceDefinitions that are not there yet, and return once each is served."""
    names = [_defined(client, definition) for definition in definitions]
    api, kind = "apiextensions.k8s.io/v1", "CustomResourceDefinition"
    for name in names:
        client.wait(lambda name=name: _condition(client.get(api, kind, name), "Established"), name, _SECONDS_TO_SERVE)


def _defined(client: Client, definition: Manifest) -> str:
    """Created rather than applied: the API server would keep whose each field is, of thousands."""
    try:
        client.create(dict(definition))
    except Refused as refusal:
        if refusal.status != 409:
            raise
    return definition["metadata"]["name"]


def apply_all(
    client: Client, manifests: Iterable[Manifest], before: Iterable[Applied] = (), workers: int = 1
) -> list[Applied]:
    """Apply each manifest; a refusal is an answer like any other. `before` is what became of the same manifests the
    last time: what is as it was then is not changed. With several workers, namespaces and definitions go first, and
    everything else follows in no order.
    """
    manifests, known = list(manifests), {each.key: each.content for each in before}
    if workers == 1:
        return [_apply(client, manifest, known) for manifest in manifests]
    found: dict[int, Applied] = {}
    with ThreadPoolExecutor(workers) as pool:
        for first in (True, False):
            turn = [number for number, each in enumerate(manifests) if (each["kind"] in _FIRST) is first]
            found |= zip(turn, pool.map(lambda number: _apply(client, manifests[number], known), turn), strict=True)
    return [found[number] for number in range(len(manifests))]


def in_force(client: Client, seconds: float = _SECONDS_TO_SERVE) -> None:
    """Return once what was applied holds: each namespace has its account, each quota counts, and each admission policy
    refuses. The API server and the controllers take a moment for each, on a busy machine seconds.
    """
    client.wait(lambda: not _without_account(client), "the namespaces' accounts", seconds)
    client.wait(lambda: not _uncounted(client), "the quotas' first count", seconds)
    # The API server takes up all policies together: where the youngest refuses, all do.
    policy, binding, asked = _probe()
    try:
        client.apply(policy)
        client.apply(binding)
        client.wait(lambda: _refused(client, asked), "the admission policies", seconds)
    finally:
        client.discard(binding)
        client.discard(policy)


def _without_account(client: Client) -> set[str]:
    namespaces = {each["metadata"]["name"] for each in client.items("v1", "Namespace")}
    accounts = client.items("v1", "ServiceAccount")
    return namespaces - {each["metadata"]["namespace"] for each in accounts if each["metadata"]["name"] == "default"}


def _uncounted(client: Client) -> list[str]:
    quotas = client.items("v1", "ResourceQuota")
    return [
        each["metadata"]["namespace"]
        for each in quotas
        if each.get("status", {}).get("hard", {}).keys() != each["spec"]["hard"].keys()
    ]


def _probe() -> tuple[Manifest, Manifest, Manifest]:
    """A policy that refuses one made-up object, its binding, and the object."""
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE"], "resources": ["configmaps"]}
    spec = {
        "matchConstraints": {"resourceRules": [rule]},
        "validations": [{"expression": f"object.metadata.name != '{_PROBE}'"}],
    }
    metadata = {"name": _PROBE}
    bound = {"policyName": _PROBE, "validationActions": ["Deny"]}
    return (
        {"apiVersion": _ADMISSION, "kind": "ValidatingAdmissionPolicy", "metadata": metadata, "spec": spec},
        {"apiVersion": _ADMISSION, "kind": "ValidatingAdmissionPolicyBinding", "metadata": metadata, "spec": bound},
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {**metadata, "namespace": "default"}},
    )


def _refused(client: Client, asked: Manifest) -> bool:
    try:
        client.create(dict(asked), dry_run=True)
    except Refused as refusal:
        return _PROBE in refusal.message
    return False


def _apply(client: Client, manifest: Manifest, known: Mapping[str, Manifest | None]) -> Applied:
    metadata = manifest["metadata"]
    key = "/".join(part for part in (manifest["kind"], metadata.get("namespace"), metadata["name"]) if part)
    try:
        client.kind(manifest["apiVersion"], manifest["kind"])
    except RingfenceError:
        return Applied(key, changed=False, served=False)
    try:
        answer = client.apply(manifest)
    except Refused as refusal:
        return Applied(key, refusal=str(refusal), changed=False)
    content = _content(answer.body)
    return Applied(key, answer.warnings, changed=content != known.get(key), content=content)


def _content(thing: Manifest) -> Manifest:
    """An object less what the API server keeps of its history: it writes that anew once after a creation."""
    kept = {name: value for name, value in thing["metadata"].items() if name not in _HISTORY}
    return {**thing, "metadata": kept}


def _condition(thing: Manifest, kind: str) -> bool:
    conditions = thing.get("status", {}).get("conditions") or ()
    return any(each["type"] == kind and each["status"] == "True" for each in conditions)
