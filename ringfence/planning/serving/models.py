"""A served model on a cluster, as plain manifests: an InferenceService, and what goes with it.

Owns: which kind serves it, with which runtime, arguments and resources. Refuses to own: how much it needs (replica.py),
when it scales (scaling.py) and how requests reach it (routes.py, gateway.py).

A canary is a second InferenceService: KServe's `canaryTrafficPercent` works in Knative mode only, and is ignored in the
Standard mode that Ringfence runs. The gateway splits the traffic between the two.
"""

from __future__ import annotations

import math

from ringfence.planning import lineage
from ringfence.planning.capacity import CPU, POOL_LABEL, tenant_shares
from ringfence.planning.labels import Tags
from ringfence.planning.serving import scaling
from ringfence.planning.serving.installed import has_add_on
from ringfence.planning.serving.replica import Replica, ServingError, placement_of, replica_of
from ringfence.planning.serving.runtimes import RUNTIMES, arguments, environment, ports
from ringfence.planning.tenancy.names import (
    DEFAULT_QUEUE,
    PRIORITY_LABEL,
    QUEUE_LABEL,
    Manifest,
    gibibytes,
    metadata,
    millicores,
    models_namespace,
    tenant_tags,
)
from ringfence.planning.tenancy.pools import pool_tolerations
from ringfence.spec.model import ServedModel
from ringfence.spec.platform import Platform
from ringfence.spec.residency import decide

SERVICE_ACCOUNT = "models"
"""Account of models' pods: what it may read in a cloud's store is bound to it there."""

PRIORITY = "ringfence-serving"
"""PriorityClass and WorkloadPriorityClass of what answers users."""

KSERVE_ANNOTATIONS = "serving.kserve.io"


def canary_name(name: str) -> str:
    """InferenceService of a model's new version."""
    return f"{name}-canary"


def served_model_manifests(platform: Platform, name: str, cluster: str) -> list[Manifest]:
    """Everything of one model on one cluster.

    Raises ServingError for what cannot be served as the file says: its message has the path and the remedy.
    """
    model = platform.models[name]
    if not isinstance(model, ServedModel):
        raise ServingError(f"models.{name} is served by {model.service}: it runs on none of the platform's clusters")
    replica = replica_of(platform, name, cluster)
    _check(platform, name, model, cluster, replica)
    tags = model_tags(platform, name, cluster)
    if replica.nodes > 1:
        return [_over_nodes(platform, name, model, cluster, replica, tags)]
    made = [_service(platform, name, name, model, cluster, replica, tags)]
    if model.canary and model.canary.percent:
        made.append(_service(platform, name, canary_name(name), _as_canary(model), cluster, replica, tags))
    if model.autoscaling.min_replicas > 1:
        made.append(_disruption_budget(name, model, tags))
    if RUNTIMES[model.runtime].metrics_port and has_add_on(platform, cluster, "kube-prometheus-stack"):
        made.append(_pod_monitor(name, model, tags))
    if needs_internet(model):
        made.append(_allow_internet(name, model, tags))
    return made


def model_tags(platform: Platform, name: str, cluster: str) -> Tags:
    """The tenant's tags, with the classes of this model's weights and prompts alone."""
    model = platform.models[name]
    classes = sorted(lineage.classes_in_use(platform, name))
    return tenant_tags(platform, cluster, model.tenant).but(data_classes=classes)


def needs_internet(model: ServedModel) -> bool:
    """Whether the weights come from the internet each time a replica starts."""
    return model.source.startswith(("hf://", "https://"))


