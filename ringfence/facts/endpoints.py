"""Hosts outside the platform that data can leave to, and where and under whose law they stand.

Owns the answer for registries, model hubs, telemetry and model APIs. Refuses to guess: an unknown host is
``None``, and a known host without a published place has ``countries`` None, which is "not proven" all the
same. Table: endpoints.csv.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ringfence.facts import regions
from ringfence.facts._tables import table

DOCKER_HUB = "docker.io"

# Which service's multi-region names a host of a kind can carry
# (ringfence.facts.regions.MultiRegion.services).
_SERVICES = {"registry": "artifactregistry", "model-api": "vertex"}


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One host. ``countries`` is where what is sent there may rest, None where that is not published.

    ``operator_laws`` are the countries whose law reaches the operator and its owner. ``kind`` is
    ``registry``, ``charts``, ``models``, ``storage``, ``telemetry``, ``model-api``, ``source``,
    ``alerts`` or ``state``.
    """

    host: str
    kind: str
    operator: str
    operator_laws: frozenset[str]
    countries: frozenset[str] | None
    source: str


@cache
def _patterns() -> tuple[tuple[re.Pattern[str], Mapping[str, str]], ...]:
    """Every row with its pattern: literal hosts first, then the longest pattern, so the exact one wins."""
    rows = sorted(table("endpoints").rows, key=lambda row: (_is_pattern(row), -len(row["pattern"])))
    return tuple((_compile(row["pattern"]), row) for row in rows)


def _is_pattern(row: Mapping[str, str]) -> bool:
    return "*" in row["pattern"] or "{" in row["pattern"]


def _compile(pattern: str) -> re.Pattern[str]:
    escaped = re.escape(pattern).replace(r"\*", r"[a-z0-9.-]+").replace(r"\{region\}", r"(?P<region>[a-z0-9-]+)")
    return re.compile(escaped)


def endpoint(host: str) -> Endpoint | None:
    """What is known of a host (a port is ignored, case does not matter), or None: not listed.

    A host that names its cloud region answers with that region's country and operator; when the region is
    not listed the host is None too, because nothing about it is proven.
    """
    name = host.strip().casefold().rsplit(":", 1)[0] if re.search(r":\d+$", host.strip()) else host.strip().casefold()
    for pattern, row in _patterns():
        match = pattern.fullmatch(name)
        if match:
            return _regional(name, row, match["region"]) if row["provider"] else _fixed(name, row)
    return None


def _fixed(host: str, row: Mapping[str, str]) -> Endpoint:
    return Endpoint(
        host=host,
        kind=row["kind"],
        operator=row["operator"],
        operator_laws=frozenset(row["operator_country"].split()),
        countries=frozenset({row["country"]}) if row["country"] else None,
        source=row["source"],
    )


def _regional(host: str, row: Mapping[str, str], code: str) -> Endpoint | None:
    provider = row["provider"]
    found = regions.region(provider, code)
    area = None if found else regions.multi_region(provider, code, _SERVICES.get(row["kind"]))
    # A multi-region is only sold in the ordinary partition, which has its provider's name.
    home = found or next((each for each in regions.regions(provider) if each.partition == provider), None)
    if home is None or (found is None and area is None):
        return None
    return Endpoint(
        host=host,
        kind=row["kind"],
        operator=row["operator"] or home.operator,
        operator_laws=home.operator_laws | {*row["operator_country"].split()},
        countries=area.countries if area else frozenset({home.country}),
        source=row["source"],
    )


def image_registry(reference: str) -> str:
    """The registry host of an image reference; a bare name is Docker Hub's, as runtimes read it.

    ``nginx`` and ``bitnami/nginx`` are ``docker.io``; ``localhost/x`` and ``registry:5000/x`` are hosts
    of their own.
    """
    first, slash, _ = reference.removeprefix("oci://").partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first.casefold() if is_host else DOCKER_HUB
