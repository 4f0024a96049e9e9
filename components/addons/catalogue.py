"""Add-on to its code: which add-ons compute values for one cluster, and which bring objects of their own.

Owns: the two tables. Refuses to own: what is in the functions, which is one file per add-on. An add-on that is only a
row of ringfence/facts/addons.yaml does not appear here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from components.addons import (
    airflow,
    argo_workflows,
    cert_manager,
    cilium,
    cluster_autoscaler,
    datadog,
    dvc,
    elastic,
    envoy_gateway,
    gpu_operator,
    karpenter,
    kserve,
    kubecost,
    kubeflow_pipelines,
    kueue,
    log_collector,
    loki,
    mlflow,
    network_operator,
    opencost,
    prometheus,
    rook_ceph,
    velero,
    wandb,
    zot,
)
from components.addons.manifests import Objects
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import ValuesFunction

ObjectsFunction = Callable[[AddOnContext], Objects]

VALUES: Mapping[str, ValuesFunction] = {
    "airflow": airflow.values,
    "argo-workflows": argo_workflows.values,
    "cert-manager": cert_manager.values,
    "cilium": cilium.values,
    "cluster-autoscaler": cluster_autoscaler.values,
    "datadog": datadog.values,
    "dvc-remote": dvc.values,
    "eck-stack": elastic.values,
    "envoy-gateway": envoy_gateway.values,
    "gpu-operator": gpu_operator.values,
    "karpenter": karpenter.values,
    "kserve": kserve.values,
    "kserve-llmisvc": kserve.llmisvc_values,
    "kserve-runtimes": kserve.runtimes_values,
    "kube-prometheus-stack": prometheus.values,
    "kubecost": kubecost.values,
    "kueue": kueue.values,
    "log-collector": log_collector.values,
    "loki": loki.values,
    "mlflow": mlflow.values,
    "network-operator": network_operator.values,
    "opencost": opencost.values,
    "redis": envoy_gateway.redis_values,
    "rook-ceph-cluster": rook_ceph.values,
    "velero": velero.values,
    "wandb": wandb.values,
    "zot": zot.values,
}
"""Add-on to what it sets for one cluster, over its row."""

OBJECTS: Mapping[str, ObjectsFunction] = {
    "airflow": airflow.objects,
    "dvc-remote": dvc.objects,
    "envoy-gateway": envoy_gateway.objects,
    "gpu-operator": gpu_operator.objects,
    "karpenter": karpenter.objects,
    "kserve": kserve.objects,
    "kserve-localmodel": kserve.localmodel_objects,
    "kube-prometheus-stack": prometheus.objects,
    "kubeflow-pipelines": kubeflow_pipelines.objects,
    "log-collector": log_collector.objects,
    "mlflow": mlflow.objects,
    "network-operator": network_operator.objects,
    "opencost": opencost.objects,
}
"""Add-on to the objects that its chart does not make."""


def add_on_objects(name: str, context: AddOnContext) -> Objects:
    """The objects to make before and after an add-on's release; none for an add-on that is only a row."""
    function = OBJECTS.get(name)
    return function(context) if function else Objects()
