"""Where the clouds are: regions, zones, multi-region names and implied pairs, and whose law reaches each.

Owns the answer to "in which country does this location name put data, and under whose law does its
operator stand". Refuses to guess: a name that is not in the tables is ``None``, which callers treat as
"not proven". It decides nothing about what is allowed; that is ``ringfence.planning`` and ``policy``.

Tables: regions.csv, partitions.csv, multi_regions.csv, azure_pairs.csv (sources and dates in their
headers).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Literal, cast

from iso3166 import countries_by_alpha2

from ringfence.facts._tables import table, text

Provider = Literal["aws", "azure", "gcp"]
PROVIDERS: tuple[Provider, ...] = ("aws", "azure", "gcp")

_AWS_ZONE_ID = re.compile(r"(?P<prefix>[a-z]+\d)-az\d+")
_AWS_ZONE = re.compile(r"(?P<region>[a-z0-9-]+-\d+)[a-z]")
_GCP_ZONE = re.compile(r"(?P<region>(?:u-)?[a-z]+-[a-z]+\d+)-(?:[a-z]|ai\d+[a-z])")
_AZURE_ZONE = re.compile(r"(?P<region>[a-z0-9]+)-[123]")


@dataclass(frozen=True, slots=True)
class Region:
    """One cloud region (or AWS Local Zone, then with ``parent``).

    ``country`` is where the machines stand. ``operator_country`` is the legal home of the company that
    runs them, ``owner_country`` that of its ultimate parent: a sovereign partition can have a German
    operator and an American owner. ``status`` is ``open``, ``announced``, ``restricted`` (needs the
    provider's approval) or ``retired``. ``opened`` and ``closed`` are ISO 8601 dates, to the year where
    no day is published.
    """

    provider: Provider
    code: str
    country: str
    city: str | None
    partition: str
    operator: str
    operator_country: str
    owner_country: str
    status: str
    opened: str | None
    closed: str | None
    parent: str | None
    source: str

    @property
    def operator_laws(self) -> frozenset[str]:
        """The countries whose law reaches the operator: its own home and its owner's."""
        return frozenset({self.operator_country, self.owner_country})


@dataclass(frozen=True, slots=True)
class MultiRegion:
    """A location name that stands for more than one region.

    ``countries`` is every country where the provider may put the data under that name. It is every ISO
    country for ``global``, so "is a subset of what is allowed" stays the only question a caller has to
    ask. ``regions`` is empty where the provider publishes an area and no list of members. ``services``
    are module names of Pulumi's package for the provider (``storage``, ``kms``), or ``*`` for every
    service.
    """

    provider: Provider
    name: str
    services: tuple[str, ...]
    regions: tuple[str, ...]
    countries: frozenset[str]
    source: str


@cache
def _all() -> dict[tuple[str, str], Region]:
    partitions = {(row["provider"], row["partition"]): row for row in table("partitions").rows}
    found: dict[tuple[str, str], Region] = {}
    for row in table("regions").rows:
        partition = partitions[row["provider"], row["partition"]]
        found[row["provider"], row["code"]] = Region(
            provider=cast(Provider, row["provider"]),
            code=row["code"],
            country=row["country"],
            city=text(row["city"]),
            partition=row["partition"],
            operator=partition["operator"],
            operator_country=partition["operator_country"],
            owner_country=partition["owner_country"],
            status=row["status"],
            opened=text(row["opened"]),
            closed=text(row["closed"]),
            parent=text(row["parent"]),
            source=row["source"],
        )
    return found


def normalise(provider: str, name: str) -> str:
    """The name as the tables write it.

    Azure takes display names too ("West Europe", "(Europe) West Europe").
    AWS and GCP names are exact: their APIs refuse any other spelling, so we do not mend it.
    """
    if provider != "azure":
        return name
    return re.sub(r"^\([^)]*\)|\s", "", name).casefold()


def region(provider: str, code: str) -> Region | None:
    """The region (or AWS Local Zone) of that name, or None: not listed, so its country is not proven."""
    return _all().get((provider, normalise(provider, code)))


def regions(provider: str) -> tuple[Region, ...]:
    """Every listed region of one provider, in all its partitions, ordered by code."""
    return tuple(sorted((r for (p, _), r in _all().items() if p == provider), key=lambda r: r.code))


@cache
def _zone_ids() -> dict[str, str]:
    return {row["zone_id"]: row["code"] for row in table("regions").rows if row["zone_id"]}


def zone_region(provider: str, zone: str) -> str | None:
    """The region code that tells where a zone stands, or None when that is not proven.

    ``eu-central-1a`` and the zone id ``euc1-az2`` are in ``eu-central-1``, ``europe-west4-b`` in
    ``europe-west4``, and AKS labels nodes ``germanywestcentral-1``. An AWS Local Zone answers with its
    own row, never with its parent region, because it can stand in another country: ``us-east-1-bue-1a``
    is in Argentina. A bare Azure zone number says nothing: None.
    """
    by_id = _AWS_ZONE_ID.fullmatch(zone) if provider == "aws" else None
    if by_id:
        return _zone_ids().get(by_id["prefix"])
    pattern = {"aws": _AWS_ZONE, "azure": _AZURE_ZONE, "gcp": _GCP_ZONE}.get(provider)
    match = pattern.fullmatch(normalise(provider, zone)) if pattern else None
    found = region(provider, match["region"]) if match else None
    return found.code if found else None


@cache
def _multi() -> dict[tuple[str, str], tuple[MultiRegion, ...]]:
    found: dict[tuple[str, str], list[MultiRegion]] = {}
    for row in table("multi_regions").rows:
        members = tuple(row["regions"].split())
        provider = cast(Provider, row["provider"])
        entry = MultiRegion(
            provider=provider,
            name=row["name"],
            services=tuple(row["services"].split()),
            regions=members,
            countries=_member_countries(provider, members, row["countries"]),
            source=row["source"],
        )
        found.setdefault((provider, entry.name.casefold()), []).append(entry)
    return {key: tuple(entries) for key, entries in found.items()}


def _member_countries(provider: str, members: tuple[str, ...], written: str) -> frozenset[str]:
    if written == "*":
        return frozenset(countries_by_alpha2)
    return frozenset(written.split()) | {_all()[provider, member].country for member in members}


def multi_region(provider: str, name: str, service: str | None = None) -> MultiRegion | None:
    """What a multi-region name covers, or None when it is not listed.

    Case does not matter (``EUR4`` is ``eur4``). The same name can mean different regions in different
    services: give ``service`` (a word of ``MultiRegion.services``: ``storage``, ``kms`` ...) to have that
    service's meaning, or None when it has none listed. Without it the answer is the union of all
    meanings.
    """
    entries = _multi().get((provider, name.casefold()), ())
    chosen = tuple(entry for entry in entries if service is None or {service, "*"} & {*entry.services})
    if not chosen:
        return None
    if len(chosen) == 1:
        return chosen[0]
    return MultiRegion(
        provider=chosen[0].provider,
        name=chosen[0].name,
        services=tuple(service for entry in chosen for service in entry.services),
        regions=tuple(sorted({code for entry in chosen for code in entry.regions})),
        countries=frozenset().union(*(entry.countries for entry in chosen)),
        source="; ".join(dict.fromkeys(entry.source for entry in chosen)),
    )


def multi_regions(provider: str) -> tuple[MultiRegion, ...]:
    """Every listed multi-region meaning of one provider."""
    return tuple(entry for (p, _), entries in sorted(_multi().items()) if p == provider for entry in entries)


def paired_region(code: str) -> Region | None:
    """Where geo-redundant Azure services copy to from ``code``, or None: no pair, or not listed.

    Pairs are one-way for some regions (``brazilsouth`` copies to the United States; nothing copies back).
    """
    pairs = {row["region"]: row["pair"] for row in table("azure_pairs").rows}
    pair = pairs.get(normalise("azure", code))
    return region("azure", pair) if pair else None


def data_zone(code: str) -> MultiRegion | None:
    """Where a `DataZone*` model deployment of an Azure region may answer, or None: no zone, or no listed region.

    Microsoft publishes two: a zone of the European Union's member states, and one of the United States. A region of
    neither (Switzerland, the United Kingdom, Norway) has none.
    """
    found = region("azure", code)
    if found is None or found.partition != "azure":
        return None
    zones = (entry for entry in multi_regions("azure") if entry.name.startswith("DataZone "))
    return next((zone for zone in zones if found.country in zone.countries), None)
