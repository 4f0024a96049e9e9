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
    """Every row with its pattern; literal hosts come first, so an exact name beats a wildcard."""
    rows = sorted(table("endpoints").rows, key=lambda row: "*" in row["pattern"] or "{" in row["pattern"])
    return tuple((_compile(row["pattern"]), row) for row in rows)


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
    if found:
        where = frozenset({found.country})
        return Endpoint(host, row["kind"], found.operator, found.operator_laws, where, row["source"])
    area = regions.multi_region(provider, code, _SERVICES.get(row["kind"]))
    if not area:
        return None
    any_region = regions.regions(provider)[0]
    return Endpoint(host, row["kind"], any_region.operator, any_region.operator_laws, area.countries, row["source"])


def image_registry(reference: str) -> str:
    """The registry host of an image reference; a bare name is Docker Hub's, as runtimes read it.

    ``nginx`` and ``bitnami/nginx`` are ``docker.io``; ``localhost/x`` and ``registry:5000/x`` are hosts
    of their own.
    """
    first, slash, _ = reference.removeprefix("oci://").partition("/")
    is_host = bool(slash) and ("." in first or ":" in first or first == "localhost")
    return first.casefold() if is_host else DOCKER_HUB
