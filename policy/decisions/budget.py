"""What node pools cost a month at list price, with what could not be priced named beside the sum.

Owns: multiplying nodes by prices. Pure. Refuses to own: prices (ringfence.facts.prices) and reading pools out of
resources (policy.rules.budget). An unknown price is never 0: the pool is listed as not priced.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ringfence.facts import prices

_SHOWN = 5


@dataclass(frozen=True)
class Nodes:
    """A node pool as a program declares it. None is not known."""

    name: str
    cloud: str
    region: str | None
    instance: str | None
    capacity: str
    """on-demand, spot, reserved or flex."""
    most: int | None
    """Nodes at most."""


@dataclass(frozen=True)
class Bill:
    """The bill of all pools at their largest."""

    usd_per_month: Decimal
    largest: tuple[tuple[str, Decimal], ...]
    """(pool, USD/month), dearest first."""
    unpriced: tuple[str, ...]
    """Pool and why, of each that has no price."""

    @property
    def shown(self) -> str:
        """The dearest pools for a message."""
        return ", ".join(f"{name} {amount:,.0f}" for name, amount in self.largest[:_SHOWN])


def bill(pools: Iterable[Nodes]) -> Bill:
    """The bill of the pools for a month of prices.HOURS_PER_MONTH hours, in USD."""
    priced: list[tuple[str, Decimal]] = []
    unpriced: list[str] = []
    for pool in pools:
        amount = _month(pool)
        if isinstance(amount, str):
            unpriced.append(f"{pool.name} ({amount})")
        else:
            priced.append((pool.name, amount))
    total = sum((amount for _, amount in priced), Decimal(0))
    return Bill(total, tuple(sorted(priced, key=lambda row: -row[1])), tuple(unpriced))


def _month(pool: Nodes) -> Decimal | str:
    """USD a month, or why there is none."""
    if pool.most is None:
        return "its size is not known"
    if pool.instance is None or pool.region is None:
        return "its instance type or region is not known"
    found = prices.price(pool.cloud, pool.region, pool.instance, pool.capacity)
    if found is None:
        return f"no {pool.capacity} price of {pool.instance} in {pool.region}"
    return found.usd_per_month * pool.most
