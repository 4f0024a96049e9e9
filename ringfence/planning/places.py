"""Places: the country and the law of each site, service and registry of a platform.

Owns: turning what the file says, or the region tables know, into one plain value. Refuses to own: whether that is
allowed.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.facts import regions
from ringfence.spec.operations import ExternalService, Registry
from ringfence.spec.site import CloudSite, DatacentreSite, EdgeSite


@dataclass(frozen=True)
class Place:
    """Where something is, and whose law its operator is under. None means that it is not known: never that it is
    fine."""

    country: str | None
    """ISO 3166 country."""
    operator_country: str | None
    """The operator's legal home."""


def place_of(thing: CloudSite | DatacentreSite | EdgeSite | ExternalService | Registry) -> Place:
    """The place of a site, an outside service or a registry."""
    if not isinstance(thing, CloudSite):
        return Place(thing.country, thing.operator.country)
    known = regions.region(thing.provider, thing.region)
    country = known.country if known else thing.country
    operator = thing.operator.country if thing.operator else (known.operator_country if known else None)
    return Place(country, operator)
