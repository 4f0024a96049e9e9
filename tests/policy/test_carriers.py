"""What stands inside templates and operators' objects is judged like what the program registers; the rest is said."""

from __future__ import annotations

import json
from typing import Any

import pytest

from policy.carriers import names
from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given, secret

PATIENT = {"data-class": "patient"}
TAGS = [{"Key": "data-class", "Value": "patient"}]
EU = {"region": "eu-central-1"}
REPLICATED = {"Rules": [{"Destination": {"Bucket": {"Fn::GetAtt": ["Copy", "Arn"]}}}]}


def stack(resources: dict[str, Any], text: bool = True, **more: Any) -> Given:
    template = {"Resources": resources, **more.pop("template", {})}
    body = json.dumps(template) if text else template
    return Given("aws:cloudformation/stack:Stack", {"templateBody": body, **more}, name="legacy", provider=EU)


def test_a_template_s_resources_are_judged_in_the_stack_s_region(ask: Ask) -> None:
    bucket = {"Scans": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS}}}
    assert ask("residency-location", stack(bucket)) == []
    assert ask("residency-opaque", stack(bucket)) == []
    [said] = ask("residency-location", stack(bucket, region="us-east-1"))
    assert said.resource == "legacy"
    assert "patient data on legacy/Scans (aws-native:s3:Bucket) would rest in US (us-east-1" in said.message


def test_references_inside_a_template_are_followed(ask: Ask) -> None:
    source = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS, "ReplicationConfiguration": REPLICATED}}
    copy = {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS}}
    assert ask("residency-replication", stack({"Scans": source, "Copy": copy})) == []
    arn = {"Rules": [{"Destination": {"Bucket": {"Fn::Sub": "arn:aws:s3:::${Away}"}}}]}
    away = {"Scans": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS, "ReplicationConfiguration": arn}}}
    given = stack(away, template={"Parameters": {"Away": {"Type": "String", "Default": "partner"}}})
    [said] = ask("residency-replication", given)
    assert "not proven: patient data copied by replicationConfiguration.rules[0].destination.bucket" in said.message
    assert "'arn:aws:s3:::partner'" in said.message


def test_a_global_table_in_yaml_with_short_tags_is_read(ask: Ask) -> None:
    text = """
Parameters: {Second: {Type: String, Default: us-east-1}}
Resources:
  Vitals:
    Type: AWS::DynamoDB::GlobalTable
    Properties:
      Replicas: [{Region: !Ref AWS::Region}, {Region: !Ref Second}]
"""
    given = Given("aws:cloudformation/stack:Stack", {"templateBody": text, "tags": PATIENT}, name="legacy", provider=EU)
    [said] = ask("residency-replication", given)
    assert "replicas[1].region of legacy/Vitals" in said.message and "US (us-east-1)" in said.message
    home = Given(given.type, {**given.inputs, "parameters": {"Second": "eu-west-1"}}, name="legacy", provider=EU)
    assert ask("residency-replication", home) == []
    pending = Given(given.type, {**given.inputs, "parameters": {"Second": UNKNOWN}}, name="legacy", provider=EU)
    assert "not proven" in ask("residency-replication", pending)[0].message


