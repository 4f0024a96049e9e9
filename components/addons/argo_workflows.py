"""Argo Workflows: pipelines of containers.

Owns: where artefacts go. Refuses to own: workflows, and who may run them in a tenant's namespace (components/tenancy).
Facts: argoproj/argo-helm, argo-workflows 1.0.18.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values: artefacts in the cluster's bucket."""
    found: dict[str, Any] = {"controller": {"replicas": context.replicas}}
    store = context.artefacts
    if store is None:
        return found
    s3: dict[str, Any] = {"bucket": store.bucket, "region": store.region, "keyFormat": _key()}
    if store.endpoint:
        s3["endpoint"] = store.endpoint.split("://")[-1]
    else:
        s3["endpoint"] = f"s3.{store.region}.amazonaws.com"
    if store.credentials:
        s3["accessKeySecret"] = {"name": store.credentials, "key": "AWS_ACCESS_KEY_ID"}
        s3["secretKeySecret"] = {"name": store.credentials, "key": "AWS_SECRET_ACCESS_KEY"}
    else:
        s3["useSDKCreds"] = True
    return found | {
        "artifactRepository": {"archiveLogs": True, "s3": s3},
        "useStaticCredentials": store.credentials is not None,
    }


def _key() -> str:
    """One folder per namespace: tenants' artefacts do not mix."""
    return "argo/{{workflow.namespace}}/{{workflow.name}}/{{pod.name}}"
