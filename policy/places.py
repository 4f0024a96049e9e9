"""Where a resource is, in this order: its own property, its provider, the graph, what the contract declares; else not
proven.

Owns: the ladder, for AWS, Azure, Google Cloud and Kubernetes. Refuses to own: which country a region is in
(ringfence.facts.regions) and whether it is allowed (ringfence.spec.residency). The environment's region is what a
default provider will use, but nothing records it: it can refuse, it cannot prove.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from policy import tables
from policy.contract import Contract
from policy.resource import Resource
from policy.rule import Context
from policy.values import Read, Reader
from ringfence.facts import regions

CLOUDS = {name: row["cloud"] for name, row in tables.packages().items() if row["cloud"]}
"""Package to the provider whose regions it names."""

_MOST_HOPS = 8


@dataclass(frozen=True)
class Located:
    """Where something is. `countries` is None where that is not proven; then `missing` says what would prove it."""

    name: str
    """What the place is called: us-east-1, EU, the name of a cluster; empty where nothing is said."""
    countries: frozenset[str] | None = None
    operators: frozenset[str] | None = None
    missing: str = ""
    graph_may_tell: bool = False
    via: str = ""
    """How it is known, where that is not the resource's own property: "provider us"."""
    assumed: bool = False
    """Only the environment says so."""
    told_by: str = ""
    """The property, the resource's or its provider's, that says so."""
    at: tuple[str, ...] = ()
    """URNs of the resources of the stack that stand for the place."""

    @property
    def shown(self) -> str:
        """The place for a message."""
        return f"{self.name}, from {self.via}" if self.via and self.name else self.name or self.via


@lru_cache(maxsize=4096)
def named(cloud: str, name: str, service: str | None = None) -> Located:
    """The place that a cloud's own name stands for: a region, a zone or a multi-region."""
    # Cloud Storage takes EUROPE-WEST3 too.
    code = name.lower() if cloud == "gcp" else name
    region = regions.region(cloud, code) or regions.region(cloud, regions.zone_region(cloud, code) or "")
    if region:
        return Located(name, frozenset({region.country}), region.operator_laws)
    several = regions.multi_region(cloud, name, service)
    if several:
        known = (regions.region(cloud, code) for code in several.regions)
        operators = {law for found in known if found for law in found.operator_laws} or {_home(cloud)}
        return Located(name, several.countries, frozenset(operators))
    return Located(name, missing=f"{name!r} is no {cloud} region, zone or multi-region that ringfence knows")


@lru_cache(maxsize=8)
def _home(cloud: str) -> str:
    """The legal home of whoever runs a cloud's ordinary partition."""
    return next(region.operator_country for region in regions.regions(cloud) if region.partition == cloud)


def service_of(resource: Resource) -> str:
    """The service a type belongs to, as multi-region tables name it: storage, kms, bigquery."""
    return resource.type.split(":")[1].partition("/")[0] if resource.type.count(":") >= 2 else ""


def locate(resource: Resource, context: Context, hops: int = 0) -> Located:
    """Where a resource is; worked out once where the stack is known."""
    if context.graph is None:
        return _locate(resource, context, hops)
    key = ("place", resource.urn)
    found = context.graph.memo.get(key)
    if found is None:
        found = _locate(resource, context, hops)
        context.graph.memo[key] = found
    return found


def _locate(resource: Resource, context: Context, hops: int) -> Located:
    if hops > _MOST_HOPS:
        return Located("", missing=f"{resource.name} depends on itself")
    if resource.package == "kubernetes":
        return _kubernetes(resource, context, hops)
    said = _declared_provider(resource, context)
    cloud = CLOUDS.get(resource.package)
    if cloud is None:
        return said or Located("", missing=f"nothing is known of the package {resource.package}")
    own = _property(resource, _listed(resource.package, "own"), cloud, context, hops) or _of_service(resource, cloud)
    if own is None and cloud == "azure":
        own = _resource_group(resource, context, hops)
    found = own or _zone(resource, cloud) or _configured(resource, cloud, context, hops)
    universe = _universe(resource)
    if universe:
        return said or replace(found, countries=None, operators=None, missing=universe)
    return said if said and found.countries is None else found


