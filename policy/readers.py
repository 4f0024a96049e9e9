"""The readers named in the `place` column of policy/locators.csv: each turns a property's value into a place.

Owns: how regions, ARNs, names, accounts, hosts and provider words (a redundancy, a deployment SKU, an inference
profile) become places, through the graph where the value is unknown. Refuses to own: the rows (policy.flows), and
whether a place is allowed (policy.decisions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace

from policy import addresses, provider_words
from policy.hosts import host_of, host_place, inside_cluster, uri_place
from policy.places import (
    CLOUDS,
    Located,
    behind,
    declared,
    locate,
    named,
    provider_names,
    read_place,
    service_of,
    together,
)
from policy.references import referenced
from policy.resource import Resource
from policy.rule import Context
from policy.values import Read
from ringfence.facts import jurisdictions, regions

_LOCATION = re.compile(r"/(?:locations|regions|zones)/([a-z0-9-]+)(?:/|$)")

_ACCOUNT = re.compile(r"\b\d{12}\b")
_HOST = re.compile(r"(?=.{4,253}$)[a-zA-Z0-9*]([a-zA-Z0-9-]*\.)+[a-zA-Z]{2,24}(:\d+)?")

ANYWHERE = Located("any of the provider's places", jurisdictions.countries(jurisdictions.ANY))
"""A service that spreads data over the world: every country, so that only a class without borders may use it."""

_BACKENDS = (
    "kubernetes:gateway.envoyproxy.io/v1alpha1:Backend",
    "kubernetes:aigateway.envoyproxy.io/v1alpha1:AIServiceBackend",
    "kubernetes:aigateway.envoyproxy.io/v1beta1:AIServiceBackend",
)
_OPERATORS_OF = {"aws": "aws", "azure-native": "azure", "gcp": "gcp"}


def _region(resource: Resource, read: Read, context: Context) -> Located:
    cloud = CLOUDS.get(resource.package, "aws")
    if read.text == "@nearest":
        return _nearest(resource, context)
    return read_place(read, resource, cloud, context)


def _nearest(resource: Resource, context: Context) -> Located:
    """Google Cloud's default for backups and snapshots: the multi-region nearest to the source."""
    own = locate(resource, context)
    area = {"europe": "eu", "us": "us", "northamerica": "us", "asia": "asia"}.get(own.name.partition("-")[0])
    if area is None:
        missing = own.missing or f"no location is set, and the default for {own.name} is not known"
        return Located("", missing=missing, graph_may_tell=own.graph_may_tell)
    return replace(named("gcp", area, service_of(resource)), via="the service's default")


def _arn(resource: Resource, read: Read, context: Context) -> Located:
    """An AWS resource name carries its region, except those of S3, which are found in the stack."""
    parts = read.text.split(":") if read.text else []
    if len(parts) >= 6 and parts[0] == "arn" and parts[3]:
        return replace(named("aws", parts[3]), via="")
    return _referenced(resource, read, context)


def _referenced(resource: Resource, read: Read, context: Context) -> Located:
    """The place of another resource: declared, in its own name, or found in the stack by the edge or by its name."""
    found = declared(context.contract, read.text) or _in_path(read)
    if found:
        return found
    if context.graph is None:
        return Located(read.text or "", missing=f"{read.path} names another resource", graph_may_tell=True)
    targets = referenced(resource, read, context.graph)
    if targets:
        place = together(targets, context)
        if place.countries is None and read.unknown:
            return replace(place, missing=f"{read.path} is not known before the update, and {place.missing}")
        return place
    if read.unknown:
        return behind(resource, read.path, context)
    return Located(
        "", missing=f"{read.path} names {read.shown}, which the stack does not have: declare it in locations"
    )


def _in_path(read: Read) -> Located | None:
    """Google Cloud's resource names say where the resource is: projects/p/locations/europe-west3/..."""
    found = _LOCATION.search(read.text) if read.text else None
    return named("gcp", found[1]) if found else None


def _own(resource: Resource, read: Read, context: Context) -> Located:
    """The resource is itself the copy: data comes to where it is."""
    return locate(resource, context)


