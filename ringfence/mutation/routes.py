"""Values that choose where requests and prompts go, and who is let in: gateways, models across regions, trust policies.

Owns those that leak and those that do not. Refuses to own which regions a profile covers (ringfence.facts).
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from policy.flows import Locator
from ringfence.mutation.base import ABROAD, ABROAD_COUNTRY, ACCOUNT, ACCOUNT_ABROAD, AT_HOME
from ringfence.mutation.planted import Planted
from ringfence.mutation.program import UNKNOWN, Planned


def _backend(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "frontier", ("collector.us.example", "US"), _gateway("collector.us.example"))
    yield Planted("undeclared", "frontier", ("nobody.knows.example",), _gateway("nobody.knows.example"))
    yield Planted("unknown", UNKNOWN)


def _backend_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("value", "frontier", companions=_gateway("collector.de.example"))


def _gateway(host: str) -> tuple[Planned, ...]:
    endpoints = [{"fqdn": {"hostname": host, "port": 443}}]
    backend = {"metadata": {"name": "frontier"}, "spec": {"endpoints": endpoints}}
    provider = {"clusterIdentifier": "dc-frankfurt"}
    return (Planned("kubernetes:gateway.envoyproxy.io/v1alpha1:Backend", "frontier", backend, provider),)


def _bedrock(locator: Locator) -> Iterator[Planted]:
    model = "anthropic.claude-sonnet-4-20250514-v1:0"
    for prefix in ("us", "apac", "global"):
        yield Planted(prefix, f"{prefix}.{model}", (f"inference profile {prefix}", "any", "US", "JP", "SG"))
    arn = f"arn:aws:bedrock:{ABROAD['aws']}:{ACCOUNT}:inference-profile/us.{model}"
    yield Planted("arn", arn, ("us", ABROAD["aws"]))
    yield Planted("model-arn", f"arn:aws:bedrock:{ABROAD['aws']}::foundation-model/{model}", ("us-east-1", "US"))
    yield Planted("unknown", UNKNOWN)


def _bedrock_fine(locator: Locator) -> Iterator[Planted]:
    model = "anthropic.claude-sonnet-4-20250514-v1:0"
    yield Planted("eu", f"eu.{model}")
    yield Planted("in-region", model)
    yield Planted("arn", f"arn:aws:bedrock:{AT_HOME['aws']}::foundation-model/{model}")


def _gateway_place(locator: Locator) -> Iterator[Planted]:
    yield Planted("declared", "edge", ("edge", "US"), contract={"locations": {"gateway:edge": ABROAD_COUNTRY}})


def _gateway_place_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("declared", "edge", contract={"locations": {"gateway:edge": "DE"}})
    yield Planted("here", "local")


def _trust(account: str) -> str:
    """A trust policy that lets an account in."""
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    statement = {"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


def _trusted_account(locator: Locator) -> Iterator[Planted]:
    yield Planted("declared", _trust(ACCOUNT_ABROAD), (ACCOUNT_ABROAD, "CN"))


def _trusted_account_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("declared", _trust(ACCOUNT))


def _rendered(locator: Locator) -> Iterator[Planted]:
    yield Planted("undeclared", "rendered/somewhere", ("rendered/somewhere",))


def _rendered_fine(locator: Locator) -> Iterator[Planted]:
    yield Planted("declared", "rendered/it", contract={"locations": {"kubernetes:it": "DE"}})


LEAKS = {
    "backend": _backend,
    "bedrock": _bedrock,
    "gateway": _gateway_place,
    "trusted-account": _trusted_account,
    "rendered": _rendered,
}
FINE = {
    "backend": _backend_fine,
    "bedrock": _bedrock_fine,
    "gateway": _gateway_place_fine,
    "trusted-account": _trusted_account_fine,
    "rendered": _rendered_fine,
}
