"""Azure: resource ids, subscriptions, locations.

Owns the resource id of a type: its resource provider, its ARM type and the parents in between. Source of the
spellings: Azure REST API reference; a module or type without a row is spelled after the SDK.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from typing import Any

from ringfence.engine.providers.check import Failure
from ringfence.engine.providers.families.base import Path, Resource
from ringfence.engine.providers.families.cloud import Cloud
from ringfence.engine.providers.naming import UNKNOWN_IN_PLAN
from ringfence.engine.providers.notices import Notices
from ringfence.engine.providers.outputs.templates import Facts
from ringfence.engine.providers.outputs.typed import value_of
from ringfence.engine.providers.schema.model import MapOf, ObjectType, OneOf, Scalar, Type
from ringfence.engine.providers.wire import UNKNOWN

NOBODY = "00000000-0000-0000-0000-000000000000"
"""Subscription, tenant and client where none is configured."""

RESOURCE_PROVIDERS: Mapping[str, str] = {
    "authorization": "Microsoft.Authorization",
    "compute": "Microsoft.Compute",
    "containerregistry": "Microsoft.ContainerRegistry",
    "containerservice": "Microsoft.ContainerService",
    "insights": "Microsoft.Insights",
    "keyvault": "Microsoft.KeyVault",
    "machinelearningservices": "Microsoft.MachineLearningServices",
    "managedidentity": "Microsoft.ManagedIdentity",
    "monitor": "Microsoft.Insights",
    "network": "Microsoft.Network",
    "operationalinsights": "Microsoft.OperationalInsights",
    "privatedns": "Microsoft.Network",
    "dns": "Microsoft.Network",
    "sql": "Microsoft.Sql",
    "storage": "Microsoft.Storage",
    "storagecache": "Microsoft.StorageCache",
}

ARM_TYPES: Mapping[str, str] = {
    "authorization:RoleAssignment": "roleAssignments",
    "containerregistry:Registry": "registries",
    "containerservice:ManagedCluster": "managedClusters",
    "containerservice:AgentPool": "managedClusters/{resourceName}/agentPools",
    "keyvault:Key": "vaults/{vaultName}/keys",
    "keyvault:Secret": "vaults/{vaultName}/secrets",
    "managedidentity:UserAssignedIdentity": "userAssignedIdentities",
    "managedidentity:FederatedIdentityCredential": "userAssignedIdentities/{resourceName}/federatedIdentityCredentials",
    "network:Subnet": "virtualNetworks/{virtualNetworkName}/subnets",
    "network:PrivateZone": "privateDnsZones",
    "privatedns:PrivateZone": "privateDnsZones",
    "privatedns:VirtualNetworkLink": "privateDnsZones/{privateZoneName}/virtualNetworkLinks",
    "operationalinsights:Workspace": "workspaces",
    "storage:BlobContainer": "storageAccounts/{accountName}/blobServices/default/containers",
    "storage:BlobServiceProperties": "storageAccounts/{accountName}/blobServices",
    "storage:ManagementPolicy": "storageAccounts/{accountName}/managementPolicies",
    "storage:FileShare": "storageAccounts/{accountName}/fileServices/default/shares",
}


class AzureNative(Cloud):
    """The azure-native package."""

    package = "azure-native"
    lenient = False
    separator = ""
    digits = 8
    placed = frozenset({"location"})
    replacing_configuration = frozenset({"subscriptionId", "environment"})
    credentials = frozenset(
        {
            "clientSecret",
            "clientCertificatePassword",
            "clientCertificatePath",
            "oidcToken",
            "oidcRequestToken",
            "oidcRequestUrl",
        }
    )

    def setting(self, name: str, variable: str) -> str:
        """A provider argument, else the environment's, else nobody's."""
        value = self.configuration.get(name) or os.environ.get(variable)
        return value if isinstance(value, str) else NOBODY

    def name_property(self, resource: Resource) -> tuple[str, str] | None:
        """The path parameter that names the resource: the optional `...Name` nearest to the type."""
        special = super().name_property(resource)
        if special and special[0] != "name":
            return special
        shape = resource.shape
        if shape is None:
            return None
        kind = resource.token.rsplit(":", 1)[-1].lower()
        optional = [
            key for key, known in shape.inputs.properties.items() if not known.required and _is_string(known.type)
        ]
        stems = [(key, key.lower().removesuffix("name")) for key in optional if key.lower().endswith("name")]
        fitting = [key for key, stem in stems if stem and (kind.endswith(stem) or stem.startswith(kind))]
        if fitting:
            return max(fitting, key=len), ""
        for key in ("resourceName", "name"):
            if key in optional:
                return key, ""
        return None

    def place(self, resource: Resource) -> dict[str, str]:
        location = resource.inputs.get("location") or self.configuration.get("location")
        location = re.sub(r"\s", "", location).lower() if isinstance(location, str) else UNKNOWN_IN_PLAN
        china = location.startswith("china")
        government = location.startswith(("usgov", "usdod"))
        return {
            "location": location,
            "region": location,
            "account": self.setting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
            "subscription": self.setting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
            "tenant": self.setting("tenantId", "ARM_TENANT_ID"),
            "arm_type": "/".join(self.arm_type(resource)[0::2]),
            "host_suffix": f"{location}.cloudapp.azure.com",
            "storage_suffix": "chinacloudapi.cn" if china else "usgovcloudapi.net" if government else "windows.net",
            "vault_suffix": "vault.azure.cn"
            if china
            else "vault.usgovcloudapi.net"
            if government
            else "vault.azure.net",
            "registry_suffix": "azurecr.cn" if china else "azurecr.us" if government else "azurecr.io",
            "arn": "",
            "self_link": "",
        }

    def arm_type(self, resource: Resource) -> list[str]:
        """The parts of the ARM path behind `providers/`: provider and types, with the parents' names in between."""
        _, module, kind = resource.token.split(":")
        module = module.split("/")[0]
        provider = RESOURCE_PROVIDERS.get(module, f"Microsoft.{module.capitalize()}")
        written = ARM_TYPES.get(f"{module}:{kind}") or f"{kind[0].lower()}{_plural(kind[1:])}"
        parts = []
        for part in written.split("/"):
            name = part.strip("{}")
            parts.append(str(resource.inputs.get(name, name)) if part.startswith("{") else part)
        return [f"{provider}/{parts[0]}", *parts[1:]]

    def plain_id(self, resource: Resource, facts: Facts) -> str:
        base = f"/subscriptions/{facts['subscription']}"
        if resource.token == "azure-native:resources:ResourceGroup":
            return f"{base}/resourceGroups/{facts['name']}"
        scope = resource.inputs.get("scope")
        group = resource.inputs.get("resourceGroupName")
        if isinstance(scope, str):
            base = scope if scope.startswith("/") else f"/{scope}"
        elif isinstance(group, str):
            base += f"/resourceGroups/{group}"
        return f"{base}/providers/{'/'.join(self.arm_type(resource))}/{facts['name']}"

    def computed(self, resource: Resource) -> dict[Path, Any]:
        inner = {path: UNKNOWN for path, _ in _inner(resource)}
        return {**inner, **super().computed(resource), **_sets(resource)}

    def outputs(self, resource: Resource, id: str) -> dict[Path, Any]:
        facts = self.facts(resource, id)
        made = {path: value_of(shape, path[-1], facts.seeded(".".join(path))) for path, shape in _inner(resource)}
        inner = {path: value for path, value in made.items() if value is not None}
        return {**inner, **super().outputs(resource, id), **_sets(resource)}

    def invoke(self, token: str, arguments: dict[str, Any], notices: Notices) -> dict[str, Any] | list[Failure]:
        from ringfence.engine.providers.functions import answer, azure

        return answer(self, azure.FUNCTIONS, token, arguments, notices)


