"""Azure functions that can be answered from the provider's configuration."""

from __future__ import annotations

from typing import Any

from ringfence.engine.providers.families.azure import AzureNative
from ringfence.engine.providers.functions import Function
from ringfence.engine.providers.functions.kubeconfig import encoded, kubeconfig
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.wire import Secret


def get_client_config(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """Who the provider is configured to be."""
    return {
        "clientId": azure.setting("clientId", "ARM_CLIENT_ID"),
        "objectId": azure.setting("objectId", "ARM_OBJECT_ID"),
        "subscriptionId": azure.setting("subscriptionId", "ARM_SUBSCRIPTION_ID"),
        "tenantId": azure.setting("tenantId", "ARM_TENANT_ID"),
    }


def get_client_token(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """A token that opens nothing."""
    return {"token": Secret(digest("plan-only token", length=32))}


def list_cluster_credentials(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """A kubeconfig of the cluster."""
    name = arguments["resourceName"]
    text = kubeconfig(name, f"https://{name}-{digest(name)}.hcp.unknown-in-plan.azmk8s.io:443")
    return {"kubeconfigs": [{"name": "clusterUser", "value": Secret(encoded(text))}]}


def list_storage_account_keys(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """Two keys that open nothing."""
    account = arguments["accountName"]
    keys = [
        {
            "keyName": name,
            "permissions": "FULL",
            "creationTime": "2000-01-01T00:00:00Z",
            "value": Secret(encoded(digest(account, name, length=64))),
        }
        for name in ("key1", "key2")
    ]
    return {"keys": keys}


def list_registry_credentials(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """Two passwords that open nothing."""
    name = arguments["registryName"]
    passwords = [
        {"name": which, "value": Secret(digest(name, which, length=32))} for which in ("password", "password2")
    ]
    return {"username": name, "passwords": passwords}


def get_shared_keys(azure: AzureNative, arguments: dict[str, Any]) -> dict[str, Any]:
    """Two keys that open nothing."""
    name = arguments["workspaceName"]
    return {
        "primarySharedKey": Secret(encoded(digest(name, "primary", length=64))),
        "secondarySharedKey": Secret(encoded(digest(name, "secondary", length=64))),
    }


FUNCTIONS: dict[str, Function] = {
    "azure-native:authorization:getClientConfig": get_client_config,
    "azure-native:authorization:getClientToken": get_client_token,
    "azure-native:containerservice:listManagedClusterUserCredentials": list_cluster_credentials,
    "azure-native:containerservice:listManagedClusterAdminCredentials": list_cluster_credentials,
    "azure-native:containerservice:listManagedClusterMonitoringUserCredentials": list_cluster_credentials,
    "azure-native:storage:listStorageAccountKeys": list_storage_account_keys,
    "azure-native:containerregistry:listRegistryCredentials": list_registry_credentials,
    "azure-native:operationalinsights:getSharedKeys": get_shared_keys,
}
