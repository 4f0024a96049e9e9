"""Models on an edge box's own disk, so that a server starts without asking anybody for its weights.

Owns: pulling OCI artefacts of weights to disk, and the volume that a tenant's servers read them from. Refuses to own:
the servers (ringfence.planning.serving) and the tenants' namespaces, which must be there first.

KServe's own LocalModelCache was looked at and left: its download jobs speak s3 and https but not oci, and a site's only
source is its registry. An image's layers in containerd's store are no cache either: the kubelet empties it when the
disk fills. So a daemon pulls each artefact into a folder, and servers read it through a claim, pvc://model-cache/<model>.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ringfence.planning import capacity
from ringfence.planning.onprem.edge_site import DATA, LOCAL_CLASS, NAMESPACE, EdgePlan
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest, mirrored

PULL_IMAGE = "ghcr.io/oras-project/oras:v1.3.0"
PAUSE_IMAGE = "registry.k8s.io/pause:3.10"
NAME = "model-cache"
SCHEME = "oci://"


@dataclass(frozen=True, kw_only=True)
class CachedModel:
    """A model that a site keeps."""

    name: str
    source: str
    """oci:// reference of the weights, at the site's registry or at one that it mirrors."""
    namespace: str
    """The tenant's namespace that serves it."""
    gib: int
    """Size of the weights."""
    pool: str | None = None
    """The pool whose nodes keep it; every node when unset."""


def model_uri(model: CachedModel) -> str:
    """What a server in the model's namespace reads the weights from."""
    return f"pvc://{NAME}/{model.name}"


def local_reference(plan: EdgePlan, model: CachedModel) -> str:
    """The artefact at the site's own registry. Raises PlanError for weights that are no OCI artefact."""
    if not model.source.startswith(SCHEME):
        raise PlanError(
            f"model {model.name} has its weights at {model.source}, which the registry of site {plan.name} cannot hold",
            "publish them as an OCI artefact: source: oci://...",
        )
    return mirrored(model.source.removeprefix(SCHEME), plan.registry)


def model_manifests(plan: EdgePlan, models: Sequence[CachedModel]) -> list[Manifest]:
    """Claims for the tenants, and a daemon for each pool that fills them.

    Raises PlanError where the models are larger than the cluster's cache, or are no OCI artefacts.
    """
    if not models:
        return []
    check_room(plan, models)
    spaces = sorted({model.namespace for model in models})
    pools = sorted({model.pool for model in models}, key=lambda pool: pool or "")
    claims = [part for space in spaces for part in claim(plan, space, [m for m in models if m.namespace == space])]
    return [*claims, *(daemon_set(plan, pool, [m for m in models if m.pool == pool]) for pool in pools)]


def check_room(plan: EdgePlan, models: Sequence[CachedModel]) -> None:
    """Raises PlanError where the models of a node are larger than the cluster's storage of kind cache."""
    room = sum(tier.capacity_gib for tier in plan.cluster.storage.values() if tier.kind == "cache")
    wanted = sum(model.gib for model in models)
    if wanted > room:
        names = ", ".join(sorted(model.name for model in models))
        raise PlanError(
            f"clusters.{plan.cluster_name} has {room} GiB of storage of kind cache, but {names} take {wanted} GiB",
            "raise capacityGib of its cache, or place fewer models there",
        )


def claim(plan: EdgePlan, space: str, models: Sequence[CachedModel]) -> list[Manifest]:
    """The same folder on every node, bound to one tenant's namespace: no other tenant can claim it."""
    size = f"{sum(model.gib for model in models)}Gi"
    modes = ["ReadWriteMany"]
    folder = {"path": f"{DATA}/models/{space}", "type": "DirectoryOrCreate"}
    spec = {
        "capacity": {"storage": size},
        "accessModes": modes,
        "persistentVolumeReclaimPolicy": "Retain",
        "storageClassName": LOCAL_CLASS,
        "claimRef": {"namespace": space, "name": NAME},
        "hostPath": folder,
    }
    wanted = {
        "accessModes": modes,
        "storageClassName": LOCAL_CLASS,
        "volumeName": f"models-{space}",
        "resources": {"requests": {"storage": size}},
    }
    return [
        manifest("v1", "PersistentVolume", f"models-{space}", labels=plan.labels, spec=spec),
        manifest("v1", "PersistentVolumeClaim", NAME, space, labels=plan.labels, spec=wanted),
    ]


def daemon_set(plan: EdgePlan, pool: str | None, models: Sequence[CachedModel]) -> Manifest:
    """Pulls each model before it rests. A server never waits for it: what was pulled once stays on the disk."""
    name = f"{NAME}-{pool}" if pool else NAME
    pods = {"app.kubernetes.io/name": name}
    pulls = [_pull(plan, model) for model in sorted(models, key=lambda one: (one.namespace, one.name))]
    rest = {
        "name": "rest",
        "image": mirrored(PAUSE_IMAGE, plan.registry),
        "imagePullPolicy": "IfNotPresent",
        "resources": {"requests": {"cpu": "1m", "memory": "8Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": _confined(),
    }
    template: dict[str, Any] = {
        "automountServiceAccountToken": False,
        "tolerations": [{"operator": "Exists"}],
        "initContainers": pulls,
        "containers": [rest],
        "volumes": [
            {"name": "models", "hostPath": {"path": f"{DATA}/models", "type": "DirectoryOrCreate"}},
            {"name": "tmp", "emptyDir": {}},
        ],
    }
    if pool:
        template["nodeSelector"] = {capacity.POOL_LABEL: pool}
    spec = {
        "selector": {"matchLabels": pods},
        "template": {"metadata": {"labels": {**plan.labels, **pods}}, "spec": template},
    }
    return manifest("apps/v1", "DaemonSet", name, NAMESPACE, labels=plan.labels, spec=spec)


def _pull(plan: EdgePlan, model: CachedModel) -> dict[str, Any]:
    return {
        "name": f"pull-{model.name}",
        "image": mirrored(PULL_IMAGE, plan.registry),
        "imagePullPolicy": "IfNotPresent",
        "args": ["pull", "--output", f"/models/{model.namespace}/{model.name}", local_reference(plan, model)],
        "resources": {"requests": {"cpu": "50m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {**_confined(), "runAsUser": 0},
        "volumeMounts": [{"name": "models", "mountPath": "/models"}, {"name": "tmp", "mountPath": "/tmp"}],
    }


def _confined() -> dict[str, Any]:
    return {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
