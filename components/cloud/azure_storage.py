"""The store of one dataset in Azure: its account, and the replicas and backups that the platform names, no others.

Owns: object replication to other Azure sites, and backups at home. Refuses to own: whether a copy may be there (the
residency model and the policies say so before anything is made), and copies to places that are not in Azure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_account import CONTAINER, AzureAccount, AzureAccountArgs
from components.cloud.azure_backup import AzureBackup, AzureBackupArgs
from components.cloud.azure_keys import grant
from components.cloud.azure_network import AzurePrivateAccess
from components.cloud.copies import own_copies, own_key
from ringfence.planning.labels import Tags
from ringfence.spec.data import Backup, Dataset
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AzurePlace:
    """Another Azure site that replicas may go to, and the provider that acts there."""

    site: CloudSite
    tags: Tags
    provider: azure.Provider


@dataclass(frozen=True, kw_only=True)
class AzureDatasetStoreArgs:
    """What a dataset store needs to know; all of it is plain but networks and providers."""

    dataset: Dataset
    site: CloudSite
    """The home site."""
    tags: Tags
    """With the dataset's classes."""
    retention_years: int = 0
    """The longer of the dataset's and its class's."""
    geo_redundant: bool = False
    """Let Azure copy to the paired region: only where every class of the dataset may rest in that country."""
    access: Mapping[str, AzurePrivateAccess] = field(default_factory=dict)
    """Cluster to its network (AzureTrainingCluster.private_access), for each cluster that mounts the dataset."""
    places: Mapping[str, AzurePlace] = field(default_factory=dict)
    """Site name to place, for the sites of replicas."""
    transferred: frozenset[str] = frozenset()
    """Names of replicas and backups that a transfer job makes, because Azure cannot."""


class AzureDatasetStore(pulumi.ComponentResource):
    """A dataset's storage account with its key, its replicas and its backups."""

    account_id: pulumi.Output[str]
    """Id of the storage account."""
    account_name: pulumi.Output[str]
    """Name of the storage account."""
    key_id: pulumi.Output[str]
    """Key of everything in it, without a version."""
    uri: pulumi.Output[str]
    """abfss://container@account.dfs.core.windows.net, as data libraries spell it."""
    replica_accounts: dict[str, pulumi.Output[str]]
    """Replica to account id."""
    backup_vaults: dict[str, pulumi.Output[str]]
    """Backup to vault id."""

    def __init__(self, name: str, args: AzureDatasetStoreArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureDatasetStore", name, {}, opts)
        self._name, self._args = name, args
        own_key("azure", name, args.dataset)
        replicas, backups = own_copies("azure", name, args.dataset, args.places, args.transferred)
        self._refuse_backups_elsewhere()
        if replicas and args.retention_years:
            raise pulumi.RunError(
                f"datasets.{name}.replicas: Azure does not replicate accounts that lock their versions, and "
                f"this one does for {args.retention_years} years: use a transfer job"
            )
        self._home = AzureAccount(
            name,
            AzureAccountArgs(
                site=args.site,
                tags=args.tags,
                retention_years=args.retention_years,
                geo_redundant=args.geo_redundant,
                access=args.access,
            ),
            pulumi.ResourceOptions(parent=self),
        )
        self.account_id, self.account_name = self._home.account_id, self._home.account_name
        self.key_id = self._home.key_id
        self.uri = pulumi.Output.concat(f"abfss://{CONTAINER}@", self.account_name, ".dfs.core.windows.net")
        self.replica_accounts = {copy: self._replica(copy, args.places[row.site]) for copy, row in replicas.items()}
        self.backup_vaults = {copy: self._backup(copy, row) for copy, row in backups.items()}
        self.register_outputs(
            {
                "accountId": self.account_id,
                "accountName": self.account_name,
                "keyId": self.key_id,
                "uri": self.uri,
                "replicaAccounts": self.replica_accounts,
                "backupVaults": self.backup_vaults,
            }
        )

    def let_read(self, reader: str, principal_id: pulumi.Input[str]) -> None:
        """Let a managed identity (of a Kubernetes service account, say) read the dataset."""
        grant(
            f"{self._name}-{reader}", self._args.site, "Storage Blob Data Reader", self.account_id, principal_id, self
        )

    def _refuse_backups_elsewhere(self) -> None:
        dataset = self._args.dataset
        for copy, row in dataset.backups.items():
            if row.site != dataset.site and copy not in self._args.transferred:
                raise pulumi.RunError(
                    f"datasets.{self._name}.backups.{copy}: Azure Backup keeps a blob's backups in the blob's own "
                    f"region: name {dataset.site}, or make it a replica at {row.site}"
                )

    def _backup(self, copy: str, backup: Backup) -> pulumi.Output[str]:
        args = AzureBackupArgs(
            backup=backup,
            site=self._args.site,
            tags=self._args.tags,
            resource_group=self._home.resource_group,
            account_id=self.account_id,
            account_name=self.account_name,
        )
        after = pulumi.ResourceOptions(parent=self, depends_on=self._home.ready)
        return AzureBackup(f"{self._name}-{copy}", args, after).vault_id

    def _replica(self, copy: str, place: AzurePlace) -> pulumi.Output[str]:
        name, home = f"{self._name}-{copy}", self._home
        tags = place.tags.but(data_classes=self._args.tags.data_classes, cost_center=self._args.tags.cost_center)
        target = AzureAccount(
            name,
            AzureAccountArgs(site=place.site, tags=tags),
            pulumi.ResourceOptions(parent=self, provider=place.provider),
        )
        both: list[pulumi.Resource] = [*home.ready, *target.ready]
        # One policy stands at both ends: Azure names it at the receiving one, and the sending one repeats the name.
        receiving = azure.storage.ObjectReplicationPolicy(
            f"{name}-receiving",
            object_replication_policy_id="default",
            account_name=target.account_name,
            resource_group_name=target.resource_group,
            source_account=home.account_id,
            destination_account=target.account_id,
            rules=[{"source_container": CONTAINER, "destination_container": CONTAINER}],
            opts=pulumi.ResourceOptions(parent=self, provider=place.provider, depends_on=both),
        )
        rule_id = receiving.rules.apply(lambda rules: rules[0].rule_id if rules else None)
        azure.storage.ObjectReplicationPolicy(
            f"{name}-sending",
            object_replication_policy_id=receiving.policy_id,
            account_name=home.account_name,
            resource_group_name=home.resource_group,
            source_account=home.account_id,
            destination_account=target.account_id,
            rules=[{"rule_id": rule_id, "source_container": CONTAINER, "destination_container": CONTAINER}],
            opts=pulumi.ResourceOptions(parent=self, depends_on=both),
        )
        return target.account_id