@lru_cache(maxsize=64)
def _listed(package: str, column: str) -> tuple[str, ...]:
    return tuple(each for each in tables.packages()[package][column].split("|") if each)


def _declared_provider(resource: Resource, context: Context) -> Located | None:
    """What the contract says of the provider, the last step of the ladder: aws:frankfurt, hcloud:default."""
    name = resource.provider.name if resource.provider else "default"
    urn = resource.provider.urn if resource.provider else None
    return declared(context.contract, urn, f"{resource.package}:{name}")


def _universe(resource: Resource) -> str:
    """A cloud of Google's that somebody else runs (universeDomain): its regions are in no table."""
    read = resource.provider.reader.one("universeDomain") if resource.provider else None
    if resource.package != "gcp" or read is None or read.absent or read.text == "googleapis.com":
        return ""
    return f"who runs the universe {read.shown}, and where: declare it under locations, as gcp:<provider>"


def _of_service(resource: Resource, cloud: str) -> Located | None:
    """Where the service puts what names no location: the missing property can be the leak itself."""
    default = tables.default_place(resource.type)
    return replace(named(cloud, default, service_of(resource)), via="the service's default") if default else None


def _property(resource: Resource, names: Iterable[str], cloud: str, context: Context, hops: int) -> Located | None:
    for name in names:
        read = resource.reader.one(name)
        if not read.absent:
            return replace(read_place(read, resource, cloud, context, hops), told_by=name)
    return None


def read_place(read: Read, resource: Resource, cloud: str, context: Context, hops: int = 0) -> Located:
    """The place that a property names: from its value, or where that is unknown from what it was made of."""
    if read.text:
        return named(cloud, read.text, service_of(resource))
    if read.known:
        return Located(read.shown, missing=f"{read.path} is {read.shown}, which names no place")
    return behind(resource, read.path, context, hops)


def behind(resource: Resource, path: str, context: Context, hops: int = 0) -> Located:
    """The place of the resources that a property was made from."""
    if context.graph is None:
        return Located("", missing=f"{path} is not known before the update", graph_may_tell=True)
    sources = [source for source in context.graph.behind(resource, path) if not source.is_component]
    place = together(sources, context, hops)
    if place.countries is None:
        return replace(place, missing=f"{path} is not known before the update, and {place.missing}")
    return place


def together(sources: Sequence[Resource], context: Context, hops: int = 0) -> Located:
    """The places of several resources as one; not proven where any of them is not."""
    found = [locate(source, context, hops + 1) for source in sources]
    at = tuple(source.urn for source in sources)
    if not found or any(place.countries is None for place in found):
        missing = next((place.missing for place in found if place.missing), "nothing in the stack says what it will be")
        return Located("", missing=missing, at=at)
    countries = frozenset().union(*(place.countries or () for place in found))
    operators = [place.operators for place in found]
    known = None if None in operators else frozenset().union(*(each or () for each in operators))
    name = ", ".join(dict.fromkeys(place.name for place in found))
    via = ", ".join(source.name for source in sources)
    return Located(name, countries, known, via=via, assumed=any(place.assumed for place in found), at=at)


def _zone(resource: Resource, cloud: str) -> Located | None:
    """An AWS Local Zone can stand in another country than its region."""
    zone = resource.reader.one("availabilityZone").text if cloud == "aws" else None
    return named(cloud, zone) if zone and regions.zone_region(cloud, zone) else None