def _check(platform: Platform, name: str, model: ServedModel, cluster: str, replica: Replica) -> None:
    """Raise ServingError for the first thing that cannot work on this cluster."""
    at = f"models.{name}"
    pool = placement_of(platform, name, cluster).pool
    shares = [s for s in tenant_shares(platform, cluster) if (s.tenant, s.pool) == (model.tenant, pool)]
    if replica.resource != CPU and not any(share.unit == replica.unit for share in shares):
        raise ServingError(
            f"{at}.placements: tenant {model.tenant} has no share of {pool} on {cluster}; "
            f"add tenants.{model.tenant}.quotas.{cluster}.{pool}"
        )
    if model.autoscaling.max_replicas < model.autoscaling.min_replicas:
        raise ServingError(f"{at}.autoscaling: maxReplicas is below minReplicas ({model.autoscaling.min_replicas})")
    if scaling.autoscaled(model):
        if replica.nodes > 1:
            raise ServingError(f"{at}.autoscaling: a replica over {replica.nodes} nodes is not scaled; set both alike")
        if not has_add_on(platform, cluster, "keda"):
            raise ServingError(f"{at}.autoscaling: {cluster} has no KEDA; add clusters.{cluster}.addOns.keda")
    if replica.nodes > 1:
        missing = [row for row in ("kserve-llmisvc", "lws") if not has_add_on(platform, cluster, row)]
        if missing:
            raise ServingError(f"{at}: a replica over {replica.nodes} nodes needs add-ons {', '.join(missing)}")
        if model.canary:
            raise ServingError(f"{at}.canary: a replica over {replica.nodes} nodes has no canary; remove it")
    if needs_internet(model):
        _check_internet(platform, name, model, cluster)


def _check_internet(platform: Platform, name: str, model: ServedModel, cluster: str) -> None:
    """Pods that may reach the internet may send it what they hold: only data that may be anywhere."""
    site = platform.sites[platform.clusters[cluster].site]
    scheme = model.source.split(":", 1)[0]
    if site.reachability != "connected":
        raise ServingError(
            f"models.{name}.source: {scheme}:// needs the internet, and {platform.clusters[cluster].site} is "
            f"{site.reachability}; mirror the weights and use oci:// or s3://"
        )
    for each in sorted(lineage.classes_in_use(platform, name)):
        if not decide(platform.data_classes[each], "process", None, None, platform.groups).proven:
            raise ServingError(
                f"models.{name}.source: {scheme}:// would open the internet to pods that process {each}; "
                "mirror the weights and use oci:// or s3://"
            )


def _as_canary(model: ServedModel) -> ServedModel:
    """The new version, with as many replicas as its part of the traffic needs."""
    if model.canary is None:
        return model
    scale = model.autoscaling
    most = max(1, math.ceil(scale.max_replicas * model.canary.percent / 100))
    scaled = scale.model_copy(update={"min_replicas": 1, "max_replicas": most})
    return model.model_copy(update={"source": model.canary.source, "autoscaling": scaled})


def _labels(platform: Platform, cluster: str, replica: Replica) -> dict[str, str]:
    """The queue that the pods wait in: KServe copies a service's labels to its Deployment and pods."""
    if not has_add_on(platform, cluster, "kueue"):
        return {}
    queue = DEFAULT_QUEUE if replica.resource == CPU else replica.unit
    return {QUEUE_LABEL: queue, PRIORITY_LABEL: PRIORITY}


def resources(replica: Replica) -> Manifest:
    """Requests and limits of one pod, alike, so that nothing is promised twice.

    KServe's runtimes limit CPU to one core, and KServe merges what a service says over that: without a CPU limit of
    its own a service that requests more is refused.
    """
    amounts = {"cpu": millicores(replica.millicpus), "memory": gibibytes(replica.memory_gib)}
    if replica.resource != CPU:
        amounts[replica.resource] = str(replica.units_per_node)
    return {"requests": amounts, "limits": dict(amounts)}


def _pod(platform: Platform, name: str, cluster: str) -> Manifest:
    """Where a pod runs, and as whom."""
    pool = placement_of(platform, name, cluster).pool
    tolerations = pool_tolerations(platform, cluster, pool)
    return {
        "serviceAccountName": SERVICE_ACCOUNT,
        "automountServiceAccountToken": False,
        "priorityClassName": PRIORITY,
        "nodeSelector": {POOL_LABEL: pool},
        **({"tolerations": tolerations} if tolerations else {}),
    }


