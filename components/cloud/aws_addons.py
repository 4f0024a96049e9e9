"""The EKS add-ons that a cluster cannot do without: addresses for pods, names, volumes, identities.

Owns: which there are, their roles, and which must come before the nodes. Refuses to own: everything that is installed
in the same way everywhere (components/addons).

Pods get addresses from subnets of their own (custom networking) in whole prefixes (prefix delegation): they never use
up the nodes' range, and one network interface carries as many pods as the kubelet allows.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from components.cloud.aws_identity import AwsPodIdentity, AwsPodIdentityArgs
from ringfence.planning.cloud.aws import partition
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class _Row:
    """One add-on. `policy` is AWS-managed, for the pods of `service_account`."""

    name: str
    service_account: str | None = None
    policy: str | None = None
    uses_key: bool = False
    tier: str | None = None
    """Only where the cluster has a storage tier of this kind."""


BEFORE_NODES = (
    _Row(name="vpc-cni", service_account="aws-node", policy="AmazonEKS_CNI_Policy"),
    _Row(name="kube-proxy"),
    _Row(name="eks-pod-identity-agent"),
)
"""Without these a node never becomes ready."""

ON_NODES = (
    _Row(name="coredns"),
    _Row(name="eks-node-monitoring-agent"),
    _Row(
        name="aws-ebs-csi-driver",
        service_account="ebs-csi-controller-sa",
        policy="service-role/AmazonEBSCSIDriverPolicy",
        uses_key=True,
    ),
    _Row(
        name="aws-fsx-csi-driver",
        service_account="fsx-csi-controller-sa",
        policy="AmazonFSxFullAccess",
        tier="scratch",
    ),
    _Row(
        name="aws-efs-csi-driver",
        service_account="efs-csi-controller-sa",
        policy="service-role/AmazonEFSCSIDriverPolicy",
        tier="file",
    ),
)
"""These run as pods and become active only where there are nodes (Amazon EKS user guide, "Amazon EKS add-ons")."""


@dataclass(frozen=True, kw_only=True)
class AwsClusterAddOnsArgs:
    """What the add-ons need to know."""

    cluster_name: pulumi.Input[str]
    site: CloudSite
    tags: Tags
    key_arn: pulumi.Input[str]
    pod_subnet_ids: Mapping[str, pulumi.Input[str]]
    pod_security_group_id: pulumi.Input[str]
    tiers: frozenset[str]
    """Kinds of the cluster's storage tiers."""


class AwsClusterAddOns(pulumi.ComponentResource):
    """EKS add-ons, in two steps: before the nodes, and on them."""

    before_nodes: list[pulumi.Resource]
    """What node groups must wait for."""

    def __init__(self, name: str, args: AwsClusterAddOnsArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsClusterAddOns", name, {}, opts)
        self._name, self._args = name, args
        self.before_nodes = [self._add_on(row, []) for row in BEFORE_NODES]
        self.register_outputs({})

    def install_on(self, pools: list[pulumi.Resource]) -> None:
        """Install what needs nodes, once these are there."""
        for row in ON_NODES:
            if row.tier is None or row.tier in self._args.tiers:
                self._add_on(row, pools)

    def _add_on(self, row: _Row, after: list[pulumi.Resource]) -> pulumi.Resource:
        args = self._args
        identity = self._identity(row)
        return aws.eks.Addon(
            f"{self._name}-{row.name}",
            cluster_name=args.cluster_name,
            addon_name=row.name,
            configuration_values=self._cni_values() if row.name == "vpc-cni" else None,
            pod_identity_associations=identity,
            resolve_conflicts_on_create="OVERWRITE",
            resolve_conflicts_on_update="PRESERVE",
            tags=args.tags.aws(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=after),
        )

    def _identity(self, row: _Row) -> list[aws.eks.AddonPodIdentityAssociationArgsDict] | None:
        if row.service_account is None or row.policy is None:
            return None
        arn = f"arn:{partition(self._args.site.region)}:iam::aws:policy/{row.policy}"
        identity = AwsPodIdentity(
            f"{self._name}-{row.name}",
            AwsPodIdentityArgs(
                cluster_name=self._args.cluster_name,
                namespace="kube-system",
                service_account=row.service_account,
                tags=self._args.tags,
                policy_arns={row.policy.rpartition("/")[2]: arn},
                statements=[policies.use_key(self._args.key_arn)] if row.uses_key else [],
                associate=False,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        return [{"role_arn": identity.role_arn, "service_account": row.service_account}]

    def _cni_values(self) -> pulumi.Output[str]:
        region = self._args.site.region
        known = pulumi.Output.all(subnets=dict(self._args.pod_subnet_ids), group=self._args.pod_security_group_id)
        return known.apply(lambda at: cni_values(region, at["subnets"], at["group"]))


def cni_values(region: str, subnets: Mapping[str, str], security_group: str) -> str:
    """The VPC CNI's configuration: each zone's pods get addresses from that zone's pod subnet, in prefixes."""
    configs = {zone: {"id": subnet, "securityGroups": [security_group]} for zone, subnet in subnets.items()}
    return json.dumps(
        {
            "env": {
                "AWS_VPC_K8S_CNI_CUSTOM_NETWORK_CFG": "true",
                "ENI_CONFIG_LABEL_DEF": "topology.kubernetes.io/zone",
                "ENABLE_PREFIX_DELEGATION": "true",
                "WARM_PREFIX_TARGET": "1",
            },
            "eniConfig": {"create": True, "region": region, "subnets": configs},
            "enableNetworkPolicy": "true",
        },
        sort_keys=True,
    )
