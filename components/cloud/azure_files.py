"""Scratch of an AKS cluster: Azure Managed Lustre.

Owns: the file system, in the cluster's network and under its key. Refuses to own: shared files and block storage, which
the Azure Files and Azure Disk drivers make on demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_keys import AzureKey
from components.cloud.sdk import planned
from ringfence.planning.cloud import lustre
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import StorageTier
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AzureFileSystemArgs:
    """What a file system needs to know."""

    tier: StorageTier
    site: CloudSite
    zone: str | None
    tags: Tags
    resource_group: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    key: AzureKey


class AzureFileSystem(pulumi.ComponentResource):
    """One storage tier of kind `scratch`."""

    file_system_id: pulumi.Output[str]
    """Id of the Managed Lustre file system."""

    def __init__(self, name: str, args: AzureFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureFileSystem", name, {}, opts)
        plan = planned(f"storage tier {name}", lambda: lustre.amlfs(args.tier))
        system = azure.storagecache.AmlFilesystem(
            name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": f"AMLFS-Durable-Premium-{plan.mib_per_second_per_tib}"},
            storage_capacity_ti_b=plan.capacity_gib / 1024,
            filesystem_subnet=args.subnet_id,
            zones=[args.zone] if args.zone else None,
            maintenance_window={
                "day_of_week": azure.storagecache.MaintenanceDayOfWeekType.SUNDAY,
                "time_of_day_utc": "02:00",
            },
            encryption_settings={
                "key_encryption_key": {
                    "key_url": args.key.key_uri_with_version,
                    "source_vault": {"id": args.key.vault_id},
                }
            },
            identity={
                "type": azure.storagecache.AmlFilesystemIdentityType.USER_ASSIGNED,
                "user_assigned_identities": [args.key.identity_id],
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.key]),
        )
        self.file_system_id = system.id
        self.register_outputs({"fileSystemId": self.file_system_id})
