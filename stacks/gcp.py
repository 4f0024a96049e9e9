"""The GCP half of a stack: its classes, and a provider that acts in one region of one project.

Owns: that provider's arguments. Refuses to own: the order of things (cloud_half.py). Imported only by stacks with a
site in GCP.
"""

from __future__ import annotations

from components.cloud._gcp import gcp
from components.cloud.gcp import GcpTrainingCluster, GcpTrainingClusterArgs
from components.cloud.gcp_storage import GcpDatasetStore, GcpDatasetStoreArgs, GcpPlace
from ringfence.spec.site import CloudSite
from stacks.cloud_half import CloudHalf


class GcpSites(CloudHalf):
    """Sites in GCP."""

    cloud = "gcp"
    cluster_class, cluster_args = GcpTrainingCluster, GcpTrainingClusterArgs
    store_class, store_args, place_class = GcpDatasetStore, GcpDatasetStoreArgs, GcpPlace

    def provider(self, name: str, site: CloudSite) -> gcp.Provider:
        """A provider with its project and region said, so that nothing falls to a default."""
        return gcp.Provider(name, project=site.account, region=site.region)
