"""Prices: exact, dated, None where unknown; the owned model against a hand computation."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ringfence.facts import accelerators, instances, prices, regions
from ringfence.facts._tables import table
from ringfence.facts.prices import Price, owned_hourly, price

ROWS = table("prices").rows


def test_a_list_price_is_exact_dated_and_sourced() -> None:
    assert price("azure", "eastus", "Standard_ND96isr_H100_v5") == Price(
        usd_per_hour=Decimal("98.32"), date=date(2026, 6, 18), source="karpenter-azure", basis="list"
    )


@pytest.mark.parametrize(
    ("provider", "region", "instance", "usd"),
    [
        # Golden rows of the sizing study, and CPU prices that the providers publish.
        ("aws", "us-east-1", "p5.48xlarge", "55.04"),
        ("aws", "eu-north-1", "p5.48xlarge", "58.893"),
        ("azure", "westeurope", "Standard_ND96amsr_A100_v4", "40.962"),
        ("gcp", "europe-west4", "a3-highgpu-8g", "112.540"),
        ("aws", "eu-central-1", "m7i.xlarge", "0.2415"),
        ("aws", "eu-west-1", "m6i.xlarge", "0.214"),
        ("aws", "us-east-1", "m6i.xlarge", "0.192"),
        ("gcp", "us-central1", "e2-standard-4", "0.134"),
        ("azure", "germanywestcentral", "Standard_D8s_v5", "0.46"),
    ],
)
def test_known_prices(provider: str, region: str, instance: str, usd: str) -> None:
    found = price(provider, region, instance)
    assert found is not None
    assert found.usd_per_hour.quantize(Decimal("0.001")) == Decimal(usd).quantize(Decimal("0.001"))


def test_spot_is_marked_as_moving_and_other_rents_as_bounds() -> None:
    on_demand = price("aws", "us-east-1", "p5.48xlarge")
    spot = price("aws", "us-east-1", "p5.48xlarge", "spot")
    reserved = price("aws", "us-east-1", "p5.48xlarge", "reserved")
    assert on_demand is not None
    assert spot is not None
    assert reserved is not None
    assert price("aws", "us-east-1", "p5.48xlarge", "flex") == reserved
    assert (on_demand.moves, spot.moves, reserved.moves) == (False, True, False)
    assert (spot.basis, reserved.basis) == ("spot-snapshot", "on-demand-bound")
    assert spot.usd_per_hour < on_demand.usd_per_hour == reserved.usd_per_hour


@pytest.mark.parametrize(
    ("provider", "region", "instance", "capacity"),
    [
        ("aws", "eu-central-1", "p5.48xlarge", "on-demand"),
        ("gcp", "europe-west6", "n2-standard-8", "on-demand"),
        ("azure", "westeurope", "Standard_ND96isr_H100_v5", "spot"),
        ("gcp", "europe-west4", "a3-ultragpu-8g", "on-demand"),
        ("gcp", "europe-west4", "a3-ultragpu-8g", "reserved"),
        ("aws", "nowhere-1", "p5.48xlarge", "on-demand"),
        ("aws", "us-east-1", "p99.huge", "on-demand"),
    ],
)
def test_an_unknown_price_is_none_and_never_zero(provider, region, instance, capacity) -> None:
    assert price(provider, region, instance, capacity) is None


@pytest.mark.parametrize("capacity", ["owned", "Spot", ""])
def test_a_capacity_without_instance_prices_is_an_error(capacity: str) -> None:
    with pytest.raises(ValueError, match="allowed: on-demand, spot, reserved, flex"):
        price("aws", "us-east-1", "p5.48xlarge", capacity)


def test_every_row_names_a_listed_region_and_instance_and_a_real_price() -> None:
    for row in ROWS:
        assert regions.region(row["provider"], row["region"]), row
        assert instances.instance(row["provider"], row["instance"]), row
        listed = [Decimal(cell) for cell in (row["on_demand_usd_h"], row["spot_usd_h"]) if cell]
        assert listed, row
        assert all(Decimal("0.01") < usd < 500 for usd in listed), row
        assert date.fromisoformat(row["date"]) <= table("prices").as_of, row


def test_no_region_and_instance_is_priced_twice() -> None:
    keys = [(row["provider"], row["region"], row["instance"]) for row in ROWS]
    assert len(keys) == len(set(keys))


def test_every_instance_but_the_unsold_ones_is_priced_somewhere() -> None:
    priced = {(row["provider"], row["instance"]) for row in ROWS}
    listed = {(i.provider, i.type) for provider in regions.PROVIDERS for i in instances.instances(provider)}
    assert listed - priced == {("gcp", "a3-ultragpu-8g"), ("gcp", "a4-highgpu-8g")}


def test_priced_regions_are_those_with_an_on_demand_price() -> None:
    found = prices.priced_regions("aws", "p5.48xlarge")
    assert "eu-north-1" in found
    assert "eu-central-1" not in found
    assert all(price("aws", region, "p5.48xlarge") for region in found)
    assert prices.priced_regions("gcp", "a4-highgpu-8g") == ()


def test_an_owned_accelerator_costs_what_the_formula_says() -> None:
    """400,000 USD +15 % over 60 months, 10.2 kW x 1.52 x 0.30 USD, support 10 % a year, 8 accelerators."""
    depreciation = Decimal(460000) / (60 * 730)
    energy = Decimal("10.2") * Decimal("1.52") * Decimal("0.30")
    support = Decimal(40000) / (12 * 730)
    expected = ((depreciation + energy + support) / 8).quantize(Decimal("0.0001"))
    found = owned_hourly("nvidia-h100-80gb", "DE")
    assert found is not None
    assert (found.usd_per_hour, found.basis) == (expected, "owned-model") == (Decimal("2.4650"), "owned-model")
    assert found.usd_per_month == Decimal("2.4650") * 730


def test_a_server_without_accelerators_is_priced_whole() -> None:
    found = owned_hourly("none", "DE")
    assert found is not None
    depreciation, support = Decimal(17250) / (60 * 730), Decimal(1500) / (12 * 730)
    energy = Decimal("0.6") * Decimal("1.52") * Decimal("0.30")
    assert found.usd_per_hour == (depreciation + energy + support).quantize(Decimal("0.0001"))


def test_cheaper_power_makes_an_owned_accelerator_cheaper() -> None:
    german, american = owned_hourly("nvidia-b200", "DE"), owned_hourly("nvidia-b200", "US")
    assert german is not None
    assert american is not None
    assert american.usd_per_hour < german.usd_per_hour


@pytest.mark.parametrize(
    ("accelerator", "country"), [("nvidia-gb200", "DE"), ("nvidia-h100-80gb", "ZZ"), ("none", "JP")]
)
def test_an_owned_price_with_a_part_missing_is_none(accelerator: str, country: str) -> None:
    assert owned_hourly(accelerator, country) is None


def test_the_price_book_names_listed_devices() -> None:
    for row in table("owned_hardware").rows:
        assert accelerators.accelerator(row["accelerator"]), row
        server = prices.owned_server(row["accelerator"])
        assert server is not None
        assert server.evidence in {"quoted", "estimate"}
        assert server.pue >= 1
        assert (server.gpus == 0) is (row["accelerator"] == "none")


def test_every_electricity_range_runs_from_low_to_high() -> None:
    for row in table("electricity").rows:
        found = prices.electricity(row["country"])
        assert found is not None
        assert 0 < found.low_usd_per_kwh < found.high_usd_per_kwh < 1
