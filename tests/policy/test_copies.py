"""residency-replication, -backup, -telemetry, -routing and -artefact, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import COMPONENT, CONTRACT, UNKNOWN, Given

EU, US = {"region": "eu-central-1"}, {"region": "us-east-1"}
TAGS = {"tags": {"data-class": "patient"}}
LABELS = {"labels": {"data-class": "patient"}}
META = {"metadata": {"labels": {"ringfence.dev/data-class": "patient"}}}
AZURE = {**TAGS, "location": "westeurope"}
BR = {**TAGS, "location": "germanywestcentral"}
VELERO = "kubernetes:velero.io/v1:BackupStorageLocation"
KSERVE = "kubernetes:serving.kserve.io/v1beta1:InferenceService"
SECRET = "gcp:secretmanager/secret:Secret"
TABLE = "aws:dynamodb/table:Table"
ARN = "arn:aws:backup:{}:1:backup-vault:x"


def k8s(token: str, spec: dict[str, Any]) -> Given:
    return Given(token, {**META, "spec": spec}, provider_name="dc-frankfurt")


def plan(destination: Any) -> Given:
    rule = {"copyActions": [{"destinationVaultArn": destination}]}
    return Given("aws:backup/plan:Plan", {**TAGS, "rules": [rule]}, provider=EU)


LET_THROUGH = [
    ("residency-location", Given("azure-native:privatedns:PrivateZone", {**TAGS, "location": "global"})),
    ("backup-location", k8s(VELERO, {"config": {"region": "dc-frankfurt", "s3Url": "https://registry.internal"}})),
    ("residency-replication", Given(TABLE, {**TAGS, "replicas": [{"regionName": "eu-west-1"}]}, provider=EU)),
    ("residency-replication", Given(TABLE, {**TAGS}, provider=EU)),
    ("residency-replication", Given("azure-native:storage:StorageAccount", {**AZURE, "sku": {"name": "Standard_ZRS"}})),
    ("residency-replication", Given("azure-native:storage:StorageAccount", {**BR, "sku": {"name": "Standard_GRS"}})),
    (
        "residency-replication",
        Given(SECRET, {**LABELS, "replication": {"userManaged": {"replicas": [{"location": "europe-west3"}]}}}),
    ),
    ("backup-location", plan(ARN.format("eu-west-1"))),
    ("backup-location", Given("azure-native:cosmosdb:DatabaseAccount", {**AZURE})),
    ("backup-location", k8s(VELERO, {"config": {"region": "eu-central-1", "s3Url": "http://minio.velero.svc:9000"}})),
    (
        "telemetry-destination",
        k8s("kubernetes:monitoring.coreos.com/v1:Prometheus", {"remoteWrite": [{"url": "http://mimir.o11y.svc/"}]}),
    ),
    ("telemetry-destination", Given("aws:lb/loadBalancer:LoadBalancer", {**TAGS}, provider=EU)),
    (
        "ai-prompts",
        Given("aws:bedrock/agentAgent:AgentAgent", {**TAGS, "foundationModel": "eu.anthropic.x"}, provider=EU),
    ),
    (
        "ai-prompts",
        Given("aws:bedrock/agentAgent:AgentAgent", {**TAGS, "foundationModel": "anthropic.x"}, provider=EU),
    ),
    ("ai-weights", k8s(KSERVE, {"predictor": {"model": {"storageUri": "oci://registry.internal/m:1"}}})),
    ("ai-weights", k8s(KSERVE, {"predictor": {"model": {"storageUri": "pvc://models/m"}}})),
]

REFUSED = [
    (
        "residency-replication",
        Given(TABLE, {**TAGS, "replicas": [{"regionName": "us-east-1"}]}, provider=EU),
        "US (us-east-1)",
    ),
    (
        "residency-replication",
        Given(
            "azure-native:storage:StorageAccount", {**TAGS, "location": "brazilsouth", "sku": {"name": "Standard_GRS"}}
        ),
        "US (southcentralus, from the pair of brazilsouth)",
    ),
    ("residency-replication", Given(SECRET, {**LABELS, "replication": {"auto": {}}}), "any of the provider's places"),
    (
        "residency-replication",
        Given(SECRET, {**LABELS, "replication": {"userManaged": {"replicas": [{"location": "us-east1"}]}}}),
        "US (us-east1)",
    ),
    ("backup-location", plan(ARN.format("us-west-2")), "US (us-west-2)"),
    (
        "backup-location",
        Given("azure-native:cosmosdb:DatabaseAccount", {**TAGS, "location": "brazilsouth"}),
        "its default does not",
    ),
    ("backup-location", k8s(VELERO, {"config": {"region": "us-east-1"}}), "US (us-east-1)"),
    (
        "telemetry-destination",
        k8s(
            "kubernetes:monitoring.coreos.com/v1:Prometheus", {"remoteWrite": [{"url": "https://api.datadoghq.com/x"}]}
        ),
        "US (api.datadoghq.com)",
    ),
    (
        "telemetry-destination",
        k8s("kubernetes:datadoghq.com/v2alpha1:DatadogAgent", {"global": {}}),
        "US (datadoghq.com)",
    ),
    (
        "ai-prompts",
        Given("aws:bedrock/agentAgent:AgentAgent", {**TAGS, "foundationModel": "us.anthropic.x"}, provider=EU),
        "US (inference profile us)",
    ),
    (
        "routing-destination",
        Given(
            "aws:globalaccelerator/endpointGroup:EndpointGroup",
            {"endpointGroupRegion": "us-east-1", **TAGS},
            provider=EU,
        ),
        "processed in US",
    ),
    (
        "backup-location",
        Given(
            "gcp:sql/databaseInstance:DatabaseInstance",
            {
                "region": "europe-west2",
                "settings": {"userLabels": LABELS["labels"], "backupConfiguration": {"enabled": True}},
            },
        ),
        "the service's default",
    ),
]

UNPROVEN = [
    ("residency-replication", Given(TABLE, {**TAGS, "replicas": [{"regionName": UNKNOWN}]}, provider=EU)),
    ("residency-replication", Given(TABLE, {**TAGS, "replicas": UNKNOWN}, provider=EU)),
    ("residency-replication", Given("azure-native:storage:StorageAccount", {**AZURE, "sku": {"name": UNKNOWN}})),
    ("backup-location", plan(UNKNOWN)),
    ("backup-location", k8s(VELERO, {"config": {"s3Url": "https://s3.example.com"}})),
    (
        "telemetry-destination",
        k8s("kubernetes:monitoring.coreos.com/v1:Prometheus", {"remoteWrite": [{"url": UNKNOWN}]}),
    ),
    ("ai-weights", k8s(KSERVE, {"predictor": {"model": {"storageUri": "hf://meta/llama"}}})),
    ("ai-weights", k8s(KSERVE, {"predictor": {"model": {"storageUri": "s3://weights/m"}}})),
    (
        "ai-prompts",
        Given("aws:bedrock/agentAgent:AgentAgent", {**TAGS, "foundationModel": UNKNOWN}, provider=EU),
    ),
]


@pytest.mark.parametrize(("rule", "given"), LET_THROUGH)
def test_flows_inside_are_let_through(ask: Ask, rule: str, given: Given) -> None:
    assert ask(rule, given) == []


@pytest.mark.parametrize(("rule", "given", "words"), REFUSED)
def test_flows_outside_are_refused(ask: Ask, rule: str, given: Given, words: str) -> None:
    said = ask(rule, given)
    assert words in said[0].message
    assert {each.level for each in said} == {"mandatory"}
    assert "not proven" not in said[0].message


@pytest.mark.parametrize(("rule", "given"), UNPROVEN)
def test_flows_to_unknown_places_are_not_proven_and_mandatory(ask: Ask, rule: str, given: Given) -> None:
    said = ask(rule, given)
    assert said
    assert all("not proven: " in each.message and each.level == "mandatory" for each in said)
    advised = ask(rule, given, contract={**CONTRACT, "unproven": "advise"})
    assert {each.level for each in advised} == {"advisory"}


def replication(target: dict[str, Any], **more: Any) -> list[Given]:
    source = Given("aws:s3/bucket:Bucket", {**TAGS, "bucket": "scans"}, name="scans", provider=EU)
    copy = Given(
        "aws:s3/bucket:Bucket", {**TAGS, "bucket": "copy"}, name="copy", provider=target, provider_name="other"
    )
    rules = [{"destination": {"bucket": UNKNOWN}}]
    config = Given(
        "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
        {"bucket": UNKNOWN, "rules": rules, **more},
        name="config",
        provider=EU,
        edges={"bucket": ["scans"], "rules": ["copy"]},
    )
    return [source, copy, config]


def test_a_bucket_whose_name_is_unknown_is_found_by_its_edge(ask: Ask) -> None:
    assert ask("residency-replication", *replication({"region": "eu-west-1"})) == []
    [said] = ask("residency-replication", *replication(US))
    assert said.resource == "config"
    assert "patient data copied by rules[0].destination.bucket of config" in said.message
    assert "would rest in US (us-east-1, from copy)" in said.message


@pytest.mark.parametrize(("target", "count"), [({"region": "eu-west-1"}, 0), (US, 1)])
def test_a_bucket_is_found_by_its_name(ask: Ask, target: dict[str, str], count: int) -> None:
    source, copy, config = replication(target)
    named = Given(
        config.type,
        {"bucket": "scans", "rules": [{"destination": {"bucket": "arn:aws:s3:::copy"}}], **TAGS},
        name="config",
        provider=EU,
    )
    assert len(ask("residency-replication", source, copy, named)) == count


def test_a_bucket_of_somebody_else_must_be_declared(ask: Ask) -> None:
    inputs = {**TAGS, "bucket": "scans", "rules": [{"destination": {"bucket": "arn:aws:s3:::partner"}}]}
    given = Given("aws:s3/bucketReplicationConfig:BucketReplicationConfig", inputs, provider=EU)
    [said] = ask("residency-replication", given)
    assert "not proven: " in said.message and "partner" in said.message
    locations = {**CONTRACT["locations"], "arn:aws:s3:::partner": {"country": "FR", "operator": "US"}}
    assert ask("residency-replication", given, contract={**CONTRACT, "locations": locations}) == []


def test_data_of_nobody_in_particular_is_not_proven_abroad(ask: Ask) -> None:
    given = Given(TABLE, {"replicas": [{"regionName": "us-east-1"}]}, provider=EU)
    [said] = ask("residency-replication", given)
    assert "not proven: data of a class that nobody named" in said.message
    assert ask("residency-replication", Given(TABLE, {"replicas": [{"regionName": "eu-central-1"}]}, provider=EU)) == []


def log_bucket(location: str) -> list[Given]:
    """A log bucket of Google Cloud takes no labels; the disk beside it in the component says whose logs it keeps."""
    component = Given(COMPONENT, {}, name="train", provider=None)
    disk = Given("gcp:compute/disk:Disk", {**LABELS, "zone": "europe-west4-b"}, name="disk", parent="train")
    token = "gcp:logging/projectBucketConfig:ProjectBucketConfig"
    return [component, disk, Given(token, {"location": location}, name="logs", parent="train")]


def test_what_cannot_be_tagged_has_the_class_of_what_is_beside_it(ask: Ask) -> None:
    assert ask("telemetry-destination", *log_bucket("europe-west4")) == []
    [said] = ask("telemetry-destination", *log_bucket("us-central1"))
    assert said.resource == "logs" and "patient data written to a log" in said.message
    alone = log_bucket("europe-west4")[2]
    [said] = ask("telemetry-destination", Given(alone.type, alone.inputs, name="logs"))
    assert "not proven: data of a class that nobody named" in said.message


def route(host: Any, provider: str = "dc-frankfurt") -> list[Given]:
    """An AI gateway route with a fallback, through an AIServiceBackend to a Backend of another name."""
    refs = [{"name": "here", "priority": 0}, {"name": "api", "priority": 1}]
    ai = {"metadata": {"name": "api"}, "spec": {"backendRef": {"name": "api-host"}}}
    backend = {"metadata": {"name": "api-host"}, "spec": {"endpoints": [{"fqdn": {"hostname": host}}]}}
    inside = {"metadata": {"name": "here"}, "spec": {"endpoints": [{"fqdn": {"hostname": "llm.models.svc"}}]}}
    group = "kubernetes:aigateway.envoyproxy.io/v1beta1"
    token = "kubernetes:gateway.envoyproxy.io/v1alpha1:Backend"
    return [
        Given(f"{group}:AIServiceBackend", ai, name="ai", provider_name=provider),
        Given(token, backend, name="backend", provider_name=provider),
        Given(token, inside, name="inside", provider_name=provider),
        Given(
            f"{group}:AIGatewayRoute",
            {**META, "spec": {"rules": [{"backendRefs": refs}]}},
            name="route",
            provider_name=provider,
        ),
    ]


@pytest.mark.parametrize(
    ("host", "words"),
    [
        ("registry.internal", None),
        ("llm.other.svc.cluster.local", None),
        ("api.datadoghq.com", "would be processed in US (api.datadoghq.com, from backend api)"),
        ("api.unheard-of.example", "not proven: "),
        (UNKNOWN, "not proven: "),
    ],
)
def test_a_route_s_fallbacks_are_followed_to_their_hosts(ask: Ask, host: str, words: str | None) -> None:
    said = ask("ai-prompts", *route(host))
    assert [each.resource for each in said] == (["route"] if words else [])
    assert all("spec.rules[0].backendRefs[1].name" in each.message and words in each.message for each in said if words)
