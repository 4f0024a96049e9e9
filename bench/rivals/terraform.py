"""Our programs as a Terraform plan in JSON, where a translation is fair.

Owns the translation. AWS and Google Cloud types of Pulumi are bridged from Terraform's, so their names follow by rule:
snake case, and a block for an object. Azure's are not: the types of `_AZURE` are translated by hand, and no others. A
name in the plural is written in both numbers, so that a rival sees whichever it looks for. Values that a preview does
not know are left out and marked unknown, with the reference they come from. Refuses to own what a rival makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.engine.providers.schema.model import ListOf, MapOf, ObjectType, OneOf, Type
from ringfence.engine.providers.schema.registry import snake_case
from ringfence.mutation.program import SIGNATURE, UNKNOWN, Planned
from ringfence.mutation.shapes import inputs

_MODULES = {"cfg": "config", "ec2": "", "ebs": "ebs", "rds": "db", "lb": "", "vpc": "vpc", "elasticloadbalancingv2": ""}
"""Pulumi's module to Terraform's word, where it is another."""
_PROVIDERS = {"aws": "aws", "gcp": "google", "azure-native": "azurerm"}


@dataclass
class Plan:
    """A plan that grows by one case at a time; names are prefixed with the case's number."""

    known_types: frozenset[str]
    """Resource types that the rival has a check for: only those are written."""
    resources: list[dict[str, Any]] = field(default_factory=list)
    configured: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, planned: Iterable[Planned]) -> dict[str, str]:
        """Add a case. Returns our resource name to its address, for those that could be translated."""
        found: dict[str, tuple[Planned, str, dict[str, Any]]] = {}
        for each in planned:
            made = translated(each, self.known_types)
            if made:
                found[each.name] = (each, *made)
        addresses = {name: f"{kind}.{_label(number, name)}" for name, (_, kind, _) in found.items()}
        for name, (each, kind, values) in found.items():
            known, unknown = _split(values)
            references = {
                _snake(key): {"references": [ref for of in names if of in addresses
                                             for ref in (f"{addresses[of]}.id", addresses[of])]}
                for key, names in each.edges.items()
            }  # fmt: skip
            about = {"address": addresses[name], "mode": "managed", "type": kind, "name": _label(number, name)}
            provider = _PROVIDERS[each.package]
            self.resources.append(
                {**about, "provider_name": f"hashicorp/{provider}", "values": known, "unknown": unknown}
            )
            self.configured.append({**about, "provider_config_key": provider, "expressions": references})
        return addresses

    def as_json(self) -> dict[str, Any]:
        """The plan as `terraform show -json` prints one."""
        planned = [{key: value for key, value in each.items() if key != "unknown"} for each in self.resources]
        changes = [
            {
                **{key: each[key] for key in ("address", "mode", "type", "name", "provider_name")},
                "change": {
                    "actions": ["create"],
                    "before": None,
                    "after": each["values"],
                    "after_unknown": each["unknown"],
                },
            }
            for each in self.resources
        ]
        return {
            "format_version": "1.2",
            "terraform_version": "1.9.8",
            "planned_values": {"root_module": {"resources": planned}},
            "resource_changes": changes,
            "configuration": {"provider_config": {}, "root_module": {"resources": self.configured}},
        }


def translated(planned: Planned, known: frozenset[str]) -> tuple[str, dict[str, Any]] | None:
    """(Terraform type, values), or None where no fair translation is known."""
    if planned.package in ("aws", "gcp"):
        kind = next((each for each in _candidates(planned.type) if each in known), None)
        if kind is None:
            return None
        shape = inputs(planned.type)
        return kind, _object(planned.inputs, shape)
    azure = _AZURE.get(planned.type)
    return (azure[0], azure[1](planned.inputs)) if azure and azure[0] in known else None


