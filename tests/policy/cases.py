"""What the six cases of a rule are, and the programs that they are made of.

Owns both. Refuses to own which rule has which (table.py) and what is asserted (test_fixtures.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ringfence.facts import prices
from tests.policy.harness import CONTRACT, UNKNOWN, Given

EU, US = {"region": "eu-central-1"}, {"region": "us-east-1"}
FRA: dict[str, Any] = {"clusterIdentifier": "dc-frankfurt"}
PATIENT = {"tags": {"data-class": "patient"}}
LABELLED = {"labels": {"ringfence.dev/data-class": "patient"}}
STRICT: dict[str, Any] = {
    **CONTRACT,
    "dataClasses": {
        "patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU", "US"], "basis": "x"},
        "public": {"rest": ["any"], "process": ["any"], "basis": "y"},
    },
    "locations": {
        **CONTRACT["locations"],
        "account:999999999999": {"country": "IN"},
        "account:111111111111": "DE",
        "collector.us.example": "CN",
        "store.de.example": "DE",
        "kept-at-home": "DE",
    },
}

NO_PLACE = "it is about no place, so no provider's region can decide it"
NAMED = "the place is what a property names: the resource's provider says nothing of it"
OVERRIDDEN = "the complete block that residency-public-bucket and -access ask for overrides a grant that is not known"
OF_TYPE = "it decides by the type, and a type is never unknown"


@dataclass(frozen=True)
class Program:
    """Resources, what is added to the contract (None: there is no contract), and variables of the environment."""

    given: tuple[Given, ...]
    contract: Mapping[str, Any] | None = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cases:
    """The cases of one rule. A text in place of a case is the reason why there is none."""

    passes: Program
    refused: Program
    unknown: Program | str
    by_provider: tuple[Program, Program] | str
    """(inside, outside)."""
    unproven: bool = False
    """Whether the refusal is always that something is not proven."""
    unwaived: str = ""
    """Why no waiver can be."""


def program(*given: Given, contract: Mapping[str, Any] | None = None, **environment: str) -> Program:
    return Program(given, contract or {}, environment)


def of(token: str, path: str, good: Any, bad: Any, provider: Any = EU, **more: Any) -> Cases:
    """A rule that reads one property of one resource."""

    def given(value: Any) -> Program:
        inputs: Any = value
        for step in reversed(path.split(".")):
            inputs = [inputs] if step == "[]" else {step: inputs}
        assert isinstance(inputs, dict)
        return program(Given(token, {**PATIENT, **more, **inputs}, name="it", provider=provider))

    return Cases(given(good), given(bad), given(UNKNOWN), NAMED)


def by(token: str, inputs: dict[str, Any], cases: Cases) -> Cases:
    """With the cases where the provider's region decides."""
    home, away = (program(Given(token, inputs, name="it", provider=place)) for place in (EU, US))
    return replace(cases, by_provider=(home, away))


BUCKET = "aws:s3/bucket:Bucket"
TABLE = "aws:dynamodb/table:Table"
DATABASE = "aws:rds/instance:Instance"
VOLUME = "aws:ebs/volume:Volume"
KEY = "arn:aws:kms:{}:1:key/x"
DIGEST = "registry.internal/serve@sha256:" + "a" * 64


def pod(image: Any) -> Program:
    spec = {"spec": {"containers": [{"image": image}]}}
    return program(Given("kubernetes:core/v1:Pod", spec, provider_name="dc-frankfurt"))


def through(package: str, held: Given, settings: dict[str, Any]) -> Program:
    """A provider with settings, and a store that is managed through it."""
    provider = Given(f"pulumi:providers:{package}", settings, name="it", provider=None)
    return program(provider, replace(held, provider=settings, provider_name="it"))


def block(value: Any) -> tuple[Given, Given]:
    switches = ("blockPublicAcls", "blockPublicPolicy", "ignorePublicAcls", "restrictPublicBuckets")
    inputs = {"bucket": UNKNOWN, **dict.fromkeys(switches, True), "blockPublicAcls": value}
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    held = Given(BUCKET, PATIENT, name="it", provider=EU)
    return held, Given(token, inputs, name="block", provider=EU, edges={"bucket": ["it"]})