def _anywhere(resource: Resource, read: Read, context: Context) -> Located:
    cloud = _OPERATORS_OF.get(resource.package)
    found = (each.operator_country for each in regions.regions(cloud or "") if each.partition == cloud)
    home = next(found, None)
    return replace(ANYWHERE, operators=frozenset({home}) if home else None)


def _azure_pair(resource: Resource, context: Context) -> Located:
    """The place that Azure pairs with a resource's own: where geo-redundant copies go without saying so."""
    own = locate(resource, context)
    if own.countries is None:
        return own
    pair = regions.paired_region(own.name)
    if pair is None:
        return Located("", missing=f"Azure publishes no pair of {own.name}")
    return replace(named("azure", pair.code), via=f"the pair of {own.name}")


def _azure_sku(resource: Resource, read: Read, context: Context) -> Located | None:
    if read.unknown:
        return Located("", missing=f"{read.path} is not known before the update")
    return _azure_pair(resource, context) if "GRS" in str(read.value) or "GZRS" in str(read.value) else None


def _azure_redundancy(resource: Resource, read: Read, context: Context) -> Located | None:
    if read.unknown:
        return Located("", missing=f"{read.path} is not known before the update")
    away = str(read.value).lower()
    copied = away in {"geo", "geozone", "georedundant", "enabled", "true", "withingeopair", "geozoneredundant"}
    return _azure_pair(resource, context) if copied else None


def _account(resource: Resource, read: Read, context: Context) -> Located:
    found = declared(context.contract, f"account:{read.text}" if read.text else None)
    return found or Located("", missing=f"account {read.shown} is not under locations in the contract")


def _trusted_account(resource: Resource, read: Read, context: Context) -> Located | None:
    """Accounts that a trust policy lets in, as far as the contract knows them. Services and one's own say nothing."""
    accounts = set(_ACCOUNT.findall(read.text or "")) if read.text else set()
    found = [place for each in sorted(accounts) if (place := declared(context.contract, f"account:{each}"))]
    if not found:
        return None
    countries = frozenset().union(*(place.countries or () for place in found))
    operators = frozenset().union(*(place.operators or () for place in found))
    return Located(", ".join(f"account {place.name}" for place in found), countries, operators, via="the contract")


def _rendered(resource: Resource, read: Read, context: Context) -> Located | None:
    """Manifests that are written to a folder are applied wherever somebody takes them."""
    keys = (f"kubernetes:{name}" for name in provider_names(resource))
    if declared(context.contract, *keys):
        return None
    return Located("", missing=f"on which cluster the manifests in {read.shown} are applied")


def _cluster(resource: Resource, read: Read, context: Context) -> Located:
    found = declared(context.contract, f"kubernetes:{read.text}" if read.text else None)
    return found or Located("", missing=f"cluster {read.shown} is not under locations in the contract")


def _aws_region(resource: Resource, read: Read, context: Context) -> Located:
    return read_place(read, resource, "aws", context)


def _host(resource: Resource, read: Read, context: Context) -> Located | None:
    if resource.is_provider and read.text and inside_cluster(host_of(read.text)):
        return None  # The machine that the engine runs on.
    return _or_graph(resource, read, context, host_place)


def _uri(resource: Resource, read: Read, context: Context) -> Located | None:
    return _or_graph(resource, read, context, uri_place)


def _backend(resource: Resource, read: Read, context: Context) -> Located | None:
    """A route's backend: through the gateway's own objects to the hosts that answer; a Service answers here."""
    if context.graph is None or not read.text:
        return Located("", missing=f"{read.path} names another object", graph_may_tell=context.graph is None)
    hosts = [host for backend in _named_backends(read.text, resource, context) for host in _hosts(backend)]
    if not hosts:
        return None
    found = [host_place(host, resource, context) if host else None for host in hosts]
    worst = next((place for place in found if place is None or place.countries is None), None)
    if worst or None in found:
        return worst or Located(read.text, missing=f"a host of backend {read.text} is not known before the update")
    places = [place for place in found if place]
    countries = frozenset().union(*(place.countries or () for place in places))
    operators = frozenset().union(*(place.operators or () for place in places))
    return Located(", ".join(place.name for place in places), countries, operators, via=f"backend {read.text}")