def _resource_group(resource: Resource, context: Context, hops: int) -> Located | None:
    """Azure resources without a location take their resource group's."""
    group = resource.reader.one("resourceGroupName")
    if group.absent or resource.kind == "ResourceGroup":
        return None
    if context.graph is None:
        return Located("", missing="location is absent, so it is the resource group's", graph_may_tell=True)
    sources = [each for each in context.graph.behind(resource, "resourceGroupName") if each.kind == "ResourceGroup"]
    if not sources and group.text:
        sources = [
            each
            for each in context.graph.of_type("azure-native:resources:ResourceGroup")
            if each.reader.one("resourceGroupName").text == group.text
        ]
    if not sources:
        return Located("", missing="location is absent, and so is its resource group from the stack")
    return replace(locate(sources[0], context, hops + 1), via=f"resource group {sources[0].name}")


def _configured(resource: Resource, cloud: str, context: Context, hops: int) -> Located:
    """The provider's place, else the stack configuration's, else what the environment suggests."""
    names = _listed(resource.package, "configured")
    provider = resource.provider
    for name in names:
        read = provider.reader.one(name) if provider else None
        if provider and read and read.text:
            return replace(named(cloud, read.text, service_of(resource)), via=f"provider {provider.name}", told_by=name)
        if provider and read and read.unknown:
            return _provider_in_graph(resource, name, cloud, context, hops)
    is_default = provider is None or provider.name.startswith("default")
    for name in names if is_default else ():
        configured = context.stack_config.get(f"{resource.package}:{name}")
        if configured:
            return replace(named(cloud, configured), via=f"the stack's {resource.package}:{name}", told_by=name)
    for variable in _listed(resource.package, "environment"):
        value = context.environment.get(variable)
        if value:
            return replace(named(cloud, value), via=f"the environment's {variable}", assumed=True, told_by=names[0])
    who = f"provider {provider.name}" if provider else "the provider"
    return Located("", missing=f"neither the resource nor {who} says {' or '.join(names) or 'where it is'}")


def _provider_in_graph(resource: Resource, name: str, cloud: str, context: Context, hops: int) -> Located:
    if context.graph is None:
        return Located("", missing=f"the provider's {name} is not known before the update", graph_may_tell=True)
    source = context.graph.provider_of(resource)
    if source is None:
        return Located("", missing=f"the provider's {name} is not known, and it is not in the stack")
    return read_place(source.reader.one(name), source, cloud, context, hops + 1)


def declared(contract: Contract | None, *keys: str | None) -> Located | None:
    """What the contract's `locations` say of the first of these keys that it has."""
    for key in keys:
        found = contract.locations.get(key) if contract and key else None
        if key and found:
            name = key.partition(":")[2] or key
            return Located(name, frozenset({found.country}), found.laws, via="the contract")
    return None


def cluster_names(resource: Resource) -> list[str]:
    """The names by which a Kubernetes provider's cluster may be declared: identifier, context, cluster, provider."""
    provider = resource.provider
    return _names(provider.reader, provider.name) if provider else []


def provider_names(provider: Resource) -> list[str]:
    """The same names, of the provider as a resource of the stack."""
    return _names(provider.reader, provider.name)


def _names(reader: Reader, name: str) -> list[str]:
    reads = [reader.one(path).text for path in ("clusterIdentifier", "context", "cluster")]
    return [each for each in (*reads, name) if each]


def _kubernetes(resource: Resource, context: Context, hops: int) -> Located:
    found = declared(context.contract, *(f"kubernetes:{name}" for name in cluster_names(resource)))
    if found:
        return found
    who = resource.provider.name if resource.provider else "default"
    if context.graph is None:
        return Located("", missing=f"no location is declared for kubernetes:{who}", graph_may_tell=True)
    source = context.graph.provider_of(resource)
    if source is not None and source.property_dependencies:
        for path in ("kubeconfig", "clusterIdentifier", "cluster"):
            if source.property_dependencies.get(path):
                place = behind(source, path, context, hops + 1)
                if place.countries is not None:
                    return replace(place, via=f"provider {who}, {place.via}")
    return Located("", missing=f"no location is declared for kubernetes:{who}")
