"""Airflow: scheduled pipelines of data.

Owns: its database and how its pods find it. Refuses to own: pipelines.
Facts: apache/airflow, chart 1.22.0. The chart reads its connection from a Secret's key `connection`; CloudNativePG
writes it under `uri`, so the variable is set from there and the chart's own is turned off.
"""

from __future__ import annotations

from typing import Any

from components.addons import databases
from components.addons.manifests import Objects
from ringfence.planning.addon_context import AddOnContext

NAMESPACE = "airflow"
DATABASE = "airflow-db"
CONNECTION = "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values for one cluster."""
    file = context.storage_class("file")
    volume = {"enabled": True, "storageClassName": file} if file else {"enabled": False}
    return {
        "data": {"metadataSecretName": databases.secret(DATABASE)},
        "enableBuiltInSecretEnvVars": {CONNECTION: False, "AIRFLOW_CONN_AIRFLOW_DB": False},
        "secret": [{"envName": CONNECTION, "secretName": databases.secret(DATABASE), "secretKey": "uri"}],
        "scheduler": {"replicas": context.replicas},
        "logs": {"persistence": volume},
    }


def objects(context: AddOnContext) -> Objects:
    """The database, before the migration job looks for it."""
    return Objects(before=(databases.database(context, DATABASE, NAMESPACE, "airflow"),))
