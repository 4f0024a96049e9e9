"""The compliant stacks that leaks are planted into, and how a resource of any type is made compliant.

Owns the contract, one small stack a provider, and the two ends of the world: where data may be and where it may not.
Everything else comes from the rules' tables. Refuses to own leaks.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from policy import tables
from ringfence.mutation import filling, shapes
from ringfence.mutation.filling import AT_HOME, CLOUD, DECLARED
from ringfence.mutation.program import UNKNOWN, Planned, Program, merged, placed

PROVIDERS = ("aws", "azure-native", "gcp", "kubernetes")
HOST = {"aws-native": "aws"}
"""A package that is planted in another one's stack, and counted with it."""
ACCOUNT = "111111111111"
"""The AWS account that CONTRACT puts in Germany."""
ACCOUNT_ABROAD = "999999999999"
"""And the one that it puts in China."""
ABROAD = {"aws": "us-east-1", "azure": "eastus", "gcp": "us-central1"}
"""By cloud: a region in the United States."""
ABROAD_COUNTRY = "US"

CONTRACT: dict[str, Any] = {
    "dataClasses": {
        "patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU", "US"], "basis": "GDPR art. 9, 44-49"},
        "public": {"rest": ["any"], "process": ["any"], "basis": "published"},
    },
    "defaultDataClass": "patient",
    "locations": {
        "kubernetes:dc-frankfurt": "DE",
        "kubernetes:dc-ohio": "US",
        "registry.internal.example": "DE",
        "collector.de.example": "DE",
        "collector.us.example": "US",
        DECLARED: "DE",
        "collector.cn.example": "CN",
        f"account:{ACCOUNT}": "DE",
        f"account:{ACCOUNT_ABROAD}": "CN",
    },
}
_BUCKETS = ("aws:s3/bucket:Bucket", "aws:s3/bucketV2:BucketV2")
_KEYS = {
    "aws": "arn:aws:kms:eu-central-1:111111111111:key/0a1b2c3d",
    "gcp": "projects/clinic/locations/europe-west3/keyRings/clinic/cryptoKeys/data",
}


@dataclass(frozen=True)
class Made:
    """A compliant resource with the others that make it so."""

    resource: Planned
    companions: tuple[Planned, ...] = ()

    @property
    def all(self) -> tuple[Planned, ...]:
        """All of them, in the order of registration."""
        return (self.resource, *self.companions)


def provider_of(package: str, region: str | None = None) -> dict[str, str]:
    """A provider's configuration for a region: at home when none is given."""
    if package == "kubernetes":
        return {"clusterIdentifier": region or "dc-frankfurt"}
    key = "location" if package == "azure-native" else "region"
    return {key: region or AT_HOME[CLOUD[package]]}


def made(
    token: str,
    name: str,
    data_class: str | None = "patient",
    *,
    region: str | None = None,
    inputs: Mapping[str, Any] | None = None,
    edges: Mapping[str, tuple[str, ...]] | None = None,
) -> Made:
    """A resource of a type that no rule has anything against, in a region (at home when none is given).

    It is tagged with the class, encrypted with a key at home, closed to the internet, and has what its SDK requires.
    """
    package = token.partition(":")[0]
    found: dict[str, Any] = {}
    links: dict[str, tuple[str, ...]] = {}
    companions: list[Planned] = []
    for row in tables.rows("exposure"):
        if row["type"] == token:
            allowed = row["allowed"].split("|")[0]
            found = placed(found, row["path"], {"true": True, "false": False}.get(allowed, allowed))
    for row in tables.rows("encryption"):
        if row["type"] == token:
            found, links = _encrypted(found, row, package, region)
    path = shapes.place_path(token)
    if path:
        where = region or (AT_HOME[CLOUD[package]] if package in ("azure-native", "gcp") else None)
        if where:
            found = placed(found, path, f"{where}-a" if path == "zone" else where)
    if package == "azure-native" and path is None and shapes.has(token, "resourceGroupName"):
        group = f"{name}-group" if region else "clinic"
        found, links = placed(found, "resourceGroupName", group), {**links, "resourceGroupName": (group,)}
        if region:
            about = {"location": region, "resourceGroupName": group}
            companions.append(Planned("azure-native:resources:ResourceGroup", group, about))
    if package == "kubernetes" and shapes.has(token, "metadata.name"):
        found = placed(found, "metadata.name", name)
    if data_class:
        found = shapes.labelled(token, found, "data-class", data_class)
    given = merged(found, inputs or {})
    found = filling.completed(token, given, region)
    by_provider = package in ("aws", "aws-native", "kubernetes") or (package == "gcp" and path is None)
    provider = provider_of(package, region if by_provider else None)
    resource = Planned(token, name, found, provider, edges={**links, **(edges or {})})
    if region and by_provider:
        resource = replace(resource, provider_name=f"in-{region}")
    if token in _BUCKETS:
        companions += _around(resource, region)
    if package == "azure-native" and region and any("clinic-key" in names for names in links.values()):
        resource, beside = _key_beside(resource, region)
        companions += beside
    return Made(resource, tuple(companions))


