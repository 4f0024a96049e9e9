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
    """Where something is, and whose law its operator is under.

    None means that it is not known: never that it is fine.
    """

    country: str | None
    """ISO 3166 country."""
    operator_country: str | None
    """The operator's legal home."""
    owner_country: str | None = None
    """The legal home of the operator's owner, where that is another country: its law reaches the data too."""

    @property
    def laws(self) -> frozenset[str] | None:
        """The countries whose law reaches the operator; None where its own home is not known."""
        if self.operator_country is None:
            return None
        return frozenset({self.operator_country, self.owner_country or self.operator_country})


def place_of(thing: CloudSite | DatacentreSite | EdgeSite | ExternalService | Registry) -> Place:
    """The place of a site, an outside service or a registry. What the platform says of an operator outweighs the
    facts."""
    if not isinstance(thing, CloudSite):
        return Place(thing.country, thing.operator.country)
    known = regions.region(thing.provider, thing.region)
    country = known.country if known else thing.country
    if thing.operator:
        return Place(country, thing.operator.country)
    return Place(country, known.operator_country, known.owner_country) if known else Place(country, None)
