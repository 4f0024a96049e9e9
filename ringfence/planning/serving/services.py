"""Model services outside the platform: which dialect each speaks, and how it takes its credentials.

Owns: one table by host name. Refuses to own: where a service is (the platform file says so).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from ringfence.planning.tenancy.names import Manifest

Schema = dict[str, str]


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a service is spoken to."""

    host: str
    """Regular expression that its host matches from start to end."""
    schema: Schema
    """`schema` of the AIServiceBackend."""
    credentials: str
    """`type` of the BackendSecurityPolicy."""


DIALECTS = (
    Dialect(host=r"api\.anthropic\.com", schema={"name": "Anthropic"}, credentials="AnthropicAPIKey"),
    Dialect(
        host=r"[a-z0-9-]+\.openai\.azure\.com",
        schema={"name": "AzureOpenAI", "version": "2025-01-01-preview"},
        credentials="AzureAPIKey",
    ),
    Dialect(
        host=r"bedrock-runtime\.(?P<region>[a-z0-9-]+)\.amazonaws\.com",
        schema={"name": "AWSBedrock"},
        credentials="AWSCredentials",
    ),
    Dialect(host=r".*", schema={"name": "OpenAI"}, credentials="APIKey"),
)
"""In order; the last one takes every other host, because most services speak OpenAI's dialect.

Source: envoyproxy/ai-gateway v1.1.0, CRDs of AIServiceBackend and BackendSecurityPolicy.
"""


def dialect_of(host: str) -> Dialect:
    """The dialect of a host name; a port does not matter."""
    bare = host.split(":")[0]
    return next(each for each in DIALECTS if re.fullmatch(each.host, bare))


def credentials_spec(host: str, secret: str) -> Manifest:
    """The credentials of a BackendSecurityPolicy: the name of a Secret, never a value."""
    dialect = dialect_of(host)
    reference = {"secretRef": {"name": secret}}
    if dialect.credentials == "AWSCredentials":
        found = re.fullmatch(dialect.host, host.split(":")[0])
        region = found.group("region") if found else ""
        return {"type": "AWSCredentials", "awsCredentials": {"region": region, "credentialsFile": reference}}
    field = {"APIKey": "apiKey", "AnthropicAPIKey": "anthropicAPIKey", "AzureAPIKey": "azureAPIKey"}
    return {"type": dialect.credentials, field[dialect.credentials]: reference}
