"""The network of an EKS cluster: a VPC without a way to the internet.

Owns: subnets, routes, endpoints, flow logs and the locked default security group. Refuses to own: how ranges are cut
(ringfence.planning.cloud.aws) and nodes' own security groups.

There is no internet gateway and no NAT: nodes reach AWS through endpoints in the VPC, images come from ECR, and the S3
endpoint lets through the account's own buckets only. What must come from elsewhere is mirrored into ECR first.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from ringfence.planning.cloud.aws import (
    GATEWAY_ENDPOINTS,
    INTERFACE_ENDPOINTS,
    AwsNetworkPlan,
    log_retention,
    partition,
)
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AwsNetworkArgs:
    """What a network needs to know."""

    site: CloudSite
    plan: AwsNetworkPlan
    tags: Tags
    key_arn: pulumi.Input[str]
    """Key of the flow logs."""
    log_retention_days: int


class AwsNetwork(pulumi.ComponentResource):
    """A VPC with private subnets in each zone, endpoints and flow logs."""

    vpc_id: pulumi.Output[str]
    """The VPC."""
    control_subnet_ids: list[pulumi.Output[str]]
    """Where EKS puts the control plane's interfaces, a subnet for each zone."""
    node_subnet_ids: dict[str, pulumi.Output[str]]
    """Zone to subnet."""
    pod_subnet_ids: dict[str, pulumi.Output[str]]
    """Zone to subnet; pods' addresses never come out of the nodes' range."""
    flow_log_group: pulumi.Output[str]
    """Name of the log group of accepted and refused connections."""

    def __init__(self, name: str, args: AwsNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsNetwork", name, {}, opts)
        self._name, self._args = name, args
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.plan.cidr),
            enable_dns_hostnames=True,
            enable_dns_support=True,
            tags=args.tags.aws(name),
            opts=self._child(),
        )
        self.vpc_id = self._vpc.id
        aws.ec2.DefaultSecurityGroup(
            f"{name}-default",
            vpc_id=self.vpc_id,
            ingress=[],
            egress=[],
            tags=args.tags.aws(f"{name}-default"),
            opts=self._child(),
        )
        self._routes = aws.ec2.RouteTable(
            f"{name}-private", vpc_id=self.vpc_id, routes=[], tags=args.tags.aws(f"{name}-private"), opts=self._child()
        )
        self._subnets()
        self._endpoints()
        self.flow_log_group = self._flow_log()
        self.register_outputs(
            {
                "vpcId": self.vpc_id,
                "controlSubnetIds": self.control_subnet_ids,
                "nodeSubnetIds": self.node_subnet_ids,
                "podSubnetIds": self.pod_subnet_ids,
                "flowLogGroup": self.flow_log_group,
            }
        )

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _subnets(self) -> None:
        self.control_subnet_ids, self.node_subnet_ids, self.pod_subnet_ids = [], {}, {}
        associations = [
            aws.ec2.VpcIpv4CidrBlockAssociation(
                f"{self._name}-pods-{block.network_address}",
                vpc_id=self.vpc_id,
                cidr_block=str(block),
                opts=self._child(),
            )
            for block in self._args.plan.pod_cidrs
        ]
        for row in self._args.plan.zones:
            self.control_subnet_ids.append(self._subnet("control", row.zone, str(row.control)))
            self.node_subnet_ids[row.zone] = self._subnet("nodes", row.zone, str(row.nodes))
            self.pod_subnet_ids[row.zone] = self._subnet("pods", row.zone, str(row.pods), *associations)

    def _subnet(self, use: str, zone: str, cidr: str, *depends_on: pulumi.Resource) -> pulumi.Output[str]:
        name = f"{self._name}-{use}-{zone}"
        tags = self._args.tags.aws(name)
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=cidr,
            map_public_ip_on_launch=False,
            tags={**tags, "kubernetes.io/role/internal-elb": "1"} if use == "nodes" else tags,
            opts=self._child(*depends_on),
        )
        aws.ec2.RouteTableAssociation(name, route_table_id=self._routes.id, subnet_id=subnet.id, opts=self._child())
        return subnet.id

    def _endpoints(self) -> None:
        site, tags = self._args.site, self._args.tags
        name = f"{self._name}-endpoints"
        group = aws.ec2.SecurityGroup(
            name,
            description="HTTPS to AWS from nodes and pods",
            vpc_id=self.vpc_id,
            tags=tags.aws(name),
            opts=self._child(),
        )
        for cidr in (self._args.plan.cidr, *self._args.plan.pod_cidrs):
            aws.vpc.SecurityGroupIngressRule(
                f"{name}-{cidr.network_address}",
                security_group_id=group.id,
                description="HTTPS from this VPC",
                cidr_ipv4=str(cidr),
                ip_protocol="tcp",
                from_port=443,
                to_port=443,
                tags=tags.aws(name),
                opts=self._child(),
            )
        for service in GATEWAY_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{site.region}.{service}",
                vpc_endpoint_type="Gateway",
                route_table_ids=[self._routes.id],
                policy=policies.own_buckets_only(partition(site.region), site.region, site.account),
                tags=tags.aws(f"{self._name}-{service}"),
                opts=self._child(),
            )
        for service in INTERFACE_ENDPOINTS:
            aws.ec2.VpcEndpoint(
                f"{self._name}-{service}",
                vpc_id=self.vpc_id,
                service_name=f"com.amazonaws.{site.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=self.control_subnet_ids,
                security_group_ids=[group.id],
                tags=tags.aws(f"{self._name}-{service}"),
                opts=self._child(),
            )

    def _flow_log(self) -> pulumi.Output[str]:
        name, args = f"{self._name}-flow", self._args
        group = aws.cloudwatch.LogGroup(
            name,
            name=f"/ringfence/{physical(args.tags.platform, self._name, 200)}/flow",
            kms_key_id=args.key_arn,
            retention_in_days=log_retention(args.log_retention_days),
            tags=args.tags.aws(),
            opts=self._child(),
        )
        account = {"aws:SourceAccount": args.site.account}
        role = aws.iam.Role(
            name,
            name=physical(args.tags.platform, name, 64),
            assume_role_policy=policies.assumed_by("vpc-flow-logs.amazonaws.com", StringEquals=account),
            tags=args.tags.aws(),
            opts=self._child(),
        )
        write = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogGroups", "logs:DescribeLogStreams"]
        aws.iam.RolePolicy(
            name,
            role=role.name,
            policy=policies.document(
                [{"Effect": "Allow", "Action": write, "Resource": pulumi.Output.concat(group.arn, ":*")}]
            ),
            opts=self._child(),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=self.vpc_id,
            traffic_type="ALL",
            log_destination_type="cloud-watch-logs",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            max_aggregation_interval=60,
            tags=args.tags.aws(name),
            opts=self._child(),
        )
        return group.name
