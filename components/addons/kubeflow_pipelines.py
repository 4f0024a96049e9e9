"""Kubeflow Pipelines, from the project's own kustomizations, applied by Flux.

Owns: where they come from and what waits for what. Refuses to own: their content: the project publishes no chart, and a
copy here would be stale within a month.
Facts: kubeflow/pipelines 2.14.5, manifests/kustomize.
"""

from __future__ import annotations

from typing import Any

from components.addons.install import FLUX_NAMESPACE
from components.addons.manifests import Manifest, Objects, manifest
from ringfence.planning.addon_context import AddOnContext

VERSION = "2.14.5"
NAME = "kubeflow-pipelines"
STEPS = {
    "kubeflow-pipelines-kinds": "./manifests/kustomize/cluster-scoped-resources",
    "kubeflow-pipelines": "./manifests/kustomize/env/platform-agnostic",
}
"""Kustomization to its path, in order (kubeflow/pipelines, manifests/kustomize/README.md)."""


def objects(context: AddOnContext) -> Objects:
    """The source and the two kustomizations, the second after the first."""
    source = _source(context)
    names = list(STEPS)
    steps = [_step(name, path, source["kind"], names[:index]) for index, (name, path) in enumerate(STEPS.items())]
    return Objects(after=(source, *steps))


def _source(context: AddOnContext) -> Manifest:
    """The site's own mirror, or upstream's repository at the release's tag."""
    if context.registry:
        spec: dict[str, Any] = {"url": f"oci://{context.registry}/manifests/{NAME}", "ref": {"tag": VERSION}}
        kind = "OCIRepository"
    else:
        spec = {"url": "https://github.com/kubeflow/pipelines", "ref": {"tag": VERSION}}
        kind = "GitRepository"
    spec["interval"] = "1h"
    return manifest("source.toolkit.fluxcd.io/v1", kind, NAME, FLUX_NAMESPACE, spec=spec)


def _step(name: str, path: str, source: str, after: list[str]) -> Manifest:
    spec: dict[str, Any] = {
        "interval": "1h",
        "sourceRef": {"kind": source, "name": NAME},
        "path": path,
        "prune": True,
        "wait": True,
        "timeout": "15m",
    }
    if after:
        spec["dependsOn"] = [{"name": first} for first in after]
    return manifest("kustomize.toolkit.fluxcd.io/v1", "Kustomization", name, FLUX_NAMESPACE, spec=spec)
