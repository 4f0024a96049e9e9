"""The table of other tools' demands, and what a contract makes of one: the regions between which the copy may be.

Owns demands.yaml and finding near ids. Refuses to own whether a place is allowed (ringfence.spec.residency.decide) and
where regions are (ringfence.facts.regions).
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

import yaml

from policy.contract import Contract
from ringfence.facts import regions
from ringfence.facts.regions import Region
from ringfence.spec.residency import decide

KINDS = ("other-region", "any-copy", "paired-region", "all-regions", "offsite", "spread")


@dataclass(frozen=True)
class Demand:
    """One rule of another tool."""

    id: str
    """tool:rule."""
    demands: str
    leak: str
    provider: str
    """aws, azure or kubernetes."""
    kind: str
    """What passes it: one of KINDS."""
    ours: str
    """Our rule that looks at the same flow."""
    both: str
    change: str
    otherwise: str
    source: str
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What a contract allows for one data class: pairs of (where the data is, where its copy may be)."""

    data_class: str
    regions: tuple[Region, ...]
    """Every open region where the class may rest."""
    copies: tuple[tuple[Region, Region], ...]
    """From each such region to another that passes the demand too; of a paired region only to its pair."""


@cache
def demands() -> dict[str, Demand]:
    """Every demand by id."""
    text = resources.files("ringfence.explaining").joinpath("demands.yaml").read_text(encoding="utf-8")
    rows = yaml.safe_load(text)
    return {name: _demand(name, row) for name, row in rows.items()}


def _demand(name: str, row: dict[str, Any]) -> Demand:
    texts = {key: str(value).rstrip() for key, value in row.items() if key != "aliases"}
    return Demand(id=name, aliases=tuple(row.get("aliases", ())), **texts)


def find(name: str) -> Demand | None:
    """The demand of an id or an alias, in any case; the tool may be left out where one rule has the name."""
    wanted = name.strip().casefold()
    by_name = {each.casefold(): demand for demand in demands().values() for each in (demand.id, *demand.aliases)}
    if wanted in by_name:
        return by_name[wanted]
    bare = {demand.id: demand for key, demand in by_name.items() if key.partition(":")[2] == wanted}
    return next(iter(bare.values())) if len(bare) == 1 else None


def near(name: str) -> list[str]:
    """Ids that may have been meant, nearest first; those of the same tool when nothing is near."""
    names = {each.casefold(): each for demand in demands().values() for each in (demand.id, *demand.aliases)}
    wanted = name.strip().casefold()
    found = [names[each] for each in difflib.get_close_matches(wanted, names, n=5, cutoff=0.6)]
    tool = wanted.partition(":")[0]
    return found or [each for key, each in names.items() if key.startswith(f"{tool}:")]


def choice(demand: Demand, data_class: str, contract: Contract) -> Choice:
    """Where data of a class, and the copy that the demand asks for, may both be."""
    provider = "aws" if demand.provider == "kubernetes" else demand.provider
    allowed = tuple(each for each in regions.regions(provider) if _may_rest(each, data_class, contract))
    return Choice(data_class, allowed, tuple(_copies(demand, allowed)))


def _copies(demand: Demand, allowed: tuple[Region, ...]) -> list[tuple[Region, Region]]:
    if demand.kind == "spread":
        return []
    if demand.kind == "paired-region":
        codes = {each.code for each in allowed}
        found = [(each, regions.paired_region(each.code)) for each in allowed]
        return [(each, pair) for each, pair in found if pair is not None and pair.code in codes]
    others = [
        (home, other)
        for home in allowed
        for other in allowed
        if home is not other and home.partition == other.partition
    ]
    if demand.kind in ("all-regions", "any-copy"):
        others += [(home, home) for home in allowed]
    return others


def _may_rest(region: Region, data_class: str, contract: Contract) -> bool:
    """Whether a region is open to everybody and the class may rest there. Local Zones are left out: few services."""
    if region.status != "open" or region.parent:
        return False
    known = contract.data_classes[data_class]
    return decide(known, "rest", region.country, region.operator_laws, contract.groups).proven
