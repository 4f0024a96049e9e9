"""residency-public-access, -bucket, -grant, -network and -service, through the real analyzer."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import UNKNOWN, Given

EU = {"region": "eu-central-1"}
TAGS = {"tags": {"data-class": "patient"}}
PUBLIC = {"tags": {"data-class": "public"}}
EKS = "aws:eks/cluster:Cluster"
STORAGE = "azure-native:storage:StorageAccount"
GCS = "gcp:storage/bucket:Bucket"
GROUP = "aws:ec2/securityGroup:SecurityGroup"
NSG = "azure-native:network:NetworkSecurityGroup"
OPEN = {"publicNetworkAccess": "Enabled"}
SHUT = {"publicNetworkAccess": "Disabled"}
GCP = {"labels": {"data-class": "patient"}, "location": "europe-west3"}


def nsg(**rule: Any) -> Given:
    rule = {"direction": "Inbound", "access": "Allow", "sourceAddressPrefix": "10.0.0.0/8", **rule}
    return Given(NSG, {**TAGS, "securityRules": [rule]})


def ingress(*cidrs: Any) -> Given:
    return Given(GROUP, {**TAGS, "ingress": [{"cidrBlocks": list(cidrs)}]}, provider=EU)


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("residency-public-access", Given(EKS, {**TAGS, "vpcConfig": {"endpointPublicAccess": False}})),
        ("residency-public-access", Given(EKS, {**PUBLIC, "vpcConfig": {}})),
        ("residency-public-access", Given(STORAGE, {**TAGS, **SHUT})),
        ("residency-public-access", Given(STORAGE, {**TAGS, "networkRuleSet": {"defaultAction": "Deny"}})),
        ("residency-public-access", Given(GCS, {**GCP, "publicAccessPrevention": "enforced"})),
        ("residency-public-network", ingress("10.0.0.0/8")),
        ("residency-public-network", Given(GROUP, {**PUBLIC, "ingress": [{"cidrBlocks": ["0.0.0.0/0"]}]})),
        ("residency-public-network", Given(GROUP, {**TAGS, "egress": [{"cidrBlocks": ["0.0.0.0/0"]}]})),
        ("residency-public-network", nsg()),
        ("residency-public-network", nsg(sourceAddressPrefix="*", access="Deny")),
        (
            "residency-public-network",
            Given("gcp:compute/firewall:Firewall", {"sourceRanges": ["0.0.0.0/0"], "denies": [{}]}),
        ),
        ("residency-public-network", Given("azure-native:sql:FirewallRule", {"startIpAddress": "10.1.0.1"})),
    ],
)
def test_closed_things_are_let_through(ask: Ask, rule: str, given: Given) -> None:
    assert ask(rule, given) == []


@pytest.mark.parametrize(
    ("rule", "given", "words"),
    [
        ("residency-public-access", Given(EKS, {**TAGS, "vpcConfig": {"endpointPublicAccess": True}}), "is True"),
        ("residency-public-access", Given(EKS, {**TAGS}), "vpcConfig.endpointPublicAccess is not set"),
        ("residency-public-access", Given(EKS, {}), "is not set"),
        ("residency-public-access", Given(STORAGE, {**TAGS, **OPEN}), "is 'Enabled'"),
        (
            "residency-public-access",
            Given(STORAGE, {**TAGS, **SHUT, "allowBlobPublicAccess": True}),
            "allowBlobPublicAccess",
        ),
        ("residency-public-access", Given(GCS, {**GCP}), "publicAccessPrevention is not set"),
        ("residency-public-network", ingress("10.0.0.0/8", "0.0.0.0/0"), "ingress[0].cidrBlocks[1]"),
        ("residency-public-network", nsg(sourceAddressPrefix="Internet", destinationPortRange="22"), "port 22"),
        (
            "residency-public-network",
            Given("gcp:compute/firewall:Firewall", {"sourceRanges": ["0.0.0.0/0"], "allows": [{}]}),
            "internet",
        ),
        (
            "residency-public-network",
            Given("azure-native:sql:FirewallRule", {"startIpAddress": "0.0.0.0", "endIpAddress": "255.255.255.255"}),
            "startIpAddress",
        ),
        (
            "residency-public-network",
            Given(
                "gcp:sql/databaseInstance:DatabaseInstance",
                {"settings": {"ipConfiguration": {"authorizedNetworks": [{"value": "0.0.0.0/0"}]}}},
            ),
            "authorizedNetworks[0].value",
        ),
        (
            "residency-public-network",
            Given(
                "gcp:compute/networkFirewallPolicyRule:NetworkFirewallPolicyRule",
                {"direction": "INGRESS", "action": "allow", "match": {"srcIpRanges": ["0.0.0.0/0"]}},
            ),
            "match.srcIpRanges[0]",
        ),
    ],
)
def test_open_things_are_refused(ask: Ask, rule: str, given: Given, words: str) -> None:
    [said] = ask(rule, given)
    assert (said.level, words in said.message) == ("mandatory", True), said.message


@pytest.mark.parametrize(
    ("rule", "given"),
    [
        ("residency-public-access", Given(EKS, {**TAGS, "vpcConfig": UNKNOWN})),
        ("residency-public-access", Given(STORAGE, {**TAGS, "publicNetworkAccess": UNKNOWN})),
        ("residency-public-network", ingress(UNKNOWN)),
        ("residency-public-network", Given(GROUP, {**TAGS, "ingress": UNKNOWN})),
    ],
)
def test_what_may_be_open_is_not_proven(ask: Ask, rule: str, given: Given) -> None:
    [said] = ask(rule, given)
    assert (said.level, "not proven: " in said.message) == ("mandatory", True)


ALL_ON = {"blockPublicAcls": True, "blockPublicPolicy": True, "ignorePublicAcls": True, "restrictPublicBuckets": True}


def bucket_with(block: dict[str, Any] | None, tags: Any = TAGS) -> list[Given]:
    bucket = Given("aws:s3/bucket:Bucket", {**tags}, name="scans", provider=EU)
    if block is None:
        return [bucket]
    token = "aws:s3/bucketPublicAccessBlock:BucketPublicAccessBlock"
    return [bucket, Given(token, {"bucket": UNKNOWN, **block}, name="block", provider=EU, edges={"bucket": ["scans"]})]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        (ALL_ON, None),
        (None, "has no public access block"),
        ({**ALL_ON, "blockPublicPolicy": False}, "blockPublicPolicy of its public access block is not true"),
        ({"blockPublicAcls": True}, "restrictPublicBuckets"),
        ({**ALL_ON, "ignorePublicAcls": UNKNOWN}, "not proven: ignorePublicAcls"),
    ],
)
def test_a_bucket_needs_a_complete_block(ask: Ask, block: dict[str, Any] | None, words: str | None) -> None:
    said = ask("residency-public-bucket", *bucket_with(block))
    assert [(each.resource, each.level) for each in said] == ([("scans", "mandatory")] if words else [])
    assert all(words in each.message for each in said if words)
    assert ask("residency-public-bucket", *bucket_with(block, PUBLIC)) == []


def statement(**more: Any) -> str:
    return json.dumps(
        {"Statement": [{"Sid": "all", "Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", **more}]}
    )


@pytest.mark.parametrize(
    ("token", "inputs", "refused"),
    [
        ("aws:s3/bucketAcl:BucketAcl", {"acl": "public-read"}, True),
        ("aws:s3/bucketAcl:BucketAcl", {"acl": "private"}, False),
        ("gcp:storage/bucketIAMMember:BucketIAMMember", {"member": "allUsers"}, True),
        ("gcp:storage/bucketIAMBinding:BucketIAMBinding", {"members": ["user:x", "allAuthenticatedUsers"]}, True),
        ("aws:s3/bucketPolicy:BucketPolicy", {"policy": statement()}, True),
        ("aws:s3/bucketPolicy:BucketPolicy", {"policy": statement(Effect="Deny")}, False),
        ("aws:s3/bucketPolicy:BucketPolicy", {"policy": statement(Condition={"Bool": {}})}, False),
        ("aws:s3/bucketPolicy:BucketPolicy", {"policy": UNKNOWN}, False),
    ],
)
def test_nobody_is_everybody(ask: Ask, token: str, inputs: dict[str, Any], refused: bool) -> None:
    bucket = Given("aws:s3/bucket:Bucket", {**TAGS}, name="scans", provider=EU)
    grant = Given(token, {"bucket": UNKNOWN, **inputs}, name="grant", edges={"bucket": ["scans"]})
    assert [each.level for each in ask("residency-public-grant", bucket, grant)] == (["mandatory"] if refused else [])


ALL_USERS = json.dumps({"bindings": [{"role": "roles/x.viewer", "members": ["allUsers"]}]})


@pytest.mark.parametrize(
    ("target", "token", "inputs", "refused"),
    [
        (
            Given("aws:sqs/queue:Queue", TAGS, name="t"),
            "aws:sqs/queuePolicy:QueuePolicy",
            {"policy": statement()},
            True,
        ),
        (
            Given("aws:sqs/queue:Queue", PUBLIC, name="t"),
            "aws:sqs/queuePolicy:QueuePolicy",
            {"policy": statement()},
            False,
        ),
        (
            Given("gcp:pubsub/topic:Topic", {"labels": {"data-class": "patient"}}, name="t"),
            "gcp:pubsub/topicIAMMember:TopicIAMMember",
            {"member": "allUsers"},
            True,
        ),
        (
            Given("gcp:storage/bucket:Bucket", GCP, name="t"),
            "gcp:storage/bucketIAMPolicy:BucketIAMPolicy",
            {"policyData": ALL_USERS},
            True,
        ),
        # A web site that says nothing of restricted data may be for everybody.
        (
            Given("gcp:cloudrun/service:Service", {}, name="t"),
            "gcp:cloudrun/iamPolicy:IamPolicy",
            {"policyData": ALL_USERS},
            False,
        ),
        (
            Given("gcp:cloudrun/service:Service", {"labels": {"data-class": "patient"}}, name="t"),
            "gcp:cloudrun/iamPolicy:IamPolicy",
            {"policyData": ALL_USERS},
            True,
        ),
        (
            Given("aws:s3/bucket:Bucket", TAGS, name="t"),
            "aws:s3/bucketObject:BucketObject",
            {"acl": "public-read"},
            True,
        ),
        (
            Given("aws:s3/bucket:Bucket", TAGS, name="t"),
            "aws:s3/bucketAcl:BucketAcl",
            {
                "accessControlPolicy": {
                    "grants": [{"grantee": {"uri": "http://acs.amazonaws.com/groups/global/AllUsers"}}]
                }
            },
            True,
        ),
        (
            Given("gcp:storage/bucket:Bucket", GCP, name="t"),
            "gcp:storage/bucketACL:BucketACL",
            {"roleEntities": ["OWNER:user-a@example.org", "READER:allUsers"]},
            True,
        ),
    ],
)
def test_everybody_is_seen_wherever_somebody_can_be_named(
    ask: Ask, target: Given, token: str, inputs: dict[str, Any], refused: bool
) -> None:
    grant = Given(token, {"of": UNKNOWN, **inputs}, name="grant", edges={"of": ["t"]})
    said = [each for each in ask("residency-public-grant", target, grant) if each.resource == "grant"]
    assert [each.level for each in said] == (["mandatory"] if refused else [])


def test_a_store_can_let_everybody_in_by_itself(ask: Ask) -> None:
    accesses = [{"role": "READER", "specialGroup": "allAuthenticatedUsers"}]
    dataset = Given("gcp:bigquery/dataset:Dataset", {**GCP, "accesses": accesses})
    [said] = ask("residency-public-grant", dataset)
    assert "accesses[0].specialGroup" in said.message


def test_a_search_domain_inside_a_network_is_not_open(ask: Ask) -> None:
    token, inputs = "aws:opensearch/domain:Domain", {**TAGS, "accessPolicies": statement()}
    assert len(ask("residency-public-grant", Given(token, inputs, provider=EU))) == 1
    assert (
        ask("residency-public-grant", Given(token, {**inputs, "vpcOptions": {"subnetIds": ["s"]}}, provider=EU)) == []
    )


def service(labels: dict[str, str], annotations: dict[str, str], **spec: Any) -> Given:
    meta = {"labels": {f"ringfence.dev/{key}": value for key, value in labels.items()}, "annotations": annotations}
    return Given("kubernetes:core/v1:Service", {"metadata": meta, "spec": spec}, provider_name="dc-frankfurt")


@pytest.mark.parametrize(
    ("given", "refused"),
    [
        (service({"data-class": "patient"}, {}, type="LoadBalancer"), True),
        (service({"data-class": "public"}, {}, type="LoadBalancer"), False),
        (service({}, {}, type="LoadBalancer"), False),
        (service({"data-class": "patient"}, {}, type="ClusterIP"), False),
        (
            service(
                {"data-class": "patient"}, {"networking.gke.io/load-balancer-type": "Internal"}, type="LoadBalancer"
            ),
            False,
        ),
        (service({"data-class": "patient"}, {"metallb.io/address-pool": "x"}, type="LoadBalancer"), False),
        (service({"data-class": "patient"}, {}, type="LoadBalancer", loadBalancerSourceRanges=["10.0.0.0/8"]), False),
        (service({"data-class": "patient"}, {}, type="LoadBalancer", loadBalancerSourceRanges=["0.0.0.0/0"]), True),
    ],
)
def test_restricted_data_has_no_public_address(ask: Ask, given: Given, refused: bool) -> None:
    assert [each.level for each in ask("residency-public-service", given)] == (["mandatory"] if refused else [])


def test_the_namespace_makes_a_service_restricted(ask: Ask) -> None:
    labels = {"ringfence.dev/data-class": "patient"}
    space = Given("kubernetes:core/v1:Namespace", {"metadata": {"name": "ward", "labels": labels}}, name="ns")
    meta = {"metadata": {"namespace": "ward"}, "spec": {"type": "LoadBalancer"}}
    [said] = ask("residency-public-service", space, Given("kubernetes:core/v1:Service", meta, name="svc"))
    assert said.resource == "svc" and "not proven" not in said.message
