"""What programs take apart in the answers of a plan-only provider: tokens, maps and states deep in an output."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

from ringfence.engine.providers.protocol import provider_pb2
from ringfence.engine.providers.wire import to_plain
from tests.engine.providers.conftest import Bench


@pytest.mark.parametrize("function", ["getAuthorizationToken", "getCredentials"])
def test_a_registry_token_is_a_user_and_a_password(aws: Bench, function: str) -> None:
    answer = aws.invoke(f"aws:ecr/{function}:{function}", {"registryId": "210987654321"})
    user, _, password = base64.b64decode(answer["authorizationToken"]).decode().partition(":")
    assert (user, bool(password)) == ("AWS", True)
    assert answer["proxyEndpoint"] == "https://210987654321.dkr.ecr.eu-central-1.amazonaws.com"


def test_a_map_that_a_program_reads_by_key_has_its_keys(aws: Bench) -> None:
    _, made = aws.create("aws:appsync/graphQLApi:GraphQLApi", {"authenticationType": "API_KEY"})
    assert set(made["uris"]) == {"GRAPHQL", "REALTIME"}


def test_a_state_is_given_down_to_its_innermost_list(aws: Bench) -> None:
    inputs: dict[str, Any] = {"firewallPolicyArn": "arn:x", "vpcId": "vpc-1", "subnetMappings": [{"subnetId": "s"}]}
    _, made = aws.create("aws:networkfirewall/firewall:Firewall", inputs)
    assert made["firewallStatuses"][0]["syncStates"][0]["attachments"][0]["endpointId"]


def test_a_type_that_holds_itself_comes_to_an_end(azure: Bench) -> None:
    inputs = {"resourceGroupName": "g", "location": "westeurope"}
    _, made = azure.create("azure-native:network:NetworkSecurityGroup", inputs)
    assert made["subnets"]


def test_a_service_account_key_can_be_opened(gcp: Bench) -> None:
    _, made = gcp.create("gcp:serviceaccount/key:Key", {"serviceAccountId": "projects/p/serviceAccounts/a"})
    assert json.loads(base64.b64decode(made["privateKey"]))["type"] == "service_account"


def test_a_cluster_without_a_location_is_in_the_zone_of_its_provider(gcp: Bench) -> None:
    gcp.provider.family.configure({"project": "p", "zone": "us-central1-a"})
    token = "gcp:container/cluster:Cluster"
    made, cluster = gcp.create(token, {"name": "c", "initialNodeCount": 1})
    assert (made, cluster["location"]) == ("projects/p/locations/us-central1-a/clusters/c", "us-central1-a")
    assert gcp.create("gcp:compute/address:Address", {"name": "a"})[1]["region"] == "us-central1"


def test_a_resource_without_a_location_has_that_of_its_provider(azure: Bench) -> None:
    token = "azure-native:resources:ResourceGroup"
    assert azure.create(token, {})[1]["location"] == azure.provider.family.configuration["location"]


def test_where_a_thing_is_that_was_there_before_is_not_guessed(azure: Bench) -> None:
    request = provider_pb2.ReadRequest(
        id="/subscriptions/0/resourceGroups/old", urn=Bench.urn("azure-native:resources:ResourceGroup", "old")
    )
    assert to_plain(azure.provider.read(request).properties)["location"] == "unknown-in-plan"


def test_a_policy_of_google_cloud_is_really_computed(gcp: Bench) -> None:
    bindings = [{"role": "roles/run.invoker", "members": ["allUsers"]}]
    answer = gcp.invoke("gcp:organizations/getIAMPolicy:getIAMPolicy", {"bindings": bindings})
    assert json.loads(answer["policyData"]) == {"bindings": bindings}


def test_a_document_made_of_a_placeholder_has_no_statements_of_it(aws: Bench) -> None:
    token = "aws:iam/getPolicyDocument:getPolicyDocument"
    assert json.loads(aws.invoke(token, {"sourcePolicyDocuments": ["unknown-in-plan-x"]})["json"])["Statement"] == []
    with pytest.raises(AssertionError, match="is no JSON"):
        aws.invoke(token, {"sourcePolicyDocuments": ["{not json"]})


def test_a_port_is_a_number(aws: Bench) -> None:
    inputs = {"instanceClass": "db.t3.micro", "engine": "postgres"}
    assert aws.create("aws:rds/instance:Instance", inputs)[1]["port"] == 5432


@pytest.mark.parametrize(
    ("token", "inputs", "output"),
    [
        ("random:index/randomShuffle:RandomShuffle", {"inputs": ["a", "b"]}, "results"),
        ("random:index/randomPet:RandomPet", {}, "id"),
        ("random:index/randomId:RandomId", {"byteLength": 4}, "hex"),
        ("random:index/randomInteger:RandomInteger", {"min": 1, "max": 2}, "result"),
    ],
)
def test_what_was_drawn_has_the_name_that_the_sdk_reads(
    random: Bench, token: str, inputs: dict[str, Any], output: str
) -> None:
    id, made = random.create(token, inputs)
    shape = random.provider.registry.resource(token)
    assert id and shape is not None
    drawn = {name for name in made if name not in shape.inputs.properties}
    assert drawn <= set(shape.outputs.properties) | {"id"}
    assert output == "id" or made[output]
