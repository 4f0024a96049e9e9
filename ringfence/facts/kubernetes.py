"""Kubernetes minor versions by distribution, and the two spellings of a k0s version.

Owns which minor is offered and supported, by whom, until when. Refuses to choose a version for anybody.
Table: kubernetes.csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from functools import cache

from ringfence.facts._tables import day, table

DISTRIBUTIONS = ("upstream", "eks", "aks", "gke", "k0s")

_K0S = re.compile(r"v?(?P<kubernetes>\d+\.\d+\.\d+)[+-]k0s\.(?P<build>\d+)")
_VERSION = re.compile(r"v?(?P<minor>\d+\.\d+)(?:\.\d+)?(?:[+-].*)?")


@dataclass(frozen=True, slots=True)
class Support:
    """One minor in one distribution.

    An end of None is not known; ``extended_until`` is the paid end, where sold.
    """

    distribution: str
    minor: str
    released: date | None
    supported_until: date | None
    extended_until: date | None

    def supported(self, on: date) -> bool | None:
        """Whether standard support covers that day; None where the table cannot tell."""
        if self.released is not None and on < self.released:
            return False
        return None if self.supported_until is None else on <= self.supported_until


@dataclass(frozen=True, slots=True)
class K0sVersion:
    """A k0s version: the Kubernetes version it carries (no leading ``v``) and k0s' own build number.

    The binary, RemoteMachines and K0sWorkerConfig write it with a plus, image tags and
    K0smotronControlPlane with a dash, because a tag may hold no plus. The wrong one is accepted and then
    never found.
    """

    kubernetes: str
    build: int

    @property
    def plus(self) -> str:
        """``v1.34.1+k0s.0``: the binary, K0sWorkerConfig, K0sControlPlane."""
        return f"v{self.kubernetes}+k0s.{self.build}"

    @property
    def dash(self) -> str:
        """``v1.34.1-k0s.0``: the image tag, K0smotronControlPlane."""
        return f"v{self.kubernetes}-k0s.{self.build}"


@cache
def _all() -> dict[tuple[str, str], Support]:
    return {
        (row["distribution"], row["minor"]): Support(
            distribution=row["distribution"],
            minor=row["minor"],
            released=day(row["released"]),
            supported_until=day(row["supported_until"]),
            extended_until=day(row["extended_until"]),
        )
        for row in table("kubernetes").rows
    }


def known_as_of() -> date:
    """The day the table was last held to be true."""
    return table("kubernetes").as_of


def minor_of(version: str) -> str | None:
    """``1.34`` of ``v1.34.1``, ``1.34.4-gke.1047000`` or ``v1.34.1+k0s.0``; None for anything else."""
    match = _VERSION.fullmatch(version)
    return match["minor"] if match else None


def support(distribution: str, version: str) -> Support | None:
    """What is known of a version (any spelling of ``minor_of``) in a distribution, or None: not listed."""
    minor = minor_of(version)
    return _all().get((distribution, minor)) if minor else None


def minors(distribution: str) -> tuple[str, ...]:
    """The listed minors of a distribution, oldest first."""
    found = [minor for listed, minor in _all() if listed == distribution]
    return tuple(sorted(found, key=lambda minor: tuple(int(part) for part in minor.split("."))))


def k0s_version(text: str) -> K0sVersion | None:
    """Read either spelling of a k0s version; None where it is neither."""
    match = _K0S.fullmatch(text)
    return K0sVersion(match["kubernetes"], int(match["build"])) if match else None
