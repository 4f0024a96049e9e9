"""A network, an EKS cluster, a server and a bucket, with the look-ups that such programs start with."""

import json

import pulumi
import pulumi_aws as aws

size = pulumi.Config().get_int("size") or 2
cidr = pulumi.Config().get("cidr") or "10.0.0.0/16"
zones = aws.get_availability_zones(state="available")
me = aws.get_caller_identity()
region = aws.get_region()
ami = aws.ec2.get_ami(
    most_recent=True, owners=["amazon"], filters=[{"name": "name", "values": ["al2023-ami-*-x86_64"]}]
)
vpc = aws.ec2.Vpc("vpc", cidr_block=cidr, enable_dns_hostnames=True, tags={"Name": "main"})
igw = aws.ec2.InternetGateway("igw", vpc_id=vpc.id)
table = aws.ec2.RouteTable(
    "rt", vpc_id=vpc.id, routes=[aws.ec2.RouteTableRouteArgs(cidr_block="0.0.0.0/0", gateway_id=igw.id)]
)
subnets = []
for i, zone in enumerate(zones.names[:2]):
    s = aws.ec2.Subnet(
        f"subnet-{i}", vpc_id=vpc.id, cidr_block=f"10.0.{i}.0/24", availability_zone=zone, map_public_ip_on_launch=True
    )
    aws.ec2.RouteTableAssociation(f"rta-{i}", route_table_id=table.id, subnet_id=s.id)
    subnets.append(s.id)
role = aws.iam.Role(
    "eks-role",
    assume_role_policy=json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {"Action": "sts:AssumeRole", "Principal": {"Service": "eks.amazonaws.com"}, "Effect": "Allow"}
            ],
        }
    ),
)
aws.iam.RolePolicyAttachment("a", role=role.id, policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy")
doc = aws.iam.get_policy_document(
    statements=[
        {
            "effect": "Allow",
            "principals": [{"type": "Service", "identifiers": ["ec2.amazonaws.com"]}],
            "actions": ["sts:AssumeRole"],
        }
    ]
)
node_role = aws.iam.Role("node-role", assume_role_policy=doc.json)
cluster = aws.eks.Cluster(
    "eks",
    role_arn=role.arn,
    tags={"Name": "pulumi-eks"},
    vpc_config=aws.eks.ClusterVpcConfigArgs(
        public_access_cidrs=["0.0.0.0/0"],
        subnet_ids=subnets,
        security_group_ids=[
            aws.ec2.SecurityGroup(
                "sg",
                vpc_id=vpc.id,
                ingress=[{"protocol": "tcp", "from_port": 443, "to_port": 443, "cidr_blocks": ["0.0.0.0/0"]}],
            ).id
        ],
    ),
)
ng = aws.eks.NodeGroup(
    "ng",
    cluster_name=cluster.name,
    node_role_arn=node_role.arn,
    subnet_ids=subnets,
    scaling_config=aws.eks.NodeGroupScalingConfigArgs(desired_size=size, max_size=4, min_size=1),
)
kubeconfig = pulumi.Output.all(cluster.name, cluster.endpoint, cluster.certificate_authority).apply(
    lambda a: json.dumps(
        {"clusters": [{"name": a[0], "cluster": {"server": a[1], "certificate-authority-data": a[2]["data"]}}]}
    )
)
server = aws.ec2.Instance("web", ami=ami.id, instance_type="t3.micro", subnet_id=subnets[0])
bucket = aws.s3.Bucket("site")
aws.s3.BucketObject("index", bucket=bucket.id, content="<h1>hi</h1>", key="index.html")
pulumi.export("account", me.account_id)
pulumi.export("region", region.region)
pulumi.export("zones", zones.names)
pulumi.export("ami", ami.id)
pulumi.export("kubeconfig", kubeconfig)
pulumi.export("ip", server.public_ip)
pulumi.export("arn", bucket.arn)
pulumi.export("doc", doc.json)
existing = aws.ec2.Vpc.get("old", "vpc-0123456789abcdef0")
pulumi.export("oldArn", existing.arn)
part = aws.get_partition()
pulumi.export("part", part.partition)
secret = aws.secretsmanager.get_secret_output(name="db")
pulumi.export("secretArn", secret.arn)
