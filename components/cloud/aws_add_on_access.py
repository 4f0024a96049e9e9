"""What add-ons on an EKS cluster may do in AWS: by pod identity, each no more than its work needs.

Owns: the permissions of each kind of access, and the queue on which EC2 tells Karpenter of interruptions. Refuses to
own: which add-on needs which kind (ringfence/facts/addons.yaml, `cloud_identity`) and how it is installed.
Sources: kubernetes/autoscaler, cloudprovider/aws/README; aws/karpenter-provider-aws v1.14, docs: CloudFormation;
vmware-tanzu/velero-plugin-for-aws, README: permissions.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from components.cloud.aws_identity import AwsPodIdentity, AwsPodIdentityArgs
from components.cloud.aws_policies import Statement
from ringfence.facts.addons import Access
from ringfence.planning.addons import AddOnPlan
from ringfence.planning.cloud.aws import partition
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import PLATFORM, Tags
from ringfence.spec.site import CloudSite

INTERRUPTIONS = {
    "health": ("aws.health", "AWS Health Event"),
    "spot": ("aws.ec2", "EC2 Spot Instance Interruption Warning"),
    "rebalance": ("aws.ec2", "EC2 Instance Rebalance Recommendation"),
    "state": ("aws.ec2", "EC2 Instance State-change Notification"),
}
"""What Karpenter listens to, by a short name: source and detail type."""


@dataclass(frozen=True, kw_only=True)
class AwsAddOnAccessArgs:
    """A cluster, and the add-ons on it."""

    cluster_name: pulumi.Input[str]
    site: CloudSite
    plan: AddOnPlan
    tags: Tags


class AwsAddOnAccess(pulumi.ComponentResource):
    """A role for each add-on that acts in AWS; nothing for those that do not."""

    role_arns: dict[str, pulumi.Output[str]]
    """Add-on to the role of its pods."""

    def __init__(self, name: str, args: AwsAddOnAccessArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsAddOnAccess", name, {}, opts)
        self._name, self._args = name, args
        self.role_arns = {}
        for add_on in args.plan.add_ons:
            identity = add_on.row.cloud_identity
            statements = statements_of(args, identity.access) if identity else []
            if identity is None or not statements:
                continue
            pods = AwsPodIdentity(
                f"{name}-{add_on.name}",
                AwsPodIdentityArgs(
                    cluster_name=args.cluster_name,
                    namespace=add_on.row.namespace,
                    service_account=identity.service_account,
                    tags=args.tags,
                    statements=statements,
                ),
                pulumi.ResourceOptions(parent=self),
            )
            self.role_arns[add_on.name] = pods.role_arn
            if identity.access == "machines":
                self._interruptions()
        self.register_outputs({"roleArns": self.role_arns})

    def _interruptions(self) -> None:
        """The queue that Karpenter reads, and the rules that fill it."""
        args, name = self._args, f"{self._name}-interruptions"
        child = pulumi.ResourceOptions(parent=self)
        queue = aws.sqs.Queue(
            name,
            name=_cluster(args),
            message_retention_seconds=300,  # older news of an interruption is no news
            sqs_managed_sse_enabled=True,
            tags=args.tags.aws(),
            opts=child,
        )
        aws.sqs.QueuePolicy(
            name, queue_url=queue.id, policy=policies.document(_filled_by_events(queue.arn)), opts=child
        )
        for short, (source, detail) in INTERRUPTIONS.items():
            rule = aws.cloudwatch.EventRule(
                f"{name}-{short}",
                event_pattern=pulumi.Output.json_dumps({"source": [source], "detail-type": [detail]}),
                tags=args.tags.aws(),
                opts=child,
            )
            aws.cloudwatch.EventTarget(f"{name}-{short}", rule=rule.name, arn=queue.arn, opts=child)


def statements_of(args: AwsAddOnAccessArgs, access: Access) -> list[Statement]:
    """The permissions of one kind of access; [] where the cluster has nothing of that kind in AWS."""
    return _STATEMENTS[access](args)


def _cluster(args: AwsAddOnAccessArgs) -> str:
    """The cluster as EKS knows it, which is known before it exists."""
    return physical(args.tags.platform, args.plan.context.cluster, 100)


def _arn(args: AwsAddOnAccessArgs, service: str, resource: str, *, regional: bool = True) -> str:
    region = args.site.region if regional else ""
    return f"arn:{partition(args.site.region)}:{service}:{region}:{args.site.account}:{resource}"


def _bucket(args: AwsAddOnAccessArgs, bucket: str) -> list[Statement]:
    """Read and write one bucket, through keys of this account that S3 uses for it."""
    arn = f"arn:{partition(args.site.region)}:s3:::{bucket}"
    objects = ["GetObject", "PutObject", "DeleteObject", "AbortMultipartUpload", "ListMultipartUploadParts"]
    key = policies.use_key(_arn(args, "kms", "key/*"), "Decrypt", "GenerateDataKey")
    return [
        {"Effect": "Allow", "Action": ["s3:ListBucket", "s3:GetBucketLocation"], "Resource": arn},
        {"Effect": "Allow", "Action": [f"s3:{action}" for action in objects], "Resource": f"{arn}/*"},
        {**key, "Condition": {"StringEquals": {"kms:ViaService": f"s3.{args.site.region}.amazonaws.com"}}},
    ]


def _backups(args: AwsAddOnAccessArgs) -> list[Statement]:
    targets = args.plan.context.backups
    return [part for t in targets if t.provider == "aws" and not t.credentials for part in _bucket(args, t.bucket)]


def _artefacts(args: AwsAddOnAccessArgs) -> list[Statement]:
    store = args.plan.context.artefacts
    return _bucket(args, store.bucket) if store and not store.credentials and not store.endpoint else []


def _node_groups(args: AwsAddOnAccessArgs) -> list[Statement]:
    """See every group, change the size of the cluster's own."""
    described = ("AutoScalingGroups", "AutoScalingInstances", "LaunchConfigurations", "ScalingActivities", "Tags")
    seen = [f"autoscaling:Describe{what}" for what in described]
    seen += [f"ec2:Describe{what}" for what in ("Images", "InstanceTypes", "LaunchTemplateVersions")]
    seen += ["ec2:GetInstanceTypesFromInstanceRequirements", "eks:DescribeNodegroup"]
    owned = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{_cluster(args)}": "owned"}}
    changed = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]
    return [
        {"Effect": "Allow", "Action": seen, "Resource": "*"},
        {"Effect": "Allow", "Action": changed, "Resource": "*", "Condition": owned},
    ]


