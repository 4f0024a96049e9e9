"""PostgreSQL databases of add-ons, made by CloudNativePG.

Owns: the shape of such a database. Refuses to own: what is in it.
Facts: cloudnative-pg v1.30.0, api/v1: a cluster NAME has its service at NAME-rw and its owner's password in the Secret
NAME-app (keys username, password, uri ...).
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Manifest, manifest
from ringfence.planning.addon_context import AddOnContext

API = "postgresql.cnpg.io/v1"


def database(context: AddOnContext, name: str, namespace: str, owner: str, gib: int = 20) -> Manifest:
    """A PostgreSQL cluster with one database, named and owned by `owner`; three instances, one at the edge."""
    storage: dict[str, Any] = {"size": f"{gib}Gi"}
    block = context.storage_class("block")
    if block:
        storage["storageClass"] = block
    spec = {
        "instances": 1 if context.site_kind == "edge" else 3,
        "storage": storage,
        "bootstrap": {"initdb": {"database": owner, "owner": owner}},
        "resources": {"requests": {"cpu": "500m", "memory": "1Gi"}, "limits": {"memory": "1Gi"}},
    }
    return manifest(API, "Cluster", name, namespace, spec=spec)


def further_database(cluster: str, name: str, namespace: str, owner: str) -> Manifest:
    """A second database in the same PostgreSQL cluster."""
    spec = {"cluster": {"name": cluster}, "name": name, "owner": owner}
    return manifest(API, "Database", f"{cluster}-{name.replace('_', '-')}", namespace, spec=spec)


def host(name: str) -> str:
    """The service that always leads to the primary."""
    return f"{name}-rw"


def secret(name: str) -> str:
    """The Secret with the owner's user name and password."""
    return f"{name}-app"
