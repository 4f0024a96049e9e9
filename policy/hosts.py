"""Where a host, a URL or a storage URI sends data.

Owns: taking the host out of an address and asking the contract first, then the facts. A name inside the cluster stays
where the cluster is. Refuses to own: the list of hosts (ringfence.facts.endpoints).
"""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address
from urllib.parse import urlsplit

from policy import tables
from policy.places import Located, declared, locate, together
from policy.references import by_text
from policy.resource import Resource
from policy.rule import Context
from ringfence.facts import endpoints

_INSIDE = (".svc", ".svc.cluster.local", ".cluster.local", ".local", ".internal.")
_BUCKETS = ("s3", "s3a", "gs")
_STORES = {"hf": "huggingface.co"}


def host_of(address: str) -> str:
    """The host of a URL or of host:port, without the port, in lower case."""
    text = address if "//" in address else f"//{address}"
    try:
        return (urlsplit(text).hostname or "").lower()
    except ValueError:
        return ""


def inside_cluster(host: str) -> bool:
    """Whether a name can only be resolved inside the cluster: a bare service name, *.svc, a loopback address."""
    if host == "localhost" or "." not in host or host.endswith(_INSIDE[:4]):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def host_place(address: str, resource: Resource, context: Context) -> Located:
    """Where a host stands, and under whose law."""
    host = host_of(address)
    found = declared(context.contract, address, host) or _declared_domain(host, context)
    if found:
        return found
    if not host or inside_cluster(host):
        return locate(resource, context)
    known = endpoints.endpoint(host)
    if known is None:
        return Located(host, missing=f"{host} is not under locations in the contract")
    missing = "" if known.countries else f"{host} is served from places that its operator does not name"
    return Located(host, known.countries, known.operator_laws, missing)


def _declared_domain(host: str, context: Context) -> Located | None:
    """A declared domain covers the hosts under it."""
    labels = host.split(".")
    parents = (".".join(labels[start:]) for start in range(1, len(labels) - 1))
    return declared(context.contract, *parents)


def uri_place(uri: str, resource: Resource, context: Context) -> Located | None:
    """Where a storage URI reads from or writes to: s3://, gs://, hf://, oci://, https://, pvc://."""
    scheme, _, rest = uri.partition("://")
    found = declared(context.contract, uri, f"{scheme}://{rest.partition('/')[0]}")
    if found:
        return found
    if scheme in ("pvc", "file") or not rest:
        return None
    if context.graph is not None:
        stores = [each for each in by_text(uri, context.graph) if tables.is_store(each.type)]
        if stores:
            return together(stores, context)
    if scheme in _BUCKETS:
        bucket = rest.partition("/")[0]
        missing = f"bucket {bucket} is not in the stack: declare {scheme}://{bucket} under locations"
        return Located(f"{scheme}://{bucket}", missing=missing, graph_may_tell=context.graph is None)
    known = host_place(_STORES.get(scheme, rest.partition("/")[0]), resource, context)
    if known.countries is None and context.graph is None:
        # The stack may have the store behind the host.
        return replace(known, graph_may_tell=True)
    return known