def _machines(args: AwsAddOnAccessArgs) -> list[Statement]:
    """Start machines that bear the cluster's tag, stop those that do, and give them the nodes' role and no other."""
    name = _cluster(args)
    here = {"StringEquals": {"aws:RequestedRegion": args.site.region}}
    queue = [f"sqs:{verb}" for verb in ("DeleteMessage", "GetQueueUrl", "ReceiveMessage")]
    return [
        *_tagged_machines(args, f"kubernetes.io/cluster/{name}"),
        *_machine_identity(args),
        {"Effect": "Allow", "Action": "ec2:Describe*", "Resource": "*", "Condition": here},
        {"Effect": "Allow", "Action": ["ssm:GetParameter", "pricing:GetProducts"], "Resource": "*"},
        {"Effect": "Allow", "Action": "eks:DescribeCluster", "Resource": _arn(args, "eks", f"cluster/{name}")},
        {"Effect": "Allow", "Action": queue, "Resource": _arn(args, "sqs", name)},
    ]


def _tagged_machines(args: AwsAddOnAccessArgs, tag: str) -> list[Statement]:
    """Start and stop machines: with what is there already, and only if what is made, or ended, bears the tag."""
    parts = ("instance", "fleet", "volume", "network-interface", "launch-template", "spot-instances-request")
    made = [_arn(args, "ec2", f"{part}/*") for part in parts]
    there = [_arn(args, "ec2", f"{part}/*") for part in ("subnet", "security-group", "capacity-reservation")]
    public = f"arn:{partition(args.site.region)}:ec2:{args.site.region}:"
    there += [f"{public}:{part}/*" for part in ("image", "snapshot")]
    start = ["ec2:RunInstances", "ec2:CreateFleet"]
    create = [*start, "ec2:CreateLaunchTemplate"]
    stop = ["ec2:TerminateInstances", "ec2:DeleteLaunchTemplate"]
    by_request = {"StringEquals": {f"aws:RequestTag/{tag}": "owned"}}
    by_resource = {"StringEquals": {f"aws:ResourceTag/{tag}": "owned"}}
    while_creating = {"StringEquals": {"ec2:CreateAction": [action.removeprefix("ec2:") for action in create]}}
    template = _arn(args, "ec2", "launch-template/*")
    return [
        {"Effect": "Allow", "Action": start, "Resource": there},
        {"Effect": "Allow", "Action": start, "Resource": template, "Condition": by_resource},
        {"Effect": "Allow", "Action": create, "Resource": made, "Condition": by_request},
        {"Effect": "Allow", "Action": "ec2:CreateTags", "Resource": made, "Condition": while_creating},
        {"Effect": "Allow", "Action": stop, "Resource": made, "Condition": by_resource},
    ]


