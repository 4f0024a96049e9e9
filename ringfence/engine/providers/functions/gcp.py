"""Google Cloud functions that can be answered from the provider's configuration and public facts."""

from __future__ import annotations

import json
from typing import Any

from ringfence.engine.providers.families.gcp import Gcp
from ringfence.engine.providers.functions import Function
from ringfence.engine.providers.functions.zones import zones
from ringfence.engine.providers.naming import digest
from ringfence.engine.providers.wire import Secret


def _number(project: str) -> str:
    return str(int(digest(project, length=16), 16))[-12:].rjust(12, "1")


def get_client_config(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """Where the provider is configured to work."""
    place = {"project": gcp.project, "region": gcp.region, "zone": gcp.zone}
    return {"id": f"projects/{gcp.project}", **place, "accessToken": Secret(digest("plan-only token", length=32))}


def get_project(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """A project and its number, which is made up but always the same."""
    project = arguments.get("projectId") or gcp.project
    return {"id": f"projects/{project}", "projectId": project, "name": project, "number": _number(project)}


def get_zones(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """The zones of the region asked for, or the provider's."""
    region = arguments.get("region") or gcp.region
    project = arguments.get("project") or gcp.project
    return {
        "id": f"projects/{project}/regions/{region}",
        "names": zones("gcp", region),
        "region": region,
        "project": project,
    }


def get_regions(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """Every region."""
    from ringfence.facts.regions import regions

    project = arguments.get("project") or gcp.project
    return {"id": f"projects/{project}", "names": sorted(item.code for item in regions("gcp")), "project": project}


def get_engine_versions(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """One version of GKE, as the newest and the only one."""
    version = f"{arguments.get('versionPrefix') or '1.34.'}".rstrip(".") + ".1-gke.1000"
    return {
        "defaultClusterVersion": version,
        "latestMasterVersion": version,
        "latestNodeVersion": version,
        "validMasterVersions": [version],
        "validNodeVersions": [version],
        "releaseChannelDefaultVersion": {"RAPID": version, "REGULAR": version, "STABLE": version},
        "releaseChannelLatestVersion": {"RAPID": version, "REGULAR": version, "STABLE": version},
    }


def get_image(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """An image of a family."""
    project = arguments.get("project") or gcp.project
    name = arguments.get("name") or f"{arguments.get('family') or 'image'}-v20000101"
    path = f"projects/{project}/global/images/{name}"
    return {"id": path, "name": name, "project": project, "selfLink": f"https://www.googleapis.com/compute/v1/{path}"}


def get_storage_service_account(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """Cloud Storage's own service account of a project."""
    project = arguments.get("project") or gcp.project
    email = f"service-{_number(project)}@gs-project-accounts.iam.gserviceaccount.com"
    return {"id": email, "emailAddress": email, "member": f"serviceAccount:{email}", "project": project}


def get_default_service_account(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """Compute Engine's default service account of a project."""
    project = arguments.get("project") or gcp.project
    email = f"{_number(project)}-compute@developer.gserviceaccount.com"
    return {"id": f"projects/{project}/serviceAccounts/{email}", "email": email, "member": f"serviceAccount:{email}"}


def get_iam_policy(gcp: Gcp, arguments: dict[str, Any]) -> dict[str, Any]:
    """The policy document, really computed: who is let in decides what a policy pack says."""
    document: dict[str, Any] = {}
    if arguments.get("bindings"):
        document["bindings"] = [
            {**item, "members": sorted(set(item["members"]))}
            for item in sorted(arguments["bindings"], key=lambda item: (item["role"], str(item.get("condition"))))
        ]
    if arguments.get("auditConfigs"):
        document["auditConfigs"] = arguments["auditConfigs"]
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return {"id": digest(text, length=10), "policyData": text}


FUNCTIONS: dict[str, Function] = {
    "gcp:organizations/getIAMPolicy:getIAMPolicy": get_iam_policy,
    "gcp:organizations/getClientConfig:getClientConfig": get_client_config,
    "gcp:organizations/getProject:getProject": get_project,
    "gcp:compute/getZones:getZones": get_zones,
    "gcp:compute/getRegions:getRegions": get_regions,
    "gcp:compute/getImage:getImage": get_image,
    "gcp:compute/getDefaultServiceAccount:getDefaultServiceAccount": get_default_service_account,
    "gcp:container/getEngineVersions:getEngineVersions": get_engine_versions,
    "gcp:storage/getProjectServiceAccount:getProjectServiceAccount": get_storage_service_account,
}
