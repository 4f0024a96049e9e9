"""The store of one dataset in AWS: its bucket, and the replicas and backups that the platform names, no others.

Owns: replication to and backups in other AWS sites. Refuses to own: whether a copy may be there (the residency model
and the policies say so before anything is made), and copies to places that are not in AWS.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud import aws_policies as policies
from components.cloud._aws import aws
from components.cloud.aws_backup import AwsBackup, AwsBackupArgs
from components.cloud.aws_bucket import AwsBucket, AwsBucketArgs
from components.cloud.copies import own_copies, own_key
from ringfence.planning.cloud.names import physical
from ringfence.planning.labels import Tags
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AwsPlace:
    """Another AWS site that copies may go to, and the provider that acts there."""

    site: CloudSite
    tags: Tags
    provider: aws.Provider


@dataclass(frozen=True, kw_only=True)
class AwsDatasetStoreArgs:
    """What a dataset store needs to know; all of it is plain but the providers of the other places."""

    dataset: Dataset
    site: CloudSite
    """The home site. The component's own provider must act in its region."""
    tags: Tags
    """With the dataset's classes."""
    retention_years: int = 0
    """The longer of the dataset's and its class's."""
    places: Mapping[str, AwsPlace] = field(default_factory=dict)
    """Site name to place, for the sites of replicas and backups that are not the home site."""
    transferred: frozenset[str] = frozenset()
    """Names of replicas and backups that a transfer job makes, because their site is not in AWS."""


class AwsDatasetStore(pulumi.ComponentResource):
    """A dataset's bucket with its key, its replicas and its backups."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    bucket_arn: pulumi.Output[str]
    """ARN of the bucket."""
    key_arn: pulumi.Output[str]
    """ARN of the key of everything in it."""
    uri: pulumi.Output[str]
    """s3://bucket."""
    replica_buckets: dict[str, pulumi.Output[str]]
    """Replica to bucket."""
    backup_vaults: dict[str, pulumi.Output[str]]
    """Backup to the ARN of the vault where it rests."""

    def __init__(self, name: str, args: AwsDatasetStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AwsDatasetStore", name, {}, opts)
        self._name, self._args = name, args
        own_key("aws", name, args.dataset)
        self._replicas, self._backups = own_copies("aws", name, args.dataset, args.places, args.transferred)
        self._home = self._bucket(name, args.site, args.tags)
        self.bucket, self.bucket_arn, self.key_arn = self._home.bucket, self._home.arn, self._home.key_arn
        self.uri = pulumi.Output.concat("s3://", self.bucket)
        self.replica_buckets = self._replicate()
        self.backup_vaults = self._back_up()
        self.register_outputs(
            {
                "bucket": self.bucket,
                "bucketArn": self.bucket_arn,
                "keyArn": self.key_arn,
                "uri": self.uri,
                "replicaBuckets": self.replica_buckets,
                "backupVaults": self.backup_vaults,
            }
        )

    def read_statements(self) -> list[policies.Statement]:
        """What a pod identity needs to read the dataset (AwsPodIdentityArgs.statements)."""
        return policies.read_bucket(self.bucket_arn, self.key_arn)

    def _bucket(self, name: str, site: CloudSite, tags: Tags) -> AwsBucket:
        args = AwsBucketArgs(site=site, tags=tags, retention_years=self._args.retention_years)
        return AwsBucket(name, args, pulumi.ResourceOptions(parent=self))

    def _replica(self, name: str, place: AwsPlace, role_arn: pulumi.Output[str]) -> AwsBucket:
        args = AwsBucketArgs(
            site=place.site,
            tags=self._tags_at(place),
            retention_years=self._args.retention_years,
            replicated_by=role_arn if place.site.account != self._args.site.account else None,
        )
        return AwsBucket(f"{self._name}-{name}", args, pulumi.ResourceOptions(parent=self, provider=place.provider))

    def _tags_at(self, place: AwsPlace) -> Tags:
        return place.tags.but(data_classes=self._args.tags.data_classes, cost_center=self._args.tags.cost_center)

    def _replicate(self) -> dict[str, pulumi.Output[str]]:
        if not self._replicas:
            return {}
        places = {name: self._args.places[replica.site] for name, replica in self._replicas.items()}
        child = pulumi.ResourceOptions(parent=self)
        role_name = f"{self._name}-replication"
        role = aws.iam.Role(
            role_name,
            name=physical(self._args.tags.platform, role_name, 64),
            assume_role_policy=policies.assumed_by(
                "s3.amazonaws.com", StringEquals={"aws:SourceAccount": self._args.site.account}
            ),
            tags=self._args.tags.aws(),
            opts=child,
        )
        copies = {name: self._replica(name, place, role.arn) for name, place in places.items()}
        targets = [(copy.arn, copy.key_arn, places[name].site.region) for name, copy in copies.items()]
        statements = policies.replicate(self.bucket_arn, self.key_arn, self._args.site.region, targets)
        aws.iam.RolePolicy(role_name, role=role.name, policy=policies.document(statements), opts=child)
        aws.s3.BucketReplicationConfig(
            self._name,
            bucket=self.bucket,
            role=role.arn,
            rules=[
                _rule(name, i, copy, None if places[name].site.account == self._args.site.account else places[name])
                for i, (name, copy) in enumerate(copies.items(), start=1)
            ],
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[self._home.versioning, *(copy.versioning for copy in copies.values())]
            ),
        )
        return {name: copy.bucket for name, copy in copies.items()}

    def _back_up(self) -> dict[str, pulumi.Output[str]]:
        vaults = {}
        for name, backup in self._backups.items():
            place = self._args.places.get(backup.site)
            args = AwsBackupArgs(
                backup=backup,
                site=self._args.site,
                tags=self._args.tags,
                resource_arn=self.bucket_arn,
                key_arn=self.key_arn,
                copy_site=place.site if place else None,
                copy_tags=self._tags_at(place) if place else None,
                copy_provider=place.provider if place else None,
            )
            made = AwsBackup(f"{self._name}-{name}", args, pulumi.ResourceOptions(parent=self))
            vaults[name] = made.vault_arn
        return vaults


def _rule(
    name: str, priority: int, copy: AwsBucket, abroad: AwsPlace | None
) -> aws.s3.BucketReplicationConfigRuleArgsDict:
    """One replica; `abroad` is its place where that is another account, which then owns the objects."""
    return {
        "id": name,
        "priority": priority,
        "status": "Enabled",
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Enabled"},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": copy.arn,
            "account": abroad.site.account if abroad else None,
            "access_control_translation": {"owner": "Destination"} if abroad else None,
            "encryption_configuration": {"replica_kms_key_id": copy.key_arn},
            "metrics": {"status": "Enabled", "event_threshold": {"minutes": 15}},
            "replication_time": {"status": "Enabled", "time": {"minutes": 15}},
        },
    }
