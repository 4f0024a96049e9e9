"""What an hour costs: instances in the clouds, and accelerators that are owned.

Owns list prices with their date, and the price book of owned hardware. Refuses discounts nobody has
written down, and refuses to turn "unknown" into zero: a missing price is ``None``. Tables: prices.csv,
owned_hardware.csv, electricity.csv. All money is USD, exact (``Decimal``), per hour of one month of
``HOURS_PER_MONTH``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cache
from typing import Literal

from ringfence.facts._tables import table

Basis = Literal["list", "spot-snapshot", "on-demand-bound", "owned-model"]

# The month of every cloud bill we compare with (infracost internal/schema/resource.go, AWS and Azure
# calculators).
HOURS_PER_MONTH = Decimal(730)

# The capacity kinds of a pool that is rented, and what a price of each rests on.
_BASIS: dict[str, Basis] = {
    "on-demand": "list",
    "spot": "spot-snapshot",
    "reserved": "on-demand-bound",
    "flex": "on-demand-bound",
}


@dataclass(frozen=True, slots=True)
class Price:
    """USD for one hour: of an instance from ``price``, of one accelerator from ``owned_hourly``.

    ``date`` is the day the price was seen, or the first day it can have been true. ``basis`` tells how
    much to trust it: ``list`` is a published price; ``spot-snapshot`` moves by the minute;
    ``on-demand-bound`` is the on-demand price standing in for a reservation whose discount is not known;
    ``owned-model`` is computed from assumptions that ``source`` names.
    """

    usd_per_hour: Decimal
    date: date
    source: str
    basis: Basis

    @property
    def moves(self) -> bool:
        """Whether the price is a moving one, to be shown but not relied on."""
        return self.basis == "spot-snapshot"

    @property
    def usd_per_month(self) -> Decimal:
        """The price of ``HOURS_PER_MONTH`` hours."""
        return self.usd_per_hour * HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class OwnedServer:
    """The price book's row for one accelerator: USD and watts are per server with ``gpus`` accelerators.

    ``network_share`` is the extra capital for network and racks, ``support_share`` the yearly support,
    both as a share of the server's price. ``staff`` is not in it: people are counted per site, not per
    accelerator.
    """

    accelerator: str
    gpus: int
    capex_usd: Decimal
    network_share: Decimal
    depreciation_months: int
    watts: int
    pue: Decimal
    support_share: Decimal
    evidence: str
    source: str


@dataclass(frozen=True, slots=True)
class Electricity:
    """What industry pays for power in a country: USD per kWh, as a range."""

    country: str
    low_usd_per_kwh: Decimal
    high_usd_per_kwh: Decimal
    source: str


@cache
def _listed() -> dict[tuple[str, str, str], dict[str, str]]:
    return {(row["provider"], row["region"], row["instance"]): dict(row) for row in table("prices").rows}


def price(provider: str, region: str, instance: str, capacity: str = "on-demand") -> Price | None:
    """The price of one instance for an hour, or None where it is not known.

    ``capacity`` is ``on-demand``, ``spot``, ``reserved`` or ``flex``. No table of reservations or of
    flexible starts exists, so the last two answer with the on-demand price and the basis
    ``on-demand-bound``: a discount can only lower it. ``owned`` has no instance price: see
    ``owned_hourly``. Raises ValueError for any other capacity.
    """
    if capacity not in _BASIS:
        raise ValueError(f"capacity {capacity!r} has no instance price; allowed: {', '.join(_BASIS)}")
    row = _listed().get((provider, region, instance))
    if row is None:
        return None
    cell = row["spot_usd_h" if capacity == "spot" else "on_demand_usd_h"]
    if not cell:
        return None
    return Price(Decimal(cell), date.fromisoformat(row["date"]), row["source"], _BASIS[capacity])


def priced_regions(provider: str, instance: str) -> tuple[str, ...]:
    """The regions where an on-demand price of this instance is known, by name."""
    return tuple(
        sorted(
            region
            for (found, region, type), row in _listed().items()
            if (found, type) == (provider, instance) and row["on_demand_usd_h"]
        )
    )


@cache
def _owned() -> dict[str, OwnedServer]:
    return {
        row["accelerator"]: OwnedServer(
            accelerator=row["accelerator"],
            gpus=int(row["gpus"]),
            capex_usd=Decimal(row["capex_usd"]),
            network_share=Decimal(row["network_share"]),
            depreciation_months=int(row["depreciation_months"]),
            watts=int(row["watts"]),
            pue=Decimal(row["pue"]),
            support_share=Decimal(row["support_share"]),
            evidence=row["evidence"],
            source=row["source"],
        )
        for row in table("owned_hardware").rows
    }


@cache
def _electricity() -> dict[str, Electricity]:
    return {
        row["country"]: Electricity(
            row["country"], Decimal(row["low_usd_per_kwh"]), Decimal(row["high_usd_per_kwh"]), row["source"]
        )
        for row in table("electricity").rows
    }


def owned_server(accelerator: str) -> OwnedServer | None:
    """The price book's row for an accelerator, or None: no price is known."""
    return _owned().get(accelerator)


def electricity(country: str) -> Electricity | None:
    """What power costs in a country (ISO alpha-2), or None: not known."""
    return _electricity().get(country)


def owned_hourly(accelerator: str, country: str) -> Price | None:
    """What one owned accelerator costs an hour in a country, used or idle; None if a part is unknown.

    ``capex x (1 + network) / (months x 730 h)`` straight line to zero, plus ``watts x PUE x USD per kWh``
    at full draw and the dear end of the country's range, plus yearly support. Per accelerator of the
    server; of the whole server for ``none``. Staff, floor space and the cost of capital are not in it.
    """
    server, power = owned_server(accelerator), electricity(country)
    if server is None or power is None:
        return None
    depreciation = server.capex_usd * (1 + server.network_share) / (server.depreciation_months * HOURS_PER_MONTH)
    energy = Decimal(server.watts) / 1000 * server.pue * power.high_usd_per_kwh
    support = server.capex_usd * server.support_share / (12 * HOURS_PER_MONTH)
    hourly = (depreciation + energy + support) / max(server.gpus, 1)
    source = f"{server.source}; {power.source}; server price {server.evidence}"
    return Price(hourly.quantize(Decimal("0.0001")), table("owned_hardware").as_of, source, "owned-model")
