"""How the gateway speaks to a service that is not ours: its dialect, and where its credentials are."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.planning.serving.services import credentials_spec, dialect_of


@pytest.mark.parametrize(
    ("host", "schema", "credentials"),
    [
        ("api.openai.com", "OpenAI", {"type": "APIKey", "apiKey": {"secretRef": {"name": "k"}}}),
        (
            "api.anthropic.com",
            "Anthropic",
            {"type": "AnthropicAPIKey", "anthropicAPIKey": {"secretRef": {"name": "k"}}},
        ),
        (
            "acme.openai.azure.com:443",
            "AzureOpenAI",
            {"type": "AzureAPIKey", "azureAPIKey": {"secretRef": {"name": "k"}}},
        ),
        (
            "bedrock-runtime.eu-central-1.amazonaws.com",
            "AWSBedrock",
            {
                "type": "AWSCredentials",
                "awsCredentials": {"region": "eu-central-1", "credentialsFile": {"secretRef": {"name": "k"}}},
            },
        ),
    ],
)
def test_services_are_spoken_to_in_their_dialect(host: str, schema: str, credentials: dict[str, Any]) -> None:
    assert dialect_of(host).schema["name"] == schema
    assert credentials_spec(host, "k") == credentials
