"""The nodes of an EKS cluster: one managed node group and its launch template for each pool.

Owns: network interfaces, placement, reservations, encrypted disks and metadata options of nodes. Refuses to own: how a
pool becomes a row (ringfence.planning.cloud.aws) and the autoscaler, which finds managed node groups by the tags that
EKS puts on them itself.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cloud._aws import aws
from ringfence.planning.cloud.aws import PODS_PER_NODE, AwsNodeGroup
from ringfence.planning.cloud.names import fit
from ringfence.planning.labels import Tags

ROOT_GIB = {False: 100, True: 500}
"""Root volume in GiB, without and with accelerators: CUDA and framework images take tens of GiB each."""

_NODE_CONFIG = f"""MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="//"

--//
Content-Type: application/node.eks.aws

apiVersion: node.eks.aws/v1alpha1
kind: NodeConfig
spec:
  kubelet:
    config:
      maxPods: {PODS_PER_NODE}

--//--
"""


@dataclass(frozen=True, kw_only=True)
class AwsNodePoolArgs:
    """What a node pool needs to know."""

    row: AwsNodeGroup
    cluster_name: pulumi.Input[str]
    kubernetes_version: str
    """Minor version, such as 1.34."""
    node_role_arn: pulumi.Input[str]
    key_arn: pulumi.Input[str]
    """Key of the root volumes."""
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone to subnet."""
    security_group_ids: list[pulumi.Input[str]]
    tags: Tags


class AwsNodePool(pulumi.ComponentResource):
    """A managed node group with its launch template and, where nodes stand close together, its placement group."""

    node_group_name: pulumi.Output[str]
    """Name in EKS."""
    autoscaling_group: pulumi.Output[str]
    """Name of the group that EKS keeps behind it."""

    def __init__(self, name: str, args: AwsNodePoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsNodePool", name, {}, opts)
        self._name, self._args = name, args
        row = args.row
        template = self._launch_template()
        group = aws.eks.NodeGroup(
            name,
            node_group_name_prefix=f"{fit(row.name, 36)}-",
            cluster_name=args.cluster_name,
            node_role_arn=args.node_role_arn,
            subnet_ids=[args.subnet_ids[zone] for zone in row.zones],
            version=args.kubernetes_version,
            ami_type=row.ami_type,
            capacity_type=row.capacity_type,
            # A capacity block's type must stand in the template, everybody else's in the group.
            instance_types=None if row.capacity_type == "CAPACITY_BLOCK" else [row.instance_type],
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": row.smallest, "max_size": row.largest, "desired_size": row.smallest},
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            labels=dict(row.labels),
            taints=[{"key": t["key"], "value": t["value"], "effect": t["effect"]} for t in row.taints],
            tags=args.tags.aws(),
            # The autoscaler moves the size between the bounds; a preview must not move it back.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["scalingConfig.desiredSize"]),
        )
        self.node_group_name = group.node_group_name
        self.autoscaling_group = group.resources[0].autoscaling_groups[0].name
        self.register_outputs({"nodeGroupName": self.node_group_name, "autoscalingGroup": self.autoscaling_group})

    def _launch_template(self) -> aws.ec2.LaunchTemplate:
        name, args, row = self._name, self._args, self._args.row
        block = row.capacity_type == "CAPACITY_BLOCK"
        tags = args.tags.aws(name)
        return aws.ec2.LaunchTemplate(
            name,
            instance_type=row.instance_type if block else None,
            instance_market_options={"market_type": "capacity-block"} if block else None,
            capacity_reservation_specification=_reservation(row.reservation),
            placement={"group_name": self._placement_group()} if row.cluster_placement else None,
            network_interfaces=_interfaces(row.efa_interfaces, args.security_group_ids) or None,
            vpc_security_group_ids=None if row.efa_interfaces else args.security_group_ids,
            metadata_options={
                "http_endpoint": "enabled",
                "http_tokens": "required",
                "http_put_response_hop_limit": 1,
                "instance_metadata_tags": "disabled",
            },
            block_device_mappings=[
                {
                    "device_name": "/dev/xvda",
                    "ebs": {
                        "volume_size": ROOT_GIB[row.accelerators > 0],
                        "volume_type": "gp3",
                        "encrypted": "true",
                        "kms_key_id": args.key_arn,
                        "delete_on_termination": "true",
                    },
                }
            ],
            user_data=base64.b64encode(_NODE_CONFIG.encode()).decode(),
            tag_specifications=[
                {"resource_type": kind, "tags": tags} for kind in ("instance", "volume", "network-interface")
            ],
            tags=tags,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _placement_group(self) -> pulumi.Output[str]:
        group = aws.ec2.PlacementGroup(
            self._name,
            strategy="cluster",
            tags=self._args.tags.aws(self._name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return group.name


def _reservation(reservation: str | None) -> aws.ec2.LaunchTemplateCapacityReservationSpecificationArgsDict | None:
    """Aim at a reservation (or capacity block) by id, or at a resource group of them by ARN."""
    if reservation is None:
        return None
    if reservation.startswith("arn:"):
        return {"capacity_reservation_target": {"capacity_reservation_resource_group_arn": reservation}}
    return {"capacity_reservation_target": {"capacity_reservation_id": reservation}}


def _interfaces(
    count: int, security_groups: list[pulumi.Input[str]]
) -> list[aws.ec2.LaunchTemplateNetworkInterfaceArgsDict]:
    """One interface for each network card: the first carries addresses too, the others only the fabric.

    Fabric-only interfaces (`efa-only`) take no address from the subnet (Amazon EC2 user guide, "EFA interfaces").
    """
    return [
        {
            "network_card_index": card,
            "device_index": min(card, 1),
            "interface_type": "efa-only" if card else "efa",
            "delete_on_termination": "true",
            "security_groups": security_groups,
        }
        for card in range(count)
    ]
