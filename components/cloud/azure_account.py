"""A storage account that holds one dataset: its own key, one region, and no public address.

Owns: what every account of a dataset has, at home and where its replicas are. Refuses to own: copying.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_keys import AzureKey, AzureKeyArgs
from components.cloud.azure_logs import AzureLogs, AzureLogsArgs
from components.cloud.azure_network import AzurePrivateAccess, private_endpoint
from ringfence.planning.cloud.azure import storage_sku
from ringfence.planning.cloud.names import alphanumeric, physical
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

CONTAINER = "data"
"""The container of an account: an account holds one dataset, because keys and networks belong to accounts."""
SOFT_DELETE_DAYS = 35
"""Days that a deleted blob, version or container can be brought back: a month and a weekend."""
LOG_DAYS = 365
"""Days that access logs are kept."""
_ACCESS = ("StorageRead", "StorageWrite", "StorageDelete")
_YEAR_DAYS = 366
"""A retention is never a day short."""


@dataclass(frozen=True, kw_only=True)
class AzureAccountArgs:
    """What an account needs to know."""

    site: CloudSite
    tags: Tags
    retention_years: int = 0
    """Versions cannot be deleted for so long; 0 locks nothing."""
    geo_redundant: bool = False
    """Copy to the region that Azure pairs with this one: only where the data class allows that country."""
    access: Mapping[str, AzurePrivateAccess] = field(default_factory=dict)
    """Cluster to its network, for each that reaches the account."""


class AzureAccount(pulumi.ComponentResource):
    """A private, versioned, encrypted storage account with one container, in a resource group of its own."""

    resource_group: pulumi.Output[str]
    """Name of its resource group."""
    account_id: pulumi.Output[str]
    """Id of the storage account."""
    account_name: pulumi.Output[str]
    """Name of the storage account."""
    key_id: pulumi.Output[str]
    """Key of everything in it, without a version."""
    ready: list[pulumi.Resource]
    """Replication and backups must wait for versions and the container."""

    def __init__(self, name: str, args: AzureAccountArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureAccount", name, {}, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        group = azure.resources.ResourceGroup(
            name,
            resource_group_name=physical(args.tags.platform, name, 90),
            location=args.site.region,
            tags=args.tags.azure(),
            opts=child,
        )
        self.resource_group = group.name
        key = AzureKey(name, AzureKeyArgs(site=args.site, tags=args.tags, resource_group=group.name), child)
        account = self._account(key)
        self.key_id, self.account_id, self.account_name = key.key_uri, account.id, account.name
        versions = self._versions()
        container = azure.storage.BlobContainer(
            name,
            container_name=CONTAINER,
            account_name=account.name,
            resource_group_name=group.name,
            public_access=azure.storage.PublicAccess.NONE,
            opts=child,
        )
        self.ready = [versions, container]
        self._logs()
        for cluster, access in args.access.items():
            private_endpoint(f"{name}-{cluster}", "blob", account.id, access, args.site, args.tags, self)
        self.register_outputs(
            {
                "resourceGroup": self.resource_group,
                "accountId": self.account_id,
                "accountName": self.account_name,
                "keyId": self.key_id,
            }
        )

    def _account(self, key: AzureKey) -> azure.storage.StorageAccount:
        args = self._args
        return azure.storage.StorageAccount(
            self._name,
            account_name=alphanumeric(physical(args.tags.platform, self._name, 200), args.site.account, 24),
            resource_group_name=self.resource_group,
            location=args.site.region,
            kind=azure.storage.Kind.STORAGE_V2,
            sku={"name": storage_sku(args.site, geo_redundant=args.geo_redundant)},
            access_tier=azure.storage.AccessTier.HOT,
            allow_blob_public_access=False,
            allow_shared_key_access=False,
            allow_cross_tenant_replication=False,
            allowed_copy_scope="AAD",
            default_to_o_auth_authentication=True,
            enable_https_traffic_only=True,
            minimum_tls_version="TLS1_2",
            is_local_user_enabled=False,
            is_sftp_enabled=False,
            public_network_access="Disabled",
            network_rule_set={"default_action": azure.storage.DefaultAction.DENY, "bypass": "None"},
            encryption={
                "key_source": "Microsoft.Keyvault",
                "key_vault_properties": {"key_name": key.key_name, "key_vault_uri": key.vault_uri},
                "encryption_identity": {"encryption_user_assigned_identity": key.identity_id},
                "require_infrastructure_encryption": True,
                "services": {
                    "blob": {"enabled": True, "key_type": "Account"},
                    "file": {"enabled": True, "key_type": "Account"},
                },
            },
            identity={"type": "UserAssigned", "user_assigned_identities": [key.identity_id]},
            immutable_storage_with_versioning=self._retention(),
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[key]),
        )

    def _retention(self) -> azure.storage.ImmutableStorageAccountArgsDict | None:
        """Nobody deletes a version before its time; in prod nobody can shorten the time either."""
        years = self._args.retention_years
        if not years:
            return None
        return {
            "enabled": True,
            "immutability_policy": {
                "immutability_period_since_creation_in_days": years * _YEAR_DAYS,
                "state": "Locked" if self._args.tags.environment == "prod" else "Unlocked",
            },
        }

    def _versions(self) -> pulumi.Resource:
        return azure.storage.BlobServiceProperties(
            self._name,
            blob_services_name="default",
            account_name=self.account_name,
            resource_group_name=self.resource_group,
            is_versioning_enabled=True,
            change_feed={"enabled": True},
            delete_retention_policy={"enabled": True, "days": SOFT_DELETE_DAYS},
            container_delete_retention_policy={"enabled": True, "days": SOFT_DELETE_DAYS},
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _logs(self) -> None:
        """Who read what."""
        args = AzureLogsArgs(
            site=self._args.site,
            tags=self._args.tags,
            resource_group=self.resource_group,
            retention_days=LOG_DAYS,
        )
        logs = AzureLogs(f"{self._name}-access", args, pulumi.ResourceOptions(parent=self))
        logs.receive(f"{self._name}-access", pulumi.Output.concat(self.account_id, "/blobServices/default"), _ACCESS)
