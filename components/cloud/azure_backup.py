"""Backups of one storage account with Azure Backup.

Owns: the vault in the account's own region, its redundancy and its schedule. Refuses to own: backups in another region;
Azure keeps a blob's backups where the blob is, or in the paired region, which the platform does not ask for.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_account import CONTAINER
from components.cloud.azure_keys import grant
from components.cloud.sdk import planned
from ringfence.planning.cloud.names import fit
from ringfence.planning.cloud.schedule import repeat
from ringfence.planning.cloud.zones import AZURE_ZONED
from ringfence.planning.labels import Tags
from ringfence.spec.data import Backup
from ringfence.spec.site import CloudSite

# Classes instead of literals: where a property takes one of several types, the SDK renames keys of its classes only.
dp = azure.dataprotection

_BLOBS = "Microsoft.Storage/storageAccounts/blobServices"
_ACCOUNTS = "Microsoft.Storage/storageAccounts"
_VAULT = dp.DataStoreInfoBaseArgs(data_store_type=dp.DataStoreTypes.VAULT_STORE, object_type="DataStoreInfoBase")


@dataclass(frozen=True, kw_only=True)
class AzureBackupArgs:
    """What a backup needs to know."""

    backup: Backup
    site: CloudSite
    tags: Tags
    resource_group: pulumi.Input[str]
    account_id: pulumi.Input[str]
    account_name: pulumi.Input[str]


class AzureBackup(pulumi.ComponentResource):
    """A vault with a policy for one account."""

    vault_id: pulumi.Output[str]
    """Id of the vault where the backups rest."""

    def __init__(self, name: str, args: AzureBackupArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureBackup", name, {}, opts)
        self._name, self._args = name, args
        vault = self._vault()
        self.vault_id = vault.id
        policy = self._policy(vault.name)
        allowed = grant(
            f"{name}-vault",
            args.site,
            "Storage Account Backup Contributor",
            args.account_id,
            vault.identity.principal_id,
            self,
        )
        self._instance(vault.name, policy.id, allowed)
        self.register_outputs({"vaultId": self.vault_id})

    def _vault(self) -> dp.BackupVault:
        args = self._args
        redundancy = "ZoneRedundant" if args.site.region in AZURE_ZONED else "LocallyRedundant"
        return dp.BackupVault(
            self._name,
            vault_name=fit(self._name, 50),
            resource_group_name=args.resource_group,
            location=args.site.region,
            identity={"type": "SystemAssigned"},
            properties={
                "storage_settings": [{"datastore_type": "VaultStore", "type": redundancy}],
                "feature_settings": {
                    "cross_region_restore_settings": {"state": "Disabled"},
                    "cross_subscription_restore_settings": {"state": "Disabled"},
                },
                "security_settings": {
                    "soft_delete_settings": {"state": "On", "retention_duration_in_days": 14},
                    "immutability_settings": {"state": "Unlocked"},
                },
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _policy(self, vault: pulumi.Output[str]) -> dp.BackupPolicy:
        args = self._args
        when = planned(f"backup {self._name}", lambda: repeat(args.backup.schedule))
        every = f"R/{when.start.isoformat()}/{'P1W' if when.days == 7 else 'P1D'}"
        return dp.BackupPolicy(
            self._name,
            backup_policy_name=fit(self._name, 150),
            vault_name=vault,
            resource_group_name=args.resource_group,
            properties=dp.BackupPolicyArgs(
                object_type="BackupPolicy",
                datasource_types=[_BLOBS],
                policy_rules=[_backup_rule(every), _retention_rule(args.backup.retention_days)],
            ),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _instance(self, vault: pulumi.Output[str], policy: pulumi.Output[str], allowed: pulumi.Resource) -> None:
        args = self._args
        dp.BackupInstance(
            self._name,
            backup_instance_name=fit(self._name, 50),
            vault_name=vault,
            resource_group_name=args.resource_group,
            properties=dp.BackupInstanceArgs(
                object_type="BackupInstance",
                friendly_name=self._name,
                data_source_info=dp.DatasourceArgs(
                    object_type="Datasource",
                    datasource_type=_BLOBS,
                    resource_type=_ACCOUNTS,
                    resource_id=args.account_id,
                    resource_name=args.account_name,
                    resource_location=args.site.region,
                    resource_uri=args.account_id,
                ),
                data_source_set_info=dp.DatasourceSetArgs(
                    object_type="DatasourceSet",
                    datasource_type=_BLOBS,
                    resource_type=_ACCOUNTS,
                    resource_id=args.account_id,
                    resource_name=args.account_name,
                    resource_location=args.site.region,
                    resource_uri=args.account_id,
                ),
                policy_info=dp.PolicyInfoArgs(
                    policy_id=policy,
                    policy_parameters=dp.PolicyParametersArgs(
                        backup_datasource_parameters_list=[
                            dp.BlobBackupDatasourceParametersArgs(
                                object_type="BlobBackupDatasourceParameters", containers_list=[CONTAINER]
                            )
                        ]
                    ),
                ),
            ),
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )


def _backup_rule(every: str) -> dp.AzureBackupRuleArgs:
    tag = dp.TaggingCriteriaArgs(is_default=True, tagging_priority=99, tag_info=dp.RetentionTagArgs(tag_name="Default"))
    return dp.AzureBackupRuleArgs(
        object_type="AzureBackupRule",
        name="backup",
        data_store=_VAULT,
        backup_parameters=dp.AzureBackupParamsArgs(object_type="AzureBackupParams", backup_type="Discrete"),
        trigger=dp.ScheduleBasedTriggerContextArgs(
            object_type="ScheduleBasedTriggerContext",
            schedule=dp.BackupScheduleArgs(repeating_time_intervals=[every], time_zone="UTC"),
            tagging_criteria=[tag],
        ),
    )


def _retention_rule(days: int) -> dp.AzureRetentionRuleArgs:
    delete = dp.AbsoluteDeleteOptionArgs(object_type="AbsoluteDeleteOption", duration=f"P{days}D")
    return dp.AzureRetentionRuleArgs(
        object_type="AzureRetentionRule",
        name="Default",
        is_default=True,
        lifecycles=[dp.SourceLifeCycleArgs(source_data_store=_VAULT, delete_after=delete)],
    )
