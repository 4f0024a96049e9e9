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
    parts = cluster_parts(platform)
    clouds = cloud_halves(built)
    for name, part in parts.items():
        if isinstance(part.site, CloudSite):
            built.clusters[name] = clouds[part.site.provider].cluster(part)
        else:
            built.clusters[name] = datacentre.cluster(built, part)
    for name, dataset in platform.datasets.items():
        site = platform.sites[dataset.site]
        if isinstance(site, CloudSite):
            built.datasets[name] = clouds[site.provider].dataset(name, dataset)
        else:
            built.datasets[name] = datacentre.dataset(built, name, dataset)
    for cluster in built.clusters.values():
        on_cluster.furnish(built, cluster)
    return built
