"""Readers for words that only one provider or one kind of object uses: an edge type, an instance configuration, a SKU.

Owns: what each word says of where data goes. Refuses to own: the lists behind the words (ringfence.facts.regions).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from policy.places import Located, declared, locate, named
from policy.resource import Resource
from policy.rule import Context
from policy.values import Read
from ringfence.facts import jurisdictions, regions

_UNKNOWN = "is not known before the update"
_EDGES = {"EDGE", "EXTERNAL", "EXTERNAL_MANAGED"}
"""API Gateway's type that answers at CloudFront's edges, and Google's load balancing schemes that answer at any of its
edges. Sources: API Gateway "endpointConfiguration", Compute Engine "globalForwardingRules.loadBalancingScheme".
"""
_GLOBAL_CLASSES = re.compile(r"^gke-l7-(global|gxlb)|^gce$|-mc$")
"""GKE's gateway classes whose load balancer is global or spans clusters. Source: GKE, "GatewayClass capabilities"."""


def _everywhere(laws: frozenset[str]) -> Located:
    return Located("any of the provider's places", jurisdictions.countries(jurisdictions.ANY), laws)


def edge(resource: Resource, read: Read, context: Context) -> Located | None:
    """Whether requests are answered at edges all over the world, by the name of the way they come in."""
    if read.unknown:
        return Located("", missing=f"{read.path} {_UNKNOWN}")
    values = read.value if isinstance(read.value, list) else [read.value]
    return _everywhere(frozenset({"US"})) if _EDGES & {str(value) for value in values} else None


def gateway_class(resource: Resource, read: Read, context: Context) -> Located | None:
    """A gateway's class: GKE's global and multi-cluster ones answer anywhere; every other answers at its cluster."""
    if not read.text:
        return Located("", missing=f"{read.path} {_UNKNOWN}") if read.unknown else None
    return _everywhere(frozenset({"US"})) if _GLOBAL_CLASSES.search(read.text) else None


def spanner(resource: Resource, read: Read, context: Context) -> Located:
    """A Spanner instance configuration: `regional-europe-west3`, or a multi-region such as `eur6`."""
    if not read.text:
        return Located("", missing=f"{read.path} {_UNKNOWN}", graph_may_tell=context.graph is None)
    word = read.text.rpartition("/")[2]
    return named("gcp", word.removeprefix("regional-"), "spanner")


def argo_cluster(resource: Resource, read: Read, context: Context) -> Located | None:
    """The cluster that an Argo CD application goes to; `in-cluster` is Argo's own."""
    if read.text == "in-cluster":
        return None
    found = declared(context.contract, f"kubernetes:{read.text}" if read.text else None)
    return found or Located("", missing=f"cluster {read.shown} is not under locations in the contract")


def volume_sku(resource: Resource, read: Read, context: Context) -> Located | None:
    """A storage class's Azure SKU: a geo-redundant one copies each volume to the pair of the cluster's region."""
    if read.unknown:
        return Located("", missing=f"{read.path} {_UNKNOWN}")
    if not re.search("GZ?RS", str(read.value).upper()):
        return None
    return Located(str(read.value), missing=f"{read.value} copies to the paired region of the cluster's own")


def azure_area(resource: Resource, read: Read, context: Context) -> Located:
    """A geography's name, as Communication Services takes it: Germany, Europe, United States."""
    if not read.text:
        return Located("", missing=f"{read.path} {_UNKNOWN}")
    several = regions.multi_region("azure", read.text, "communication")
    if several:
        return Located(read.text, several.countries, frozenset({"US"}))
    return Located(read.text, missing=f"{read.text!r} is no geography that ringfence knows")


def model_sku(resource: Resource, read: Read, context: Context) -> Located | None:
    """A model deployment's SKU: Global* answers anywhere, DataZone* in the zone of the account's region."""
    if read.unknown:
        return Located("", missing=f"{read.path} {_UNKNOWN}")
    sku = str(read.value)
    if sku.startswith("Global"):
        return _everywhere(frozenset({"US"}))
    if not sku.startswith("DataZone"):
        return None
    own = locate(resource, context)
    sources = context.graph.behind(resource, "accountName") if context.graph else []
    own = locate(sources[0], context) if len(sources) == 1 else own
    zone = regions.data_zone(own.name)
    if zone is None:
        return Located(sku, missing=f"{sku} answers in the data zone of its account's region, which is not known")
    return Located(f"{sku} ({zone.name})", zone.countries, frozenset({"US"}))


def bedrock(resource: Resource, read: Read, context: Context) -> Located | None:
    """A model or inference profile: a profile's prefix (`eu.`, `global.`) says over which regions prompts spread."""
    if not read.text:
        return Located("", missing=f"{read.path} {_UNKNOWN}", graph_may_tell=context.graph is None)
    prefix = read.text.rpartition("/")[2].partition(".")[0]
    if prefix != read.text and (several := regions.multi_region("aws", prefix, "bedrock")):
        # A request made in a region that is no member (London, Zurich) can be answered there too.
        own = locate(resource, context).countries or frozenset()
        return Located(f"inference profile {prefix}", several.countries | own, frozenset({"US"}))
    region = read.text.split(":")[3] if read.text.startswith("arn:") and read.text.count(":") >= 5 else ""
    return named("aws", region) if region else None


def workteam(resource: Resource, read: Read, context: Context) -> Located | None:
    """Who labels and reviews: a private team is the organisation's own, the public crowd is anybody, a vendor's is
    anywhere that the vendor has people. Source: SageMaker, "Create and manage workforces"."""
    if not read.text:
        return Located("", missing=f"{read.path} {_UNKNOWN}", graph_may_tell=context.graph is None)
    if ":workteam/public-crowd/" in read.text:
        everybody = jurisdictions.countries(jurisdictions.ANY)
        return Located("the public crowd", everybody, everybody)
    if ":workteam/vendor-crowd/" in read.text:
        return declared(context.contract, read.text) or Located(read.text, missing="where the vendor's people are")
    return None


WORDS: Mapping[str, Callable[[Resource, Read, Context], Located | None]] = {
    "edge": edge,
    "gateway-class": gateway_class,
    "spanner": spanner,
    "argo-cluster": argo_cluster,
    "volume-sku": volume_sku,
    "azure-area": azure_area,
    "azure-model-sku": model_sku,
    "bedrock": bedrock,
    "workteam": workteam,
}
"""These readers by their name in the tables' `place` column. None says that the value moves nothing."""
