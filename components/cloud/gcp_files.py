"""File systems of a GKE cluster: Managed Lustre for scratch, Filestore for shared files.

Owns: where they stand and with which key. Refuses to own: storage classes, and block storage, which the disk driver
makes on demand.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from components.cloud.sdk import planned
from ringfence.planning.cloud import lustre
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import StorageTier
from ringfence.spec.site import CloudSite

FILESTORE_LEAST_GIB = 1024
"""The smallest regional instance; larger ones in steps of 256 GiB (Filestore documentation, "Service tiers")."""
_FILESTORE_STEP_GIB = 256


@dataclass(frozen=True, kw_only=True)
class GcpFileSystemArgs:
    """What a file system needs to know."""

    tier: StorageTier
    site: CloudSite
    zone: str
    """Of Lustre, which stands in one zone."""
    tags: Tags
    network_id: pulumi.Input[str]
    key_id: pulumi.Input[str]


class GcpFileSystem(pulumi.ComponentResource):
    """One storage tier of kind `scratch` or `file`."""

    file_system_id: pulumi.Output[str]
    """Id in Filestore or Managed Lustre."""

    def __init__(self, name: str, args: GcpFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpFileSystem", name, {}, opts)
        self._name, self._args = name, args
        self.file_system_id = self._lustre() if args.tier.kind == "scratch" else self._filestore()
        self.register_outputs({"fileSystemId": self.file_system_id})

    def _lustre(self) -> pulumi.Output[str]:
        args = self._args
        plan = planned(f"storage tier {self._name}", lambda: lustre.gcp(args.tier))
        instance = gcp.lustre.Instance(
            self._name,
            project=args.site.account,
            location=args.zone,
            instance_id=physical(args.tags.platform, self._name, 63),
            filesystem="scratch",
            capacity_gib=str(plan.capacity_gib),
            per_unit_storage_throughput=str(plan.mib_per_second_per_tib),
            network=args.network_id,
            kms_key=args.key_id,
            labels=args.tags.gcp(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return instance.id

    def _filestore(self) -> pulumi.Output[str]:
        args = self._args
        wanted = max(args.tier.capacity_gib, FILESTORE_LEAST_GIB)
        capacity = -(-wanted // _FILESTORE_STEP_GIB) * _FILESTORE_STEP_GIB
        instance = gcp.filestore.Instance(
            self._name,
            project=args.site.account,
            location=args.site.region,
            tier="REGIONAL",
            file_shares={"name": "share", "capacity_gb": capacity},
            networks=[{"network": args.network_id, "modes": ["MODE_IPV4"], "connect_mode": "PRIVATE_SERVICE_ACCESS"}],
            kms_key_name=args.key_id,
            deletion_protection_enabled=args.tags.environment == "prod",
            labels=args.tags.gcp(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return instance.id
