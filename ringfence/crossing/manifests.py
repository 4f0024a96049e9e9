"""Rendered manifests as members of a bundle: per cluster, validated, with their slots listed.

Owns: the check against the schemas of the cluster's Kubernetes version, and the files of each cluster. Refuses to own:
rendering (ringfence.rendering).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import kubernetes_validate
from kubernetes_validate.utils import VersionNotSupportedError

from ringfence.airgap.contents import Content, from_bytes
from ringfence.airgap.manifest import Role
from ringfence.crossing import layout
from ringfence.crossing.papers import json_content
from ringfence.errors import RingfenceError
from ringfence.rendering import RenderedCluster, fill, to_yaml

_FLUX = "toolkit.fluxcd.io"
_STAND_INS: Mapping[str, Any] = {"text": "slot", "base64": "c2xvdA==", "text-map": {}, "base64-map": {}}
"""A value of the right kind for each slot, for validation only."""


def cluster_contents(cluster: RenderedCluster) -> list[Content]:
    """Objects, releases and slots of a cluster; what Flux reconciles stands apart, as what a site pulls."""
    folder, site = f"{layout.MANIFESTS}/{cluster.name}", cluster.site or "a site that the stack does not name"
    flux = [each for each in cluster.manifests if _group(each).endswith(_FLUX)]
    objects = [each for each in cluster.manifests if not _group(each).endswith(_FLUX)]
    made = []
    if objects:
        reason = f"objects of cluster {cluster.name} ({site}), delivered by {cluster.delivery}"
        made.append(from_bytes(f"{folder}/objects.yaml", Role.MANIFESTS, to_yaml(objects).encode(), reason))
    if flux:
        reason = f"sources and releases that Flux reconciles on cluster {cluster.name} ({site})"
        text = to_yaml(flux).encode()
        made.append(from_bytes(f"{layout.FLUX}/{cluster.name}/objects.yaml", Role.FLUX, text, reason))
    if cluster.releases:
        reason = f"charts that Pulumi installs on cluster {cluster.name}, with their values"
        releases = {"releases": list(cluster.releases)}
        made.append(json_content(f"{folder}/releases.json", Role.MANIFESTS, releases, reason))
    if cluster.slots or cluster.omitted:
        listed = {
            "slots": [{**dataclasses.asdict(slot), "path": list(map(str, slot.path))} for slot in cluster.slots],
            "omitted": [dataclasses.asdict(each) for each in cluster.omitted],
        }
        reason = f"what the manifests of cluster {cluster.name} lack, and who has to give it"
        made.append(json_content(f"{folder}/slots.json", Role.MANIFESTS, listed, reason))
    return made


def _group(manifest: Mapping[str, Any]) -> str:
    return str(manifest["apiVersion"]).rpartition("/")[0]


def invalid(cluster: RenderedCluster, version: str) -> list[str]:
    """What the schemas of a Kubernetes version say against a cluster's objects, strictly: unknown fields too.

    Custom resources are not in those schemas and pass; a slot stands for a value of the right kind.
    """
    found = []
    stand_ins = {slot.name: _STAND_INS[slot.encoding] for slot in cluster.slots}
    for manifest in cluster.manifests:
        name = f"{cluster.name}: {manifest['kind']} {manifest['metadata'].get('name')}"
        try:
            used = kubernetes_validate.validate(fill(manifest, stand_ins), version, strict=True)
        except kubernetes_validate.ValidationError as error:
            where = ".".join(map(str, error.path or ())) or "(top)"
            found.append(f"{name}: {where}: {error.message}")
        except (kubernetes_validate.SchemaNotFoundError, kubernetes_validate.InvalidSchemaError):
            continue
        except VersionNotSupportedError:
            raise RingfenceError(
                f"cluster {cluster.name} runs Kubernetes {version}, newer than every schema of kubernetes-validate "
                f"({kubernetes_validate.latest_version()}): it cannot be said that its manifests fit"
            ) from None
        else:
            if used != version:
                raise RingfenceError(
                    f"cluster {cluster.name} runs Kubernetes {version}, and there are schemas of {used} at most: it "
                    "cannot be said that the manifests fit"
                )
    return found
