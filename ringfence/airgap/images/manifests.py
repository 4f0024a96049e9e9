"""The images of Kubernetes objects: of pods wherever their specification stands, and of what hides them.

Owns: the walk over any object, built-in or custom, and over JSON and YAML in ConfigMaps (as KServe keeps its images).
It needs no list of kinds: a pod's specification is known by its containers, so lists, CronJobs, hooks and
custom resources that embed a template are found alike. Refuses to own: rendering a chart (render.py) and images whose
tag an operator computes (operators.py).
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from ringfence.airgap.images import fields, operators
from ringfence.airgap.images.found import Closure, Why
from ringfence.airgap.images.operators import Node
from ringfence.airgap.images.reference import in_text, parse

_CONTAINERS = ("containers", "initContainers", "ephemeralContainers")
_IMAGE_VARIABLE = re.compile(r"^(?:RELATED_IMAGE_.+|.+_IMAGE(?:_.+)?|IMAGE|IMAGE_.+)$")
_NOT_AN_IMAGE = re.compile(
    r"(?:PULL_POLICY|PULL_SECRETS?|REGISTRY|REPOSITORY|REPO|PREFIX|TAG|VERSION|NAMESPACE|TYPE|DIGEST)S?$"
)
_FLAG = re.compile(r"^--?(?:[\w.-]*[-.])?image(?:[-.][\w.-]+)?=(?P<value>.+)$", re.IGNORECASE)
_DEEPEST = 5
"""How many texts within texts are read: KServe's ConfigMap is one, and a Flux release with one in its values is two."""


def object_images(manifest: Mapping[str, Any], source: str, nodes: Sequence[Node] = ()) -> Closure:
    """The images of one object; `source` says what it was read from, `nodes` what the cluster's nodes run."""
    closure = Closure()
    _Walk(closure, source, nodes).object(manifest)
    return closure


def manifests_images(manifests: Iterable[Any], source: str, nodes: Sequence[Node] = ()) -> Closure:
    """The images of several objects; what is no mapping (an empty YAML document) is passed over."""
    closure = Closure()
    for manifest in manifests:
        if isinstance(manifest, Mapping):
            closure.merge(object_images(manifest, source, nodes))
    return closure


