"""Kubernetes operators that make cloud resources: their objects read as the resources that come of them.

Owns: which operators (policy/controllers.csv), where an object says its place, and how what it says of itself counts
for what it makes. Refuses to own: the names of types elsewhere (policy.carriers.names).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from policy import tables
from policy.carriers import names
from policy.carriers.parts import Carried, Unseen, inside, plain
from policy.resource import Provider, Resource
from policy.values import UNKNOWN, Read, Reader

_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")


def places_of(resource: Resource) -> list[str]:
    """The properties by which an operator's object says where; none for other resources."""
    row = controller(resource.type)
    return row["place"].split("|") if row else []


def said_place(resource: Resource) -> Read | None:
    """Where an operator's object says that it makes what it makes; None where it is none, or says nothing."""
    for path in places_of(resource):
        read = _at(resource, path)
        if not read.absent:
            return read
    return None


@lru_cache(maxsize=2048)
def controller(token: str) -> Mapping[str, str] | None:
    if not token.startswith("kubernetes:"):
        return None
    group, kind = token.split(":")[1].partition("/")[0], token.rpartition(":")[2]
    found = next((row for row in tables.rows("controllers") if ("." + group).endswith(row["group"])), None)
    if found is not None and found["but"] and kind.startswith(tuple(found["but"].split("|"))):
        return None  # machines of the organisation's own: the object itself is all there is
    return found


def of_object(resource: Resource, row: Mapping[str, str]) -> Iterator[Carried]:
    group = resource.type.split(":")[1].partition("/")[0]
    token = names.of_controller(group, resource.kind, row["provider"]) if row["provider"] else None
    spec = plain(resource.reader.one(row["spec"]).value)
    if (
        token is None
        or not isinstance(spec, Mapping)
        or (row["provider"] == "aws-native" and tables.native_kind(token) in (None, "opaque"))
    ):
        yield Unseen(f"a {resource.kind} of {group}", row["spec"])
        return
    inputs = {**_named(resource, token), **_by_name(spec), **spec, **_labels(resource)}
    for path in row["place"].split("|"):
        read = _at(resource, path)
        if not read.absent:
            inputs[path.rpartition(".")[2] if '"' not in path else "region"] = read.value if read.known else UNKNOWN
    nobody = Provider(
        f"pulumi:providers:{row['provider']}", f"{resource.urn}#controller", "of the operator", Reader({})
    )
    given = dict.fromkeys(inputs, "spec")
    yield inside(resource, token, resource.kind, inputs, provider=nobody, carrier_inputs=given)


def _by_name(spec: Mapping[str, Any]) -> dict[str, str]:
    """What an object names by reference (`bucketRef: {name: scans}`), as if it named it by the property itself."""
    found = ((key.removesuffix("Ref"), value) for key, value in spec.items() if key.endswith("Ref"))
    return {key: value["name"] for key, value in found if isinstance(value, Mapping) and "name" in value}


def _named(resource: Resource, token: str) -> dict[str, str]:
    """The name that Crossplane gives to a bucket: the annotation's, else the object's."""
    said = resource.reader.entry("metadata.annotations", "crossplane.io/external-name").text
    name = said or resource.reader.one("metadata.name").text
    return {"bucket": name} if name and token in _BUCKETS else {}


def _at(resource: Resource, path: str) -> Read:
    if '"' in path:
        mapping, _, key = path.partition("[")
        return resource.reader.entry(mapping, key.strip('"]'))
    return resource.reader.one(path)


def _labels(resource: Resource) -> dict[str, Any]:
    """What the object says of itself counts for what it makes, whichever way the cloud keeps tags."""
    said: dict[str, Any] = {}
    for path in ("metadata.annotations", "metadata.labels"):
        found = resource.reader.one(path).value
        if isinstance(found, Mapping):
            said |= found
            said |= {key.rpartition("/")[2]: value for key, value in found.items()}
    spec = plain(resource.reader.one("spec.forProvider.tags").value) or plain(resource.reader.one("spec.tags").value)
    if isinstance(spec, Mapping):
        said |= spec
    return {"tags": said, "labels": said} if said else {}
