"""A resource group, storage keys, an AKS cluster, and an application on it by its kubeconfig."""

import base64

import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random
from pulumi_azure_native import authorization, containerservice, keyvault, network, resources, storage

me = authorization.get_client_config()
size = pulumi.Config().get_int("size") or 3
rg = resources.ResourceGroup("rg", location=pulumi.Config().get("place"))
password = random.RandomPassword("password", length=20, special=True)
account = storage.StorageAccount(
    "sa",
    resource_group_name=rg.name,
    sku=storage.SkuArgs(name=storage.SkuName.STANDARD_LRS),
    kind=storage.Kind.STORAGE_V2,
)
keys = pulumi.Output.all(rg.name, account.name).apply(
    lambda a: storage.list_storage_account_keys(resource_group_name=a[0], account_name=a[1])
)
pulumi.export("primaryKey", pulumi.Output.secret(keys.apply(lambda k: k.keys[0].value)))
vnet = network.VirtualNetwork(
    "vnet",
    resource_group_name=rg.name,
    address_space={"address_prefixes": ["10.0.0.0/16"]},
    subnets=[{"name": "default", "address_prefix": "10.0.1.0/24"}],
)
aks = containerservice.ManagedCluster(
    "aks",
    resource_group_name=rg.name,
    dns_prefix="aks",
    enable_rbac=True,
    identity=containerservice.ManagedClusterIdentityArgs(type=containerservice.ResourceIdentityType.SYSTEM_ASSIGNED),
    agent_pool_profiles=[
        {
            "count": size,
            "max_pods": 110,
            "mode": "System",
            "name": "agentpool",
            "os_disk_size_gb": 30,
            "os_type": "Linux",
            "type": "VirtualMachineScaleSets",
            "vm_size": "Standard_DS2_v2",
        }
    ],
    linux_profile={"admin_username": "testuser", "ssh": {"public_keys": [{"key_data": "ssh-rsa AAAA"}]}},
)
creds = containerservice.list_managed_cluster_user_credentials_output(
    resource_group_name=rg.name, resource_name=aks.name
)
kubeconfig = creds.kubeconfigs[0].value.apply(lambda enc: base64.b64decode(enc).decode())
provider = k8s.Provider("aks-k8s", kubeconfig=kubeconfig)
app = k8s.apps.v1.Deployment(
    "nginx",
    spec={
        "selector": {"match_labels": {"app": "nginx"}},
        "replicas": 2,
        "template": {
            "metadata": {"labels": {"app": "nginx"}},
            "spec": {"containers": [{"name": "nginx", "image": "nginx:1.27"}]},
        },
    },
    opts=pulumi.ResourceOptions(provider=provider),
)
vault = keyvault.Vault(
    "kv",
    resource_group_name=rg.name,
    properties={
        "tenant_id": me.tenant_id,
        "sku": {"family": "A", "name": keyvault.SkuName.STANDARD},
        "access_policies": [],
    },
)
pulumi.export("kubeconfig", kubeconfig)
pulumi.export("tenant", me.tenant_id)
pulumi.export("vault", vault.properties.vault_uri)
pulumi.export("fqdn", aks.fqdn)
