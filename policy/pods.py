"""Pods wherever they are written: the pod specification in each kind that has one, and images in everything else.

Owns: the way to a pod in built-in kinds, and how an image looks in custom resources and chart values. Refuses to own:
what an image may be.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from policy.resource import Resource
from policy.values import UNKNOWN, Read, Reader, Secret, State

_POD = {"Pod": "spec", "CronJob": "spec.jobTemplate.spec.template.spec", "PodTemplate": "template.spec"}
_TEMPLATES = {"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "ReplicationController"}
_CONTAINERS = ("containers[]", "initContainers[]", "ephemeralContainers[]")
_BUILT_IN = re.compile(r"^kubernetes:(core|apps|batch)/v1:")
_LOOKS_LIKE_IMAGE = re.compile(
    r"^[a-z0-9][a-z0-9._-]*(:[0-9]+)?(/[a-z0-9._-]+)+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$|^[a-z0-9._/-]+:[\w.-]+$"
)
"""A path with a slash, or a name with a tag: a bare word in a custom resource is more often something else."""


def pod_path(resource: Resource) -> str | None:
    """The path of the pod specification in a built-in kind, or None."""
    if not _BUILT_IN.match(resource.type):
        return None
    return _POD.get(resource.kind) or ("spec.template.spec" if resource.kind in _TEMPLATES else None)


def chart_values(resource: Resource) -> str | None:
    """The path of the values in a Helm release (Pulumi's or Flux's), or None."""
    if resource.type == "kubernetes:helm.sh/v3:Release":
        return "values"
    return "spec.values" if resource.type.startswith("kubernetes:helm.toolkit.fluxcd.io/") else None


def composed(resource: Resource) -> bool:
    """Whether an operator or a chart puts the reference together: it may not take a digest at all."""
    return pod_path(resource) is None


def containers(resource: Resource) -> Iterator[Reader]:
    """Every container of a pod-bearing kind."""
    path = pod_path(resource)
    for each in _CONTAINERS if path else ():
        for read in resource.reader.all(f"{path}.{each}"):
            if read.known:
                yield Reader(read.value)


def images(resource: Resource) -> Iterator[Read]:
    """Every image reference of a Kubernetes resource; UNKNOWN where a preview does not know one."""
    path = pod_path(resource)
    if path:
        for each in _CONTAINERS:
            yield from _written(resource.reader.all(f"{path}.{each}.image"))
        yield from _written(resource.reader.all(f"{path}.volumes[].image.reference"))
    elif chart_values(resource):
        yield from _of_values(resource.reader.one(chart_values(resource) or "").value, chart_values(resource) or "")
    elif resource.package == "kubernetes" and "." in resource.type.split(":")[1]:
        yield from _nested(resource.reader.one("spec").value, "spec")


def _written(reads: Iterator[Read]) -> Iterator[Read]:
    return (read for read in reads if not read.absent)


def _nested(value: Any, path: str) -> Iterator[Read]:
    """Images in a custom resource: texts under a key `image` that look like one."""
    if isinstance(value, dict):
        for key, item in value.items():
            here = f"{path}.{key}"
            if key == "image" and item is UNKNOWN:
                yield Read(here, State.UNKNOWN)
            elif key == "image" and isinstance(item, str):
                if _LOOKS_LIKE_IMAGE.match(item):
                    yield Read(here, State.KNOWN, item)
            else:
                yield from _nested(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _nested(item, f"{path}[{index}]")


def _of_values(value: Any, path: str) -> Iterator[Read]:
    """Images in chart values: an `image` text, or an object with a repository and a tag or digest."""
    if isinstance(value, Secret):
        return
    if isinstance(value, dict):
        if isinstance(value.get("repository"), str) and _is_image_object(value, path):
            yield Read(f"{path}.repository", State.KNOWN, _joined(value))
            return
        for key, item in value.items():
            here = f"{path}.{key}"
            if key == "image" and isinstance(item, str) and _LOOKS_LIKE_IMAGE.match(item):
                yield Read(here, State.KNOWN, item)
            else:
                yield from _of_values(item, here)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _of_values(item, f"{path}[{index}]")


def _is_image_object(value: dict[str, Any], path: str) -> bool:
    """`repository` also names chart repositories and Git: an image object says so by its neighbours or its own name."""
    named = path.rpartition(".")[2].lower().endswith("image")
    return (named or bool({"tag", "digest", "registry"} & value.keys())) and "://" not in value["repository"]


def _joined(value: dict[str, Any]) -> str:
    registry, repository = value.get("registry"), value["repository"]
    name = f"{registry}/{repository}" if isinstance(registry, str) and registry else repository
    tag, digest = value.get("tag"), value.get("digest") or value.get("sha")
    name += f":{tag}" if isinstance(tag, (str, int, float)) and str(tag) else ""
    if isinstance(digest, str) and digest:
        name += "@" + (digest if digest.startswith("sha256:") else f"sha256:{digest}")
    return name


def claims(resource: Resource) -> Iterator[Read]:
    """The name of every claim that a workload mounts."""
    path = pod_path(resource)
    if path:
        yield from _written(resource.reader.all(f"{path}.volumes[].persistentVolumeClaim.claimName"))
