"""The nodes of a GKE cluster: one node pool for each pool.

Owns: capacity, accelerators, placement and how nodes are hardened. Refuses to own: how a pool becomes a row
(ringfence.planning.cloud.gcp).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from ringfence.planning.cloud.gcp import FLEX_SECONDS, GcpNodePoolPlan
from ringfence.planning.cloud.names import fit
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

BOOT_GIB = {False: 100, True: 500}
"""Boot disk in GiB, without and with accelerators: CUDA and framework images take tens of GiB each."""


def hardened(
    service_account: pulumi.Input[str], key_id: pulumi.Input[str], tags: Tags
) -> gcp.container.NodePoolNodeConfigArgsDict:
    """What every node of a cluster has in common, the short-lived first ones included."""
    return {
        "service_account": service_account,
        # What a node may do is said by its service account's roles; narrower scopes only hide mistakes in them.
        "oauth_scopes": ["https://www.googleapis.com/auth/cloud-platform"],
        "boot_disk_kms_key": key_id,
        "image_type": "COS_CONTAINERD",
        "workload_metadata_config": {"mode": "GKE_METADATA"},
        "shielded_instance_config": {"enable_secure_boot": True, "enable_integrity_monitoring": True},
        "kubelet_config": {"insecure_kubelet_readonly_port_enabled": "FALSE"},
        "metadata": {"disable-legacy-endpoints": "true"},
        "gvnic": {"enabled": True},
        "resource_labels": tags.gcp(),
    }


@dataclass(frozen=True, kw_only=True)
class GcpNodePoolArgs:
    """What a node pool needs to know."""

    row: GcpNodePoolPlan
    site: CloudSite
    cluster: pulumi.Input[str]
    service_account: pulumi.Input[str]
    key_id: pulumi.Input[str]
    tags: Tags


class GcpNodePool(pulumi.ComponentResource):
    """A node pool with its capacity."""

    node_pool_name: pulumi.Output[str]
    """Name in GKE."""

    def __init__(self, name: str, args: GcpNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpNodePool", name, {}, opts)
        row = args.row
        pool = gcp.container.NodePool(
            name,
            name_prefix=f"{fit(row.name, 20)}-",
            project=args.site.account,
            location=args.site.region,
            cluster=args.cluster,
            node_locations=list(row.zones),
            initial_node_count=-(-row.smallest // len(row.zones)),
            # Bounds over all zones: a pool of two nodes in three zones has two nodes, not six.
            autoscaling={
                "total_min_node_count": row.smallest,
                "total_max_node_count": row.largest,
                "location_policy": "ANY" if row.spot or row.flex or row.reservation else "BALANCED",
            },
            # Queued nodes come and go with their job: nobody repairs them in between.
            management={"auto_repair": not row.flex, "auto_upgrade": True},
            upgrade_settings={
                "max_surge": 0 if row.accelerators else 1,
                "max_unavailable": 1 if row.accelerators else 0,
            },
            queued_provisioning={"enabled": True} if row.flex else None,
            placement_policy={"type": "COMPACT"} if row.compact else None,
            network_config={
                "enable_private_nodes": True,
                "accelerator_network_profile": "auto" if row.gpudirect else None,
            },
            node_config=_node_config(args),
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["initialNodeCount"]),
        )
        self.node_pool_name = pool.name
        self.register_outputs({"nodePoolName": self.node_pool_name})


def _node_config(args: GcpNodePoolArgs) -> gcp.container.NodePoolNodeConfigArgsDict:
    row = args.row
    config = hardened(args.service_account, args.key_id, args.tags)
    config |= {
        "machine_type": row.machine_type,
        "disk_type": row.disk_type,
        "disk_size_gb": BOOT_GIB[row.accelerators > 0],
        "labels": dict(row.labels),
        "taints": [{"key": t["key"], "value": t["value"], "effect": t["effect"]} for t in row.taints],
        "spot": row.spot,
        "reservation_affinity": _reservation(row),
    }
    if row.accelerator_type:
        # GKE brings the driver that fits its image; the GPU operator brings everything above it.
        driver: gcp.container.NodePoolNodeConfigGuestAcceleratorGpuDriverInstallationConfigArgsDict = {
            "gpu_driver_version": "DEFAULT"
        }
        config["guest_accelerators"] = [
            {"type": row.accelerator_type, "count": row.accelerators, "gpu_driver_installation_config": driver}
        ]
    if row.flex:
        config |= {"flex_start": True, "max_run_duration": f"{FLEX_SECONDS}s"}
    return config


def _reservation(row: GcpNodePoolPlan) -> gcp.container.NodePoolNodeConfigReservationAffinityArgsDict:
    """The reservation by name, or none: capacity that was bought for one pool is not used up by another."""
    if row.reservation is None:
        return {"consume_reservation_type": "NO_RESERVATION"}
    return {
        "consume_reservation_type": "SPECIFIC_RESERVATION",
        "key": "compute.googleapis.com/reservation-name",
        "values": [row.reservation],
    }
