"""A bucket in GCP that holds something worth fencing in: its own key, one region, and nobody from outside.

Owns: what every bucket of a dataset has, at home and where its copies are. Refuses to own: copying.

A bucket with a retention has no versions: Cloud Storage takes one or the other (Bucket Lock keeps what is there from
being replaced at all). Both kinds have soft deletion.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from components.cloud.gcp_keys import GcpKey, GcpKeyArgs
from ringfence.planning.cloud.names import bucket_name
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

NONCURRENT_DAYS = 35
"""Days that an overwritten or deleted version is kept: a month and a weekend."""
SOFT_DELETE_SECONDS = 7 * 24 * 3600
"""Cloud Storage's own default."""
LOG_DAYS = 365
"""Days that access logs are kept."""
_LOG_WRITER = "group:cloud-storage-analytics@google.com"
"""Who writes access logs (Cloud Storage documentation, "Usage logs & storage logs")."""
_YEAR_SECONDS = 31_557_600
"""365.25 days, as Cloud Storage counts a year of retention."""


@dataclass(frozen=True, kw_only=True)
class GcpBucketArgs:
    """What a bucket needs to know."""

    site: CloudSite
    tags: Tags
    retention_years: int = 0
    """Objects cannot be deleted or replaced for so long; 0 locks nothing."""
    noncurrent_days: int = NONCURRENT_DAYS
    """How long overwritten and deleted versions are kept: for backups, as long as the platform asks."""


class GcpBucket(pulumi.ComponentResource):
    """A private, encrypted bucket in one region, with its key and its access log."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    key_id: pulumi.Output[str]
    """Key of everything in it."""

    def __init__(self, name: str, args: GcpBucketArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpBucket", name, {}, opts)
        self._args = args
        key = GcpKey(
            name, GcpKeyArgs(site=args.site, tags=args.tags, users=("storage",)), pulumi.ResourceOptions(parent=self)
        )
        self.key_id = key.key_id
        log = self._bucket(f"{name}-log", key, [_delete({"age": LOG_DAYS})])
        gcp.storage.BucketIAMMember(
            f"{name}-log",
            bucket=log.name,
            role="roles/storage.objectCreator",
            member=_LOG_WRITER,
            opts=pulumi.ResourceOptions(parent=self),
        )
        rules = [_delete({"days_since_noncurrent_time": args.noncurrent_days, "with_state": "ARCHIVED"})]
        self.bucket = self._bucket(name, key, rules, log=log.name, retention_years=args.retention_years).name
        self.register_outputs({"bucket": self.bucket, "keyId": self.key_id})

    def _bucket(
        self,
        name: str,
        key: GcpKey,
        rules: list[gcp.storage.BucketLifecycleRuleArgsDict],
        *,
        log: pulumi.Input[str] | None = None,
        retention_years: int = 0,
    ) -> gcp.storage.Bucket:
        args = self._args
        return gcp.storage.Bucket(
            name,
            name=bucket_name(args.tags.platform, name, args.site.account),
            project=args.site.account,
            location=args.site.region,
            storage_class="STANDARD",
            uniform_bucket_level_access=True,
            public_access_prevention="enforced",
            encryption={"default_kms_key_name": key.key_id},
            versioning={"enabled": retention_years == 0},
            retention_policy=(
                # Locked in prod: nobody can shorten it any more, the project's owners included.
                {"retention_period": str(retention_years * _YEAR_SECONDS), "is_locked": args.tags.environment == "prod"}
                if retention_years
                else None
            ),
            soft_delete_policy={"retention_duration_seconds": SOFT_DELETE_SECONDS},
            lifecycle_rules=rules,
            logging={"log_bucket": log, "log_object_prefix": name} if log else None,
            labels=args.tags.gcp(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[key]),
        )


def _delete(condition: gcp.storage.BucketLifecycleRuleConditionArgsDict) -> gcp.storage.BucketLifecycleRuleArgsDict:
    return {"action": {"type": "Delete"}, "condition": condition}
