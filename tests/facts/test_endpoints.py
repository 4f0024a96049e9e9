"""Hosts: where they stand, whose law reaches them, and that nothing unlisted is ever vouched for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso3166 import countries_by_alpha2

from ringfence.facts._tables import table
from ringfence.facts.endpoints import Endpoint, endpoint, image_registry


def test_an_endpoint_says_everything_known_of_it() -> None:
    assert endpoint("datadoghq.eu") == Endpoint(
        host="datadoghq.eu",
        kind="telemetry",
        operator="Datadog Inc.",
        operator_laws=frozenset({"US"}),
        countries=frozenset({"DE"}),
        source="Datadog site EU1",
    )


@pytest.mark.parametrize(
    ("host", "countries", "laws"),
    [
        ("docker.io", None, {"US"}),
        ("ghcr.io", None, {"US"}),
        ("quay.io:443", None, {"US"}),
        ("registry.k8s.io", None, {"US"}),
        ("docker.elastic.co", None, {"NL", "US"}),
        ("123456789012.dkr.ecr.eu-central-1.amazonaws.com", {"DE"}, {"US"}),
        ("123456789012.dkr.ecr.eusc-de-east-1.amazonaws.eu", {"DE"}, {"DE", "US"}),
        ("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn", {"CN"}, {"CN"}),
        ("europe-west3-docker.pkg.dev", {"DE"}, {"US"}),
        ("us-docker.pkg.dev", {"US"}, {"US"}),
        ("mine.azurecr.io", None, {"US"}),
        ("DATADOGHQ.COM", {"US"}, {"US"}),
        ("http-intake.logs.datadoghq.eu", {"DE"}, {"US"}),
        ("browser-intake.ap1.datadoghq.com", {"JP"}, {"US"}),
        ("api.openai.com", {"US"}, {"US"}),
        ("api.mistral.ai", None, {"FR"}),
        ("bedrock-runtime.eu-west-3.amazonaws.com", {"FR"}, {"US"}),
        ("europe-west9-aiplatform.googleapis.com", {"FR"}, {"US"}),
        ("abc.gr7.eu-north-1.eks.amazonaws.com", {"SE"}, {"US"}),
        ("db.abc.eu-west-1.rds.amazonaws.com", {"IE"}, {"US"}),
        ("kms.ap-southeast-1.amazonaws.com", {"SG"}, {"US"}),
        ("x.hcp.germanywestcentral.azmk8s.io", {"DE"}, {"US"}),
        # Somebody else's service in a cloud's region: the law of both.
        ("my.eu-central-1.aws.elastic-cloud.com", {"DE"}, {"NL", "US"}),
        ("o1.ingest.de.sentry.io", {"DE"}, {"US"}),
        ("o1.ingest.sentry.io", None, {"US"}),
    ],
)
def test_where_a_host_is_and_whose_law_reaches_it(host, countries, laws) -> None:
    found = endpoint(host)
    assert found is not None
    assert (found.countries, found.operator_laws) == (countries, laws)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "example.org",
        "docker.io.example.org",
        "notdocker.io",
        # A site of the same firm that is not listed may be anywhere.
        "ap3.datadoghq.com",
        "intake.ap3.datadoghq.com",
        # A region that is not listed proves nothing.
        "123456789012.dkr.ecr.eu-central-9.amazonaws.com",
        "mars-west1-docker.pkg.dev",
        ".azurecr.io",
        "kms.eu-central-9.amazonaws.com",
        "eu-central-1.amazonaws.com.example.org",
    ],
)
def test_an_unlisted_host_is_not_vouched_for(host: str) -> None:
    assert endpoint(host) is None


@given(st.text(max_size=60))
def test_no_text_is_ever_an_error(text: str) -> None:
    endpoint(text)
    image_registry(text)


@pytest.mark.parametrize("row", table("endpoints").rows, ids=lambda row: row["pattern"])
def test_every_row_is_iso_and_reachable(row: dict[str, str]) -> None:
    if row["provider"]:
        assert "{region}" in row["pattern"]
        assert row["country"] == ""
        assert set(row["operator_country"].split()) <= set(countries_by_alpha2)
        return
    assert {*row["operator_country"].split(), *row["country"].split()} <= set(countries_by_alpha2)
    assert row["operator_country"]
    found = endpoint(row["pattern"].replace("*", "some"))
    assert found is not None
    assert found.source == row["source"]


def test_no_pattern_is_listed_twice() -> None:
    patterns = [row["pattern"] for row in table("endpoints").rows]
    assert len(patterns) == len(set(patterns))


@pytest.mark.parametrize(
    ("reference", "registry"),
    [
        ("nginx", "docker.io"),
        ("nginx:1.27", "docker.io"),
        ("bitnami/nginx@sha256:abc", "docker.io"),
        ("docker.io/library/nginx", "docker.io"),
        ("ghcr.io/kserve/kserve-controller:v0.20.0", "ghcr.io"),
        ("localhost/x", "localhost"),
        ("registry:5000/x", "registry:5000"),
        ("NVCR.io/nvidia/driver", "nvcr.io"),
        ("oci://quay.io/jetstack/charts/cert-manager", "quay.io"),
        ("", "docker.io"),
    ],
)
def test_the_registry_of_an_image(reference: str, registry: str) -> None:
    assert image_registry(reference) == registry
