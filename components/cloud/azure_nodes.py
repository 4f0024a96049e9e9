"""The nodes of an AKS cluster: how a planned pool is written, as part of the cluster or as a pool of its own.

Owns: capacity, placement and hardening of nodes. Refuses to own: how a pool becomes a row
(ringfence.planning.cloud.azure).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi

from components.cloud._azure import azure
from ringfence.planning.cloud.azure import AzureAgentPool
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

BOOT_GIB = {False: 128, True: 512}
"""Operating system disk in GiB, without and with accelerators: CUDA and framework images take tens of GiB each."""
PODS_PER_NODE = 110
"""The kubelet's limit in every cloud of the platform; AKS's overlay would take 250."""


def profile(
    row: AzureAgentPool, subnet_id: pulumi.Input[str], tags: Tags
) -> azure.containerservice.ManagedClusterAgentPoolProfileArgsDict:
    """A pool as the cluster's own description takes it."""
    fixed = row.smallest == row.largest
    return {
        "name": row.agent_pool_name,
        "mode": "System" if row.system else "User",
        "type": "VirtualMachineScaleSets",
        "vm_size": row.vm_size,
        "os_type": "Linux",
        "os_sku": row.os_sku,
        "os_disk_type": "Managed",
        "os_disk_size_gb": BOOT_GIB[row.accelerators > 0],
        "count": row.smallest,
        "enable_auto_scaling": not fixed,
        "min_count": None if fixed else row.smallest,
        "max_count": None if fixed else row.largest,
        "max_pods": PODS_PER_NODE,
        "availability_zones": list(row.zones) or None,
        "vnet_subnet_id": subnet_id,
        "enable_node_public_ip": False,
        "enable_encryption_at_host": True,
        "capacity_reservation_group_id": row.reservation,
        "scale_set_priority": "Spot" if row.spot else "Regular",
        "scale_set_eviction_policy": "Delete" if row.spot else None,
        "spot_max_price": row.spot_max_price if row.spot else None,
        "gpu_profile": {"driver": row.driver} if row.driver else None,
        "node_labels": dict(row.labels),
        "node_taints": list(row.taints) or None,
        # Accelerators are not kept spare for upgrades: one node goes at a time. Spot pools are not upgraded in place.
        "upgrade_settings": None if row.spot else _upgrades(row),
        # Unsigned accelerator drivers do not load with secure boot.
        "security_profile": {"enable_vtpm": True, "enable_secure_boot": not row.accelerators, "ssh_access": "Disabled"},
        "tags": tags.azure(),
    }


def _upgrades(row: AzureAgentPool) -> azure.containerservice.AgentPoolUpgradeSettingsArgsDict:
    return {"max_surge": "0", "max_unavailable": "1"} if row.accelerators else {"max_surge": "1"}


@dataclass(frozen=True, kw_only=True)
class AzureNodePoolArgs:
    """What a node pool needs to know."""

    row: AzureAgentPool
    site: CloudSite
    resource_group: pulumi.Input[str]
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    subnet_id: pulumi.Input[str]
    tags: Tags


class AzureNodePool(pulumi.ComponentResource):
    """An agent pool with, where nodes stand close together, its proximity placement group."""

    agent_pool_name: pulumi.Output[str]
    """Name in AKS."""

    def __init__(self, name: str, args: AzureNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureNodePool", name, {}, opts)
        self._name, self._args = name, args
        row = args.row
        described: dict[str, Any] = dict(profile(row, args.subnet_id, args.tags))
        pool = azure.containerservice.AgentPool(
            name,
            agent_pool_name=described.pop("name"),
            resource_group_name=args.resource_group,
            resource_name_=args.cluster_name,
            orchestrator_version=args.kubernetes_version,
            proximity_placement_group_id=self._placement_group() if row.cluster_placement else None,
            **described,
            # The autoscaler moves the count between the bounds; a preview must not move it back.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["count"]),
        )
        self.agent_pool_name = pool.name
        self.register_outputs({"agentPoolName": self.agent_pool_name})

    def _placement_group(self) -> pulumi.Output[str]:
        group = azure.compute.ProximityPlacementGroup(
            self._name,
            resource_group_name=self._args.resource_group,
            location=self._args.site.region,
            proximity_placement_group_type="Standard",
            tags=self._args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return group.id
