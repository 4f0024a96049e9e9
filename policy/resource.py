"""Resources as rules see them: a normalised type, decoded properties, a provider, and edges once the stack is known.

Owns: type tokens (azure-native's versioned packages fold into one), options that hide a change, and the stack graph.
Refuses to own: what any property means.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from typing import Any

from policy.values import Reader

_VERSIONED = re.compile(r"^azure-native(?:_\w+?_v\d\w*)?:([^:/]+)(?:/v\w+)?:(\w+)$")
_KUBERNETES = re.compile(r"^kubernetes:([^:/]+(?:/[^:]+)?):(\w+?)(?:Patch)?$")

_RENAMED = {
    "documentdb": "cosmosdb",
    "cache": "redis",
    "insights:Component": "applicationinsights",
    "insights:WebTest": "applicationinsights",
    "insights:DiagnosticSetting": "monitor",
    "network:Zone": "dns",
    "network:PrivateZone": "privatedns",
    "network:FrontDoor": "frontdoor",
    "network:Profile": "trafficmanager",
}
"""Modules of azure-native that version 3 renamed: programs on version 2 still say the old name."""


@lru_cache(maxsize=4096)
def normalised(token: str) -> str:
    """The type token as tables write it: azure-native without a version, a Kubernetes patch as its kind."""
    azure = _VERSIONED.match(token)
    if azure:
        module = _RENAMED.get(f"{azure[1]}:{azure[2]}") or _RENAMED.get(azure[1], azure[1])
        return f"azure-native:{module}:{azure[2]}"
    kubernetes = _KUBERNETES.match(token)
    return f"kubernetes:{kubernetes[1]}:{kubernetes[2]}" if kubernetes else token


@lru_cache(maxsize=4096)
def table_key(token: str) -> str:
    """The token by which a table finds a type: a Kubernetes kind without its version, everything else as it is."""
    if not token.startswith("kubernetes:") or token.count(":") != 2:
        return token
    package, group, kind = token.split(":")
    return f"{package}:{group.partition('/')[0]}:{kind}"


@dataclass(frozen=True)
class Provider:
    """The provider that makes a resource, with its configuration as the engine knows it."""

    type: str
    urn: str
    name: str
    reader: Reader

    @property
    def package(self) -> str:
        """The package, such as aws."""
        return self.type.rpartition(":")[2]


@dataclass(eq=False)
class Resource:
    """One resource."""

    type: str
    """Normalised type token."""
    urn: str
    name: str
    inputs: Mapping[str, Any]
    provider: Provider | None = None
    parent: str | None = None
    ignore_changes: tuple[str, ...] = ()
    dependencies: tuple[str, ...] = ()
    property_dependencies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    carrier: Resource | None = None
    """The resource whose payload it was read from (a template); None for one that the program registered."""
    carrier_inputs: Mapping[str, str] = field(default_factory=dict)
    """Property to the property of the carrier that its value came from: its edges are the carrier's."""

    payload: tuple[Any, ...] | None = None
    """What policy.carriers has read out of it."""

    early_flows: tuple[Any, ...] | None = None
    """Its flows as policy.flows knows them before the stack is known."""

    @property
    def reported_urn(self) -> str:
        """The URN that the engine knows: the carrier's for what was read from one."""
        return self.carrier.reported_urn if self.carrier else self.urn

    @cached_property
    def reader(self) -> Reader:
        """Reads the inputs."""
        return Reader(self.inputs)

    @property
    def package(self) -> str:
        """The package, such as aws; azure-native for its versioned ones too."""
        return self.type.partition(":")[0]

    @property
    def kind(self) -> str:
        """The last part of the type, such as BucketV2 or StatefulSet."""
        return self.type.rpartition(":")[2]

    @property
    def is_provider(self) -> bool:
        """Whether it is a provider itself."""
        return self.type.startswith("pulumi:providers:")

    @property
    def is_component(self) -> bool:
        """Whether it only groups others: the engine gives a component no provider and no place."""
        return self.provider is None and not self.is_provider and self.carrier is None

    @property
    def shown(self) -> str:
        """Name and type for a message."""
        return f"{self.name} ({self.type})"


class Graph:
    """The stack: every resource by URN, and which ones a property was made from."""

    def __init__(self, resources: Iterable[Resource]) -> None:
        self.resources = {resource.urn: resource for resource in resources}
        self._by_type: dict[str, list[Resource]] = {}
        self.classes_below: dict[str, frozenset[str]] = {}
        """What policy.classes.beside has found, by component."""
        self._children: dict[str | None, list[Resource]] | None = None
        self.names: dict[str, list[Resource]] | None = None
        """What policy.references.index has found."""
        self.objects: dict[str, list[Resource]] | None = None
        """Kubernetes objects by their name."""
        self.memo: dict[tuple[str, str], Any] = {}
        """What is computed once for each resource: (what, URN) to the answer."""
        for resource in self.resources.values():
            self._by_type.setdefault(resource.type, []).append(resource)

    def of_type(self, *types: str) -> Iterator[Resource]:
        """Every resource of these types, in the order of the stack."""
        for each in types:
            yield from self._by_type.get(each, ())

    def behind(self, resource: Resource, path: str) -> list[Resource]:
        """The resources that a property was made from. The engine records edges of top-level properties."""
        top = re.split(r"[.\[]", path, maxsplit=1)[0]
        urns = resource.property_dependencies.get(top, ())
        carried = resource.carrier_inputs.get(top) if resource.carrier else None
        if carried and resource.carrier:
            urns = (*urns, *resource.carrier.property_dependencies.get(carried, ()))
        return [self.resources[urn] for urn in urns if urn in self.resources]

    def pointing_at(self, target: Resource, name: str | None, token: str, path: str) -> list[Resource]:
        """The resources of a type whose property was made from the target, or names it; indexed once a property."""
        key = ("pointing", f"{token} {path}")
        if key not in self.memo:
            index: dict[str, list[Resource]] = {}
            for each in self.of_type(token):
                text = each.reader.one(path).text
                for end in {*(source.urn for source in self.behind(each, path)), *([text] if text else [])}:
                    index.setdefault(end, []).append(each)
            self.memo[key] = index
        found = self.memo[key]
        return list(dict.fromkeys([*found.get(target.urn, ()), *(found.get(name, ()) if name else ())]))

    def provider_of(self, resource: Resource) -> Resource | None:
        """The provider as a resource of the stack, with its own edges."""
        return self.resources.get(resource.provider.urn) if resource.provider else None

    def below(self, resource: Resource) -> Iterator[Resource]:
        """Everything under a component, however deep."""
        if self._children is None:
            self._children = {}
            for each in self.resources.values():
                self._children.setdefault(each.parent, []).append(each)
        for child in self._children.get(resource.urn, ()):
            yield child
            yield from self.below(child)

    def ancestors(self, resource: Resource) -> Iterator[Resource]:
        """The parents of a resource, nearest first."""
        urn = resource.parent
        while urn and urn in self.resources:
            found = self.resources[urn]
            yield found
            urn = found.parent
