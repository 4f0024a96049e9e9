"""Velero: backups of objects and volumes.

Owns: targets, plugins and the schedule. Refuses to own: buckets, and whether a target's country will do (the residency
rules read the region).
Facts: vmware-tanzu/helm-charts, velero 12.1.0 (app 1.18.1); object store plugins 1.14 are for Velero 1.18
(vmware-tanzu/velero-plugin-for-aws, README: Compatibility).
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext, BackupTarget
from ringfence.planning.addons import AddOnPlanError, AddOnProblem
from ringfence.planning.onprem.objects import mirrored

PLUGINS = {
    "aws": "velero/velero-plugin-for-aws:v1.14.2",
    "s3": "velero/velero-plugin-for-aws:v1.14.2",
    "azure": "velero/velero-plugin-for-microsoft-azure:v1.14.0",
    "gcp": "velero/velero-plugin-for-gcp:v1.14.0",
}
AZURE_CONTAINER = "velero"
"""Container in a storage account that names none."""

NIGHTLY = "17 2 * * *"
KEPT = "720h0m0s"


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError without a target: the chart's empty one never becomes available."""
    if not context.backups:
        message = "has no target to back up to"
        raise AddOnPlanError([AddOnProblem("velero", message, "give a dataset a backup site, or disable it")])
    first = context.backups[0].name
    return {
        "configuration": {
            "backupStorageLocation": [_location(target, target.name == first) for target in context.backups],
            "uploaderType": "kopia",
            "defaultVolumesToFsBackup": True,
        },
        # Each location names its own Secret; without one the pod's identity is used.
        "credentials": {"useSecret": False},
        "initContainers": _plugins(context.backups, context.registry),
        "schedules": {
            "nightly": {
                "schedule": NIGHTLY,
                "useOwnerReferencesInBackup": False,
                "template": {"ttl": KEPT, "storageLocation": first, "snapshotVolumes": False},
            }
        },
    }


def _location(target: BackupTarget, default: bool) -> dict[str, Any]:
    bucket, config = _place(target)
    location: dict[str, Any] = {
        "name": target.name,
        "provider": "aws" if target.provider == "s3" else target.provider,
        "bucket": bucket,
        "default": default,
        "accessMode": "ReadWrite",
        "config": config,
    }
    if target.credentials:
        location["credential"] = {"name": target.credentials, "key": "cloud"}
    return location


def _place(target: BackupTarget) -> tuple[str, dict[str, str]]:
    """The bucket and what its plugin must know of it. Every value is a string, booleans too."""
    match target.provider:
        case "azure":
            account, _, container = target.bucket.partition("/")
            identity = {} if target.credentials else {"useAAD": "true"}
            return container or AZURE_CONTAINER, {"storageAccount": account, **identity}
        case "gcp":
            return target.bucket, {}
    config = {"region": target.region}
    if target.endpoint:
        config |= {"s3Url": target.endpoint, "s3ForcePathStyle": "true"}
    return target.bucket, config


def _plugins(targets: tuple[BackupTarget, ...], registry: str | None) -> list[dict[str, Any]]:
    mount = [{"mountPath": "/target", "name": "plugins"}]
    images = sorted({mirrored(PLUGINS[target.provider], registry) for target in targets})
    return [
        {
            "name": image.split("/")[-1].split(":")[0],
            "image": image,
            "imagePullPolicy": "IfNotPresent",
            "volumeMounts": mount,
        }
        for image in images
    ]
