"""The readers of addresses and of providers' own words: a place inside, one outside, none, and an unknown one."""

from __future__ import annotations

import pytest

from policy.places import Located
from policy.readers import PLACES
from policy.resource import Resource
from policy.rule import Context
from policy.values import UNKNOWN, Read, State

CONTEXT = Context(contract=None)


def place(reader: str, value: object, type: str = "aws:x/y:Y", **inputs: object) -> Located | None:
    resource = Resource(type, "urn", "name", {"region": "eu-central-1", "location": "westeurope", **inputs})
    read = Read("p", State.UNKNOWN if value is UNKNOWN else State.KNOWN, None if value is UNKNOWN else value)
    return PLACES[reader](resource, read, CONTEXT)


def countries(found: Located | None) -> object:
    """The countries, "everywhere", "not proven", or "nothing moves"."""
    if found is None:
        return "nothing moves"
    if found.countries is None:
        return "not proven"
    return "everywhere" if len(found.countries) > 200 else set(found.countries)


@pytest.mark.parametrize(
    ("reader", "value", "expected"),
    [
        ("address", "arn:aws:sns:us-east-1:123456789012:t", {"US"}),
        ("address", "projects/p/locations/europe-west3/x/y", {"DE"}),
        ("address", "https://kms.eu-west-3.amazonaws.com/", {"FR"}),
        ("address", "https://http-intake.logs.datadoghq.eu", {"DE"}),
        ("address", "https://example.org", "not proven"),
        ("address", "10.0.0.7:9092", "nothing moves"),
        ("address", UNKNOWN, "not proven"),
        ("not-private", "10.1.2.3", "nothing moves"),
        ("not-private", "8.8.8.8", "not proven"),
        ("gcp-name", "projects/p/locations/us-east4/keyRings/r/cryptoKeys/k", {"US"}),
        ("gcp-name", UNKNOWN, "not proven"),
        ("gcp-ref", "projects/p/locations/europe-west9/instances/i", {"FR"}),
        ("gcp-ref", "gs://elsewhere/x", "not proven"),
        ("zone", "eu-central-1a", {"DE"}),
        ("zone", "us-east-1-bue-1a", {"AR"}),
        ("zone", "use1-bue1-az1", "not proven"),
        ("zone", UNKNOWN, "nothing moves"),
        ("image", "123456789012.dkr.ecr.us-west-2.amazonaws.com/x:1", {"US"}),
        ("image", "europe-west3-docker.pkg.dev/p/r/x:1", {"DE"}),
        ("image", "docker.io/library/nginx:1", "nothing moves"),
        ("image", UNKNOWN, "not proven"),
        ("bucket", "some-bucket", "not proven"),
        ("named-region", "germanywestcentral", {"DE"}),
        ("named-region", "europe-west4/europe-west4-a", {"NL"}),
        ("named-region", "mars-1", "not proven"),
        ("linked-service", {"type": "x", "url": "https://example.org"}, "not proven"),
        ("linked-service", {"JDBC": "jdbc:mysql://a.b.eu-west-1.rds.amazonaws.com/x"}, {"IE"}),
        ("linked-service", {"type": "x"}, "not proven"),
        ("linked-service", {"JDBC": "jdbc:mysql://a.b.eu-west-1.rds.amazonaws.com/x", "also": UNKNOWN}, "not proven"),
        ("linked-service", UNKNOWN, "not proven"),
        ("edge", "EDGE", "everywhere"),
        ("edge", ["REGIONAL"], "nothing moves"),
        ("edge", "INTERNAL_MANAGED", "nothing moves"),
        ("edge", UNKNOWN, "not proven"),
        ("gateway-class", "gke-l7-global-external-managed", "everywhere"),
        ("gateway-class", "gke-l7-regional-external-managed-mc", "everywhere"),
        ("gateway-class", "envoy", "nothing moves"),
        ("gateway-class", UNKNOWN, "not proven"),
        ("spanner", "regional-europe-west3", {"DE"}),
        ("spanner", "projects/p/instanceConfigs/eur6", {"NL", "DE", "CH"}),
        ("spanner", "custom-mine", "not proven"),
        ("argo-cluster", "in-cluster", "nothing moves"),
        ("argo-cluster", "far", "not proven"),
        ("volume-sku", "Standard_LRS", "nothing moves"),
        ("volume-sku", "Standard_GRS", "not proven"),
        ("azure-area", "Germany", {"DE"}),
        ("azure-area", "Atlantis", "not proven"),
        ("bedrock", "anthropic.claude", "nothing moves"),
        ("bedrock", "global.anthropic.claude", "everywhere"),
        ("bedrock", "jp.anthropic.claude", {"JP", "DE"}),
        ("bedrock", "arn:aws:bedrock:us-east-1::foundation-model/anthropic.claude", {"US"}),
        ("bedrock", UNKNOWN, "not proven"),
    ],
)
def test_what_a_value_says_of_where_data_goes(reader: str, value: object, expected: object) -> None:
    assert countries(place(reader, value)) == expected


@pytest.mark.parametrize(
    ("sku", "location", "expected"),
    [
        ("Standard", "westeurope", "nothing moves"),
        ("GlobalStandard", "westeurope", "everywhere"),
        ("DataZoneStandard", "eastus2", {"US"}),
        ("DataZoneStandard", "uksouth", "not proven"),
        (UNKNOWN, "westeurope", "not proven"),
    ],
)
def test_a_model_deployment_answers_in_the_zone_of_its_region(sku: object, location: str, expected: object) -> None:
    found = place("azure-model-sku", sku, "azure-native:cognitiveservices:Deployment", location=location)
    assert countries(found) == expected


def test_the_data_zone_of_the_union_is_the_union() -> None:
    found = place("azure-model-sku", "DataZoneStandard", "azure-native:cognitiveservices:Deployment")
    assert found is not None and found.countries is not None
    assert (len(found.countries), found.operators) == (27, frozenset({"US"}))
