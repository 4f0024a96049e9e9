"""DVC remote: where `dvc push` and `dvc pull` keep versions of data.

Owns: the configuration that pods mount as DVC's system-wide one. Refuses to own: the bucket, and credentials, which
stay in a Secret that pods take as environment.
Facts: dvc.org, `dvc remote` (S3): url, region, endpointurl.
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Objects, config_map
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem

NAMESPACE = "dvc"


def values(context: AddOnContext) -> dict[str, Any]:
    """None: there is no chart. Raises AddOnPlanError where there is no bucket."""
    if context.artefacts is None:
        message = "has no bucket to keep data versions in"
        raise AddOnPlanError([AddOnProblem("dvc-remote", message, "give the cluster an artefact store")])
    return {}


def objects(context: AddOnContext) -> Objects:
    """One ConfigMap with a file for each tenant, each with a folder of its own in the bucket."""
    files = {tenant: remote(context, tenant) for tenant in sorted(context.tenants) or ["shared"]}
    return Objects(after=(config_map("dvc-remote", NAMESPACE, files),))


def remote(context: AddOnContext, tenant: str) -> str:
    """DVC's configuration file for one tenant: mount it as /etc/xdg/dvc/config. Empty without a bucket."""
    store = context.artefacts
    if store is None:
        return ""
    lines = ["[core]", "    remote = platform", "    analytics = false", "['remote \"platform\"']"]
    lines += [f"    url = s3://{store.bucket}/dvc/{tenant}", f"    region = {store.region}"]
    if store.endpoint:
        lines.append(f"    endpointurl = {store.endpoint}")
    return "\n".join(lines) + "\n"
