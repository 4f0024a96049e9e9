"""A training cluster in AWS: EKS with a private API in a VPC without a way out, and GPU node groups.

Owns: the order in which the parts come and what they share (one key, one node role, two log groups). Refuses to own:
datasets (aws_storage.py), what is installed in Kubernetes (components/addons) and who may use it (components/tenancy).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from components.cloud.aws_addons import AwsClusterAddOns, AwsClusterAddOnsArgs
from components.cloud.aws_bucket import new_key
from components.cloud.aws_files import AwsFileSystem, AwsFileSystemArgs
from components.cloud.aws_identity import AwsClusterAccess, AwsClusterAccessArgs
from components.cloud.aws_network import AwsNetwork, AwsNetworkArgs
from components.cloud.aws_nodes import AwsNodePool, AwsNodePoolArgs
from components.cloud.aws_registry import AwsRegistry, AwsRegistryArgs
from components.cloud.sdk import planned
from ringfence.planning.cloud.aws import (
    AUDIT_LOG_TYPES,
    AwsNetworkPlan,
    AwsNodeGroup,
    log_retention,
    partition,
    plan_network,
    plan_node_groups,
)
from ringfence.planning.cloud.control_plane import public_cidrs
from ringfence.planning.cloud.kubeconfig import eks_kubeconfig
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import CloudSite

_NODE_POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")


@dataclass(frozen=True, kw_only=True)
class AwsTrainingClusterArgs:
    """What a training cluster in AWS needs to know. All of it is plain: it decides residency, capacity and cost."""

    site: CloudSite
    """The component's provider must act in its region."""
    cluster: Cluster
    tags: Tags
    audit_retention_days: int
    flow_log_retention_days: int = 90
    node_labels: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Pool to the labels that add-ons expect on its nodes (ringfence.planning.addons.node_labels)."""
    groups: tuple[str, ...] = ()
    """Tenants' groups, which may authenticate."""
    principals: Mapping[str, str] = field(default_factory=dict)
    """Group to the ARN of an IAM role that its people have; for the others a role is made that they may assume."""


