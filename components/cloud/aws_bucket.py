"""A bucket that holds something worth fencing in: its own key, versions, TLS only, and nobody from outside.

Owns: what every bucket of a dataset has, at home and where its replicas are. Refuses to own: replication and backups
(components/cloud/aws_storage.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from ringfence.planning.cloud.aws import partition
from ringfence.planning.cloud.names import bucket_name, fit, physical
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

KEY_DELETION_DAYS = 30
"""The longest that AWS lets a deleted key be brought back (ScheduleKeyDeletion)."""
NONCURRENT_DAYS = 35
"""Days that an overwritten or deleted version is kept where no retention asks for more: a month and a weekend."""

LOG_DAYS = 365
"""Days that access logs are kept."""


def new_key(
    name: str, description: str, tags: Tags, statements: list[policies.Statement], opts: pulumi.ResourceOptions
) -> aws.kms.Key:
    """A key of one region that rotates every year, with an alias."""
    key = aws.kms.Key(
        name,
        description=description,
        enable_key_rotation=True,
        multi_region=False,
        deletion_window_in_days=KEY_DELETION_DAYS,
        policy=policies.document(statements),
        tags=tags.aws(name),
        opts=opts,
    )
    aws.kms.Alias(name, name=f"alias/{physical(tags.platform, name, 200)}", target_key_id=key.id, opts=opts)
    return key


@dataclass(frozen=True, kw_only=True)
class AwsBucketArgs:
    """What a bucket needs to know."""

    site: CloudSite
    tags: Tags
    retention_years: int = 0
    """Objects cannot be deleted for so long; 0 locks nothing."""
    replicated_by: pulumi.Input[str] | None = None
    """The role that writes replicas into it, where that role is of another account."""


class AwsBucket(pulumi.ComponentResource):
    """A private, versioned, encrypted bucket with its key and its access log."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    arn: pulumi.Output[str]
    """ARN of the bucket."""
    key_arn: pulumi.Output[str]
    """ARN of the key of everything in it."""
    versioning: aws.s3.BucketVersioning
    """Replication must wait for it."""

    def __init__(self, name: str, args: AwsBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsBucket", name, {}, opts)
        self._name, self._args = name, args
        may_use_key = [policies.account_owns_key(partition(args.site.region), args.site.account)]
        if args.replicated_by is not None:
            may_use_key.append(policies.lent_key(args.replicated_by, "Encrypt", "GenerateDataKey*"))
        key = new_key(name, f"Objects of {name}", args.tags, may_use_key, self._child())
        self.key_arn = key.arn
        bucket = self._bucket(name, locked=args.retention_years > 0)
        self.bucket, self.arn = bucket.bucket, bucket.arn
        self._encrypt(name, bucket, {"sse_algorithm": "aws:kms", "kms_master_key_id": key.arn})
        self.versioning = aws.s3.BucketVersioning(
            name, bucket=bucket.bucket, versioning_configuration={"status": "Enabled"}, opts=self._child()
        )
        self._retention(bucket)
        statements = [*policies.tls_only(bucket.arn), policies.only_this_key(bucket.arn, key.arn)]
        if args.replicated_by is not None:
            statements.append(policies.replicated_into(bucket.arn, args.replicated_by))
        aws.s3.BucketPolicy(name, bucket=bucket.bucket, policy=policies.document(statements), opts=self._child())
        self._access_log(bucket)
        self.register_outputs({"bucket": self.bucket, "arn": self.arn, "keyArn": self.key_arn})

    def _child(self, *depends_on: pulumi.Resource) -> pulumi.ResourceOptions:
        return pulumi.ResourceOptions(parent=self, depends_on=list(depends_on))

    def _bucket(self, name: str, *, locked: bool) -> aws.s3.Bucket:
        """A bucket that nobody outside the account can be let into, with ACLs off."""
        bucket = aws.s3.Bucket(
            name,
            bucket=bucket_name(self._args.tags.platform, name, self._args.site.account),
            object_lock_enabled=locked or None,
            tags=self._args.tags.aws(name),
            opts=self._child(),
        )
        aws.s3.BucketPublicAccessBlock(
            name,
            bucket=bucket.bucket,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            opts=self._child(),
        )
        aws.s3.BucketOwnershipControls(
            name, bucket=bucket.bucket, rule={"object_ownership": "BucketOwnerEnforced"}, opts=self._child()
        )
        return bucket

    def _encrypt(
        self,
        name: str,
        bucket: aws.s3.Bucket,
        default: aws.s3.BucketServerSideEncryptionConfigurationRuleApplyServerSideEncryptionByDefaultArgsDict,
    ) -> None:
        aws.s3.BucketServerSideEncryptionConfiguration(
            name,
            bucket=bucket.bucket,
            # One data key for many objects: without it each read costs a call to the key service.
            rules=[{"apply_server_side_encryption_by_default": default, "bucket_key_enabled": True}],
            opts=self._child(),
        )

    def _retention(self, bucket: aws.s3.Bucket) -> None:
        aws.s3.BucketLifecycleConfiguration(
            self._name,
            bucket=bucket.bucket,
            rules=[
                {
                    "id": "old-versions",
                    "status": "Enabled",
                    "filter": {"prefix": ""},
                    "noncurrent_version_expiration": {"noncurrent_days": NONCURRENT_DAYS},
                    "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
                }
            ],
            opts=self._child(self.versioning),
        )
        if self._args.retention_years:
            # In COMPLIANCE mode not even the account's root may delete; outside prod an administrator still can.
            mode = "COMPLIANCE" if self._args.tags.environment == "prod" else "GOVERNANCE"
            aws.s3.BucketObjectLockConfiguration(
                self._name,
                bucket=bucket.bucket,
                rule={"default_retention": {"mode": mode, "years": self._args.retention_years}},
                opts=self._child(self.versioning),
            )

    def _access_log(self, source: aws.s3.Bucket) -> None:
        """Who read what. S3 can write access logs only to buckets with its own keys (SSE-S3), in the same region."""
        name = f"{fit(self._name, 48)}-log"
        log = self._bucket(name, locked=False)
        self._encrypt(name, log, {"sse_algorithm": "AES256"})
        aws.s3.BucketLifecycleConfiguration(
            name,
            bucket=log.bucket,
            rules=[{"id": "expire", "status": "Enabled", "filter": {"prefix": ""}, "expiration": {"days": LOG_DAYS}}],
            opts=self._child(),
        )
        allowed = policies.access_logs_from(log.arn, source.arn, self._args.site.account)
        policy = aws.s3.BucketPolicy(
            name,
            bucket=log.bucket,
            policy=policies.document([*policies.tls_only(log.arn), allowed]),
            opts=self._child(),
        )
        aws.s3.BucketLogging(
            self._name,
            bucket=source.bucket,
            target_bucket=log.bucket,
            target_prefix="access/",
            opts=self._child(policy),
        )
