"""A wrong property is refused by path, with what was meant; a right one, an unknown and a secret never are."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.engine.providers.wire import UNKNOWN, Secret

from .conftest import Bench

BUCKET = "aws:s3/bucket:Bucket"
CLUSTER = "aws:eks/cluster:Cluster"
ACCOUNT = "azure-native:storage:StorageAccount"
RIGHT_ACCOUNT = {"resourceGroupName": "g", "kind": "StorageV2", "sku": {"name": "Standard_LRS"}, "location": "x"}
GKE = "gcp:container/cluster:Cluster"


@pytest.mark.parametrize(
    ("token", "inputs", "refusal"),
    [
        (BUCKET, {"versionning": {}}, 'versionning: Bucket has no such property; did you mean "versioning"?'),
        (
            BUCKET,
            {"force_destroy": True},
            'force_destroy: Bucket has no such property; did you mean "forceDestroy" ("force_destroy" in Python)?',
        ),
        (
            BUCKET,
            {"versioning": {"enabeld": True}},
            'versioning.enabeld: BucketVersioning has no such property; did you mean "enabled"?',
        ),
        (BUCKET, {"versioning": "on"}, 'versioning: expected an object (BucketVersioning), got "on"'),
        (BUCKET, {"tags": ["a"]}, "tags: expected a map, got a list"),
        (BUCKET, {"corsRules": {"a": 1}}, "corsRules: expected a list, got an object"),
        (BUCKET, {"forceDestroy": "maybe"}, 'forceDestroy: expected true or false, got "maybe"'),
        (CLUSTER, {"roleArn": "r"}, "vpcConfig: required property is missing from Cluster"),
        (
            CLUSTER,
            {"roleArn": "r", "vpcConfig": {}},
            "vpcConfig.subnetIds: required property is missing from ClusterVpcConfig",
        ),
        (
            BUCKET,
            {"lifecycleRules": [{"enabled": True}, {"enabled": True, "expiration": {"dayz": 3}}]},
            "lifecycleRules[1].expiration.dayz: BucketLifecycleRuleExpiration has no such property; "
            'did you mean "days"?',
        ),
    ],
)
def test_aws_refusals(aws: Bench, token: str, inputs: dict[str, Any], refusal: str) -> None:
    assert aws.check(token, inputs)[1] == [refusal]


def test_all_faults_are_told_at_once(aws: Bench) -> None:
    failures = aws.check(CLUSTER, {"roleArm": "r", "version": ["1"]})[1]
    assert [failure.split(":")[0] for failure in failures] == ["roleArm", "version", "roleArn", "vpcConfig"]


def test_an_unknown_type_names_its_neighbour(aws: Bench) -> None:
    (failure,) = aws.check("aws:s3/buckte:Buckte", {})[1]
    assert "has no resource type aws:s3/buckte:Buckte" in failure
    assert 'did you mean "aws:s3/bucket:Bucket"?' in failure


@pytest.mark.parametrize(
    "inputs",
    [
        {"bucket": UNKNOWN, "tags": UNKNOWN, "versioning": UNKNOWN},
        {"versioning": {"enabled": UNKNOWN}, "tags": {"a": UNKNOWN}},
        {"tags": Secret({"a": "b"}), "policy": Secret("{}")},
        {"forceDestroy": "true", "tags": {"count": 3}},  # the Terraform bridge converts between scalars
        {"policy": {"Version": "2012-10-17", "Statement": []}},
        {"acl": "something-newer-than-the-sdk"},  # the SDK's type is "a string or CannedAcl"
    ],
)
def test_aws_accepts(aws: Bench, inputs: dict[str, Any]) -> None:
    assert aws.check(BUCKET, inputs)[1] == []


def test_required_may_be_unknown(aws: Bench) -> None:
    assert aws.check(CLUSTER, {"roleArn": UNKNOWN, "vpcConfig": {"subnetIds": UNKNOWN}})[1] == []


def test_azure_checks_closed_enums_and_scalars(azure: Bench) -> None:
    assert azure.check(ACCOUNT, RIGHT_ACCOUNT)[1] == []
    (failure,) = azure.check(ACCOUNT, {**RIGHT_ACCOUNT, "accessTier": "Hott"})[1]
    assert failure.startswith('accessTier: "Hott" is not one of ')
    assert failure.endswith('; did you mean "Hot"?')
    assert azure.check(ACCOUNT, {**RIGHT_ACCOUNT, "accessTier": "hot"})[1] == ['accessTier: "hot" is written "Hot"']
    assert azure.check(ACCOUNT, {**RIGHT_ACCOUNT, "enableHttpsTrafficOnly": "true"})[1] == [
        'enableHttpsTrafficOnly: expected true or false, got "true"'
    ]
    assert azure.check(ACCOUNT, {**RIGHT_ACCOUNT, "sku": {"nmae": "x"}})[1][0].startswith("sku.nmae: Sku has no such")


def test_azure_versioned_tokens_are_checked_as_the_default_version(azure: Bench) -> None:
    assert azure.check("azure-native:storage/v20240101:StorageAccount", {**RIGHT_ACCOUNT, "kindd": 1})[1] == [
        'kindd: StorageAccount has no such property; did you mean "kind"?'
    ]


def test_gcp_refusals(gcp: Bench) -> None:
    assert gcp.check(GKE, {"location": "europe-west4", "initialNodeCount": 1})[1] == []
    assert gcp.check(GKE, {"privateClusterConfig": {"enablePrivateNode": True}})[1] == [
        "privateClusterConfig.enablePrivateNode: ClusterPrivateClusterConfig has no such property; did you mean "
        '"enablePrivateNodes" ("enable_private_nodes" in Python)?'
    ]
    assert gcp.check(GKE, {"initialNodeCount": "one"})[1] == ['initialNodeCount: expected a whole number, got "one"']


def test_a_secret_is_never_shown(aws: Bench) -> None:
    failures = aws.check(BUCKET, {"versioning": Secret("s3cr3t-but-longer-than-forty-characters-so-it-is-not-shown")})[
        1
    ]
    assert failures == ["versioning: expected an object (BucketVersioning), got a string"]


@pytest.mark.parametrize(
    ("configuration", "refusals"),
    [
        ({"region": "eu-central-1", "version": "7.51.1"}, []),
        ({"region": "eu-central-1", "defaultTags": '{"tags": {"a": "b"}}', "skipMetadataApiCheck": "true"}, []),
        ({"assumeRoles": '[{"role_arn": "r", "sessionName": "s"}]'}, []),  # the SDK leaves a dictionary as it is
        (
            {"assumeRoles": '[{"role_arm": "r"}]'},
            [
                "assumeRoles[0].role_arm: ProviderAssumeRole has no such property; did you mean "
                '"roleArn" ("role_arn" in Python)?'
            ],
        ),
        ({"regoin": "x"}, ['regoin: Provider has no such property; did you mean "region"?']),
        (
            {"defaultTags": '{"tagz": {}}'},
            ['defaultTags.tagz: ProviderDefaultTags has no such property; did you mean "tags"?'],
        ),
    ],
)
def test_provider_arguments(aws: Bench, configuration: dict[str, Any], refusals: list[str]) -> None:
    assert [str(item) for item in aws.provider.family.check_configuration(configuration)] == refusals