def _inner(resource: Resource) -> list[tuple[Path, Type]]:
    """What Azure adds inside of objects that it was given, such as the principal of an identity."""
    if resource.shape is None:
        return []
    return list(_inner_within(resource.inputs, resource.shape.inputs, resource.shape.outputs, ()))


def _inner_within(
    inputs: Mapping[str, Any], taken: ObjectType, given: ObjectType, above: Path
) -> Iterator[tuple[Path, Type]]:
    for key, known in given.properties.items():
        declared = taken.properties.get(key)
        if declared is None:
            if above and key not in inputs:
                yield (*above, key), known.type
        elif isinstance(inputs.get(key), dict) and isinstance(known.type, ObjectType):
            own = declared.type
            options = own.options if isinstance(own, OneOf) else (own,)
            inner = next((option for option in options if isinstance(option, ObjectType)), None)
            if inner is not None:
                yield from _inner_within(inputs[key], inner, known.type, (*above, key))


def _sets(resource: Resource) -> dict[Path, Any]:
    """Sets that Azure takes as a list and gives back as a map with empty values (userAssignedIdentities).

    The SDK reads a map in the answer, in a preview too: an echoed list stops the program.
    """
    if resource.shape is None:
        return {}
    return dict(_sets_within(resource.inputs, resource.shape.outputs, ()))


def _sets_within(inputs: Mapping[str, Any], shape: ObjectType, above: Path) -> Iterator[tuple[Path, Any]]:
    for key, value in inputs.items():
        known = shape.properties.get(key)
        if known is None:
            continue
        if isinstance(value, list) and isinstance(known.type, MapOf):
            yield (*above, key), UNKNOWN if UNKNOWN in value else {item: {} for item in value}
        elif isinstance(value, dict) and isinstance(known.type, ObjectType):
            yield from _sets_within(value, known.type, (*above, key))


def _is_string(shape: Type) -> bool:
    if isinstance(shape, OneOf):
        return any(_is_string(option) for option in shape.options)
    return isinstance(shape, Scalar) and shape.kind == "string"


def _plural(word: str) -> str:
    if word.endswith("y") and word[-2:-1] not in "aeiou":
        return f"{word[:-1]}ies"
    return f"{word}es" if word.endswith(("s", "x", "ch")) else f"{word}s"
