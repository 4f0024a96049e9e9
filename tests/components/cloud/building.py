"""Small clusters and datasets of each cloud, and what the clouds would answer, for the tests of this folder."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any

from ringfence.planning.labels import Tags
from ringfence.spec.cluster import Cluster
from ringfence.spec.data import Dataset
from ringfence.spec.site import CloudSite

ACCOUNTS = {"aws": "123456789012", "azure": "6f1c2d3e-4a5b-4c6d-8e7f-90a1b2c3d4e5", "gcp": "acme-ai"}
REGIONS = {"aws": "eu-central-1", "azure": "germanywestcentral", "gcp": "europe-west4"}
SYSTEM = {"aws": "m6i.2xlarge", "azure": "Standard_D8s_v5", "gcp": "n2-standard-8"}
GPU: dict[str, dict[str, Any]] = {
    "aws": {
        "accelerator": "nvidia-h100-80gb",
        "instance_type": "p5.48xlarge",
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": {"kind": "reserved", "reservation": "cr-1", "block": True, "ends": "2027-03-31"},
        "fabric": "efa",
        "placement": "cluster",
    },
    "azure": {
        "accelerator": "nvidia-h100-80gb",
        "instance_type": "Standard_ND96isr_H100_v5",
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": {"kind": "spot", "max_usd_per_hour": 40.0},
        "fabric": "infiniband",
        "placement": "cluster",
    },
    "gcp": {
        "accelerator": "nvidia-h100-80gb",
        "instance_type": "a3-highgpu-8g",
        "min_nodes": 0,
        "max_nodes": 4,
        "capacity": {"kind": "reserved", "reservation": "h100-block"},
        "fabric": "gpudirect-tcpx",
        "placement": "cluster",
    },
}
GROUPS = {
    "aws": {},
    "azure": {"platform-operators": "00000000-0000-4000-8000-000000000001"},
    "gcp": {"platform-operators": "operators@acme.example", "auditors": "auditors@acme.example"},
}


def site_of(cloud: str, **changes: Any) -> CloudSite:
    """A site in the cloud's region of choice."""
    site = {"kind": "cloud", "provider": cloud, "region": REGIONS[cloud], "account": ACCOUNTS[cloud]}
    return CloudSite.model_validate({**site, **changes})


def tags_of(site: str = "here", environment: str = "prod") -> Tags:
    """Tags of something at a site."""
    return Tags(
        platform="acme",
        environment=environment,
        site=site,
        jurisdiction="DE",
        cost_center="4711",
        data_classes=("patient",),
    )


def cluster_of(cloud: str, **changes: Any) -> Cluster:
    """A cluster with a system pool, a GPU pool, and every tier of storage."""
    system = {"instance_type": SYSTEM[cloud], "nodes": 3, "capacity": {"kind": "on-demand"}}
    spec = {
        "site": "here",
        "kubernetes_version": "1.34",
        "control_plane": {"kind": "managed"},
        "network": {"nodes": "10.16.0.0/16", "pods": "100.64.0.0/16", "services": "172.20.0.0/20"},
        "pools": {"system": system, "h100": GPU[cloud]},
        "storage": {
            "scratch": {"kind": "scratch", "capacity_gib": 4800},
            "shared": {"kind": "file", "capacity_gib": 1000},
            "block": {"kind": "block", "capacity_gib": 500, "default": True},
        },
    }
    return Cluster.model_validate({**spec, **changes})


def dataset_of(**changes: Any) -> Dataset:
    """A dataset of patients' data at `here`."""
    return Dataset.model_validate({"data_class": "patient", "site": "here", "size_gib": 100, **changes})


def answers(kind: str, name: str, inputs: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the clouds would compute, as far as the components read it."""
    found: dict[str, Any] = {"arn": f"arn:{name}", "id": f"{name}-id", "name": inputs.get("name", name)}
    match kind:
        case "aws:eks/cluster:Cluster":
            found["endpoint"] = "https://eks.example"
            found["certificateAuthority"] = {"data": "Q0E="}
            found["identities"] = [{"oidcs": [{"issuer": "https://oidc.example"}]}]
            found["vpcConfig"] = {**inputs["vpcConfig"], "clusterSecurityGroupId": "sg-cluster"}
        case "aws:eks/nodeGroup:NodeGroup":
            found |= {"nodeGroupName": f"{name}-1", "resources": [{"autoscalingGroups": [{"name": f"asg-{name}"}]}]}
        case "aws:ec2/launchTemplate:LaunchTemplate":
            found["latestVersion"] = 1
        case "aws:ecr/repository:Repository":
            found["repositoryUrl"] = f"ecr.example/{inputs['name']}"
        case "gcp:container/cluster:Cluster":
            found["masterAuth"] = {**inputs["masterAuth"], "clusterCaCertificate": "Q0E="}
            found["privateClusterConfig"] = {**inputs["privateClusterConfig"], "privateEndpoint": "10.16.0.2"}
        case "gcp:serviceaccount/account:Account":
            found |= {"email": f"{name}@iam.example", "member": f"serviceAccount:{name}@iam.example"}
        case "azure-native:containerservice:ManagedCluster":
            found |= {"privateFQDN": "aks.private.example", "oidcIssuerProfile": {"issuerURL": "https://oidc.example"}}
        case "azure-native:managedidentity:UserAssignedIdentity":
            found |= {"principalId": f"{name}-principal", "clientId": f"{name}-client"}
        case "azure-native:keyvault:Key":
            found |= {"keyUri": f"https://vault/{name}", "keyUriWithVersion": f"https://vault/{name}/1"}
        case "azure-native:containerregistry:Registry":
            found["loginServer"] = f"{inputs['registryName']}.azurecr.example"
        case "azure-native:dataprotection:BackupVault":
            found["identity"] = {"type": "SystemAssigned", "principalId": f"{name}-principal"}
        case "azure-native:storage:ObjectReplicationPolicy":
            found |= {"policyId": "policy-1", "rules": [{**inputs["rules"][0], "ruleId": "rule-1"}]}
    identity = inputs.get("identity")
    if isinstance(identity, Mapping) and isinstance(identity.get("userAssignedIdentities"), list):
        # Azure takes a list and gives back a map.
        found["identity"] = {
            **identity,
            "userAssignedIdentities": {each: {} for each in identity["userAssignedIdentities"]},
        }
    named = {
        "azure-native:containerregistry:Registry": "registryName",
        "azure-native:containerservice:ManagedCluster": "resourceName",
        "azure-native:keyvault:Vault": "vaultName",
        "azure-native:resources:ResourceGroup": "resourceGroupName",
        "azure-native:storage:StorageAccount": "accountName",
    }
    if kind in named:
        found["name"] = inputs[named[kind]]
    return found


def calls(token: str, arguments: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the clouds' functions would answer."""
    given_out = {"clusters": [{"cluster": {"server": "https://aks", "certificate-authority-data": "Q0E="}}]}
    file = base64.b64encode(json.dumps(given_out).encode()).decode()
    return {
        "gcp:organizations/getProject:getProject": {"number": "42"},
        "azure-native:authorization:getClientConfig": {
            "tenantId": "tenant-1",
            "clientId": "c",
            "subscriptionId": "s",
            "objectId": "o",
        },
        "azure-native:containerservice:listManagedClusterUserCredentials": {
            "kubeconfigs": [{"name": "u", "value": file}]
        },
    }[token]
