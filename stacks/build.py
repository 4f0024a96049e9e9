"""The stack: every part of the platform, in the order in which they need each other.

Owns: the order. Refuses to own: any part (one file per topology part), and reading configuration (settings.py).
"""

from __future__ import annotations

from ringfence.spec.site import CloudSite
from stacks import datacentre, on_cluster
from stacks.cloud import cloud_halves
from stacks.parts import Built
from stacks.plan import cluster_parts
from stacks.settings import Settings


def build(settings: Settings) -> Built:
    """Create everything that the platform declares."""
    built = Built(settings=settings)
    platform = settings.platform
    clouds = cloud_halves(built)
    for name, part in cluster_parts(platform).items():
        in_cloud = isinstance(part.site, CloudSite)
        cluster = clouds[part.site.provider].cluster(part) if in_cloud else datacentre.cluster(built, part)
        built.clusters[name] = cluster
        on_cluster.furnish(built, cluster)
    for name, dataset in platform.datasets.items():
        site = platform.sites[dataset.site]
        assert isinstance(site, CloudSite), "the checks refuse any other home"
        built.datasets[name] = clouds[site.provider].dataset(name, dataset)
    return built
