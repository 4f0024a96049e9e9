"""Loki: logs, kept where the cluster is.

Owns: where chunks rest, and for how long. Refuses to own: what ships logs to it.
Facts: grafana-community/helm-charts, loki 18.11.0 (the open-source chart since 2026-03-16).
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import merge

SCHEMA_FROM = "2024-04-01"
"""First day of the index schema; any day before the first log will do, and it must never change afterwards."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values: an S3 bucket where there is one, else a volume."""
    kind = "s3" if context.artefacts else "filesystem"
    index = {"prefix": "index_", "period": "24h"}
    schema = {"from": SCHEMA_FROM, "store": "tsdb", "object_store": kind, "schema": "v13", "index": index}
    shared = {
        "loki": {
            "schemaConfig": {"configs": [schema]},
            "limits_config": {"retention_period": f"{context.log_retention_days}d"},
            # Without these two the retention period is written down and nothing is ever deleted.
            "compactor": {"retention_enabled": True, "delete_request_store": kind},
            "storage": _storage(context, kind),
        },
        "singleBinary": {"persistence": _volume(context)},
    }
    credentials = context.artefacts.credentials if context.artefacts else None
    if credentials is None:
        return shared
    from_secret = {"extraEnvFrom": [{"secretRef": {"name": credentials}}]}
    return merge(shared, {"singleBinary": from_secret})


def _storage(context: AddOnContext, kind: str) -> dict[str, Any]:
    store = context.artefacts
    if store is None:
        return {"type": kind}
    names = {"chunks": store.bucket, "ruler": store.bucket}
    s3: dict[str, Any] = {"region": store.region}
    if store.endpoint:
        s3 |= {"endpoint": store.endpoint, "s3ForcePathStyle": True}
    return {"type": kind, "bucketNames": names, "s3": s3}


def _volume(context: AddOnContext) -> dict[str, Any]:
    block = context.storage_class("block")
    return {"enabled": True, "size": "50Gi", **({"storageClass": block} if block else {})}
