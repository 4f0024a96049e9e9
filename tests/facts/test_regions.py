"""Regions, zones, multi-region names and pairs: whole answers, the traps, and drift against the wheels' own lists."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from iso3166 import countries_by_alpha2

from ringfence.facts import regions
from ringfence.facts._tables import table

EVERY_REGION = [region for provider in regions.PROVIDERS for region in regions.regions(provider)]
NAMES = st.sampled_from(EVERY_REGION)


def test_a_region_says_everything_known_of_it() -> None:
    assert regions.region("aws", "eu-central-1") == regions.Region(
        provider="aws",
        code="eu-central-1",
        country="DE",
        city="Frankfurt",
        partition="aws",
        operator="Amazon Web Services Inc.",
        operator_country="US",
        owner_country="US",
        status="open",
        opened="2014",
        closed=None,
        parent=None,
        source="sparecores",
    )


@pytest.mark.parametrize("region", EVERY_REGION, ids=lambda region: f"{region.provider}-{region.code}")
def test_every_region_has_iso_countries_and_a_known_status(region: regions.Region) -> None:
    assert {region.country, region.operator_country, region.owner_country} <= set(countries_by_alpha2)
    assert region.status in {"open", "announced", "restricted", "retired"}
    assert re.fullmatch(r"\d{4}(-\d{2}-\d{2})?", region.opened or "2000")


def test_region_codes_are_unique_within_a_provider() -> None:
    keys = [(row["provider"], row["code"]) for row in table("regions").rows]
    assert len(keys) == len(set(keys))


def test_zone_id_prefixes_are_unique() -> None:
    prefixes = [row["zone_id"] for row in table("regions").rows if row["zone_id"]]
    assert len(prefixes) == len(set(prefixes)) > 25


def test_the_two_known_upstream_errors_stay_corrected() -> None:
    found = [regions.region("azure", code) for code in ("mexicocentral", "brazilsoutheast")]
    assert [region.country for region in found if region] == ["MX", "BR"]


@pytest.mark.parametrize(
    ("provider", "code", "country", "laws"),
    [
        ("aws", "eusc-de-east-1", "DE", {"DE", "US"}),
        ("aws", "cn-north-1", "CN", {"CN"}),
        ("aws", "us-gov-west-1", "US", {"US"}),
        ("aws", "eu-isoe-west-1", "GB", {"US"}),
        ("azure", "chinaeast2", "CN", {"CN"}),
        ("azure", "usgovvirginia", "US", {"US"}),
        ("gcp", "europe-west3", "DE", {"US"}),
        # Google's technology run by somebody else, in a universe of its own.
        ("gcp", "u-france-east1", "FR", {"FR"}),
        ("gcp", "u-germany-northeast1", "DE", {"DE", "US"}),
    ],
)
def test_the_operators_law_follows_the_partition(provider, code, country, laws) -> None:
    found = regions.region(provider, code)
    assert found is not None
    assert (found.country, found.operator_laws) == (country, laws)


@pytest.mark.parametrize("name", ["West Europe", "westeurope", "WESTEUROPE", "WestEurope", "(Europe) West Europe"])
def test_azure_display_names_mean_the_same_region(name: str) -> None:
    assert regions.region("azure", name) is regions.region("azure", "westeurope")


@pytest.mark.parametrize(
    ("provider", "name"),
    [
        ("aws", "EU-CENTRAL-1"),
        ("aws", "eu-central-9"),
        ("aws", ""),
        ("gcp", "europe west4"),
        ("gcp", "EUROPE-WEST4"),
        ("azure", "eu-central-1"),
        ("oci", "eu-frankfurt-1"),
    ],
)
def test_any_other_name_is_not_proven(provider: str, name: str) -> None:
    assert regions.region(provider, name) is None


@pytest.mark.parametrize(
    ("provider", "zone", "expected"),
    [
        ("aws", "eu-central-1a", "eu-central-1"),
        ("aws", "us-gov-east-1b", "us-gov-east-1"),
        ("aws", "eusc-de-east-1c", "eusc-de-east-1"),
        # A Local Zone can stand in another country than the region it extends.
        ("aws", "us-east-1-bue-1a", "us-east-1-bue-1"),
        ("aws", "us-east-1-xyz-1a", None),
        ("aws", "eu-central-1-wl1-ber-wlz-1", None),
        ("aws", "eu-central-1", None),
        ("aws", "euc1-az2", "eu-central-1"),
        ("aws", "aps1-az1", "ap-south-1"),
        ("aws", "use1-bue1-az1", None),
        ("aws", "zzz9-az1", None),
        ("aws", "xx-central-1a", None),
        ("gcp", "europe-west4-b", "europe-west4"),
        ("gcp", "us-central1-ai1a", "us-central1"),
        ("gcp", "u-france-east1-b", "u-france-east1"),
        ("gcp", "europe-west4", None),
        ("gcp", "europe-west4-", None),
        ("azure", "germanywestcentral-1", "germanywestcentral"),
        ("azure", "eastus2-3", "eastus2"),
        ("azure", "1", None),
        ("azure", "eastus2", None),
        ("oci", "eu-central-1a", None),
    ],
)
def test_a_zone_tells_its_region_or_nothing(provider: str, zone: str, expected: str | None) -> None:
    assert regions.zone_region(provider, zone) == expected


def test_a_local_zone_abroad_is_in_its_own_country() -> None:
    local = regions.region("aws", regions.zone_region("aws", "us-east-1-bue-1a") or "")
    assert local is not None
    assert (local.country, local.parent) == ("AR", "us-east-1")


def test_every_parent_is_a_listed_region() -> None:
    parents = {(region.provider, region.parent) for region in EVERY_REGION if region.parent}
    assert parents
    assert all(regions.region(provider, parent or "") for provider, parent in parents)


@given(NAMES, st.sampled_from("abcdef"))
def test_aws_and_gcp_zones_are_in_their_region(region: regions.Region, letter: str) -> None:
    zone = {"aws": f"{region.code}{letter}", "gcp": f"{region.code}-{letter}", "azure": f"{region.code}-1"}
    assert regions.zone_region(region.provider, zone[region.provider]) == region.code


@given(st.text(max_size=40))
def test_no_text_is_ever_an_error(text: str) -> None:
    for provider in (*regions.PROVIDERS, text):
        assert regions.region(provider, text) is None or text
        regions.zone_region(provider, text)
        regions.multi_region(provider, text)
    regions.paired_region(text)


@pytest.mark.parametrize(
    ("name", "service", "expected"),
    [
        ("EUR4", "storage", {"FI", "NL"}),
        ("eur4", "storage", {"FI", "NL"}),
        ("NAM4", "storage", {"US"}),
        ("ASIA1", "storage", {"JP"}),
        # The same name is three regions in Spanner, with its witness in Seoul.
        ("asia1", "spanner", {"JP", "KR"}),
        ("asia1", None, {"JP", "KR"}),
        # European, and not in the Union.
        ("EUR5", "storage", {"BE", "GB"}),
        ("EUR8", "storage", {"DE", "CH"}),
        ("eur6", "spanner", {"NL", "DE", "CH"}),
        ("US", "bigquery", {"US"}),
        ("eur5", "kms", {"BE", "GB", "NL"}),
        ("nam11", "kms", {"US"}),
    ],
)
def test_a_multi_region_covers_the_countries_of_its_members(name, service, expected) -> None:
    found = regions.multi_region("gcp", name, service)
    assert found is not None
    assert found.countries == expected


def test_eu_is_the_union_for_storage_and_wider_where_only_the_continent_is_named() -> None:
    storage, either = regions.multi_region("gcp", "EU", "storage"), regions.multi_region("gcp", "EU")
    assert storage is not None
    assert either is not None
    assert len(storage.countries) == 27
    assert either.countries - storage.countries == {"GB", "CH"}


def test_a_key_in_europe_is_in_the_union_and_an_image_may_not_be() -> None:
    key, image = (regions.multi_region("gcp", "europe", service) for service in ("kms", "artifactregistry"))
    assert key is not None and image is not None
    assert image.countries - key.countries == {"GB", "CH"}


@pytest.mark.parametrize(
    ("region", "zone"),
    [
        ("germanywestcentral", "DataZone EU"),
        ("West Europe", "DataZone EU"),
        ("eastus2", "DataZone US"),
        ("uksouth", None),
        ("switzerlandnorth", None),
        ("usgovvirginia", None),
        ("nowhere", None),
    ],
)
def test_a_model_deployment_has_the_data_zone_of_its_region(region: str, zone: str | None) -> None:
    found = regions.data_zone(region)
    assert (found and found.name) == zone


@pytest.mark.parametrize(
    ("prefix", "country", "inside"),
    [("eu", "GB", False), ("eu", "SE", True), ("apac", "AU", True), ("jp", "KR", False), ("au", "AU", True)],
)
def test_an_inference_profile_covers_its_destinations(prefix: str, country: str, inside: bool) -> None:
    found = regions.multi_region("aws", prefix, "bedrock")
    assert found is not None
    assert (country in found.countries) is inside


@pytest.mark.parametrize(("provider", "name"), [("gcp", "global"), ("aws", "aws-global"), ("azure", "Global")])
def test_global_is_everywhere_for_every_service(provider: str, name: str) -> None:
    found = regions.multi_region(provider, name, "anything")
    assert found is not None
    assert found.countries == set(countries_by_alpha2)


def test_a_name_without_a_meaning_for_the_service_is_not_proven() -> None:
    assert regions.multi_region("gcp", "EUR7", "kms") is None
    assert regions.multi_region("gcp", "MARS1") is None


def test_multi_region_members_and_countries_are_listed() -> None:
    for provider in regions.PROVIDERS:
        for several in regions.multi_regions(provider):
            assert several.countries <= set(countries_by_alpha2)
            assert several.countries
            assert all(regions.region(provider, code) for code in several.regions), several


@pytest.mark.parametrize(
    ("code", "pair", "country"),
    [
        ("germanywestcentral", "germanynorth", "DE"),
        ("West Europe", "northeurope", "IE"),
        ("southeastasia", "eastasia", "HK"),
        ("brazilsouth", "southcentralus", "US"),
        ("southcentralus", "northcentralus", "US"),
    ],
)
def test_a_pair_is_where_geo_redundant_data_goes(code: str, pair: str, country: str) -> None:
    found = regions.paired_region(code)
    assert found is not None
    assert (found.code, found.country) == (pair, country)


@pytest.mark.parametrize("code", ["polandcentral", "qatarcentral", "nowhere"])
def test_a_region_without_a_listed_pair_has_none(code: str) -> None:
    assert regions.paired_region(code) is None


def test_every_pair_names_listed_azure_regions() -> None:
    for row in table("azure_pairs").rows:
        assert regions.region("azure", row["region"]), row
        assert regions.region("azure", row["pair"]), row


# --- drift: the wheels know regions that we must know too ---
