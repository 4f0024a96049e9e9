"""A key of one region in Azure, and the identity that services use it with.

Owns: the key vault, its key, and who may encrypt. Refuses to own: what is encrypted, and the vault's private endpoint.

The vault answers no public address. Azure's own storage, disks and registries reach it as trusted services.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from ringfence.planning.cloud.azure import ROLES
from ringfence.planning.cloud.names import hyphenated, physical
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

SOFT_DELETE_DAYS = 90
"""The longest, and Key Vault's default; with purge protection nobody can shorten it."""

_ROTATE = azure.keyvault.KeyRotationPolicyActionType.ROTATE


def role(site: CloudSite, name: str) -> str:
    """The id of a built-in role in the site's subscription."""
    return f"/subscriptions/{site.account}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[name]}"


def grant(
    name: str,
    site: CloudSite,
    role_name: str,
    scope: pulumi.Input[str],
    principal_id: pulumi.Input[str],
    parent: pulumi.Resource,
    *,
    principal_type: str = "ServicePrincipal",
) -> azure.authorization.RoleAssignment:
    """Give a principal (ServicePrincipal or Group) a built-in role at a scope."""
    return azure.authorization.RoleAssignment(
        name,
        role_definition_id=role(site, role_name),
        scope=scope,
        principal_id=principal_id,
        principal_type=principal_type,
        opts=pulumi.ResourceOptions(parent=parent),
    )


@dataclass(frozen=True, kw_only=True)
class AzureKeyArgs:
    """What a key needs to know."""

    site: CloudSite
    tags: Tags
    resource_group: pulumi.Input[str]


class AzureKey(pulumi.ComponentResource):
    """A private key vault with one HSM key, and an identity that may encrypt with it. Users must wait for the whole."""

    vault_id: pulumi.Output[str]
    """Id of the vault."""
    vault_uri: pulumi.Output[str]
    """https:// and the vault's name."""
    key_name: pulumi.Output[str]
    """Name of the key in the vault."""
    key_uri: pulumi.Output[str]
    """Without a version: what uses it follows the rotation."""
    key_uri_with_version: pulumi.Output[str]
    """For services that do not follow a rotation by themselves."""
    identity_id: pulumi.Output[str]
    """Id of the identity that may encrypt with the key."""
    identity_client_id: pulumi.Output[str]
    """The same identity as Entra's applications know it."""

    def __init__(self, name: str, args: AzureKeyArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureKey", name, {}, opts)
        self._name, self._args = name, args
        child = pulumi.ResourceOptions(parent=self)
        vault = self._vault()
        key = self._key(vault)
        identity = azure.managedidentity.UserAssignedIdentity(
            f"{name}-encryption",
            resource_group_name=args.resource_group,
            location=args.site.region,
            tags=args.tags.azure(),
            opts=child,
        )
        grant(
            f"{name}-encryption",
            args.site,
            "Key Vault Crypto Service Encryption User",
            vault.id,
            identity.principal_id,
            self,
        )
        self.vault_id, self.vault_uri = vault.id, vault.properties.vault_uri
        self.key_name, self.key_uri, self.key_uri_with_version = key.name, key.key_uri, key.key_uri_with_version
        self.identity_id, self.identity_client_id = identity.id, identity.client_id
        self.register_outputs(
            {
                "vaultId": self.vault_id,
                "vaultUri": self.vault_uri,
                "keyName": self.key_name,
                "keyUri": self.key_uri,
                "keyUriWithVersion": self.key_uri_with_version,
                "identityId": self.identity_id,
                "identityClientId": self.identity_client_id,
            }
        )

    def _vault(self) -> azure.keyvault.Vault:
        name, args = self._name, self._args
        who = azure.authorization.get_client_config_output(opts=pulumi.InvokeOutputOptions(parent=self))
        return azure.keyvault.Vault(
            name,
            vault_name=hyphenated(physical(args.tags.platform, name, 200), args.site.account, 24),
            resource_group_name=args.resource_group,
            location=args.site.region,
            properties={
                "tenant_id": who.tenant_id,
                "sku": {"family": "A", "name": azure.keyvault.SkuName.PREMIUM},
                "enable_rbac_authorization": True,
                "enable_soft_delete": True,
                "soft_delete_retention_in_days": SOFT_DELETE_DAYS,
                "enable_purge_protection": True,
                "public_network_access": "Disabled",
                "network_acls": {"default_action": "Deny", "bypass": "AzureServices"},
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )

    def _key(self, vault: azure.keyvault.Vault) -> azure.keyvault.Key:
        name, args = self._name, self._args
        return azure.keyvault.Key(
            name,
            key_name=name,
            vault_name=vault.name,
            resource_group_name=args.resource_group,
            properties={
                "kty": "RSA-HSM",
                "key_size": 3072,
                "key_ops": ["wrapKey", "unwrapKey", "encrypt", "decrypt"],
                "rotation_policy": {
                    "lifetime_actions": [{"action": {"type": _ROTATE}, "trigger": {"time_after_create": "P1Y"}}]
                },
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self),
        )