def acl(value: Any) -> Program:
    held = Given(BUCKET, PATIENT, name="held", provider=EU)
    grant = Given(
        "aws:s3/bucketAcl:BucketAcl", {"bucket": UNKNOWN, "acl": value}, provider=EU, edges={"bucket": ["held"]}
    )
    return program(held, grant)


def service(value: Any) -> Program:
    inputs = {"metadata": LABELLED, "spec": {"type": value}}
    return program(Given("kubernetes:core/v1:Service", inputs, provider_name="dc-frankfurt"))


def template(body: Any, provider: Any = EU) -> Program:
    return program(Given("aws:cloudformation/stack:Stack", {"templateBody": body}, provider=provider))


def namespace(hard: Any) -> Program:
    space = Given("kubernetes:core/v1:Namespace", {"metadata": {"name": "finance"}}, provider_name="dc-frankfurt")
    inputs = {"metadata": {"name": "quota", "namespace": "finance"}, "spec": {"hard": hard}}
    quota = Given("kubernetes:core/v1:ResourceQuota", inputs, name="quota", provider_name="dc-frankfurt")
    return program(space, quota, contract=SHARED)


SHARED: dict[str, Any] = {
    "tenants": {"finance": {"dc-frankfurt": {"namespaces": ["finance"], "guaranteed": {"nvidia.com/gpu": 10}}}},
    "capacity": {"dc-frankfurt": {"nvidia.com/gpu": 50}},
}


def placed(spec: dict[str, Any]) -> Program:
    metadata = {"name": "finance", "labels": {"ringfence.dev/tenant": "finance"}}
    space = Given("kubernetes:core/v1:Namespace", {"metadata": metadata}, name="space", provider_name="dc-frankfurt")
    inputs = {"metadata": {"name": "it", "namespace": "finance"}, "spec": {"containers": [{"image": DIGEST}], **spec}}
    return program(space, Given("kubernetes:core/v1:Pod", inputs, provider_name="dc-frankfurt"), contract=SHARED)


def queue(nominal: Any) -> Program:
    resources = [{"name": "nvidia.com/gpu", "nominalQuota": nominal}]
    spec = {"resourceGroups": [{"coveredResources": [], "flavors": [{"name": "h100", "resources": resources}]}]}
    inputs = {"metadata": {"name": "it", "labels": {"ringfence.dev/tenant": "finance"}}, "spec": spec}
    held = Given("kubernetes:kueue.x-k8s.io/v1beta2:ClusterQueue", inputs, provider_name="dc-frankfurt")
    return program(held, contract=SHARED)


def pool(most: Any, usd: float) -> Program:
    inputs = {"instanceTypes": ["m6i.2xlarge"], "scalingConfig": {"minSize": 0, "desiredSize": 0, "maxSize": most}}
    held = Given("aws:eks/nodeGroup:NodeGroup", inputs, provider=EU)
    return program(held, contract={"budget": {"monthlyUsd": usd}})


def state(url: str) -> Program:
    return program(Given(BUCKET, {**PATIENT, "region": "eu-central-1"}), PULUMI_BACKEND_URL=url)


_PRICE = prices.price("aws", "eu-central-1", "m6i.2xlarge")
assert _PRICE is not None
MONTH = float(_PRICE.usd_per_month)
OPEN_TRUST = json.dumps({"Statement": [{"Principal": {"AWS": "arn:aws:iam::{}:root"}}]})


def trust(account: Any) -> Program:
    policy = account if account == UNKNOWN else OPEN_TRUST.replace("{}", account)
    return program(Given("aws:iam/role:Role", {**PATIENT, "assumeRolePolicy": policy}, provider=EU))


LATE = {
    "rule": "residency-location",
    "resource": f"urn:pulumi:prod::demo::{BUCKET}::it",
    "property": "region",
    "value": "us-east-1",
    "owner": "ward",
    "approver": "dpo",
    "basis": "GDPR art. 46",
    "reason": "until the contract ends",
}
