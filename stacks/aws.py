"""AWS sites: a provider for each, the training clusters in them, and the dataset stores beside them.

Owns: which component gets which provider. Refuses to own: what is inside a component. Imported only by stacks with a
site in AWS.
"""

from __future__ import annotations

import pulumi
import pulumi_aws as aws

from components.cloud.aws import AwsTrainingCluster, AwsTrainingClusterArgs
from components.cloud.aws_storage import AwsDatasetStore, AwsDatasetStoreArgs, AwsPlace
from ringfence.planning.addons import node_labels
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite
from stacks.cloud import audit_days, retention_years, tenant_groups
from stacks.parts import Built, BuiltCluster, ClusterPart, cluster_provider
from stacks.tags import dataset_tags, site_tags


class AwsSites:
    """The AWS half of a stack."""

    def __init__(self, built: Built) -> None:
        self._built = built
        self._platform = built.settings.platform
        self._providers = {
            name: aws.Provider(name, region=site.region, allowed_account_ids=[site.account])
            for name, site in self._platform.sites.items()
            if isinstance(site, CloudSite) and site.provider == "aws"
        }

    def cluster(self, part: ClusterPart) -> BuiltCluster:
        """Create a training cluster."""
        assert isinstance(part.site, CloudSite)
        args = AwsTrainingClusterArgs(
            site=part.site,
            cluster=part.spec,
            tags=part.tags,
            audit_retention_days=audit_days(self._platform),
            node_labels={pool: node_labels(part.plan.context, pool) for pool in part.spec.pools},
            groups=tenant_groups(self._platform, part.name),
        )
        component = AwsTrainingCluster(part.name, args, self._acting_in(part.site_name))
        provider = cluster_provider(self._built.settings, part, component.kubeconfig)
        return BuiltCluster(part=part, provider=provider, endpoint=component.endpoint, component=component)

    def dataset(self, name: str, spec: Dataset) -> pulumi.Output[str]:
        """Create a dataset's store; the result is its URI."""
        site = self._platform.sites[spec.site]
        assert isinstance(site, CloudSite)
        tags = dataset_tags(self._platform, name)
        copies = {key: copy.site for key, copy in [*spec.replicas.items(), *spec.backups.items()]}
        args = AwsDatasetStoreArgs(
            dataset=spec,
            site=site,
            tags=tags,
            retention_years=retention_years(self._platform, spec),
            places={
                place: self._place(place, tags)
                for place in set(copies.values()) - {spec.site}
                if place in self._providers
            },
            transferred=frozenset(key for key, place in copies.items() if place not in self._providers),
        )
        return AwsDatasetStore(name, args, self._acting_in(spec.site)).uri

    def _place(self, site_name: str, tags) -> AwsPlace:
        site = self._platform.sites[site_name]
        assert isinstance(site, CloudSite)
        there = site_tags(self._platform, site_name)
        return AwsPlace(
            site=site,
            tags=tags.but(site=site_name, jurisdiction=there.jurisdiction),
            provider=self._providers[site_name],
        )

    def _acting_in(self, site: str) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(providers=[self._providers[site]])
