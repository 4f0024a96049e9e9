"""What programs take apart in the answers of a plan-only provider: tokens, maps and states deep in an output."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

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