def _candidates(token: str) -> list[str]:
    package, module, kind = token.split(":")
    folder = module.partition("/")[0]
    prefix, name = _PROVIDERS[package], snake_case(kind)
    words = [_MODULES.get(folder, snake_case(folder)), snake_case(folder), ""]
    names = [name, name.replace("_v2", "")]
    found = ["_".join(filter(None, (prefix, word, each))) for word in words for each in names]
    # aws_s3_bucket_replication_configuration is BucketReplicationConfig, aws_backup_plan is Plan.
    return [variant for each in found for variant in (each, each.replace("_config", "_configuration"))]


def _snake(name: str) -> str:
    return re.sub(r"([a-z\d])([A-Z])", r"\1_\2", name).lower()


def _label(number: int, name: str) -> str:
    return f"c{number}_{re.sub(r'[^A-Za-z0-9_]', '_', name)}"


def _object(value: Mapping[str, Any], shape: Type | None) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, item in value.items():
        inner = shape.properties[key].type if isinstance(shape, ObjectType) and key in shape.properties else None
        made = _value(item, inner)
        name = _snake(key)
        found[name] = made
        if isinstance(inner, ListOf) or isinstance(item, list):
            found.setdefault(re.sub(r"(?<!s)s$", "", re.sub(r"ies$", "y", name)), made)
    return found


def _value(value: Any, shape: Type | None) -> Any:
    if isinstance(shape, OneOf):
        shape = next((each for each in shape.options if isinstance(each, ObjectType)), shape)
    if isinstance(value, Mapping):
        if SIGNATURE in value:
            return value.get("value")
        if isinstance(shape, MapOf) or shape is None:
            return dict(value)
        return [_object(value, shape)]
    if isinstance(value, list):
        item = shape.item if isinstance(shape, ListOf) else None
        made = [_value(each, item) for each in value]
        return [each[0] if isinstance(each, list) and len(each) == 1 else each for each in made]
    return value


def _split(value: Any) -> tuple[Any, Any]:
    """(what is known, what is not, as Terraform marks it)."""
    if value == UNKNOWN:
        return None, True
    if isinstance(value, dict):
        parts = {key: _split(item) for key, item in value.items()}
        known = {key: part[0] for key, part in parts.items() if part[1] is not True}
        return known, {key: part[1] for key, part in parts.items() if part[1]}
    if isinstance(value, list):
        parts_ = [_split(item) for item in value]
        return [part[0] for part in parts_], [part[1] for part in parts_] if any(part[1] for part in parts_) else False
    return value, False


def _at(value: Any, path: str) -> Any:
    for step in path.split("."):
        if isinstance(value, list):
            value = value[0] if value else None
        value = value.get(step) if isinstance(value, Mapping) else None
    return value


def _azure(**paths: str | Callable[[Mapping[str, Any]], Any]) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """A translation by hand: Terraform's argument to our path, or to a function of our inputs."""

    def translate(given: Mapping[str, Any]) -> dict[str, Any]:
        common = {"location": given.get("location"), "tags": given.get("tags"), "name": "it"}
        made = {name: source(given) if callable(source) else _at(given, source) for name, source in paths.items()}
        return {key: item for key, item in {**common, **made}.items() if item is not None}

    return translate


def _open(path: str) -> Callable[[Mapping[str, Any]], Any]:
    """publicNetworkAccess as Terraform's switch."""

    def read(given: Mapping[str, Any]) -> Any:
        value = _at(given, path)
        return value if value in (None, UNKNOWN) else str(value).lower() == "enabled"

    return read


def _on(path: str, *words: str) -> Callable[[Mapping[str, Any]], Any]:
    """A word of Azure's as Terraform's switch."""

    def read(given: Mapping[str, Any]) -> Any:
        value = _at(given, path)
        return value if value in (None, UNKNOWN) else str(value) in words

    return read


def _replication(given: Mapping[str, Any]) -> Any:
    sku = _at(given, "sku.name")
    return sku if sku in (None, UNKNOWN) else str(sku).rpartition("_")[2]


