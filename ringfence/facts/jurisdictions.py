"""Countries and the named groups of them that a data class may be bound to.

Owns the built-in groups (EU, EEA, adequacy decisions) and how a list of names becomes a set of ISO 3166
countries. Refuses to decide whether a transfer is lawful: it says which countries a name covers, on which
day, and from where that is known. Tables: country_groups.csv and adequacy.csv.
"""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache

from iso3166 import countries_by_alpha2, countries_by_alpha3, countries_by_name

from ringfence.facts._tables import day, table, text

OwnGroups = Mapping[str, Collection[str]]

ANY = "any"
EU = "EU"
EEA = "EEA"
GDPR_ADEQUATE = "GDPR-adequate"
GDPR_ADEQUATE_WITH_DPF = "GDPR-adequate-with-DPF"

# Names that people write and ISO 3166 does not: the Commission's own EL and UK, and everyday English.
_EVERYDAY = {"EL": "GR", "UK": "GB", "ENGLAND": "GB", "USA": "US", "AMERICA": "US", "HOLLAND": "NL"}


class JurisdictionError(ValueError):
    """A jurisdiction cannot be resolved. The message says which name, and what is allowed."""


class UnknownJurisdiction(JurisdictionError):
    """The name is neither an ISO 3166 alpha-2 code, nor a built-in group, nor one of the user's own."""

    def __init__(self, name: str, suggestion: str | None) -> None:
        self.name = name
        self.suggestion = suggestion
        hint = f"; did you mean {suggestion!r}?" if suggestion else "."
        super().__init__(
            f"unknown jurisdiction {name!r}{hint} Allowed: an ISO 3166 alpha-2 code such as 'DE', "
            f"{', '.join(repr(group) for group in group_names())}, or a group of your own"
        )


class JurisdictionCycle(JurisdictionError):
    """A group of the user's own contains itself, directly or through others."""

    def __init__(self, path: tuple[str, ...]) -> None:
        self.path = path
        super().__init__(f"jurisdiction group {path[0]!r} contains itself: {' -> '.join(path)}")


class ReservedJurisdiction(JurisdictionError):
    """A group of the user's own has the name of a country or of a built-in group."""

    def __init__(self, name: str) -> None:
        self.name = name
        super().__init__(
            f"jurisdiction group {name!r} would redefine a country or a built-in group; choose another name"
        )


@dataclass(frozen=True, slots=True)
class AdequacyDecision:
    """One GDPR Art. 45 decision. ``scope`` is None when it covers every recipient in the country."""

    country: str
    decided: date
    valid_until: date | None
    scope: str | None
    certified_only: bool
    source: str

    def in_force(self, on: date) -> bool:
        """Whether the decision can be relied on that day."""
        return self.decided <= on and (self.valid_until is None or on <= self.valid_until)


@cache
def adequacy_decisions() -> tuple[AdequacyDecision, ...]:
    """Every listed adequacy decision, by country."""
    return tuple(
        AdequacyDecision(
            country=row["country"],
            decided=date.fromisoformat(row["decided"]),
            valid_until=day(row["valid_until"]),
            scope=text(row["scope"]),
            certified_only=row["certified_only"] == "yes",
            source=row["source"],
        )
        for row in table("adequacy").rows
    )


@cache
def _members(group: str) -> frozenset[str]:
    return frozenset(row["country"] for row in table("country_groups").rows if row["group"] == group)


def known_as_of() -> date:
    """The day the adequacy table was last held to be true: the default for every ``on``."""
    return table("adequacy").as_of


def built_in(group: str, on: date | None = None) -> frozenset[str] | None:
    """The countries of a built-in group, or None for any other name.

    ``on`` is the day that counts for adequacy decisions (default: ``known_as_of()``). ``GDPR-adequate``
    is the EEA and every country with a decision in force for all recipients in its scope. The United
    States is only in ``GDPR-adequate-with-DPF``: its decision covers nobody but certified firms.
    """
    if group == ANY:
        return frozenset(countries_by_alpha2)
    if group in (EU, EEA):
        return _members(group)
    if group not in (GDPR_ADEQUATE, GDPR_ADEQUATE_WITH_DPF):
        return None
    moment = on or known_as_of()
    wanted = {
        decision.country
        for decision in adequacy_decisions()
        if decision.in_force(moment) and (group == GDPR_ADEQUATE_WITH_DPF or not decision.certified_only)
    }
    return _members(EEA) | wanted


def group_names() -> tuple[str, ...]:
    """The built-in groups, in the order errors and schemas show them."""
    return (EU, EEA, GDPR_ADEQUATE, GDPR_ADEQUATE_WITH_DPF, ANY)


def is_country(code: str) -> bool:
    """Whether this is an ISO 3166 alpha-2 code, in capitals."""
    return code in countries_by_alpha2


def countries(name: str, own_groups: OwnGroups | None = None, *, on: date | None = None) -> frozenset[str]:
    """The ISO 3166 alpha-2 countries that one name covers.

    ``name`` is a country code, a built-in group (``group_names()``) or a key of ``own_groups``, whose
    members are again such names. Raises UnknownJurisdiction, JurisdictionCycle or ReservedJurisdiction.
    """
    own = own_groups or {}
    for group in own:
        if is_country(group) or group in group_names():
            raise ReservedJurisdiction(group)
    return _resolve(name, own, on, ())


def _resolve(name: str, own: OwnGroups, on: date | None, path: tuple[str, ...]) -> frozenset[str]:
    if name in path:
        raise JurisdictionCycle((*path[path.index(name) :], name))
    if is_country(name):
        return frozenset({name})
    found = built_in(name, on)
    if found is not None:
        return found
    if name not in own:
        raise UnknownJurisdiction(name, _suggest(name, own))
    below = (*path, name)
    return frozenset().union(*(_resolve(member, own, on, below) for member in own[name]))


def _suggest(name: str, own: OwnGroups) -> str | None:
    """The name that was probably meant: everyday name, capitals, alpha-3, full name, then spelling."""
    upper = name.strip().upper()
    for candidate in (_EVERYDAY.get(upper), upper):
        if candidate and is_country(candidate):
            return candidate
    for index in (countries_by_alpha3, countries_by_name):
        if upper in index:
            return index[upper].alpha2
    groups = {group.casefold(): group for group in (*group_names(), *own)}
    close = difflib.get_close_matches(name.strip().casefold(), groups, n=1)
    if close:
        return groups[close[0]]
    close = difflib.get_close_matches(upper, countries_by_name, n=1)
    return countries_by_name[close[0]].alpha2 if close else None