def test_a_parameter_that_is_unknown_is_followed_through_the_stack_s_edge(ask: Ask) -> None:
    source = {"Rules": [{"Destination": {"Bucket": {"Ref": "Away"}}}]}
    inside = {"Scans": {"Type": "AWS::S3::Bucket", "Properties": {"Tags": TAGS, "ReplicationConfiguration": source}}}
    given = stack(inside, parameters={"Away": UNKNOWN})
    given.edges = {"parameters": ["away"]}
    away = Given("aws:s3/bucket:Bucket", {"region": "us-east-1", "tags": PATIENT}, name="away")
    [said] = ask("residency-replication", away, given)
    assert "would rest in US (us-east-1, from away)" in said.message


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given("aws:cloudformation/stack:Stack", {"templateUrl": "https://x/y.json"}), "is not in the program"),
        (Given("aws:cloudformation/stack:Stack", {"templateBody": UNKNOWN}), "is not in the program"),
        (Given("aws:cloudformation/stack:Stack", {"templateBody": "hello"}), "a text that is no template"),
        (stack({"X": {"Type": "Custom::Copier"}}), "X, a Custom::Copier"),
        (stack({"X": {"Type": "AWS::CloudFormation::Stack"}}), "X, a AWS::CloudFormation::Stack"),
        (stack({"X": {"Type": "AWS::Brand::New"}}), "X, a AWS::Brand::New"),
        (stack({}, template={"Transform": "AWS::Serverless-2016-10-31"}), "the macro AWS::Serverless-2016-10-31"),
        (
            Given("azure-native:resources:Deployment", {"properties": {"templateLink": {"uri": "https://x"}}}),
            "template",
        ),
        (Given("aws:cloudcontrol/resource:Resource", {"typeName": "Acme::X::Y", "desiredState": "{}"}), "a Acme::X::Y"),
        (
            Given("kubernetes:acme.aws.upbound.io/v1:Thing", {"spec": {"forProvider": {}}}),
            "where it (kubernetes:acme.aws.upbound.io/v1:Thing) makes",
        ),
        (Given("pulumi-python:dynamic:Resource", {}), "code of its own"),
        (Given("command:local:Command", {"create": "aws s3 sync"}), "a command can do anything"),
    ],
)
def test_what_cannot_be_read_is_said_and_not_proven(ask: Ask, given: Given, words: str) -> None:
    said = ask("residency-opaque", given)
    assert said and all("not proven" in each.message and each.level == "mandatory" for each in said)
    assert any(words in each.message for each in said)


def deployment(resources: list[dict[str, Any]], **parameters: Any) -> Given:
    template = {
        "parameters": {"place": {"type": "string", "defaultValue": "[resourceGroup().location]"}},
        "variables": {"sku": "[concat('Standard_', 'GRS')]"},
        "resources": resources,
    }
    given = {"template": template, "parameters": {key: {"value": value} for key, value in parameters.items()}}
    inputs = {"location": "brazilsouth", "resourceGroupName": "clinic", "properties": given}
    return Given("azure-native:resources:Deployment", inputs, name="legacy")


ACCOUNT = {
    "type": "Microsoft.Storage/storageAccounts",
    "name": "scans",
    "location": "[parameters('place')]",
    "tags": PATIENT,
    "sku": {"name": "[variables('sku')]"},
}


def test_an_azure_template_is_read_with_its_parameters_and_implied_pairs(ask: Ask) -> None:
    [said] = ask("residency-replication", deployment([ACCOUNT]))
    assert "legacy/scans (azure-native:storage:StorageAccount)" in said.message
    assert "US (southcentralus, from the pair of brazilsouth)" in said.message
    assert ask("residency-replication", deployment([ACCOUNT], place="germanywestcentral")) == []
    [said] = ask("residency-location", deployment([ACCOUNT]))
    assert "would rest in BR (brazilsouth" in said.message
    nested = {
        "type": "Microsoft.Resources/deployments",
        "name": "inner",
        "properties": {"template": {"resources": [ACCOUNT | {"location": "eastus"}]}},
    }
    [said] = ask("residency-location", deployment([nested]))
    assert "legacy/inner/scans" in said.message and "US (eastus)" in said.message


def test_cloud_control_is_read_like_the_type_that_it_names(ask: Ask) -> None:
    state = {"ReplicaRegions": [{"Region": "us-east-1"}], "Tags": TAGS}
    inputs = {"typeName": "AWS::SecretsManager::Secret", "desiredState": secret(json.dumps(state))}
    [said] = ask("residency-replication", Given("aws:cloudcontrol/resource:Resource", inputs, provider=EU))
    assert "US (us-east-1)" in said.message


