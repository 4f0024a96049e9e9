"""What an SDK requires, filled in so that nothing leaks by it: places at home, declared names, secrets as secrets.

Owns the values that lead nowhere abroad. Refuses to own what a mutant plants (ringfence.mutation.values).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from policy import tables
from policy.carriers import carries
from policy.flows import Locator, locators
from policy.resource import table_key
from policy.values import Reader, decode
from ringfence.mutation import shapes
from ringfence.mutation.program import placed, secret

CLOUD = {"aws": "aws", "aws-native": "aws", "azure-native": "azure", "gcp": "gcp", "kubernetes": "aws"}
"""Package to the cloud whose regions a place of it is given in."""
AT_HOME = {"aws": "eu-central-1", "azure": "germanywestcentral", "gcp": "europe-west3"}
"""By cloud: a region in Germany."""
DECLARED = "declared-at-home"
"""A name that the contract of the compliant stacks puts in Germany."""
HERE = ("local", "zone", "locallyredundant", "zoneredundant", "disabled", "false", "withinregion")
"""Azure's words for redundancy that stays in the region, in lower case."""

_AT_HOME: Mapping[str, Any] = {
    **dict.fromkeys(("resource", "any", "address", "bucket", "gcp-ref"), DECLARED),
    **dict.fromkeys(("cluster", "argo-cluster"), "dc-frankfurt"),
    **dict.fromkeys(("aws-region", "named-region", "any-region"), AT_HOME["aws"]),
    **dict.fromkeys(("host", "uri", "known-host"), "https://collector.de.example"),
    "key": "alias/clinic",
    "arn": "arn:aws:backup:eu-central-1:111111111111:vault/near",
    "account": "111111111111",
    "bedrock": "eu.anthropic.claude-sonnet-4-20250514-v1:0",
    "azure-sku": "Standard_LRS",
    "azure-model-sku": "Standard",
    "azure-area": "Germany",
    "zone": "eu-central-1a",
    "image": "registry.internal.example/app@sha256:" + "0" * 64,
    "spanner": "regional-europe-west3",
    "edge": "REGIONAL",
    "gateway-class": "nginx",
    "gcp-name": "projects/clinic/locations/europe-west3/keyRings/clinic/cryptoKeys/data",
    "volume-sku": "Premium_ZRS",
    "linked-service": {"url": "https://collector.de.example"},
    "not-private": "10.0.0.1",
    "workteam": "arn:aws:sagemaker:eu-central-1:111111111111:workteam/private-crowd/clinic",
}
"""A value for each reader of places that leads nowhere abroad."""
_EMPTY_TEMPLATE = {"template": {"resources": []}}
_SECRET = re.compile(r"password|passphrase", re.IGNORECASE)


def completed(token: str, given: Mapping[str, Any], region: str | None) -> dict[str, Any]:
    """Inputs with what the SDK requires, in which no locator leaks by a default or by what was filled in."""
    found = shapes.completed(token, given)
    if token.startswith("azure-native:resources:Deployment") and carries(token):
        found = placed(found, "properties", {**found.get("properties", {}), **_EMPTY_TEMPLATE})
    for row in locators().get(table_key(token), ()):
        absent = next(Reader(given).all(row.path), None)
        there = next(Reader(found).all(row.path), None)
        filled = (absent is None or absent.absent) and there is not None and not there.absent
        by_default = bool(row.absent) and (there is None or there.absent) and not row.when
        if filled or by_default:
            value = at_home(token, row, region)
            found = placed(found, row.path, value) if value is not None else found
    for path in _filled_unread(token, given, found):
        found = placed(found, path, _said_to_be_home(Reader(found).one(path).value))
    return _with_secrets(found, given)


def at_home(token: str, row: Locator, region: str | None) -> Any:
    """A value for a locator's property that stays where the resource is; None where the reader has none."""
    if row.place == "zone" and region:
        return f"{region}a"
    if row.place == "region":
        return region or AT_HOME[CLOUD[token.partition(":")[0]]]
    if row.place == "azure-redundancy":
        if shapes.is_boolean(token, row.path):
            return False
        return next((word for word in shapes.words(token, row.path) if word.lower() in HERE), "LocallyRedundant")
    return _AT_HOME.get(row.place)


def _filled_unread(token: str, given: Mapping[str, Any], found: Mapping[str, Any]) -> Iterator[str]:
    """Paths that no rule reads yet and that only the filling has set: whoever sets one has to say that it is home."""
    before = Reader(decode(dict(given)))
    after = Reader(decode(dict(found)))
    for path in tables.not_yet(token) or ():
        was, now = next(before.all(path), None), next(after.all(path), None)
        if now is not None and now.known and (was is None or was.absent) and now.value not in ("", False, [], {}):
            yield path


def _said_to_be_home(value: Any) -> Any:
    return False if value is True else [DECLARED] if isinstance(value, list) else DECLARED


def _with_secrets(found: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """Passwords that an SDK requires are given as secrets."""
    return {
        key: secret(value) if isinstance(value, str) and key not in given and _SECRET.search(key) else value
        for key, value in found.items()
    }
