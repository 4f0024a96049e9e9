"""Weights and Biases, self-hosted, by the chart that its operator would render.

Owns: address, bucket and storage. Refuses to own: the licence, which stays in a Secret.
Facts: wandb/helm-charts, operator-wandb 0.43.8. The operator itself downloads this chart when it runs, which a site
without the internet cannot.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError without a bucket or a domain: people are sent to one address."""
    store = context.artefacts
    if store is None or context.domain is None:
        lacks = "a bucket for runs" if store is None else "a domain to be reached at"
        raise AddOnPlanError([AddOnProblem("wandb", f"needs {lacks}", "give the cluster both")])
    name = f"{store.endpoint.split('://')[-1]}/{store.bucket}" if store.endpoint else store.bucket
    found: dict[str, Any] = {
        "host": f"https://wandb.{context.domain}",
        "defaultBucket": {"provider": "s3", "name": name, "path": "wandb", "region": store.region},
    }
    if store.credentials:
        keys = {"accessKeyName": "AWS_ACCESS_KEY_ID", "secretKeyName": "AWS_SECRET_ACCESS_KEY"}
        found["bucket"] = {"secret": {"secretName": store.credentials, **keys}}
    block = context.storage_class("block")
    if block:
        found["storageClass"] = block
    return {"global": found}