def _named_backends(name: str, resource: Resource, context: Context) -> Iterator[Resource]:
    """The Backend objects behind a name on the same cluster, also by way of an AIServiceBackend of that name."""
    provider = resource.provider.urn if resource.provider else None
    for each in context.graph.of_type(*_BACKENDS) if context.graph else ():
        same = (each.provider.urn if each.provider else None) == provider
        if same and each.reader.one("metadata.name").text == name:
            if each.kind == "Backend":
                yield each
            elif (behind_it := each.reader.one("spec.backendRef.name").text) and behind_it != name:
                yield from _named_backends(behind_it, resource, context)


def _hosts(backend: Resource) -> Iterator[str | None]:
    for path in ("spec.endpoints[].fqdn.hostname", "spec.endpoints[].ip.address"):
        for read in backend.reader.all(path):
            if not read.absent:
                yield read.text


def _or_graph(
    resource: Resource, read: Read, context: Context, reader: Callable[[str, Resource, Context], Located | None]
) -> Located | None:
    return reader(read.text, resource, context) if read.text else behind(resource, read.path, context)


def _gateway(resource: Resource, read: Read, context: Context) -> Located | None:
    """A gateway that the contract puts somewhere; any other is on the same cluster."""
    return declared(context.contract, f"gateway:{read.text}" if read.text else None)


def _any(resource: Resource, read: Read, context: Context) -> Located:
    """Whatever the value is: a region, an ARN, a URI, a host, a resource's name or id, or a reference."""
    if not read.text:
        return _referenced(resource, read, context)
    found = declared(context.contract, read.text) or _in_path(read) or _region_name(read.text, resource)
    if found:
        return found
    if read.text.startswith("arn:"):
        return _arn(resource, read, context)
    if context.graph is not None and (targets := referenced(resource, read, context.graph)):
        return together(targets, context)
    if "://" in read.text:
        return uri_place(read.text, resource, context) or locate(resource, context)
    if _HOST.fullmatch(read.text):
        return host_place(read.text, resource, context)
    missing = f"{read.path} is {read.shown}, which says no place"
    return Located("", missing=missing, graph_may_tell=context.graph is None)


def _key(resource: Resource, read: Read, context: Context) -> Located:
    """A key by its ARN; a bare id or an alias is looked up where the resource is."""
    if read.text and not read.text.startswith("arn:"):
        return locate(resource, context)
    return _arn(resource, read, context)


def _any_region(resource: Resource, read: Read, context: Context) -> Located | None:
    """A region or zone of whichever cloud has one of that name; a name of one's own says nothing."""
    return _region_name(read.text, resource) if read.text else None


def _known_host(resource: Resource, read: Read, context: Context) -> Located | None:
    """A host that the facts or the contract know; of any other nothing is said here."""
    place = host_place(read.text, resource, context) if read.text else None
    return place if place and place.countries is not None else None


def _region_name(text: str, resource: Resource) -> Located | None:
    """The place of a region's name, of the resource's own cloud first."""
    own = CLOUDS.get(resource.package)
    for cloud in dict.fromkeys((own, *regions.PROVIDERS)):
        if cloud and (place := named(cloud, text, service_of(resource) if cloud == own else None)).countries:
            return place
    return None


PLACES: Mapping[str, Callable[[Resource, Read, Context], Located | None]] = {
    "region": _region,
    "aws-region": _aws_region,
    "arn": _arn,
    "resource": _referenced,
    "own": _own,
    "anywhere": _anywhere,
    "account": _account,
    "cluster": _cluster,
    "backend": _backend,
    "host": _host,
    "uri": _uri,
    "any": _any,
    "any-region": _any_region,
    "known-host": _known_host,
    "gateway": _gateway,
    "key": _key,
    "trusted-account": _trusted_account,
    "rendered": _rendered,
    "azure-sku": _azure_sku,
    "azure-redundancy": _azure_redundancy,
    **addresses.READERS,
    **provider_words.WORDS,
}
"""The readers by their name in the table. None says that the value moves nothing."""
