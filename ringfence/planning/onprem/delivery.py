"""What Flux pulls: artefacts of a site's own registry, signed, and what is reconciled from them.

Owns: OCIRepository, GitRepository and Kustomization objects (Flux 2.8, source v1 and kustomize v1). Refuses to own:
Helm releases (components/addons/install.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.planning.onprem.objects import Manifest, manifest

NAMESPACE = "flux-system"
SOURCE = "source.toolkit.fluxcd.io/v1"
INTERVAL = "10m"
READY = {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "1200"}
"""Annotations by which Pulumi waits until a controller says that an object is ready."""


def oci_source(
    name: str,
    url: str,
    tag: str,
    labels: Mapping[str, str],
    *,
    signature_secret: str | None = None,
    ca_secret: str | None = None,
) -> Manifest:
    """An artefact at oci://`url`.

    `signature_secret` names the Secret with the cosign public key that must have signed it, `ca_secret` the one with
    the registry's certificate authority, where no public one vouches for it.
    """
    spec: dict[str, Any] = {"interval": INTERVAL, "url": f"oci://{url}", "ref": {"tag": tag}}
    if signature_secret:
        spec["verify"] = {"provider": "cosign", "secretRef": {"name": signature_secret}}
    if ca_secret:
        spec["certSecretRef"] = {"name": ca_secret}
    return manifest(SOURCE, "OCIRepository", name, NAMESPACE, labels=labels, spec=spec)


def git_source(name: str, repository: str, tag: str, labels: Mapping[str, str]) -> Manifest:
    """A tag of a public GitHub repository: only where the site is connected and has no registry of its own."""
    spec = {"interval": "24h", "url": f"https://github.com/{repository}", "ref": {"tag": tag}}
    return manifest(SOURCE, "GitRepository", name, NAMESPACE, labels=labels, spec=spec)


def kustomization(source: Manifest, path: str, labels: Mapping[str, str], **more: Any) -> Manifest:
    """What is applied from a source, pruned when it disappears from it; `more` are further fields of the spec."""
    spec: dict[str, Any] = {
        "interval": INTERVAL,
        "retryInterval": "1m",
        "timeout": "5m",
        "sourceRef": {"kind": source["kind"], "name": source["metadata"]["name"]},
        "path": path,
        "prune": True,
        "wait": True,
        "commonMetadata": {"labels": dict(labels)},
        **more,
    }
    name = source["metadata"]["name"]
    return manifest(
        "kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, NAMESPACE, labels=labels, annotations=READY, spec=spec
    )
