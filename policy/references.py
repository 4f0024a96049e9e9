"""Which resources of the stack a property names: by the engine's edge, by name, ARN, URI or id, also when the value is
unknown.

Owns: the index of names and the order of the ways to find one. Refuses to own: where a resource is (policy.places) and
what the property means (policy.flows).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache

from policy import tables
from policy.resource import Graph, Resource
from policy.values import Read

_TEXT = re.compile(r"[A-Za-z0-9][\w.-]{2,}")
_ALWAYS = ("name", "identifier")
_ENDINGS = ("Name", "Id", "Identifier", "")
_WORDS = re.compile(r"[A-Z][a-z0-9]*")
_OTHERS = {"ManagedCluster": "resourceName", "Component": "resourceName", "VirtualMachine": "vmName"}


def index(graph: Graph) -> dict[str, list[Resource]]:
    """Every store and cluster of the stack by each name it is known by, made once."""
    if graph.names is None:
        graph.names = {}
        for resource in graph.resources.values():
            for name in _own_names(resource):
                graph.names.setdefault(name, []).append(resource)
    return graph.names


def _own_names(resource: Resource) -> Iterable[str]:
    if resource.is_provider or resource.is_component or resource.package == "kubernetes":
        return ()
    return {text for path in _name_paths(resource.kind) if (text := resource.reader.one(path).text)}


def names_itself(resource: Resource, path: str) -> bool:
    """Whether a property is the name that a store gives itself."""
    return tables.is_store(resource.type) and path in _name_paths(resource.kind)


@lru_cache(maxsize=1024)
def _name_paths(kind: str) -> tuple[str, ...]:
    """Inputs that name a resource of a kind: of a StorageAccount accountName, of a Bucket bucket; never those that name
    another, such as a Table's datasetId."""
    words = _WORDS.findall(re.sub(r"V\d+$", "", kind))
    ends = ["".join(words[start:]) for start in range(len(words))]
    paths = [f"{end[0].lower()}{end[1:]}{ending}" for end in ends for ending in _ENDINGS]
    return (*_ALWAYS, *paths, *((_OTHERS[kind],) if kind in _OTHERS else ()))


def referenced(resource: Resource, read: Read, graph: Graph) -> list[Resource]:
    """The resources that the value at a path names. The edge is known when the value is not; where a top-level
    property was made from several, those that the value names are chosen, else the stores, else all."""
    sources = [each for each in graph.behind(resource, read.path) if not each.is_component and not each.is_provider]
    if read.text:
        named = [each for each in by_text(read.text, graph) if each is not resource]
        among = [each for each in named if each in sources]
        if among or named:
            return among or _likeliest(named)
    stores = [each for each in sources if tables.is_store(each.type)]
    return stores or sources


def by_text(text: str, graph: Graph) -> list[Resource]:
    """The resources whose name is the text, or stands in it as the last part of an ARN, a URI, a path or an id."""
    names = index(graph)
    for candidate in _candidates(text):
        if candidate in names:
            return names[candidate]
    return []


def _candidates(text: str) -> Iterable[str]:
    """Parts of a text that can be a name, the likeliest first."""
    yield text
    _, _, rest = text.partition("://")
    if rest:
        host = rest.partition("/")[0]
        yield host
        yield host.partition("@")[0]
        yield host.partition(".")[0]
    elif text.startswith("arn:"):
        last = text.split(":", 5)[-1]
        yield last
        yield last.partition("/")[0]
        yield last.rpartition("/")[2]
        yield last.rpartition(":")[2]
        yield last.partition("/")[2].partition("/")[0]
    elif "/" in text:
        parts = text.split("/")
        yield from reversed([part for part in parts if _TEXT.fullmatch(part)])
    elif "." in text:
        yield text.partition(".")[0]


def _likeliest(found: list[Resource]) -> list[Resource]:
    stores = [each for each in found if tables.is_store(each.type)]
    return (stores or found)[:1]


def kubernetes_object(resource: Resource, read: Read, graph: Graph) -> list[Resource]:
    """The objects of the same cluster and namespace that have the name: of any kind, since names of what holds data
    (claims, volumes, backends) are told apart by the property that names them."""
    if resource.package != "kubernetes" or not read.text:
        return []
    where = _where(resource)
    return [each for each in _objects(graph).get(read.text, ()) if each is not resource and _where(each) == where]


def _where(resource: Resource) -> tuple[str, str]:
    return (resource.provider.urn if resource.provider else "", resource.reader.one("metadata.namespace").text or "")


def _objects(graph: Graph) -> dict[str, list[Resource]]:
    if graph.objects is None:
        graph.objects = {}
        for resource in graph.resources.values():
            if resource.package == "kubernetes":
                name = resource.reader.one("metadata.name").text or resource.name
                graph.objects.setdefault(name, []).append(resource)
    return graph.objects