@pytest.mark.parametrize(
    ("token", "inputs", "rule", "words"),
    [
        (
            "kubernetes:s3.services.k8s.aws/v1alpha1:Bucket",
            {"spec": {"name": "x"}, "metadata": {"annotations": {"services.k8s.aws/region": "us-east-1"}}},
            "residency-location",
            "US (us-east-1)",
        ),
        (
            "kubernetes:dynamodb.aws.upbound.io/v1beta1:Table",
            {"spec": {"forProvider": {"region": "eu-west-1", "replicas": [{"regionName": "us-east-1"}]}}},
            "residency-replication",
            "US (us-east-1)",
        ),
        (
            "kubernetes:storage.cnrm.cloud.google.com/v1beta1:StorageBucket",
            {"spec": {"location": "US"}},
            "residency-location",
            "US (US)",
        ),
        (
            "kubernetes:storage.azure.com/v1api20230101:StorageAccount",
            {"spec": {"location": "eastus"}},
            "residency-location",
            "US (eastus)",
        ),
        (
            "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:AWSCluster",
            {"spec": {"region": "us-east-1"}},
            "residency-opaque",
            "US (us-east-1)",
        ),
    ],
)
def test_what_operators_make_is_judged_where_their_objects_put_it(
    ask: Ask, token: str, inputs: dict[str, Any], rule: str, words: str
) -> None:
    metadata = {**inputs.get("metadata", {}), "labels": {"ringfence.dev/data-class": "patient"}}
    given = Given(token, {**inputs, "metadata": metadata}, provider_name="dc-frankfurt")
    said = ask(rule, given)
    assert any(words in each.message for each in said)


def test_types_of_aws_native_that_nobody_has_read_are_not_proven(ask: Ask) -> None:
    assert ask("residency-unknown-package", Given("aws-native:s3:Bucket", {}, provider=EU)) == []
    [said] = ask("residency-unknown-package", Given("aws-native:brand:New", {}, provider=EU))
    assert "nothing is known of the type" in said.message
    [said] = ask(
        "residency-replication",
        Given(
            "aws-native:dynamodb:GlobalTable",
            {
                "replicas": [{"region": "eu-central-1"}, {"region": "us-east-1"}],
                "tags": [{"key": "data-class", "value": "patient"}],
            },
            provider=EU,
        ),
    )
    assert "US (us-east-1)" in said.message
    assert CONTRACT["dataClasses"]["patient"]["rest"] == ["EU"]


@pytest.mark.parametrize(
    ("given", "token"),
    [
        ("Microsoft.Storage/storageAccounts", "azure-native:storage:StorageAccount"),
        ("Microsoft.Sql/servers/databases", "azure-native:sql:Database"),
        ("Microsoft.DocumentDB/databaseAccounts", "azure-native:cosmosdb:DatabaseAccount"),
        ("Microsoft.Insights/diagnosticSettings", "azure-native:monitor:DiagnosticSetting"),
        ("Microsoft.KeyVault/vaults", "azure-native:keyvault:Vault"),
        ("Microsoft.Network/virtualNetworks", "azure-native:network:VirtualNetwork"),
        ("Microsoft.ContainerRegistry/registries/replications", "azure-native:containerregistry:Replication"),
        ("Contoso.Own/things", None),
    ],
)
def test_azure_types_are_found_by_their_resource_manager_names(given: str, token: str | None) -> None:
    assert names.of_arm(given) == token


def test_names_of_cloudformation_are_spelled_as_aws_native_spells_them() -> None:
    assert names.camel("KMSMasterKeyID") == "kmsMasterKeyId"
    assert names.camel("SourceDBInstanceIdentifier") == "sourceDbInstanceIdentifier"
    assert names.camel("data-class") == "data-class"
    assert names.of_cloudformation("AWS::RDS::DBInstance") == "aws-native:rds:DbInstance"
    assert names.of_cloudformation("Custom::X") is None


OWN_MACHINES = ("Metal3Cluster", "Metal3MachineTemplate", "RemoteCluster")


@pytest.mark.parametrize("kind", OWN_MACHINES)
def test_machines_of_ones_own_are_made_in_no_cloud(ask: Ask, kind: str) -> None:
    given = Given(f"kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:{kind}", {"spec": {"template": {"spec": {}}}})
    assert ask("residency-opaque", given) == []
    plane = Given("kubernetes:controlplane.cluster.x-k8s.io/v1beta2:K0smotronControlPlane", {"spec": {"replicas": 3}})
    assert ask("residency-opaque", plane) == []
    cloud = Given("kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:GCPMachineTemplate", {"spec": {"template": {}}})
    assert ask("residency-opaque", cloud), "a cloud's machine still has to say where"