class AwsTrainingCluster(pulumi.ComponentResource):
    """An EKS cluster with its network, key, logs, nodes, file systems and registry."""

    cluster_name: pulumi.Output[str]
    """Name in EKS."""
    endpoint: pulumi.Output[str]
    """https:// and the API's name, which answers only inside the network unless the platform says otherwise."""
    kubeconfig: pulumi.Output[str]
    """Secret. It asks `aws eks get-token` for a token; it holds none."""
    oidc_issuer: pulumi.Output[str]
    """URL of the issuer of service accounts' tokens."""
    network_id: pulumi.Output[str]
    """The VPC."""
    key_id: pulumi.Output[str]
    """ARN of the key of secrets, volumes, logs, file systems and images."""
    registry_url: pulumi.Output[str]
    """Host and path under which the repositories are."""
    audit_log: pulumi.Output[str]
    """CloudWatch log group of the control plane's five logs."""
    node_pools: dict[str, pulumi.Output[str]]
    """Pool to node group."""
    file_systems: dict[str, pulumi.Output[str]]
    """Storage tier (scratch, file) to file system id."""
    access_roles: dict[str, pulumi.Output[str]]
    """Group to the IAM role that its people come in with."""

    def __init__(self, name: str, args: AwsTrainingClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsTrainingCluster", name, {}, opts)
        self._name, self._args = name, args
        self._physical = physical(args.tags.platform, name, 100)
        self._child = pulumi.ResourceOptions(parent=self)
        plan = planned(f"clusters.{name}", lambda: plan_network(args.site, args.cluster.network))
        groups = planned(f"clusters.{name}", lambda: plan_node_groups(args.site, args.cluster, args.node_labels))
        open_to = planned(f"clusters.{name}", lambda: public_cidrs(args.cluster.control_plane))
        self._partition = partition(args.site.region)
        self.key_id = self._key()
        self._network = AwsNetwork(
            name,
            AwsNetworkArgs(
                site=args.site,
                plan=plan,
                tags=args.tags,
                key_arn=self.key_id,
                log_retention_days=args.flow_log_retention_days,
            ),
            self._child,
        )
        self.network_id = self._network.vpc_id
        self._cluster = self._control_plane(plan, open_to)
        self._outputs_of_control_plane()
        access = AwsClusterAccessArgs(
            cluster_name=self.cluster_name,
            site=args.site,
            access=args.cluster.access,
            tags=args.tags,
            groups=args.groups,
            principals=args.principals,
        )
        self.access_roles = AwsClusterAccess(f"{name}-access", access, self._child).role_arns
        self._nodes(groups)
        self.file_systems = self._file_systems(plan)
        registry = AwsRegistryArgs(path=self._physical, key_arn=self.key_id, tags=args.tags)
        self.registry_url = AwsRegistry(name, registry, self._child).url
        self.register_outputs(self._outputs())

    def _outputs(self) -> dict[str, object]:
        return {
            "clusterName": self.cluster_name,
            "endpoint": self.endpoint,
            "kubeconfig": self.kubeconfig,
            "oidcIssuer": self.oidc_issuer,
            "networkId": self.network_id,
            "keyId": self.key_id,
            "registryUrl": self.registry_url,
            "auditLog": self.audit_log,
            "nodePools": self.node_pools,
            "fileSystems": self.file_systems,
            "accessRoles": self.access_roles,
        }

    def _key(self) -> pulumi.Output[str]:
        site = self._args.site
        statements = [
            policies.account_owns_key(self._partition, site.account),
            policies.logs_use_key(self._partition, site.region, site.account),
            *policies.autoscaling_uses_key(self._partition, site.account),
        ]
        description = f"Secrets, volumes and logs of {self._name}"
        return new_key(self._name, description, self._args.tags, statements, self._child).arn

    def _managed(self, policy: str) -> str:
        return f"arn:{self._partition}:iam::aws:policy/{policy}"

    def _role(self, name: str, service: str, managed: tuple[str, ...]) -> aws.iam.Role:
        role = aws.iam.Role(
            name,
            name=physical(self._args.tags.platform, name, 64),
            assume_role_policy=policies.assumed_by(service, policies.POD_IDENTITY_ACTIONS),
            tags=self._args.tags.aws(),
            opts=self._child,
        )
        for policy in managed:
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy}", role=role.name, policy_arn=self._managed(policy), opts=self._child
            )
        return role

    def _control_plane(self, plan: AwsNetworkPlan, open_to: tuple[str, ...] | None) -> aws.eks.Cluster:
        name, args = self._name, self._args
        logs = aws.cloudwatch.LogGroup(
            f"{name}-audit",
            name=f"/aws/eks/{self._physical}/cluster",  # EKS writes to no other name
            kms_key_id=self.key_id,
            retention_in_days=log_retention(args.audit_retention_days),
            tags=args.tags.aws(),
            opts=self._child,
        )
        self.audit_log = logs.name
        role = self._role(f"{name}-control-plane", "eks.amazonaws.com", ("AmazonEKSClusterPolicy",))
        statement = policies.use_key(self.key_id, "Encrypt", "Decrypt", "ListGrants", "DescribeKey", "CreateGrant")
        may_use_key = aws.iam.RolePolicy(
            f"{name}-control-plane", role=role.name, policy=policies.document([statement]), opts=self._child
        )
        return aws.eks.Cluster(
            name,
            name=self._physical,
            role_arn=role.arn,
            version=_minor(args.cluster.kubernetes_version),
            access_config={
                "authentication_mode": "API",
                # Where Pulumi applies manifests itself, whoever deploys must be let in; where the site pulls, not.
                "bootstrap_cluster_creator_admin_permissions": args.cluster.delivery == "push",
            },
            bootstrap_self_managed_addons=False,
            deletion_protection=args.tags.environment == "prod",
            enabled_cluster_log_types=list(AUDIT_LOG_TYPES),
            encryption_config={"provider": {"key_arn": self.key_id}, "resources": ["secrets"]},
            kubernetes_network_config={"ip_family": "ipv4", "service_ipv4_cidr": str(plan.services)},
            upgrade_policy={"support_type": "STANDARD"},
            vpc_config={
                "subnet_ids": self._network.control_subnet_ids,
                "endpoint_private_access": True,
                "endpoint_public_access": open_to is not None,
                "public_access_cidrs": list(open_to) if open_to else None,
            },
            tags=args.tags.aws(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[logs, may_use_key]),
        )

    def _outputs_of_control_plane(self) -> None:
        cluster, region = self._cluster, self._args.site.region
        self.cluster_name, self.endpoint = cluster.name, cluster.endpoint
        self.oidc_issuer = cluster.identities[0].oidcs[0].issuer
        known = pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority.data)
        self.kubeconfig = pulumi.Output.secret(
            known.apply(lambda at: eks_kubeconfig(at[0], at[1], at[2], region=region))
        )

    def _nodes(self, groups: tuple[AwsNodeGroup, ...]) -> None:
        name, args = self._name, self._args
        role = self._role(f"{name}-node", "ec2.amazonaws.com", _NODE_POLICIES)
        shared = self._cluster.vpc_config.cluster_security_group_id
        add_ons = AwsClusterAddOns(
            f"{name}-add-ons",
            AwsClusterAddOnsArgs(
                cluster_name=self.cluster_name,
                site=args.site,
                tags=args.tags,
                key_arn=self.key_id,
                pod_subnet_ids=self._network.pod_subnet_ids,
                pod_security_group_id=shared,
                tiers=frozenset(tier.kind for tier in args.cluster.storage.values()),
            ),
            self._child,
        )
        fabric = [self._fabric_group()] if any(row.efa_interfaces for row in groups) else []
        pools = {
            row.name: AwsNodePool(
                f"{name}-{row.name}",
                AwsNodePoolArgs(
                    row=row,
                    cluster_name=self.cluster_name,
                    kubernetes_version=_minor(args.cluster.kubernetes_version),
                    node_role_arn=role.arn,
                    key_arn=self.key_id,
                    subnet_ids=self._network.node_subnet_ids,
                    security_group_ids=[shared, *(fabric if row.efa_interfaces else [])],
                    tags=args.tags,
                ),
                pulumi.ResourceOptions(parent=self, depends_on=add_ons.before_nodes),
            )
            for row in groups
        }
        self.node_pools = {pool: made.node_group_name for pool, made in pools.items()}
        add_ons.install_on(list(pools.values()))

    def _fabric_group(self) -> pulumi.Output[str]:
        """Nodes of the fabric may say anything to each other, and only to each other (EC2 user guide, "EFA")."""
        name, tags = f"{self._name}-fabric", self._args.tags
        group = aws.ec2.SecurityGroup(
            name, description="Elastic fabric", vpc_id=self.network_id, tags=tags.aws(name), opts=self._child
        )
        for rule, direction in ((aws.vpc.SecurityGroupIngressRule, "in"), (aws.vpc.SecurityGroupEgressRule, "out")):
            rule(
                f"{name}-{direction}",
                security_group_id=group.id,
                referenced_security_group_id=group.id,
                ip_protocol="-1",
                tags=tags.aws(name),
                opts=self._child,
            )
        return group.id

    def _file_systems(self, plan: AwsNetworkPlan) -> dict[str, pulumi.Output[str]]:
        made = {}
        for tier_name, tier in self._args.cluster.storage.items():
            if tier.kind not in ("scratch", "file"):
                continue
            args = AwsFileSystemArgs(
                tier=tier,
                tags=self._args.tags,
                vpc_id=self.network_id,
                subnet_ids=self._network.node_subnet_ids,
                client_cidrs=tuple(str(cidr) for cidr in (plan.cidr, *plan.pod_cidrs)),
                key_arn=self.key_id,
            )
            made[tier_name] = AwsFileSystem(f"{self._name}-{tier_name}", args, self._child).file_system_id
        return made


def _minor(version: str) -> str:
    """EKS takes 1.34, and patches it itself."""
    return ".".join(version.split(".")[:2])
