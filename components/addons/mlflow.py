"""MLflow: experiments and a registry of models, in PostgreSQL and a bucket.

Owns: both stores. Refuses to own: the bucket itself.
Facts: community-charts/helm-charts, mlflow 1.11.5. Its defaults are SQLite in memory and ./mlruns in the pod: both are
gone with the pod.
"""

from __future__ import annotations

from typing import Any

from components.addons import databases
from components.addons.manifests import Objects
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem

NAMESPACE = "mlflow"
DATABASE = "mlflow-db"
OWNER = "mlflow"
USERS = "mlflow_auth"


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError where there is no bucket for artefacts."""
    store = context.artefacts
    if store is None:
        message = "has no bucket for artefacts, and its default folder is gone with the pod"
        raise AddOnPlanError([AddOnProblem("mlflow", message, "give the cluster an artefact store")])
    bucket: dict[str, Any] = {"enabled": True, "bucket": store.bucket, "path": "mlflow"}
    if store.credentials:
        bucket["existingSecret"] = {"name": store.credentials}
    environment = {"AWS_DEFAULT_REGION": store.region}
    if store.endpoint:
        environment["MLFLOW_S3_ENDPOINT_URL"] = store.endpoint
    secret = {"name": databases.secret(DATABASE), "usernameKey": "username", "passwordKey": "password"}
    postgres = {"enabled": True, "host": databases.host(DATABASE), "port": 5432}
    return {
        "replicaCount": context.replicas,
        "backendStore": {"postgres": {**postgres, "database": OWNER}, "existingDatabaseSecret": secret},
        "artifactRoot": {"proxiedArtifactStorage": True, "s3": bucket},
        "auth": {
            "enabled": True,
            "existingAdminSecret": {"name": "mlflow-admin"},
            "postgres": {**postgres, "database": USERS, "existingSecret": secret},
        },
        "extraEnvVars": environment,
    }


def objects(context: AddOnContext) -> Objects:
    """The database for runs and models, and the one for users: the chart waits for both."""
    return Objects(
        before=(
            databases.database(context, DATABASE, NAMESPACE, OWNER),
            databases.further_database(DATABASE, USERS, NAMESPACE, OWNER),
        )
    )
