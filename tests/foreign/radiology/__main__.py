"""Imaging archive. One cell per region, the first is where clinicians work, the others are for disaster recovery."""

import json

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as k8s

config = pulumi.Config()
cells = config.require_object("cells")
stack = pulumi.get_stack()


def kubeconfig_for(name, endpoint, ca):
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": ca}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
            "users": [{"name": name, "user": {"exec": {"command": "aws", "args": ["eks", "get-token"]}}}],
        }
    )


class Vault(pulumi.ComponentResource):
    """A bucket the way our security team wants it."""

    def __init__(self, name, provider, opts=None):
        super().__init__("acme:storage:Vault", name, None, opts)
        inside = pulumi.ResourceOptions(parent=self, provider=provider)
        self.key = aws.kms.Key(f"{name}-key", enable_key_rotation=True, opts=inside)
        self.bucket = aws.s3.Bucket(name, opts=inside)
        aws.s3.BucketVersioning(
            f"{name}-versions", bucket=self.bucket.id, versioning_configuration={"status": "Enabled"}, opts=inside
        )
        aws.s3.BucketServerSideEncryptionConfiguration(
            f"{name}-sse",
            bucket=self.bucket.id,
            rules=[
                {
                    "apply_server_side_encryption_by_default": {
                        "sse_algorithm": "aws:kms",
                        "kms_master_key_id": self.key.arn,
                    }
                }
            ],
            opts=inside,
        )
        aws.s3.BucketPublicAccessBlock(
            f"{name}-block",
            bucket=self.bucket.id,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=inside,
        )
        self.register_outputs({})


class Cell(pulumi.ComponentResource):
    """Everything one region needs."""

    def __init__(self, name, region, network):
        super().__init__("acme:imaging:Cell", name)
        self.provider = aws.Provider(f"{name}-aws", region=region, opts=pulumi.ResourceOptions(parent=self))
        inside = pulumi.ResourceOptions(parent=self, provider=self.provider)
        self.vault = Vault(f"{name}-studies", self.provider, pulumi.ResourceOptions(parent=self))
        role = aws.iam.Role(
            f"{name}-eks-role",
            assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}),
            opts=inside,
        )
        self.cluster = aws.eks.Cluster(
            f"{name}-eks",
            role_arn=role.arn,
            vpc_config={"subnet_ids": network, "endpoint_private_access": True, "endpoint_public_access": False},
            opts=inside,
        )
        kubeconfig = pulumi.Output.all(
            self.cluster.name, self.cluster.endpoint, self.cluster.certificate_authority.data
        ).apply(lambda parts: kubeconfig_for(*parts))
        self.k8s = k8s.Provider(f"{name}-k8s", kubeconfig=kubeconfig, opts=pulumi.ResourceOptions(parent=self))
        k8s.core.v1.PersistentVolumeClaim(
            f"{name}-viewer-cache",
            spec={"access_modes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "200Gi"}}},
            opts=pulumi.ResourceOptions(parent=self, provider=self.k8s),
        )
        self.register_outputs({})


if stack == "platform":
    # What other teams read: where audit logs go.
    pulumi.export("auditBucket", "acme-central-audit")
    pulumi.export("oldAuditBucket", "acme-audit-2019")
    pulumi.export("subnets", ["subnet-1", "subnet-2"])
else:
    platform = pulumi.StackReference("organization/radiology/platform")
    built = {name: Cell(name, region, platform.require_output("subnets")) for name, region in cells.items()}
    first, *others = built.values()

    replication = aws.iam.Role("replication", assume_role_policy=json.dumps({"Version": "2012-10-17", "Statement": []}))
    aws.s3.BucketReplicationConfig(
        "archive-copies",
        bucket=first.vault.bucket.id,
        role=replication.arn,
        rules=[
            {
                "id": f"to-{index}",
                "status": "Enabled",
                "destination": {"bucket": other.vault.bucket.arn},
            }
            for index, other in enumerate(others)
        ],
        opts=pulumi.ResourceOptions(provider=first.provider),
    )

    worklist_key = aws.kms.Key("worklist-key")
    worklist = aws.rds.Instance(
        "worklist",
        engine="postgres",
        instance_class="db.r6g.large",
        allocated_storage=100,
        username="worklist",
        manage_master_user_password=True,
        storage_encrypted=True,
        kms_key_id=worklist_key.arn,
        skip_final_snapshot=True,
    )
    for name, cell in list(built.items())[1:]:
        aws.rds.InstanceAutomatedBackupsReplication(
            f"worklist-backups-{name}",
            source_db_instance_arn=worklist.arn,
            kms_key_id=cell.vault.key.arn,
            opts=pulumi.ResourceOptions(provider=cell.provider),
        )

    aws.cloudtrail.Trail(
        "audit", s3_bucket_name=platform.require_output(config.require("audit")), is_multi_region_trail=True
    )

    aws.bedrock.AgentAgent(
        "report-drafts",
        agent_name="report-drafts",
        agent_resource_role_arn=replication.arn,
        foundation_model=config.require("reportModel"),
    )

    k8s.apiextensions.CustomResource(
        "cluster-backups",
        api_version="velero.io/v1",
        kind="BackupStorageLocation",
        metadata={"namespace": "velero"},
        spec={
            "provider": "aws",
            "objectStorage": {"bucket": "acme-velero"},
            "config": {"region": config.require("backupRegion")},
        },
        opts=pulumi.ResourceOptions(provider=first.k8s),
    )

    # Leaflets for patients, on the web for everybody: no personal data.
    site = aws.s3.Bucket("leaflets", region="us-east-1", tags={"confidentiality": "open"})
    pulumi.export("archive", first.vault.bucket.id.apply(lambda name: f"s3://{name}"))
    pulumi.export("leaflets", site.bucket_regional_domain_name)
