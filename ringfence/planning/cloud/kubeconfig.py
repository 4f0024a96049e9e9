"""Kubeconfigs for managed clusters: who is asked for a token, never a token itself.

Owns: one pure function for each cloud, from plain or resolved values to the JSON text (which is YAML too). Refuses to
own: keeping it secret, which is the component's part.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from typing import Any

AZURE_KUBERNETES_SERVER = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Application id of the AKS Entra server, the same in every tenant (Azure/kubelogin, docs/book: "get-token")."""


def _kubeconfig(name: str, endpoint: str, certificate: str, exec_plugin: dict[str, Any]) -> str:
    plugin = {"apiVersion": "client.authentication.k8s.io/v1", "interactiveMode": "Never", **exec_plugin}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": certificate}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
            "users": [{"name": name, "user": {"exec": plugin}}],
        }
    )


def eks_kubeconfig(name: str, endpoint: str, certificate: str, *, region: str, role: str | None = None) -> str:
    """For EKS: `aws eks get-token`. `certificate` is base64, as the cloud gives it; `role` is assumed where given."""
    arguments = ["--region", region, "eks", "get-token", "--cluster-name", name, "--output", "json"]
    arguments += ["--role-arn", role] if role else []
    plugin = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": arguments}
    return _kubeconfig(name, endpoint, certificate, plugin)


def gke_kubeconfig(name: str, endpoint: str, certificate: str) -> str:
    """For GKE: `gke-gcloud-auth-plugin`. `endpoint` is an address or a DNS name without a scheme."""
    plugin = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "gke-gcloud-auth-plugin",
        "provideClusterInfo": True,
        "installHint": "gcloud components install gke-gcloud-auth-plugin",
    }
    return _kubeconfig(name, f"https://{endpoint}", certificate, plugin)


def aks_kubeconfig(name: str, endpoint: str, certificate: str, *, tenant: str | None = None) -> str:
    """For AKS with local accounts off: `kubelogin get-token` with whatever Azure login is at hand."""
    arguments: Sequence[str] = ("get-token", "--login", "azurecli", "--server-id", AZURE_KUBERNETES_SERVER)
    arguments = [*arguments, *(["--tenant-id", tenant] if tenant else [])]
    return _kubeconfig(name, endpoint, certificate, {"command": "kubelogin", "args": arguments})


def aks_kubeconfig_from(name: str, encoded: str) -> str:
    """For AKS, out of what the cluster hands to users (base64): server and certificate, with our own way to a token.

    Azure's own file asks a person to type a code, which no pipeline can.
    """
    import yaml  # late: planners are imported by checks that need no YAML

    cluster = yaml.safe_load(base64.b64decode(encoded))["clusters"][0]["cluster"]
    return aks_kubeconfig(name, cluster["server"], cluster["certificate-authority-data"])
