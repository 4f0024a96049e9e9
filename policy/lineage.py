"""Lineage: classes of data follow the data from resource to resource, and each knows the way it came.

Owns: the edges (flows of locators.csv that carry data, rows of lineage.csv, mounts, and what runs on which cluster) and
one pass over the stack that gives every resource its classes and the shortest path of each. A class stops only at a
de-identification that the contract declares. Refuses to own: what a resource says of itself (policy.classes), where it
is (policy.places) and what is allowed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache

from policy import tables
from policy.classes import classes_of
from policy.flows import flows_of, sources_of
from policy.places import locate
from policy.pods import claims
from policy.references import kubernetes_object, referenced
from policy.resource import Graph, Resource, table_key
from policy.rule import Context, Hop
from ringfence.spec.residency import short

CARRYING = frozenset(
    [
        "replica",
        "secret",
        "backup",
        "snapshot",
        "restore",
        "log",
        "metric",
        "export",
        "event",
        "index",
        "cache",
        "feature",
        "weights",
        "artefact",
        "image",
        "mirror",
        "prompt",
    ]
)
"""Kinds of flow that bring the data itself to where they lead. A key or a route does not."""
_READING = frozenset({"weights"})
"""Kinds whose property names where data is read from, as often as where it is written to: lineage.csv says which."""


@dataclass(frozen=True)
class Edge:
    """Data goes from one resource to another, because a property of a third (or of one of the two) says so."""

    source: Resource
    target: Resource
    kind: str
    holder: Resource
    path: str


@cache
def _rows() -> Mapping[str, tuple[Mapping[str, str], ...]]:
    found: dict[str, list[Mapping[str, str]]] = {}
    for row in tables.rows("lineage"):
        found.setdefault(table_key(row["type"]), []).append(row)
    return {token: tuple(rows) for token, rows in found.items()}


class Lineage:
    """The classes that come to each resource of one stack."""

    def __init__(self, context: Context) -> None:
        assert context.graph is not None
        self._context, self._graph = context, context.graph
        self.edges: dict[str, list[Edge]] = {}
        self._came: dict[tuple[str, str], Edge | None] = {}
        self._inherited: dict[str, set[str]] = {}
        self.stopped: set[int] = set()
        """Indexes of the contract's de-identifications that stopped a class."""
        for edge in self._found():
            if edge.source is not edge.target:
                self.edges.setdefault(edge.source.urn, []).append(edge)
        self._spread()

    def inherited(self, resource: Resource) -> frozenset[str]:
        """The classes that came to a resource from others, besides those that it names itself."""
        return frozenset(self._inherited.get(resource.urn, ()))

    def grew(self, resource: Resource) -> bool:
        """Whether any class came to it."""
        return resource.urn in self._inherited

    def carries(self, resource: Resource, name: str) -> bool:
        """Whether a class is on a resource, its own or come to it."""
        return (resource.urn, name) in self._came

    def held(self, resource: Resource) -> frozenset[str]:
        """Every class on a resource, its own and those that came to it."""
        own = frozenset(name for name in _own(resource, self._context) if (resource.urn, name) in self._came)
        return own | self.inherited(resource)

    def classes(self) -> frozenset[str]:
        """Every class that is anywhere in the stack."""
        return frozenset(name for _, name in self._came)

    def way(self, resource: Resource, name: str) -> tuple[Hop, ...]:
        """The shortest way of a class to a resource, from where it is named."""
        hops: list[Hop] = []
        here, edge = resource, self._came.get((resource.urn, name))
        while edge is not None:
            hops.append(Hop(here.shown, self._place(here), edge.kind, _by(edge)))
            here, edge = edge.source, self._came.get((edge.source.urn, name))
        hops.append(Hop(here.shown, self._place(here)))
        return tuple(reversed(hops))

    def _place(self, resource: Resource) -> str:
        return place_text(resource, self._context)

    def _spread(self) -> None:
        """Breadth first, so that the first way found is a shortest one."""
        waiting: deque[tuple[Resource, str]] = deque()
        for resource in self._graph.resources.values():
            for name in sorted(_own(resource, self._context)):
                self._came[resource.urn, name] = None
                waiting.append((resource, name))
        while waiting:
            source, name = waiting.popleft()
            for edge in self.edges.get(source.urn, ()):
                target = edge.target
                if (target.urn, name) in self._came or self._deidentified(target, name):
                    continue
                self._came[target.urn, name] = edge
                self._inherited.setdefault(target.urn, set()).add(name)
                waiting.append((target, name))

    def _deidentified(self, target: Resource, name: str) -> bool:
        contract = self._context.contract
        for number, step in enumerate(contract.deidentified if contract else ()):
            if step.data_class == name and step.covers(target.urn, target.type, target.name):
                self.stopped.add(number)
                return True
        return False

    def _found(self) -> Iterator[Edge]:
        # Providers whose own configuration leads somewhere see what is managed through them.
        providers = (each for each in self._graph.resources.values() if each.is_provider)
        through = {each.urn: each for each in providers if flows_of(each, self._context)}
        for resource in self._graph.resources.values():
            yield from _of_flows(resource, self._context)
            yield from _of_rows(resource, self._context, self._graph)
            if resource.package == "kubernetes":
                yield from _of_cluster(resource, self._graph)
            if resource.provider and resource.provider.urn in through:
                yield Edge(resource, through[resource.provider.urn], "managed", resource, "provider")


