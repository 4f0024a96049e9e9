"""Rules on keys: restricted stores are encrypted with a named key, and the key is where their data may rest.

Owns: keys-encryption and keys-location. Refuses to own: who may use a key.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from pulumi_policy import Severity

from policy import tables
from policy.classes import classes_of
from policy.decisions.residency import judge
from policy.flows import flows_of, locators, sources_of
from policy.paths import moving
from policy.places import CLOUDS, Located, behind, locate, named
from policy.resource import Graph, Resource
from policy.restricted import restricted
from policy.rule import Context, Finding, Rule
from policy.rules.copies import RULE_OF, whose
from policy.rules.location import is_store
from policy.values import Read
from ringfence.spec.residency import Outcome

_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_S3_CONFIG = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"
_S3_KEY = "rules[].applyServerSideEncryptionByDefault.kmsMasterKeyId"
_S3_INLINE = "serverSideEncryptionConfiguration.rule.applyServerSideEncryptionByDefault.kmsMasterKeyId"
_LOGGING = "aws:s3/bucketLogging:BucketLogging"
_LOCATION = re.compile(r"/locations/([^/]+)/keyRings/")


def _rows(resource: Resource) -> list[dict[str, str]]:
    return [dict(row) for row in tables.rows("encryption") if row["type"] == resource.type]


def _keys(resource: Resource, context: Context) -> Iterator[tuple[Resource, Read]]:
    """Every property that names the key of a store, with the resource that has the property."""
    for row in _rows(resource):
        for read in resource.reader.all(row["key"]):
            yield resource, read
    if resource.type in _BUCKETS:
        yield resource, resource.reader.one(_S3_INLINE)
        for config in _of_bucket(resource, context.graph, _S3_CONFIG, "bucket"):
            for read in config.reader.all(_S3_KEY):
                yield config, read


def _of_bucket(bucket: Resource, graph: Graph | None, token: str, path: str) -> list[Resource]:
    return graph.pointing_at(bucket, bucket.reader.one("bucket").text, token, path) if graph else []


def _encryption(resource: Resource, context: Context) -> Iterator[Finding]:
    if not restricted(resource, context) or not (is_store(resource) or resource.type in _BUCKETS):
        return
    for row in _rows(resource):
        switch = resource.reader.one(row["on"]) if row["on"] else None
        if switch and not switch.unknown and switch.value is not True:
            said = "is not set" if switch.absent else f"is {switch.shown}"
            text = f"{resource.shown} keeps restricted data without encryption: {row['on']} {said}"
            fix = f"set {row['on']} to true and {row['key']} to a key of your own"
            value = "absent" if switch.absent else str(switch.value)
            yield Finding(resource, Outcome.REFUSED, text, fix, property_path=row["on"], value=value)
            return
    reads = [read for _, read in _keys(resource, context)]
    # S3 writes its access logs only to buckets that use its own keys.
    if any(not read.absent for read in reads) or _of_bucket(resource, context.graph, _LOGGING, "targetBucket"):
        return
    path = _rows(resource)[0]["key"] if _rows(resource) else "kmsMasterKeyId of its encryption configuration"
    text = f"{resource.shown} keeps restricted data under the provider's own key: {path} is not set"
    fix = f"set {path} to a key in an allowed country"
    yield Finding(resource, Outcome.REFUSED, text, fix, property_path=path, value="absent")


def _key(resource: Resource, context: Context) -> Iterator[Finding]:
    if context.contract is None:
        return
    names = classes_of(resource, context).names
    for holder, read in _keys(resource, context):
        if not read.absent:
            yield from _held(resource, read.path, names, _place(holder, read, context), context)
    for moved in flows_of(resource, context):
        if RULE_OF[moved.locator.flow] == "keys-location":
            sources, pending = sources_of(resource, moved.locator, context)
            protected = whose(resource, sources, pending, context)[0]
            yield from _held(resource, moved.read.path, protected, moved.place, context)


def _held(resource: Resource, path: str, names: frozenset[str], place: Located, context: Context) -> Iterator[Finding]:
    assert context.contract is not None
    for found in judge(names, "rest", place, context.contract):
        text = f"the key of {found.data_class} data on {resource.shown} ({path}) {found.reason}"
        fix = "use a key of the store's own region, made in this stack or named by its full ARN or resource name"
        yield Finding(
            resource,
            found.outcome,
            text,
            fix,
            found.allowed,
            path=moving([resource], resource, found.data_class, "key", path, place, context),
            property_path=path,
            value=place.name or "unknown",
            data_class=found.data_class,
            missing=found.missing,
        )


def _place(holder: Resource, read: Read, context: Context) -> Located:
    """Where a key is: from its name where that says it, else from the key in the stack."""
    cloud = CLOUDS.get(holder.package, "aws")
    if read.text and read.text.startswith("arn:"):
        return named("aws", read.text.split(":")[3])
    found = _LOCATION.search(read.text) if read.text else None
    if found:
        return named("gcp", found[1], "kms")
    if context.graph and context.graph.behind(holder, read.path):
        sources = [each for each in context.graph.behind(holder, read.path) if _is_key(each)]
        if len(sources) == 1:
            return _of_key(sources[0], context)
        return behind(holder, read.path, context)
    if cloud == "aws" and read.text:
        # A bare key id or alias is looked up in the store's own region.
        return replace(locate(holder, context), via=f"the region of {holder.name}")
    return Located("", missing=f"nothing in the stack says where the key in {read.path} is")


def _is_key(resource: Resource) -> bool:
    return any(word in resource.type.lower() for word in ("kms", "keyvault", "diskencryptionset"))


def _of_key(key: Resource, context: Context) -> Located:
    """A Google key is where its key ring is; an Azure key is where its vault is."""
    assert context.graph is not None
    for path in ("keyRing", "vaultName"):
        homes = context.graph.behind(key, path)
        if homes:
            return _of_key(homes[0], context)
    ring = _LOCATION.search(f"{key.reader.one('keyRing').text}/")
    return named("gcp", ring[1], "kms") if ring else replace(locate(key, context), via=key.name)


RULES = (
    Rule(
        id="keys-encryption",
        group="keys",
        severity=Severity.HIGH,
        description="Restricted data is encrypted with a key of your own.",
        clauses=("GDPR-32", "EDPB-01-2020", "ISO27001-A.8.24", "HIPAA-164.312.a.2.iv"),
        types=(*_BUCKETS, *(row["type"] for row in tables.rows("encryption"))),
        check=_encryption,
        whole_stack=True,
    ),
    Rule(
        id="keys-location",
        group="keys",
        severity=Severity.HIGH,
        description="The key of restricted data is where the data may rest.",
        clauses=("EDPB-01-2020", "GDPR-32", "PCI-3.6"),
        types=(
            *_BUCKETS,
            *(row["type"] for row in tables.rows("encryption")),
            *(token for token, rows in locators().items() if any(row.flow == "key" for row in rows)),
        ),
        check=_key,
        whole_stack=True,
    ),
)
