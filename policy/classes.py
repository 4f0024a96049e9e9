"""Which classes of data a resource holds: from its tags or labels, its provider's defaults, its namespace, or the
contract.

Owns: the places where each cloud and Kubernetes keep tags. Refuses to own: the key's spelling
(ringfence.planning.labels) and what a class permits.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from policy import tables
from policy.resource import Graph, Resource
from policy.rule import Context
from policy.values import Read, State
from ringfence.planning import labels

_TAGS = {
    "aws": ("tags", "tagsAll"),
    "aws-native": ("tags",),
    "azure-native": ("tags",),
    "azure": ("tags",),
    "google-native": ("labels", "settings.userLabels"),
    "gcp": ("labels", "resourceLabels", "userLabels", "settings.userLabels", "effectiveLabels"),
    "kubernetes": ("metadata.labels", "metadata.annotations"),
}
_DEFAULTS = {"aws": ("defaultTags", "tags"), "gcp": ("defaultLabels", None)}
_NAMESPACE = "kubernetes:core/v1:Namespace"


@dataclass(frozen=True)
class Classes:
    """The classes of a resource, and how they are known."""

    names: frozenset[str] = frozenset()
    explicit: bool = False
    """Whether the program says so itself; otherwise it is the contract's default, or nothing."""
    unknown: str = ""
    """The path whose value the preview does not know, where that hides the class."""
    graph_may_tell: bool = False


def classes_of(resource: Resource, context: Context) -> Classes:
    """The classes of data that a resource holds or works on: its own, and those that came to it along the edges."""
    own = _own(resource, context)
    came = context.lineage.inherited(resource) if context.lineage else frozenset()
    if not came:
        return own
    keeps = own.explicit or tables.is_store(resource.type)
    return Classes((own.names if keeps else frozenset()) | came, explicit=True, unknown=own.unknown)


def _own(resource: Resource, context: Context) -> Classes:
    key = context.contract.tag_key if context.contract else labels.DATA_CLASS
    unknown = ""
    for read in _candidates(resource, key):
        if read.text:
            return Classes(labels.split_classes(read.text), explicit=True)
        if read.unknown:
            unknown = unknown or read.path
    if unknown:
        return Classes(unknown=unknown)
    inherited = _of_namespace(resource, key, context)
    if inherited is not None:
        return inherited
    default = context.contract.default_data_class if context.contract else None
    return Classes(frozenset({default}) if default else frozenset())


def _candidates(resource: Resource, key: str) -> Iterator[Read]:
    keys = (key,)
    if resource.package == "kubernetes":
        # A key with a slash is spelled out; ours stands under our own prefix.
        keys = (key,) if "/" in key else (labels.KUBERNETES_PREFIX + key, key)
    for path in _TAGS.get(resource.package, ()):
        for each in keys:
            yield resource.reader.entry(path, each)
        if resource.package in ("aws", "aws-native"):
            yield from _listed(resource, path, key)
    yield from _provider_defaults(resource, key)


def _listed(resource: Resource, path: str, key: str) -> Iterator[Read]:
    """Some AWS types take tags as a list of key and value."""
    found = resource.reader.one(path)
    if found.known and isinstance(found.value, list):
        for index, item in enumerate(found.value):
            if isinstance(item, dict) and item.get("key") == key:
                yield (
                    resource.reader.one(f"{path}[].value")
                    if len(found.value) == 1
                    else Read(f"{path}[{index}].value", State.KNOWN, item.get("value"))
                )


def _provider_defaults(resource: Resource, key: str) -> Iterator[Read]:
    """Default tags of the provider. The engine hands a provider's objects over as JSON text."""
    if resource.provider is None or resource.package not in _DEFAULTS:
        return
    path, inner = _DEFAULTS[resource.package]
    read = resource.provider.reader.one(path)
    value = read.value
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except json.JSONDecodeError:
            return
    value = value.get(inner) if inner and isinstance(value, dict) else value
    if isinstance(value, dict) and isinstance(value.get(key), str):
        yield Read(f"provider {resource.provider.name}, {path}", State.KNOWN, value[key])


def _of_namespace(resource: Resource, key: str, context: Context) -> Classes | None:
    """The class of the namespace that a Kubernetes object is in. None where it is in none that the stack has."""
    if resource.package != "kubernetes" or resource.type == _NAMESPACE:
        return None
    read = resource.reader.one("metadata.namespace")
    if read.absent and resource.kind == "Release":
        read = resource.reader.one("namespace")
    if read.absent:
        return None
    if context.graph is None:
        return Classes(graph_may_tell=True)
    namespace = namespace_of(resource, context.graph)
    if namespace is None:
        return None
    found = next((each for each in _candidates(namespace, key) if each.text), None)
    return Classes(labels.split_classes(found.text), explicit=True) if found and found.text else None


def beside(resource: Resource, context: Context) -> frozenset[str]:
    """The classes that the other parts of the nearest component name: what cannot be tagged belongs to what can be."""
    graph = context.graph
    if graph is None:
        return frozenset()
    for ancestor in graph.ancestors(resource):
        found = graph.classes_below.get(ancestor.urn)
        if found is None:
            found = frozenset().union(*(_stated(each, context) for each in graph.below(ancestor)))
            graph.classes_below[ancestor.urn] = found
        if found:
            return found
    return frozenset()


def _stated(resource: Resource, context: Context) -> frozenset[str]:
    classes = classes_of(resource, context)
    return classes.names if classes.explicit else frozenset()


def namespace_of(resource: Resource, graph: Graph) -> Resource | None:
    """The Namespace of the same cluster that an object is in: by its name, or by the edge where that is unknown."""
    path = "namespace" if resource.kind == "Release" else "metadata.namespace"
    name = resource.reader.one(path).text
    if name is None:
        return next((each for each in graph.behind(resource, path) if each.type == _NAMESPACE), None)
    key = ("namespaces", "")
    if key not in graph.memo:
        graph.memo[key] = {
            (each.provider.urn if each.provider else None, each.reader.one("metadata.name").text or each.name): each
            for each in graph.of_type(_NAMESPACE)
        }
    return graph.memo[key].get((resource.provider.urn if resource.provider else None, name))
