"""The AWS half of a stack: its classes, and a provider that acts in one region of one account.

Owns: that provider's arguments. Refuses to own: the order of things (cloud_half.py). Imported only by stacks with a
site in AWS.
"""

from __future__ import annotations

from components.cloud._aws import aws
from components.cloud.aws import AwsTrainingCluster, AwsTrainingClusterArgs
from components.cloud.aws_add_on_access import AwsAddOnAccess, AwsAddOnAccessArgs
from components.cloud.aws_storage import AwsDatasetStore, AwsDatasetStoreArgs, AwsPlace
from ringfence.spec.site import CloudSite
from stacks.cloud_half import CloudHalf
from stacks.parts import BuiltCluster, ClusterPart


class AwsSites(CloudHalf):
    """Sites in AWS."""

    cloud = "aws"
    cluster_class, cluster_args = AwsTrainingCluster, AwsTrainingClusterArgs
    store_class, store_args, place_class = AwsDatasetStore, AwsDatasetStoreArgs, AwsPlace

    def cluster(self, part: ClusterPart) -> BuiltCluster:
        """Create a training cluster, and let its add-ons act in AWS."""
        built = super().cluster(part)
        component = built.component
        assert isinstance(component, AwsTrainingCluster) and isinstance(part.site, CloudSite)
        args = AwsAddOnAccessArgs(cluster_name=component.cluster_name, site=part.site, plan=part.plan, tags=part.tags)
        AwsAddOnAccess(f"{part.name}-add-on-access", args, self._acting_in(part.site_name))
        return built

    def provider(self, name: str, site: CloudSite) -> aws.Provider:
        """A provider that refuses credentials of any other account."""
        return aws.Provider(name, region=site.region, allowed_account_ids=[site.account])
