"""File systems of an EKS cluster: FSx for Lustre for scratch, EFS for shared files.

Owns: where they stand in the network and with which key. Refuses to own: storage classes, and block storage, which the
EBS driver makes on demand.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cloud._aws import aws
from components.cloud.sdk import planned
from ringfence.planning.cloud import lustre
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import StorageTier

_LUSTRE_PORTS = ((988, 988), (1018, 1023))
"""Amazon FSx for Lustre user guide, "File system access control with Amazon VPC"."""
_NFS_PORTS = ((2049, 2049),)


@dataclass(frozen=True, kw_only=True)
class AwsFileSystemArgs:
    """What a file system needs to know."""

    tier: StorageTier
    tags: Tags
    vpc_id: pulumi.Input[str]
    subnet_ids: Mapping[str, pulumi.Input[str]]
    """Zone to subnet; Lustre stands in the first one."""
    client_cidrs: tuple[str, ...]
    """Networks of nodes and pods."""
    key_arn: pulumi.Input[str]


class AwsFileSystem(pulumi.ComponentResource):
    """One storage tier of kind `scratch` or `file`."""

    file_system_id: pulumi.Output[str]
    """Id in FSx or EFS."""
    dns_name: pulumi.Output[str]
    """Name that clients mount from."""
    mount_name: pulumi.Output[str]
    """What clients mount: Lustre's mount name, or `/` for NFS."""
    security_group_id: pulumi.Output[str]
    """Lets the nodes' ports in, and nothing else."""

    def __init__(self, name: str, args: AwsFileSystemArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsFileSystem", name, {}, opts)
        self._name, self._args = name, args
        if args.tier.kind == "scratch":
            self.security_group_id = self._security_group(_LUSTRE_PORTS)
            self._lustre()
        else:
            self.security_group_id = self._security_group(_NFS_PORTS)
            self._efs()
        self.register_outputs(
            {
                "fileSystemId": self.file_system_id,
                "dnsName": self.dns_name,
                "mountName": self.mount_name,
                "securityGroupId": self.security_group_id,
            }
        )

    def _lustre(self) -> None:
        args = self._args
        plan = planned(f"storage tier {self._name}", lambda: lustre.fsx(args.tier))
        system = aws.fsx.LustreFileSystem(
            self._name,
            # The persistent type costs what the scratch type does, and only it takes a key of our own. No backups:
            # what is lost here is computed again.
            deployment_type="PERSISTENT_2",
            storage_type="SSD",
            storage_capacity=plan.capacity_gib,
            per_unit_storage_throughput=plan.mib_per_second_per_tib,
            file_system_type_version="2.15",
            data_compression_type="LZ4",
            automatic_backup_retention_days=0,
            kms_key_id=args.key_arn,
            subnet_ids=next(iter(args.subnet_ids.values())),
            security_group_ids=[self.security_group_id],
            tags=args.tags.aws(self._name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.file_system_id, self.dns_name, self.mount_name = system.id, system.dns_name, system.mount_name

    def _efs(self) -> None:
        args = self._args
        throughput = args.tier.throughput_mib_per_second
        system = aws.efs.FileSystem(
            self._name,
            encrypted=True,
            kms_key_id=args.key_arn,
            performance_mode="generalPurpose",
            throughput_mode="provisioned" if throughput else "elastic",
            provisioned_throughput_in_mibps=throughput,
            tags=args.tags.aws(self._name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for zone, subnet in args.subnet_ids.items():
            aws.efs.MountTarget(
                f"{self._name}-{zone}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[self.security_group_id],
                opts=pulumi.ResourceOptions(parent=self),
            )
        self.file_system_id, self.dns_name = system.id, system.dns_name
        self.mount_name = pulumi.Output.from_input("/")

    def _security_group(self, ports: tuple[tuple[int, int], ...]) -> pulumi.Output[str]:
        args = self._args
        group = aws.ec2.SecurityGroup(
            self._name,
            description="File system clients: nodes and pods",
            vpc_id=args.vpc_id,
            tags=args.tags.aws(self._name),
            opts=pulumi.ResourceOptions(parent=self),
        )
        for first, last in ports:
            for cidr in args.client_cidrs:
                for rule, kind in (
                    (aws.vpc.SecurityGroupIngressRule, "in"),
                    (aws.vpc.SecurityGroupEgressRule, "out"),
                ):
                    rule(
                        f"{self._name}-{kind}-{first}-{cidr.partition('/')[0]}",
                        security_group_id=group.id,
                        cidr_ipv4=cidr,
                        ip_protocol="tcp",
                        from_port=first,
                        to_port=last,
                        tags=args.tags.aws(self._name),
                        opts=pulumi.ResourceOptions(parent=self),
                    )
        return group.id
