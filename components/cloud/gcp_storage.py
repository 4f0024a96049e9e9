"""The store of one dataset in GCP: its bucket, and the replicas and backups that the platform names, no others.

Owns: copies in other GCP sites. Refuses to own: whether a copy may be there (the residency model and the policies say
so before anything is made), and copies to places that are not in GCP.

A bucket stands in one region: dual- and multi-regions would let Google choose where a copy is.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud._gcp import gcp
from components.cloud.copies import own_copies, own_key
from components.cloud.gcp_bucket import NONCURRENT_DAYS, GcpBucket, GcpBucketArgs
from components.cloud.gcp_keys import agent, project_number
from components.cloud.sdk import planned
from ringfence.planning.cloud.schedule import repeat
from ringfence.planning.labels import Tags
from ringfence.spec.data import Backup, Dataset
from ringfence.spec.site import CloudSite

_SOURCE_ROLES = ("storage.legacyBucketReader", "storage.objectViewer")
_SINK_ROLES = ("storage.legacyBucketReader", "storage.objectAdmin")
"""What the transfer agent needs at each end (Storage Transfer Service, "Access to Cloud Storage")."""


@dataclass(frozen=True, kw_only=True)
class GcpPlace:
    """Another GCP site that copies may go to, and the provider that acts there."""

    site: CloudSite
    tags: Tags
    provider: gcp.Provider


@dataclass(frozen=True, kw_only=True)
class GcpDatasetStoreArgs:
    """What a dataset store needs to know; all of it is plain but the providers of the other places."""

    dataset: Dataset
    site: CloudSite
    """The home site."""
    tags: Tags
    """With the dataset's classes."""
    retention_years: int = 0
    """The longer of the dataset's and its class's."""
    places: Mapping[str, GcpPlace] = field(default_factory=dict)
    """Site name to place, for the sites of replicas and backups that are not the home site."""
    transferred: frozenset[str] = frozenset()
    """Names of replicas and backups that a transfer job makes, because their site is not in GCP."""


