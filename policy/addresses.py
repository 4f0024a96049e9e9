"""Readers for values that can be written in many ways: an ARN, a URL, a storage URI, a cloud's resource name, a host.

Owns: telling which of them a value is, and the place that it says. Used by the pattern locators of policy/reviewed.csv,
which match properties of many types. Refuses to own: resolving names through the stack (the `resource` reader).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import ip_address

from policy.hosts import host_of, host_place, uri_place
from policy.places import Located, behind, declared, named, read_place
from policy.resource import Resource
from policy.rule import Context
from policy.values import UNKNOWN, Read, State
from ringfence.facts import endpoints, regions

Reader = Callable[[Resource, Read, Context], Located | None]

_IN_NAME = re.compile(r"(?:^|/)(?:locations|regions|zones)/([a-z0-9-]+)(?:/|$)")
_GOOGLE = (
    "projects/",
    "//",
    "https://www.googleapis.com/",
    "https://compute.googleapis.com/",
    "bigquery.googleapis.com/",
)
_REFERENCES = ("arn:", "/subscriptions/", "projects/", "bigquery.googleapis.com/", "pubsub.googleapis.com/")
_ADDRESS = re.compile(r"^[a-z0-9+.-]+://|^[\w-]+(\.[\w-]+)+(:\d+)?(/|$)|^[\w.-]+:\d+$", re.IGNORECASE)
_INCLUDED = re.compile(r"^([\w.-]+)/")


def _referenced(resource: Resource, read: Read, context: Context) -> Located | None:
    from policy import readers  # it has the whole table of readers, of which these are some

    return readers.PLACES["resource"](resource, read, context)


def said_by(text: str) -> Located | None:
    """The place that a name says by itself: the region of an ARN, the location of a Google Cloud name; else None."""
    parts = text.split(":", 5)
    if len(parts) == 6 and parts[0] == "arn":
        return named("aws", parts[3]) if parts[3] else None
    found = _IN_NAME.search(text) if text.startswith(_GOOGLE) else None
    return named("gcp", found[1]) if found else None


def address(resource: Resource, read: Read, context: Context) -> Located | None:
    """Whatever a property that takes an address was given: a name that says its place, a resource, a URI or a host."""
    if not read.text:
        return behind(resource, read.path, context) if read.unknown else None
    found = declared(context.contract, read.text) or said_by(read.text)
    if found:
        return found
    if read.text.startswith(_REFERENCES):
        return _referenced(resource, read, context)
    scheme = read.text.partition("://")[0]
    if scheme in ("s3", "gs", "hf", "oci", "pvc", "file", "abfs", "abfss", "wasbs"):
        return uri_place(read.text, resource, context)
    if not _ADDRESS.match(read.text):
        # A bare word: a name on the resource's own network, or of something in its own service.
        return None if resource.package == "kubernetes" else _referenced(resource, read, context)
    if _is_private(host_of(read.text)):
        return None
    return host_place(read.text, resource, context)


def _is_private(host: str) -> bool:
    """Whether a host is an address of a private network: the network's own resources are read."""
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def public(resource: Resource, read: Read, context: Context) -> Located | None:
    """An address that must be one of the cluster's own: private ones move nothing, others are not proven."""
    if read.text and _is_private(read.text):
        return None
    return address(resource, read, context)


def google(resource: Resource, read: Read, context: Context) -> Located | None:
    """A Google Cloud resource by its full name, or a bucket by gs:// or by its bare name."""
    if read.text and (found := said_by(read.text)):
        return found
    if read.text and read.text.startswith("gs://"):
        read = Read(read.path, read.state, read.text.removeprefix("gs://").partition("/")[0], read.secret)
    elif read.text and "://" in read.text:
        return address(resource, read, context)
    return _referenced(resource, read, context)


def key_name(resource: Resource, read: Read, context: Context) -> Located | None:
    """A Google Cloud key by its full name, which has its location; through the graph where it is not known."""
    found = _IN_NAME.search(read.text) if read.text else None
    return named("gcp", found[1], "kms") if found else behind(resource, read.path, context)


def zone(resource: Resource, read: Read, context: Context) -> Located | None:
    """An AWS zone: of the resource's own region, unless it is a Local Zone, which can stand in another country.

    One that is not known is taken for a zone of the region: a look-up gives Local Zones only to those who ask for them.
    """
    if read.text:
        found = regions.zone_region("aws", read.text)
        return named("aws", read.text) if found else Located(read.text, missing=f"{read.text!r} is no zone of AWS")
    return None


def image(resource: Resource, read: Read, context: Context) -> Located | None:
    """A container image: where its registry is, if its name says so. A public image brings no data of the platform."""
    if not read.text:
        return behind(resource, read.path, context) if read.unknown else None
    found = said_by(read.text)
    if found or not _INCLUDED.match(read.text):
        return found
    known = endpoints.endpoint(endpoints.image_registry(read.text))
    return Located(known.host, known.countries, known.operator_laws) if known and known.countries else None


def bucket(resource: Resource, read: Read, context: Context) -> Located | None:
    """A bucket or container by its bare name: declared, or found in the stack."""
    if not read.text:
        return behind(resource, read.path, context)
    if "://" in read.text or read.text.startswith("arn:"):
        return address(resource, read, context)
    return declared(context.contract, f"s3://{read.text}", f"gs://{read.text}", read.text) or uri_place(
        f"s3://{read.text}", resource, context
    )


def named_region(resource: Resource, read: Read, context: Context) -> Located | None:
    """A region of whichever cloud has one of that name: custom resources do not say which cloud they mean."""
    if not read.text:
        return read_place(read, resource, "aws", context)
    for cloud in regions.PROVIDERS:
        # Istio writes region/zone/subzone.
        found = named(cloud, read.text.partition("/")[0])
        if found.countries is not None:
            return found
    return declared(context.contract, read.text) or Located(
        read.text, missing=f"{read.text!r} is no region of AWS, Azure or Google Cloud"
    )


def linked_service(resource: Resource, read: Read, context: Context) -> Located | None:
    """A linked service or a connection: every host and URL in it, and the store behind a value that is not known.

    One without any is not proven.
    """
    texts = [text.removeprefix("jdbc:") for text in _texts(read.value) if "://" in text]
    hosts = [host for text in texts if (host := host_of(text))]
    places: list[Located | None] = [host_place(host, resource, context) for host in hosts]
    if read.unknown or _holds_unknown(read.value):
        places.append(_referenced(resource, Read(read.path, State.UNKNOWN), context))
    found = [place for place in places if place]
    if not found:
        return Located("", missing="where this linked service leads is in none of its properties")
    return next((place for place in found if place.countries is None), found[0])


def _holds_unknown(value: object) -> bool:
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return value is UNKNOWN or any(_holds_unknown(item) for item in items)


def _texts(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return [text for item in items for text in _texts(item)]


READERS: Mapping[str, Reader] = {
    "address": address,
    "not-private": public,
    "gcp-ref": google,
    "gcp-name": key_name,
    "zone": zone,
    "image": image,
    "bucket": bucket,
    "named-region": named_region,
    "linked-service": linked_service,
}
"""These readers by their name in the tables' `place` column. None says that the value moves nothing."""
