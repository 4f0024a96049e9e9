"""One cloud's half of a stack, the same for each cloud: providers, training clusters and dataset stores.

Owns: which component gets which provider and which plain values. Refuses to own: any one cloud, which says only its
classes and how its provider is made (stacks/aws.py, azure.py, gcp.py).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, ClassVar

import pulumi

from ringfence.planning.addons import node_labels
from ringfence.planning.labels import Tags
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite
from stacks.cloud import audit_days, retention_years, tenant_groups
from stacks.parts import Built, BuiltCluster, ClusterPart, cluster_provider
from stacks.tags import dataset_tags, site_tags


class CloudHalf(ABC):
    """Everything of a stack that is in one cloud."""

    cloud: ClassVar[str]
    cluster_class: ClassVar[Any]
    cluster_args: ClassVar[Any]
    store_class: ClassVar[Any]
    store_args: ClassVar[Any]
    place_class: ClassVar[Any]

    def __init__(self, built: Built) -> None:
        self._built = built
        self._platform = built.settings.platform
        self._sites = {
            name: site
            for name, site in self._platform.sites.items()
            if isinstance(site, CloudSite) and site.provider == self.cloud
        }
        self._providers = {name: self.provider(name, site) for name, site in self._sites.items()}

    @abstractmethod
    def provider(self, name: str, site: CloudSite) -> pulumi.ProviderResource:
        """The provider that acts at a site, and nowhere else."""

    def cluster(self, part: ClusterPart) -> BuiltCluster:
        """Create a training cluster."""
        args = self.cluster_args(
            site=part.site,
            cluster=part.spec,
            tags=part.tags,
            audit_retention_days=audit_days(self._platform),
            node_labels={pool: node_labels(part.plan.context, pool) for pool in part.spec.pools},
            groups=tenant_groups(self._platform, part.name),
        )
        component = self.cluster_class(part.name, args, self._acting_in(part.site_name))
        provider = cluster_provider(self._built.settings, part, component.kubeconfig)
        return BuiltCluster(part=part, provider=provider, endpoint=component.endpoint, component=component)

    def dataset(self, name: str, spec: Dataset) -> pulumi.Output[str]:
        """Create a dataset's store; the result is its URI."""
        tags = dataset_tags(self._platform, name)
        copies = {key: copy.site for key, copy in [*spec.replicas.items(), *spec.backups.items()]}
        here = {place for place in copies.values() if place in self._sites and place != spec.site}
        args = self.store_args(
            dataset=spec,
            site=self._sites[spec.site],
            tags=tags,
            retention_years=retention_years(self._platform, spec),
            places={place: self._place(place, tags) for place in sorted(here)},
            transferred=frozenset(key for key, place in copies.items() if place not in self._sites),
            **self.store_extras(spec),
        )
        return self.store_class(name, args, self._acting_in(spec.site)).uri

    def store_extras(self, spec: Dataset) -> dict[str, Any]:
        """What only this cloud's stores are told."""
        return {}

    def _place(self, site: str, tags: Tags) -> Any:
        """Another site of this cloud that copies go to."""
        country = site_tags(self._platform, site).jurisdiction
        return self.place_class(
            site=self._sites[site], tags=tags.but(site=site, jurisdiction=country), provider=self._providers[site]
        )

    def _acting_in(self, site: str) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self._providers[site]])
