"""Datasets: homes that can hold them, and copies that something can make.

Owns: where a dataset, its replicas and its backups can be kept at all. Refuses to own: whether the law allows it
(residency.py).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path, listed
from ringfence.spec.site import CloudSite


def check(platform: Platform) -> Iterator[Finding]:
    """Homes outside a cloud, copies between clouds, and retention below the class's."""
    clouds = [name for name, site in platform.sites.items() if isinstance(site, CloudSite)]
    for name, dataset in platform.datasets.items():
        at: Path = ("datasets", name)
        home = platform.sites[dataset.site]
        if not isinstance(home, CloudSite):
            yield Finding(
                code="dataset-home",
                path=(*at, "site"),
                message=f"a dataset's home is a cloud's store, and {dataset.site} is a {home.kind} site",
                allowed=listed(clouds) or "no cloud site is declared",
                suggestion="a data centre's own stores are storage tiers of its clusters (clusters.<name>.storage)",
            )
            continue
        for kind, copies in (("replicas", dataset.replicas), ("backups", dataset.backups)):
            for key, copy in copies.items():
                there = platform.sites[copy.site]
                if not isinstance(there, CloudSite) or there.provider != home.provider:
                    same = [each for each in clouds if getattr(platform.sites[each], "provider", "") == home.provider]
                    yield Finding(
                        code="dataset-copy",
                        path=(*at, kind, key, "site"),
                        message=f"{home.provider} can copy only to its own sites, and {copy.site} is none",
                        allowed=listed(same),
                        suggestion="declare a dataset of its own there, and fill it with a job",
                    )
        least = platform.data_classes[dataset.data_class].retention_years
        if dataset.retention_years is not None and dataset.retention_years < least:
            yield Finding(
                code="retention",
                path=(*at, "retentionYears"),
                message=f"{dataset.retention_years} years is less than class {dataset.data_class} must be kept",
                allowed=f"at least {least}",
            )
        if dataset.geo_redundant and home.provider != "azure":
            yield Finding(
                code="geo-redundant", path=(*at, "geoRedundant"), message=f"{home.provider} has no paired regions"
            )
