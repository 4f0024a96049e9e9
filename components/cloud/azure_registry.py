"""The registry of an AKS cluster: private, in one region, encrypted with the cluster's key.

Owns: the registry and the rule that lets nodes start from it instead of Microsoft's public one. Refuses to own: filling
it, and geo-replication, which it does not have.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from components.cloud.azure_keys import AzureKey
from components.cloud.azure_network import AzurePrivateAccess, private_endpoint
from ringfence.planning.cloud.names import alphanumeric, physical
from ringfence.planning.cloud.zones import AZURE_ZONED
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

UNTAGGED_DAYS = 14
"""Days that manifests which no tag names are kept."""


@dataclass(frozen=True, kw_only=True)
class AzureRegistryArgs:
    """What a registry needs to know."""

    site: CloudSite
    tags: Tags
    resource_group: pulumi.Input[str]
    key: AzureKey
    access: AzurePrivateAccess


class AzureRegistry(pulumi.ComponentResource):
    """A Premium registry that only the cluster's network reaches."""

    registry_id: pulumi.Output[str]
    """Id of the registry."""
    url: pulumi.Output[str]
    """Host under which the repositories are."""
    ready: list[pulumi.Resource]
    """What nodes must wait for before they pull from it."""

    def __init__(self, name: str, args: AzureRegistryArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureRegistry", name, {}, opts)
        child = pulumi.ResourceOptions(parent=self)
        registry = azure.containerregistry.Registry(
            name,
            registry_name=alphanumeric(physical(args.tags.platform, name, 200), args.site.account, 50),
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": "Premium"},
            admin_user_enabled=False,
            anonymous_pull_enabled=False,
            data_endpoint_enabled=True,
            public_network_access="Disabled",
            network_rule_bypass_options="AzureServices",
            zone_redundancy="Enabled" if args.site.region in AZURE_ZONED else "Disabled",
            policies={
                # Nobody imports its images into a registry of theirs.
                "export_policy": {"status": "disabled"},
                "retention_policy": {"status": "enabled", "days": UNTAGGED_DAYS},
            },
            encryption={
                "status": "enabled",
                "key_vault_properties": {
                    "identity": args.key.identity_client_id,
                    "key_identifier": args.key.key_uri,
                },
            },
            identity={
                "type": azure.containerregistry.ResourceIdentityType.USER_ASSIGNED,
                "user_assigned_identities": args.key.identity_id.apply(_by_id),
            },
            tags=args.tags.azure(),
            opts=pulumi.ResourceOptions(parent=self, depends_on=[args.key]),
        )
        # AKS looks for its own images under this name (Microsoft Learn, "network isolated cluster").
        cached = azure.containerregistry.CacheRule(
            f"{name}-aks",
            cache_rule_name="aks-managed-mcr",
            registry_name=registry.name,
            resource_group_name=args.resource_group,
            source_repository="mcr.microsoft.com/*",
            target_repository="aks-managed-repository/*",
            opts=child,
        )
        reachable = private_endpoint(
            f"{name}-registry", "registry", registry.id, args.access, args.site, args.tags, self
        )
        self.registry_id, self.url = registry.id, registry.login_server
        self.ready = [cached, reachable]
        self.register_outputs({"registryId": self.registry_id, "url": self.url})


def _by_id(identity: str) -> dict[str, azure.containerregistry.UserIdentityPropertiesArgsDict]:
    return {identity: {}}