class GcpDatasetStore(pulumi.ComponentResource):
    """A dataset's bucket with its key, its replicas and its backups."""

    bucket: pulumi.Output[str]
    """Name of the bucket."""
    key_id: pulumi.Output[str]
    """Key of everything in it."""
    uri: pulumi.Output[str]
    """gs://bucket."""
    replica_buckets: dict[str, pulumi.Output[str]]
    """Replica to bucket."""
    backup_buckets: dict[str, pulumi.Output[str]]
    """Backup to bucket."""

    def __init__(self, name: str, args: GcpDatasetStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpDatasetStore", name, {}, opts)
        self._name, self._args = name, args
        own_key("gcp", name, args.dataset)
        replicas, backups = own_copies("gcp", name, args.dataset, args.places, args.transferred)
        home = self._bucket(name, args.site, args.tags, retention_years=args.retention_years)
        self.bucket, self.key_id = home.bucket, home.key_id
        self.uri = pulumi.Output.concat("gs://", self.bucket)
        self._readable = self._let_transfer(name, self.bucket, _SOURCE_ROLES) if replicas or backups else []
        self.replica_buckets = {copy: self._replica(copy, args.places[row.site]) for copy, row in replicas.items()}
        self.backup_buckets = {copy: self._backup(copy, row) for copy, row in backups.items()}
        if replicas:
            self._let_storage_tell()
        self.register_outputs(
            {
                "bucket": self.bucket,
                "keyId": self.key_id,
                "uri": self.uri,
                "replicaBuckets": self.replica_buckets,
                "backupBuckets": self.backup_buckets,
            }
        )

    def let_read(self, reader: str, member: pulumi.Input[str]) -> None:
        """Let an IAM member (a Kubernetes service account's principal, say) read the dataset."""
        gcp.storage.BucketIAMMember(
            f"{self._name}-{reader}",
            bucket=self.bucket,
            role="roles/storage.objectViewer",
            member=member,
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _bucket(
        self,
        name: str,
        site: CloudSite,
        tags: Tags,
        provider: gcp.Provider | None = None,
        *,
        retention_years: int = 0,
        noncurrent_days: int = NONCURRENT_DAYS,
    ) -> GcpBucket:
        args = GcpBucketArgs(site=site, tags=tags, retention_years=retention_years, noncurrent_days=noncurrent_days)
        return GcpBucket(name, args, pulumi.ResourceOptions(parent=self, provider=provider))

    def _tags_at(self, place: GcpPlace) -> Tags:
        return place.tags.but(data_classes=self._args.tags.data_classes, cost_center=self._args.tags.cost_center)

    def _let_transfer(self, name: str, bucket: pulumi.Input[str], roles: tuple[str, ...]) -> list[pulumi.Resource]:
        """Let the home project's transfer agent reach a bucket."""
        member = agent(project_number(self._args.site.account, self), "storagetransfer")
        return [
            gcp.storage.BucketIAMMember(
                f"{name}-transfer-{role}",
                bucket=bucket,
                role=f"roles/{role}",
                member=member,
                opts=pulumi.ResourceOptions(parent=self),
            )
            for role in roles
        ]

    def _let_storage_tell(self) -> None:
        """Replication is driven by notifications, which Cloud Storage publishes."""
        project = self._args.site.account
        number = project_number(project, self)
        for service, role in (("storage", "pubsub.publisher"), ("storagetransfer", "pubsub.editor")):
            gcp.projects.IAMMember(
                f"{self._name}-{service}-{role}",
                project=project,
                role=f"roles/{role}",
                member=agent(number, service),
                opts=pulumi.ResourceOptions(parent=self),
            )

    def _replica(self, copy: str, place: GcpPlace) -> pulumi.Output[str]:
        name = f"{self._name}-{copy}"
        target = self._bucket(name, place.site, self._tags_at(place), place.provider)
        writable = self._let_transfer(name, target.bucket, _SINK_ROLES)
        gcp.storage.TransferJob(
            name,
            description=f"Replica {copy} of {self._name} at {place.tags.site}",
            project=self._args.site.account,
            replication_spec={
                "gcs_data_source": {"bucket_name": self.bucket},
                "gcs_data_sink": {"bucket_name": target.bucket},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._readable, *writable]),
        )
        return target.bucket

    def _backup(self, copy: str, backup: Backup) -> pulumi.Output[str]:
        args, name = self._args, f"{self._name}-{copy}"
        place = args.places.get(backup.site)
        site, tags = (place.site, self._tags_at(place)) if place else (args.site, args.tags)
        # What is deleted or changed at home becomes an old version here, and is kept as long as the platform asks.
        provider = place.provider if place else None
        target = self._bucket(name, site, tags, provider, noncurrent_days=backup.retention_days)
        when = planned(f"datasets.{self._name}.backups.{copy}", lambda: repeat(backup.schedule))
        writable = self._let_transfer(name, target.bucket, _SINK_ROLES)
        gcp.storage.TransferJob(
            name,
            description=f"Backup {copy} of {self._name} at {tags.site}",
            project=args.site.account,
            schedule={
                "schedule_start_date": {"year": when.start.year, "month": when.start.month, "day": when.start.day},
                "start_time_of_day": {"hours": when.start.hour, "minutes": when.start.minute, "seconds": 0, "nanos": 0},
                "repeat_interval": f"{when.days * 24 * 3600}s",
            },
            transfer_spec={
                "gcs_data_source": {"bucket_name": self.bucket},
                "gcs_data_sink": {"bucket_name": target.bucket},
                "transfer_options": {"delete_objects_unique_in_sink": True, "overwrite_when": "DIFFERENT"},
            },
            opts=pulumi.ResourceOptions(parent=self, depends_on=[*self._readable, *writable]),
        )
        return target.bucket