_COSMOS_BACKUP = "backupPolicy.periodicModeProperties.backupStorageRedundancy"
_AZURE: Mapping[str, tuple[str, Callable[[Mapping[str, Any]], dict[str, Any]]]] = {
    "azure-native:storage:StorageAccount": (
        "azurerm_storage_account",
        _azure(
            account_replication_type=_replication,
            account_tier=lambda given: "Standard",
            allow_nested_items_to_be_public="allowBlobPublicAccess",
            public_network_access_enabled=_open("publicNetworkAccess"),
            customer_managed_key=lambda given: [
                {"key_vault_key_id": _at(given, "encryption.keyVaultProperties.keyName")}
            ],
        ),
    ),
    "azure-native:cosmosdb:DatabaseAccount": (
        "azurerm_cosmosdb_account",
        _azure(
            geo_location=lambda given: [{"location": each.get("locationName"), "failover_priority": index}
                                        for index, each in enumerate(given.get("locations") or [])],
            backup=lambda given: [{"type": "Periodic", "storage_redundancy": _at(given, _COSMOS_BACKUP)}],
            public_network_access_enabled=_open("publicNetworkAccess"),
        ),
    ),
    "azure-native:sql:Database": (
        "azurerm_mssql_database",
        _azure(storage_account_type="requestedBackupStorageRedundancy"),
    ),
    "azure-native:sql:Server": (
        "azurerm_mssql_server",
        _azure(public_network_access_enabled=_open("publicNetworkAccess")),
    ),
    "azure-native:dbforpostgresql:Server": (
        "azurerm_postgresql_flexible_server",
        _azure(
            geo_redundant_backup_enabled=_on("backup.geoRedundantBackup", "Enabled"),
            public_network_access_enabled=_open("network.publicNetworkAccess"),
        ),
    ),
    "azure-native:dbformysql:Server": (
        "azurerm_mysql_flexible_server",
        _azure(geo_redundant_backup_enabled=_on("backup.geoRedundantBackup", "Enabled")),
    ),
    "azure-native:recoveryservices:Vault": (
        "azurerm_recovery_services_vault",
        _azure(storage_mode_type="properties.redundancySettings.standardTierStorageRedundancy"),
    ),
    "azure-native:containerregistry:Registry": (
        "azurerm_container_registry",
        _azure(public_network_access_enabled=_open("publicNetworkAccess"), sku=lambda given: "Premium"),
    ),
    "azure-native:containerregistry:Replication": (
        "azurerm_container_registry",
        _azure(georeplications=lambda given: [{"location": given.get("location")}], sku=lambda given: "Premium"),
    ),
    "azure-native:keyvault:Vault": (
        "azurerm_key_vault",
        _azure(public_network_access_enabled=_open("properties.publicNetworkAccess")),
    ),
    "azure-native:compute:Disk": (
        "azurerm_managed_disk",
        _azure(disk_encryption_set_id="encryption.diskEncryptionSetId"),
    ),
    "azure-native:search:Service": (
        "azurerm_search_service",
        _azure(public_network_access_enabled=_open("publicNetworkAccess")),
    ),
    "azure-native:cognitiveservices:Account": (
        "azurerm_cognitive_account",
        _azure(public_network_access_enabled=_open("properties.publicNetworkAccess")),
    ),
    "azure-native:machinelearningservices:Workspace": (
        "azurerm_machine_learning_workspace",
        _azure(public_network_access_enabled=_open("publicNetworkAccess")),
    ),
    "azure-native:servicebus:Namespace": ("azurerm_servicebus_namespace", _azure()),
    "azure-native:eventhub:Namespace": ("azurerm_eventhub_namespace", _azure()),
    "azure-native:eventgrid:Topic": ("azurerm_eventgrid_topic", _azure()),
    "azure-native:redis:Redis": ("azurerm_redis_cache", _azure()),
    "azure-native:kusto:Cluster": ("azurerm_kusto_cluster", _azure()),
    "azure-native:containerservice:ManagedCluster": (
        "azurerm_kubernetes_cluster",
        _azure(private_cluster_enabled="apiServerAccessProfile.enablePrivateCluster"),
    ),
}  # fmt: skip
"""Our type to azurerm's, with its arguments. Source: azurerm provider 4.x, documentation of the named resources."""
