"""Tags of a site, a cluster, a dataset and a tenant, from the platform's own words.

Owns: which facts go into which tags. Refuses to own: their spelling (ringfence.planning.labels).
"""

from __future__ import annotations

from ringfence.planning import lineage
from ringfence.planning.labels import Tags
from ringfence.planning.places import place_of
from ringfence.spec import Platform

UNKNOWN_COUNTRY = "unknown"
"""Stands where the facts do not list a region: no policy takes it for a country."""


def site_tags(platform: Platform, site: str) -> Tags:
    """What everything at a site says of itself."""
    return Tags(
        platform=platform.name,
        environment=platform.environment,
        site=site,
        jurisdiction=place_of(platform.sites[site]).country or UNKNOWN_COUNTRY,
        cost_center=platform.cost_center,
    )


def cluster_tags(platform: Platform, cluster: str) -> Tags:
    """The site's tags with every data class that is processed on the cluster."""
    classes = sorted(lineage.classes_of_cluster(platform, cluster))
    return site_tags(platform, platform.clusters[cluster].site).but(data_classes=classes)


def dataset_tags(platform: Platform, dataset: str) -> Tags:
    """The home site's tags with the dataset's own and inherited classes, and the one tenant it belongs to, if one."""
    spec = platform.datasets[dataset]
    classes = sorted(lineage.classes_of_dataset(platform, dataset))
    tenant = spec.tenants[0] if len(spec.tenants) == 1 else None
    cost_center = platform.tenants[tenant].cost_center if tenant else None
    return site_tags(platform, spec.site).but(data_classes=classes, tenant=tenant, cost_center=cost_center)


def tenant_tags(platform: Platform, tenant: str, cluster: str) -> Tags:
    """What a tenant's own objects on a cluster say."""
    spec = platform.tenants[tenant]
    tags = site_tags(platform, platform.clusters[cluster].site)
    return tags.but(data_classes=spec.data_classes, tenant=tenant, cost_center=spec.cost_center)
