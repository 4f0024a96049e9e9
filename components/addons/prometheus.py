"""kube-prometheus-stack: metrics, alerts and dashboards.

Owns: retention, storage, where metrics are also written, and the platform's own dashboards. Refuses to own: what the
dashboards show (dashboards.py).
Facts: prometheus-community/helm-charts, kube-prometheus-stack 88.5.3.
"""

from __future__ import annotations

from typing import Any

from components.addons.dashboards import dashboards
from components.addons.manifests import Objects, config_map
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.labels import COST_CENTER, KUBERNETES_PREFIX, TENANT

NAMESPACE = "monitoring"
PROMETHEUS_SERVICE = "kube-prometheus-stack-prometheus"
"""Service of Prometheus for a release that is called kube-prometheus-stack."""

GIB_PER_DAY = 2
"""Room for a day of metrics, in GiB: 100,000 series every 30 s at 1.3 bytes a sample are 0.35 GiB
(prometheus.io, Storage), five times over for what GPU and gateway metrics add."""

UNREACHABLE = ("kubeControllerManager", "kubeScheduler", "kubeEtcd", "kubeProxy")
"""Parts that Prometheus cannot reach: managed and hosted control planes hide them, k0s runs them as processes."""

UNREACHABLE_RULES = ("etcd", "kubeControllerManager", "kubeProxy", "kubeSchedulerAlerting", "kubeSchedulerRecording")


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values for one cluster."""
    labels = {"cluster": context.cluster, "site": context.site, "country": context.country}
    spec: dict[str, Any] = {
        "retention": f"{context.metrics_retention_days}d",
        "externalLabels": labels,
        "replicas": 1,
    }
    if context.remote_write:
        spec["remoteWrite"] = [remote_write(context)]
    claim = _claim(context)
    if claim:
        spec["storageSpec"] = {"volumeClaimTemplate": {"spec": claim}}
    tenant_labels = f"namespaces=[{KUBERNETES_PREFIX}{TENANT},{KUBERNETES_PREFIX}{COST_CENTER}]"
    return {
        "prometheus": {"prometheusSpec": spec},
        "kube-state-metrics": {"metricLabelsAllowlist": [tenant_labels]},
        "defaultRules": {"rules": dict.fromkeys(UNREACHABLE_RULES, False)},
        **{part: {"enabled": False} for part in UNREACHABLE},
    }


def remote_write(context: AddOnContext) -> dict[str, Any]:
    """Where metrics are also written; what a lost line delays waits in the write-ahead log."""
    return {
        "url": context.remote_write,
        "queueConfig": {"maxBackoff": "5m", "retryOnRateLimit": True},
    }


def _claim(context: AddOnContext) -> dict[str, Any] | None:
    block = context.storage_class("block")
    if block is None:
        return None
    size = max(10, GIB_PER_DAY * context.metrics_retention_days)
    return {
        "storageClassName": block,
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": f"{size}Gi"}},
    }


def objects(context: AddOnContext) -> Objects:
    """The platform's dashboards, each a ConfigMap that Grafana's sidecar picks up by its label."""
    if not context.dashboards:
        return Objects()
    return Objects(
        before=tuple(
            config_map(f"dashboard-{name}", NAMESPACE, {f"{name}.json": text}, {"grafana_dashboard": "1"})
            for name, text in dashboards(context.add_ons).items()
        )
    )