def place_text(resource: Resource, context: Context) -> str:
    """Where a resource is, for a message: "DE (eu-central-1)"; empty where that is not known."""
    place = locate(resource, context)
    return f"{short(place.countries, 4)} ({place.shown})" if place.countries and place.shown else ""


def _by(edge: Edge) -> str:
    if edge.holder is edge.target or edge.holder is edge.source:
        return f"{edge.path} of {edge.holder.name}"
    return f"{edge.path} of {edge.holder.shown}"


def _own(resource: Resource, context: Context) -> frozenset[str]:
    """What a resource says of itself; the contract's default counts for stores."""
    classes = classes_of(resource, context)
    if classes.explicit or tables.is_store(resource.type):
        return classes.names
    return frozenset()


def _of_flows(resource: Resource, context: Context) -> Iterator[Edge]:
    """Flows that carry data, to the resources of the stack that they lead to."""
    assert context.graph is not None
    for moved in flows_of(resource, context):
        locator = moved.locator
        if locator.flow not in CARRYING - _READING:
            continue
        targets = [context.graph.resources[urn] for urn in moved.place.at if urn in context.graph.resources]
        if locator.place == "own":
            targets = [resource]
        for source in sources_of(resource, locator, context)[0] if targets else ():
            for target in targets:
                yield Edge(source, target, locator.flow, resource, moved.read.path)


def _of_rows(resource: Resource, context: Context, graph: Graph) -> Iterator[Edge]:
    for row in _rows().get(table_key(resource.type), ()):
        origins = _ends(resource, row["from"], graph)
        ends = _ends(resource, row["to"], graph) if origins else ()
        path = row["from"] if row["from"] != "self" else row["to"]
        for source in origins:
            for target in ends:
                yield Edge(source, target, row["kind"], resource, path)


def _ends(resource: Resource, path: str, graph: Graph) -> list[Resource]:
    if path == "self":
        return [resource]
    found: list[Resource] = []
    for read in resource.reader.all(path):
        if not read.absent:
            found += kubernetes_object(resource, read, graph) or referenced(resource, read, graph)
    return found


def _of_cluster(resource: Resource, graph: Graph) -> Iterator[Edge]:
    """What a workload mounts, and the cluster that it runs on."""
    for read in claims(resource):
        for claim in kubernetes_object(resource, read, graph):
            if claim.kind == "PersistentVolumeClaim":
                yield Edge(claim, resource, "mount", resource, read.path)
    provider = graph.provider_of(resource)
    if provider is None:
        return
    for path in ("kubeconfig", "cluster", "clusterIdentifier", "context"):
        for cluster in graph.behind(provider, path):
            if not cluster.is_component and not cluster.is_provider:
                yield Edge(resource, cluster, "runs on", provider, path)