class _Walk:
    """One walk over one object."""

    def __init__(self, closure: Closure, source: str, nodes: Sequence[Node]) -> None:
        self._closure, self._source, self._nodes = closure, source, nodes
        self._depth, self._kind = 0, ""

    def object(self, manifest: Mapping[str, Any], prefix: str = "") -> None:
        if isinstance(manifest.get("items"), list) and str(manifest.get("kind", "")).endswith("List"):
            for item in manifest["items"]:
                if isinstance(item, Mapping):
                    self.object(item, prefix)
            return
        outer, self._kind = self._kind, str(manifest.get("kind", ""))
        metadata = manifest.get("metadata") or {}
        place = "/".join(str(part) for part in (metadata.get("namespace"), metadata.get("name")) if part)
        head = f"{prefix}{manifest.get('kind', 'object')} {place}".strip()
        for key, value in manifest.items():
            if key == "status" or (key == "spec" and manifest.get("kind") == "CustomResourceDefinition"):
                continue  # What was, and a schema that describes fields: neither asks for an image.
            self.node(value, f"{head} {key}", (str(key),), raw_text=manifest.get("kind") == "Secret" and key == "data")
        self._kind = outer

    def node(self, value: Any, path: str, keys: tuple[str, ...], raw_text: bool = False) -> None:
        if isinstance(value, Mapping):
            self.mapping(value, path, keys)
        elif isinstance(value, list):
            for index, item in enumerate(value):
                self.node(item, f"{path}[{index}]", keys)
        elif isinstance(value, str) and not raw_text:
            self.text(value, path, keys)

    def mapping(self, value: Mapping[str, Any], path: str, keys: tuple[str, ...]) -> None:
        taken: set[str] = set()
        for name in _CONTAINERS:
            if _are_containers(value.get(name)):
                self.containers(value[name], f"{path}.{name}")
        variable = value.get("name")
        if isinstance(variable, str) and "value" in value and _names_image(variable):
            taken |= self.variable(variable, value["value"], path)
        if "reference" in value and keys[-1:] == ("image",) and isinstance(value["reference"], str):
            taken |= self.one(value["reference"], f"{path}.reference", "image volume")
        way = operators.computed(self._kind, keys)
        if way:
            operators.add_driver(way, value, self._nodes, Why(self._source, path, "runtime driver tag"), self._closure)
            taken |= set(operators.KEYS)
        elif keys[-1:] and keys[-1] in _CONTAINERS:
            taken.add("image")  # Read with its container.
        else:
            taken |= fields.read(value, keys, Why(self._source, path, "split fields"), self._closure)
        for key, item in value.items():
            if key in taken:
                continue
            self.node(item, f"{path}.{key}", (*keys, str(key)))

    def containers(self, value: list[Any], path: str) -> None:
        for index, container in enumerate(value):
            image = container.get("image")
            where = f"{path}[{index}].image"
            if isinstance(image, str) and image:
                self.one(image, where, "container")
            # A custom resource may leave the image to its operator (Prometheus, LLMInferenceService): nothing is named.

    def one(self, text: str, path: str, rule: str) -> set[str]:
        why = Why(self._source, path, rule)
        reference = parse(text.strip())
        if reference is None:
            self._closure.miss(text.strip(), why, "this is no image's name")
        else:
            self._closure.add(reference, why)
        return {path.rsplit(".", 1)[-1]}

    def variable(self, name: str, value: Any, path: str) -> set[str]:
        if not isinstance(value, str) or not value:
            return set()
        reference = parse(value, pinned=False)
        why = Why(self._source, f"{path} {name}", "environment")
        if reference is None or (reference.tag is None and reference.digest is None and "/" not in value):
            return set()
        if reference.tag is None and reference.digest is None:
            self._closure.miss(f"{name}={value}", why, "an operator is given an image without tag or digest")
        else:
            self._closure.add(reference, why)
        return {"value"}

    def text(self, value: str, path: str, keys: tuple[str, ...]) -> None:
        flag = _FLAG.match(value)
        if flag and parse(flag["value"], pinned=False):
            reference = parse(flag["value"])
            assert reference is not None
            self._closure.add(reference, Why(self._source, path, "argument"))
            return
        if len(value) > 12 and self._depth < _DEEPEST and (parsed := _structured(value)) is not None:
            self._depth += 1
            for number, part in enumerate(parsed):
                inner = f"{path} > " if len(parsed) == 1 else f"{path} > {number}: "
                if isinstance(part, Mapping) and "kind" in part and "apiVersion" in part:
                    self.object(part, inner)
                else:
                    self.node(part, inner.rstrip(), keys)
            self._depth -= 1
            return
        for reference in in_text(value):
            self._closure.add(reference, Why(self._source, path, "text"))


def _are_containers(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(each, Mapping) and "name" in each for each in value)


def _names_image(variable: str) -> bool:
    return bool(_IMAGE_VARIABLE.match(variable.upper())) and not _NOT_AN_IMAGE.search(variable.upper())


def _structured(text: str) -> list[Any] | None:
    """The documents of a text that is JSON or YAML of mappings or lists; None for any other text."""
    stripped = text.lstrip()
    try:
        if stripped[:1] in "{[":
            parsed: list[Any] = [json.loads(text)]
        elif "\n" in stripped and ":" in stripped:
            parsed = list(_documents(text))
        else:
            return None
    except (ValueError, yaml.YAMLError, RecursionError):
        return None
    return parsed if any(isinstance(part, (dict, list)) for part in parsed) else None


def _documents(text: str) -> Iterator[Any]:
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    return yaml.load_all(text, Loader=loader)
