"""Chargeback: who pays for which unit-hours of shared machines, so that every hour is paid for once.

Owns: the division. Pure. Refuses to own: prices (ringfence.planning.bill) and how the hours came about: a simulation
and a month's measurements are charged alike.

A tenant pays for what it was guaranteed, whether it used it or not, less what was lent of it; and for what it borrowed.
What was guaranteed to nobody and used by nobody is the platform's. So the rows always add up to all machines for the
whole time.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

PLATFORM = "(platform)"
"""Who pays for what nobody was guaranteed and nobody used."""

_CENT = Decimal("0.01")


@dataclass(frozen=True, kw_only=True)
class Usage:
    """A tenant's unit-hours of one kind of unit."""

    tenant: str
    guaranteed: float
    """Units guaranteed, times the hours."""
    borrowed: float
    lent: float


@dataclass(frozen=True, kw_only=True)
class Charge:
    """What somebody pays for one kind of unit."""

    tenant: str
    unit_hours: float
    """Guaranteed less lent plus borrowed."""
    usd: Decimal | None
    """None where the unit has no price: never 0 for want of one."""


def charge(usages: Iterable[Usage], capacity: float, usd_per_unit_hour: Decimal | None) -> list[Charge]:
    """A row for each tenant, and one for the platform. `capacity` is all unit-hours that there were."""
    usages = list(usages)
    hours = {usage.tenant: usage.guaranteed - usage.lent + usage.borrowed for usage in usages}
    hours[PLATFORM] = max(capacity - sum(hours.values()), 0.0)
    return [
        Charge(tenant=tenant, unit_hours=amount, usd=_usd(amount, usd_per_unit_hour))
        for tenant, amount in hours.items()
    ]


def _usd(hours: float, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else (Decimal(str(hours)) * rate).quantize(_CENT)
