"""Claims handling. Landing zones come from configuration; modules are plain functions over them."""

import pulumi
import pulumi_azure_native as az

cfg = pulumi.Config()
zones = cfg.require_object("zones")  # purpose -> Azure region
sku = cfg.require("fileSku")

groups = {
    purpose: az.resources.ResourceGroup(f"rg-{purpose}", location=region, resource_group_name=f"rg-{purpose}")
    for purpose, region in zones.items()
}


def in_zone(purpose, **inputs):
    """Arguments that every resource of a landing zone takes."""
    return {"resource_group_name": groups[purpose].name, **inputs}


vault = az.keyvault.Vault(
    "vault",
    **in_zone("claims"),
    properties={
        "tenant_id": "00000000-0000-0000-0000-000000000000",
        "sku": {"family": "A", "name": az.keyvault.SkuName.STANDARD},
        "access_policies": [],
        "public_network_access": "disabled",
    },
)
key = az.keyvault.Key("files-key", **in_zone("claims"), vault_name=vault.name, properties={"kty": "RSA"})

files = {
    kind: az.storage.StorageAccount(
        f"claims{kind}",
        **in_zone("claims"),
        kind="StorageV2",
        sku={"name": sku},
        public_network_access="Disabled",
        allow_blob_public_access=False,
        encryption={
            "key_source": "Microsoft.Keyvault",
            "key_vault_properties": {"key_name": key.name, "key_vault_uri": vault.properties.vault_uri},
        },
    )
    for kind in ("photos", "letters")
}

server = az.sql.Server("policies-sql", **in_zone("claims"), public_network_access="Disabled")
az.sql.Database(
    "policies",
    **in_zone("claims"),
    server_name=server.name,
    # Nothing said: whatever the service does by itself.
    requested_backup_storage_redundancy=cfg.get("backupRedundancy"),
)

az.cosmosdb.DatabaseAccount(
    "events",
    **in_zone("claims"),
    database_account_offer_type=az.cosmosdb.DatabaseAccountOfferType.STANDARD,
    locations=[
        {"location_name": region, "failover_priority": priority}
        for priority, region in enumerate(cfg.require_object("eventRegions"))
    ],
    backup_policy=az.cosmosdb.PeriodicModeBackupPolicyArgs(
        type="Periodic",
        periodic_mode_properties=az.cosmosdb.PeriodicModePropertiesArgs(
            backup_interval_in_minutes=240,
            backup_storage_redundancy=cfg.get("eventBackups"),
        ),
    ),
    public_network_access="Disabled",
)

workspace = az.operationalinsights.Workspace("logs", **in_zone("observability"), retention_in_days=90)
for kind, account in files.items():
    az.monitor.DiagnosticSetting(
        f"{kind}-logs",
        resource_uri=account.id,
        workspace_id=workspace.id,
        logs=[{"category_group": "audit", "enabled": True}],
    )

registry = az.containerregistry.Registry(
    "images", **in_zone("claims"), sku={"name": "Premium"}, public_network_access="Disabled"
)
az.containerregistry.Replication(
    "images-second", **in_zone("claims"), registry_name=registry.name, location=cfg.require("registryReplica")
)

ai = az.cognitiveservices.Account(
    "triage",
    **in_zone("claims"),
    kind="OpenAI",
    sku={"name": "S0"},
    properties={"public_network_access": "Disabled"},
)
az.cognitiveservices.Deployment(
    "triage-model",
    **in_zone("claims"),
    account_name=ai.name,
    sku={"name": cfg.require("modelSku"), "capacity": 50},
    properties={"model": {"format": "OpenAI", "name": "gpt-4o", "version": "2024-11-20"}},
)

pulumi.export("photos", pulumi.Output.concat("https://", files["photos"].name, ".blob.core.windows.net"))