def _service(
    platform: Platform,
    name: str,
    service: str,
    model: ServedModel,
    cluster: str,
    replica: Replica,
    tags: Tags,
) -> Manifest:
    """The InferenceService. `name` is what callers ask for, `service` the object's own name."""
    namespace = models_namespace(model.tenant)
    body = metadata(service, tags, namespace, **_labels(platform, cluster, replica))
    body["labels"]["networking.kserve.io/visibility"] = "cluster-local"
    body["annotations"] = {
        f"{KSERVE_ANNOTATIONS}/deploymentMode": "Standard",
        f"{KSERVE_ANNOTATIONS}/autoscalerClass": "keda" if scaling.autoscaled(model) else "none",
    }
    least, most = model.autoscaling.min_replicas, model.autoscaling.max_replicas
    args, env = arguments(name, model, replica), environment(model)
    rolling = {"maxSurge": 0, "maxUnavailable": 1} if least > 1 else {"maxSurge": 1, "maxUnavailable": 0}
    predictor: Manifest = {
        "minReplicas": least,
        "maxReplicas": most,
        **_pod(platform, name, cluster),
        "deploymentStrategy": {"type": "RollingUpdate", "rollingUpdate": rolling},
        "model": {
            "modelFormat": {"name": RUNTIMES[model.runtime].model_format},
            "runtime": RUNTIMES[model.runtime].name,
            "storageUri": model.source,
            **({"args": args} if args else {}),
            **({"env": env} if env else {}),
            **({"ports": ports(model)} if ports(model) else {}),
            "resources": resources(replica),
        },
    }
    if scaling.autoscaled(model):
        predictor["autoScaling"] = scaling.autoscaling(service, model, namespace)
    return {
        "apiVersion": "serving.kserve.io/v1beta1",
        "kind": "InferenceService",
        "metadata": body,
        "spec": {"predictor": predictor},
    }


def _over_nodes(
    platform: Platform, name: str, model: ServedModel, cluster: str, replica: Replica, tags: Tags
) -> Manifest:
    """The LLMInferenceService of a replica over nodes: tensor parallel within one, pipeline parallel between them."""
    labels = _labels(platform, cluster, replica)
    extra = " ".join(argument for argument in arguments(name, model, replica) if "tensor-parallel" not in argument)
    env = [*environment(model), {"name": "VLLM_ADDITIONAL_ARGS", "value": extra}]
    workload = {
        **_pod(platform, name, cluster),
        "containers": [{"name": "main", "env": env, "resources": resources(replica)}],
    }
    spec: Manifest = {
        "model": {"uri": model.source, "name": name},
        "replicas": model.autoscaling.min_replicas,
        "parallelism": {"tensor": replica.units_per_node, "pipeline": replica.nodes},
        "template": workload,
        "worker": workload,
    }
    if labels:
        spec["labels"] = labels
    body = metadata(name, tags, models_namespace(model.tenant), **labels)
    return {
        "apiVersion": "serving.kserve.io/v1alpha2",
        "kind": "LLMInferenceService",
        "metadata": body,
        "spec": spec,
    }


def _disruption_budget(name: str, model: ServedModel, tags: Tags) -> Manifest:
    """One replica at a time. A single replica has none: it would only keep nodes from being drained."""
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(name, tags, models_namespace(model.tenant)),
        "spec": {"maxUnavailable": 1, "selector": {"matchLabels": _pods_of(name)}},
    }


def _pod_monitor(name: str, model: ServedModel, tags: Tags) -> Manifest:
    """What the runtime counts, for scaling and for dashboards."""
    endpoint = {"portNumber": RUNTIMES[model.runtime].metrics_port, "path": "/metrics", "interval": "15s"}
    return {
        "apiVersion": "monitoring.coreos.com/v1",
        "kind": "PodMonitor",
        "metadata": metadata(name, tags, models_namespace(model.tenant)),
        "spec": {"selector": {"matchLabels": _pods_of(name)}, "podMetricsEndpoints": [endpoint]},
    }


def _allow_internet(name: str, model: ServedModel, tags: Tags) -> Manifest:
    """HTTPS to anywhere for one model's pods, whose data may be anywhere."""
    rule = {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [{"protocol": "TCP", "port": 443}]}
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(f"allow-weights-{name}", tags, models_namespace(model.tenant)),
        "spec": {"podSelector": {"matchLabels": _pods_of(name)}, "policyTypes": ["Egress"], "egress": [rule]},
    }


def _pods_of(name: str) -> dict[str, str]:
    return {f"{KSERVE_ANNOTATIONS}/inferenceservice": name}
