"""The Azure half of a stack: its classes, and a provider that acts in one subscription.

Owns: that provider's arguments, and the private networks that a dataset's readers are in. Refuses to own: the order of
things (cloud_half.py). Imported only by stacks with a site in Azure.
"""

from __future__ import annotations

from typing import Any

from components.cloud._azure import azure
from components.cloud.azure import AzureTrainingCluster, AzureTrainingClusterArgs
from components.cloud.azure_storage import AzureDatasetStore, AzureDatasetStoreArgs, AzurePlace
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite
from stacks.cloud_half import CloudHalf


class AzureSites(CloudHalf):
    """Sites in Azure."""

    cloud = "azure"
    cluster_class, cluster_args = AzureTrainingCluster, AzureTrainingClusterArgs
    store_class, store_args, place_class = AzureDatasetStore, AzureDatasetStoreArgs, AzurePlace

    def provider(self, name: str, site: CloudSite) -> azure.Provider:
        """A provider with its subscription and default location said."""
        return azure.Provider(name, subscription_id=site.account, location=site.region)

    def store_extras(self, spec: Dataset) -> dict[str, Any]:
        """Private endpoints for the clusters that mount it, and geo-redundancy where the platform says so."""
        mounting = {name: self._built.clusters[name].component for name in spec.clusters}
        access = {
            name: component.private_access
            for name, component in mounting.items()
            if isinstance(component, AzureTrainingCluster)
        }
        return {"access": access, "geo_redundant": spec.geo_redundant}