def _machine_identity(args: AwsAddOnAccessArgs) -> list[Statement]:
    """Give machines the role of the cluster's nodes, by instance profiles that Karpenter makes."""
    role = physical(args.tags.platform, f"{args.plan.context.cluster}-node", 64)
    to_ec2 = {"StringEquals": {"iam:PassedToService": "ec2.amazonaws.com"}}
    profile = [
        f"iam:{verb}InstanceProfile" for verb in ("Create", "Delete", "Get", "Tag", "AddRoleTo", "RemoveRoleFrom")
    ]
    profiles = _arn(args, "iam", "instance-profile/*", regional=False)
    passed = _arn(args, "iam", f"role/{role}", regional=False)
    return [
        {"Effect": "Allow", "Action": "iam:PassRole", "Resource": passed, "Condition": to_ec2},
        {"Effect": "Allow", "Action": [*profile, "iam:ListInstanceProfiles"], "Resource": profiles},
    ]


def _secrets(args: AwsAddOnAccessArgs) -> list[Statement]:
    """Secrets that bear the platform's tag, and no others of the account."""
    read = [f"secretsmanager:{verb}" for verb in ("GetSecretValue", "DescribeSecret", "ListSecretVersionIds")]
    owned = {"StringEquals": {f"aws:ResourceTag/{PLATFORM}": args.tags.platform}}
    return [
        {"Effect": "Allow", "Action": read, "Resource": _arn(args, "secretsmanager", "secret:*"), "Condition": owned}
    ]


def _filled_by_events(queue_arn: pulumi.Input[str]) -> list[Statement]:
    """EventBridge may write to the queue; nobody without TLS."""
    services = ["events.amazonaws.com", "sqs.amazonaws.com"]
    to_queue: Statement = {"Resource": queue_arn}
    return [
        {"Effect": "Allow", "Principal": {"Service": services}, "Action": "sqs:SendMessage", **to_queue},
        {
            "Effect": "Deny",
            "Principal": "*",
            "Action": "sqs:*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
            **to_queue,
        },
    ]


_STATEMENTS: dict[Access, Callable[[AwsAddOnAccessArgs], list[Statement]]] = {
    "backups": _backups,
    "artefacts": _artefacts,
    "node-groups": _node_groups,
    "machines": _machines,
    "secrets": _secrets,
}
