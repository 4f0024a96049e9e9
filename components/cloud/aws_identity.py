"""Who may do what in an EKS cluster and from it: pods' roles, and the groups of people that may come in.

Owns: pod identity associations and access entries. Refuses to own: Kubernetes RBAC (components/tenancy); a group
without a cluster-wide policy here may authenticate and no more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from ringfence.planning.cloud.aws import partition
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Access
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AwsPodIdentityArgs:
    """A service account and what its pods may do in AWS."""

    cluster_name: pulumi.Input[str]
    namespace: str
    service_account: str
    tags: Tags
    policy_arns: Mapping[str, str] = field(default_factory=dict)
    """AWS-managed policies, by a short name of ours."""
    statements: Sequence[policies.Statement] = ()
    associate: bool = True
    """False where an EKS add-on makes the association itself."""


class AwsPodIdentity(pulumi.ComponentResource):
    """A role that the pods of one service account have, without a key anywhere."""

    role_arn: pulumi.Output[str]
    """ARN of the role."""

    def __init__(self, name: str, args: AwsPodIdentityArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsPodIdentity", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = aws.iam.Role(
            name,
            name=physical(args.tags.platform, name, 64),
            assume_role_policy=policies.assumed_by("pods.eks.amazonaws.com", policies.POD_IDENTITY_ACTIONS),
            tags=args.tags.aws(),
            opts=child,
        )
        self.role_arn = role.arn
        for short, arn in args.policy_arns.items():
            aws.iam.RolePolicyAttachment(f"{name}-{short}", role=role.name, policy_arn=arn, opts=child)
        if args.statements:
            aws.iam.RolePolicy(name, role=role.name, policy=policies.document(args.statements), opts=child)
        if args.associate:
            aws.eks.PodIdentityAssociation(
                name,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=args.service_account,
                role_arn=role.arn,
                tags=args.tags.aws(),
                opts=child,
            )
        self.register_outputs({"roleArn": self.role_arn})


@dataclass(frozen=True, kw_only=True)
class AwsClusterAccessArgs:
    """The groups of people that may come in."""

    cluster_name: pulumi.Input[str]
    site: CloudSite
    access: Access
    tags: Tags
    groups: tuple[str, ...] = ()
    """Tenants' groups: they may authenticate; the tenancy's RBAC says what they may do."""
    principals: Mapping[str, str] = field(default_factory=dict)
    """Group to the ARN of an IAM role that its people already have."""


class AwsClusterAccess(pulumi.ComponentResource):
    """An access entry for each group: with the role that it has, or with one that its people may assume."""

    role_arns: dict[str, pulumi.Output[str]]
    """Group to role."""

    def __init__(self, name: str, args: AwsClusterAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsClusterAccess", name, {}, opts)
        self._name, self._args = name, args
        wide = dict.fromkeys(args.access.auditors, "AmazonEKSViewPolicy")
        wide |= dict.fromkeys(args.access.operators, "AmazonEKSClusterAdminPolicy")
        self.role_arns = {group: self._entry(group, wide.get(group)) for group in sorted({*wide, *args.groups})}
        self.register_outputs({"roleArns": self.role_arns})

    def _entry(self, group: str, policy: str | None) -> pulumi.Output[str]:
        name, args = f"{self._name}-{group}", self._args
        child = pulumi.ResourceOptions(parent=self)
        role_arn = self._role(group)
        entry = aws.eks.AccessEntry(
            name,
            cluster_name=args.cluster_name,
            principal_arn=role_arn,
            kubernetes_groups=[group],
            type="STANDARD",
            tags=args.tags.aws(),
            opts=child,
        )
        if policy:
            aws.eks.AccessPolicyAssociation(
                name,
                cluster_name=args.cluster_name,
                principal_arn=entry.principal_arn,
                policy_arn=f"arn:{partition(args.site.region)}:eks::aws:cluster-access-policy/{policy}",
                access_scope={"type": "cluster"},
                opts=child,
            )
        return role_arn

    def _role(self, group: str) -> pulumi.Output[str]:
        args = self._args
        if group in args.principals:
            return pulumi.Output.from_input(args.principals[group])
        role = aws.iam.Role(
            f"{self._name}-{group}",
            name=physical(args.tags.platform, f"{self._name}-{group}", 64),
            description=f"People of the group {group}",
            assume_role_policy=policies.assumed_by_group(partition(args.site.region), args.site.account, group),
            tags=args.tags.aws(),
            opts=pulumi.ResourceOptions(parent=self),
        )
        return role.arn
