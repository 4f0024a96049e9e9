"""The bill: what each pool costs a month, rented and owned in one table, before it is built.

Owns: multiplying nodes by hourly prices, and saying what could not be priced. Refuses to own: prices
(ringfence.facts.prices) and anything but node pools; storage, traffic and licences come with `ringfence bill`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from ringfence.facts import prices
from ringfence.planning.places import place_of
from ringfence.spec import Platform
from ringfence.spec.pool import Pool
from ringfence.spec.site import CloudSite, Site


@dataclass(frozen=True, kw_only=True)
class BillRow:
    """One pool for a month of 730 hours."""

    cluster: str
    pool: str
    site: str
    capacity: str
    nodes_low: int
    """Nodes that are always there."""
    nodes_high: int
    """Nodes at most."""
    usd_per_node_hour: Decimal | None
    """None: not known. Never 0 for want of a price."""
    basis: str
    """How much to trust it: declared, list, spot-snapshot, on-demand-bound, owned-model, or why there is none."""
    source: str

    @property
    def usd_low(self) -> Decimal | None:
        """USD/month at the fewest nodes."""
        return self._month(self.nodes_low)

    @property
    def usd_high(self) -> Decimal | None:
        """USD/month at the most nodes."""
        return self._month(self.nodes_high)

    def _month(self, nodes: int) -> Decimal | None:
        if self.usd_per_node_hour is None:
            return None
        return (self.usd_per_node_hour * prices.HOURS_PER_MONTH * nodes).quantize(Decimal("0.01"))


@dataclass(frozen=True)
class Bill:
    """All pools of a platform."""

    rows: tuple[BillRow, ...]

    @property
    def usd_low(self) -> Decimal:
        """USD/month of everything priced, at the fewest nodes."""
        return _sum(row.usd_low for row in self.rows)

    @property
    def usd_high(self) -> Decimal:
        """USD/month of everything priced, at the most nodes."""
        return _sum(row.usd_high for row in self.rows)

    @property
    def unpriced(self) -> tuple[BillRow, ...]:
        """Pools without a price: the totals leave them out."""
        return tuple(row for row in self.rows if row.usd_per_node_hour is None)


def _sum(amounts: Iterable[Decimal | None]) -> Decimal:
    return sum((amount for amount in amounts if amount is not None), Decimal(0))


def bill(platform: Platform) -> Bill:
    """The platform's pools, in the file's order."""
    return Bill(
        tuple(
            _row(name, key, cluster.site, platform.sites[cluster.site], pool)
            for name, cluster in platform.clusters.items()
            for key, pool in cluster.pools.items()
        )
    )


def _row(cluster: str, name: str, site_name: str, site: Site, pool: Pool) -> BillRow:
    hourly, basis, source = node_hour(site, pool)
    return BillRow(
        cluster=cluster,
        pool=name,
        site=site_name,
        capacity=pool.capacity.kind,
        nodes_low=pool.smallest,
        nodes_high=pool.largest,
        usd_per_node_hour=hourly,
        basis=basis,
        source=source,
    )


def node_hour(site: Site, pool: Pool) -> tuple[Decimal | None, str, str]:
    """(USD per node hour or None, basis, source): the organisation's own figure, or what the tables know."""
    if pool.usd_per_node_hour is not None:
        return Decimal(str(pool.usd_per_node_hour)), "declared", "the platform file"
    return rented_hour(site, pool) if isinstance(site, CloudSite) else owned_hour(site, pool)


def rented_hour(site: CloudSite, pool: Pool) -> tuple[Decimal | None, str, str]:
    """(USD per node hour or None, basis, source) of a cloud pool. Flex-start is priced as on-demand: an upper bound."""
    kind = "on-demand" if pool.capacity.kind == "flex" else pool.capacity.kind
    if pool.instance_type is None or kind == "owned":
        return None, "not priced: no instance type", ""
    found = prices.price(site.provider, site.region, pool.instance_type, kind)
    if found is None:
        return None, f"not priced: no {kind} price of {pool.instance_type} in {site.region}", ""
    return found.usd_per_hour, found.basis, found.source


def owned_hour(site: Site, pool: Pool) -> tuple[Decimal | None, str, str]:
    """(USD per node hour or None, basis, source) of machines of our own."""
    country = place_of(site).country
    device = pool.accelerator or "none"
    found = prices.owned_hourly(device, country) if country else None
    if found is None:
        return (
            None,
            f"not priced: no price book row for {pool.accelerator or 'servers without accelerators'} in {country}",
            "",
        )
    return found.usd_per_hour * (pool.accelerators_per_node or 1), found.basis, found.source