def _encrypted(
    inputs: Mapping[str, Any], row: Mapping[str, str], package: str, region: str | None
) -> tuple[dict[str, Any], dict[str, tuple[str, ...]]]:
    found = placed(inputs, row["on"], True) if row["on"] else dict(inputs)
    if package == "azure-native":
        return placed(found, row["key"], UNKNOWN), {row["key"].split(".")[0]: ("clinic-key",)}
    key = _KEYS[package]
    if region:
        key = key.replace(AT_HOME[CLOUD[package]], region)
    return placed(found, row["key"], key), {}


def _around(bucket: Planned, region: str | None) -> list[Planned]:
    """What an S3 bucket needs beside it."""
    key = _KEYS["aws"].replace("eu-central-1", region or "eu-central-1")
    edge = {"bucket": (bucket.name,)}
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": key}}
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    return [
        replace(
            bucket,
            type="aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock",
            name=f"{bucket.name}-block",
            inputs={"bucket": UNKNOWN, **dict.fromkeys(switches, True)},
            edges=edge,
        ),
        replace(
            bucket,
            type="aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration",
            name=f"{bucket.name}-encryption",
            inputs={"bucket": UNKNOWN, "rules": [rule]},
            edges=edge,
        ),
    ]


def _key_beside(store: Planned, region: str) -> tuple[Planned, list[Planned]]:
    """An Azure store that is not at home takes a key from a vault in its own region."""
    vault, key = f"{store.name}-vault", f"{store.name}-key"
    edges = {name: tuple(key if each == "clinic-key" else each for each in of) for name, of in store.edges.items()}
    beside = [
        made("azure-native:keyvault:Vault", vault, "public", region=region).resource,
        Planned(
            "azure-native:keyvault:Key",
            key,
            {"resourceGroupName": "clinic", "vaultName": UNKNOWN, "keyName": "data", "properties": {}},
            edges={"vaultName": (vault,)},
        ),
    ]
    return replace(store, edges=edges), beside


SOURCE = {
    "aws": ("aws:s3/bucket:Bucket", "bucket"),
    "azure-native": ("azure-native:storage:StorageAccount", "accountName"),
    "gcp": ("gcp:storage/bucket:Bucket", "name"),
    "kubernetes": ("kubernetes:core/v1:PersistentVolumeClaim", ""),
}
"""A provider's plainest store, and the property that names it."""


def store(package: str, name: str, data_class: str, region: str | None = None) -> Made:
    """The plainest store of a provider, by its name: in a bucket's case also its name in the cloud."""
    token, naming = SOURCE[HOST.get(package, package)]
    return made(token, name, data_class, region=region, inputs={naming: name} if naming else {})


@cache
def stack(package: str) -> Program:
    """The compliant stack of one provider: stores of both classes at home, one with public data abroad, a key."""
    package = HOST.get(package, package)
    cloud = CLOUD[package]
    abroad = "dc-ohio" if package == "kubernetes" else ABROAD[cloud]
    parts = [store(package, "scans", "patient"), store(package, "leaflets", "public", abroad)]
    first: list[Planned] = []
    if package == "azure-native":
        home = AT_HOME["azure"]
        first = [
            Planned(
                "azure-native:resources:ResourceGroup", "clinic", {"location": home, "resourceGroupName": "clinic"}
            ),
            made("azure-native:keyvault:Vault", "clinic-vault", "patient").resource,
            Planned(
                "azure-native:keyvault:Key",
                "clinic-key",
                {"resourceGroupName": "clinic", "vaultName": UNKNOWN, "keyName": "clinic", "properties": {}},
                edges={"vaultName": ("clinic-vault",), "resourceGroupName": ("clinic",)},
            ),
        ]
    if package == "kubernetes":
        labels = {"labels": {"ringfence.dev/data-class": "patient"}, "name": "clinic"}
        first = [Planned("kubernetes:core/v1:Namespace", "clinic", {"metadata": labels}, provider_of(package))]
    return Program((*first, *(each for part in parts for each in part.all)), CONTRACT)
