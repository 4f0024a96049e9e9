"""The platform's Grafana dashboards: GPU use by tenant, queue waiting, inference latency, cost.

Owns: what they ask Prometheus. Refuses to own: how Grafana gets them (prometheus.py).
Metric names: NVIDIA/dcgm-exporter (DCGM_FI_*), kubernetes-sigs/kueue 0.19 (kueue_*), vllm-project/vllm (vllm:*),
envoyproxy/ai-gateway 1.1 (gen_ai_*), opencost/opencost (node_*_hourly_cost, container_*_allocation).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

TENANTS = 'label_replace(kube_namespace_labels, "exported_namespace", "$1", "namespace", "(.*)")'
"""Namespaces with their tenant, keyed as DCGM's exporter names a pod's namespace."""

_TENANT = "label_ringfence_dev_tenant"
_BY_TENANT = f"* on (exported_namespace) group_left ({_TENANT}) {TENANTS}"


@dataclass(frozen=True)
class Panel:
    """One graph: what it asks, and in which of Grafana's units."""

    title: str
    query: str
    unit: str
    legend: str
    description: str = ""


@dataclass(frozen=True)
class Dashboard:
    """One page of graphs."""

    name: str
    title: str
    needs: str | None
    """The add-on without which its metrics do not exist; None for kinds that several bring."""
    panels: tuple[Panel, ...]


DASHBOARDS = (
    Dashboard(
        "gpu-by-tenant",
        "GPU use by tenant",
        "gpu-operator",
        (
            Panel(
                "GPU utilisation",
                f"avg by ({_TENANT}) (DCGM_FI_DEV_GPU_UTIL {_BY_TENANT})",
                "percent",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel(
                "Tensor cores busy",
                f"avg by ({_TENANT}) (DCGM_FI_PROF_PIPE_TENSOR_ACTIVE {_BY_TENANT})",
                "percentunit",
                f"{{{{{_TENANT}}}}}",
                "A device can be fully utilised and hardly compute: this is the honest number.",
            ),
            Panel(
                "GPU memory used",
                f"sum by ({_TENANT}) (DCGM_FI_DEV_FB_USED {_BY_TENANT}) * 1048576",
                "bytes",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel(
                "Devices held and idle",
                f"count by ({_TENANT}) ((DCGM_FI_DEV_GPU_UTIL {_BY_TENANT}) < 5)",
                "short",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel("Power", "sum by (Hostname) (DCGM_FI_DEV_POWER_USAGE)", "watt", "{{Hostname}}"),
            Panel("XID errors", "max by (Hostname, gpu) (DCGM_FI_DEV_XID_ERRORS) > 0", "short", "{{Hostname}} {{gpu}}"),
        ),
    ),
    Dashboard(
        "queue-waiting",
        "Queues: waiting, admitted, borrowed",
        "kueue",
        (
            Panel(
                "Workloads waiting", "sum by (cluster_queue) (kueue_pending_workloads)", "short", "{{cluster_queue}}"
            ),
            Panel(
                "Wait until admission, 95th percentile",
                "histogram_quantile(0.95,"
                " sum by (le, cluster_queue) (rate(kueue_admission_wait_time_seconds_bucket[15m])))",
                "s",
                "{{cluster_queue}}",
            ),
            Panel(
                "Devices in use",
                'sum by (cluster_queue) (kueue_cluster_queue_resource_usage{resource=~"nvidia.com/.*"})',
                "short",
                "{{cluster_queue}}",
            ),
            Panel(
                "Devices guaranteed",
                'sum by (cluster_queue) (kueue_cluster_queue_nominal_quota{resource=~"nvidia.com/.*"})',
                "short",
                "{{cluster_queue}}",
            ),
            Panel(
                "Devices borrowed",
                'clamp_min(sum by (cluster_queue) (kueue_cluster_queue_resource_usage{resource=~"nvidia.com/.*"})'
                ' - sum by (cluster_queue) (kueue_cluster_queue_nominal_quota{resource=~"nvidia.com/.*"}), 0)',
                "short",
                "{{cluster_queue}}",
            ),
            Panel(
                "Evictions",
                "sum by (cluster_queue, reason) (rate(kueue_evicted_workloads_total[15m])) * 3600",
                "short",
                "{{cluster_queue}} {{reason}}",
                "Per hour.",
            ),
        ),
    ),
    Dashboard(
        "inference-latency",
        "Inference: latency, tokens, waiting",
        "kserve",
        (
            Panel(
                "Time to first token, 95th percentile",
                "histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:time_to_first_token_seconds_bucket[5m])))",
                "s",
                "{{model_name}}",
            ),
            Panel(
                "Time per output token, 95th percentile",
                "histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:inter_token_latency_seconds_bucket[5m])))",
                "s",
                "{{model_name}}",
            ),
            Panel(
                "Whole request, 95th percentile",
                "histogram_quantile(0.95, sum by (le, model_name) (rate(vllm:e2e_request_latency_seconds_bucket[5m])))",
                "s",
                "{{model_name}}",
            ),
            Panel(
                "Tokens per second",
                "sum by (model_name) (rate(vllm:generation_tokens_total[5m]))",
                "short",
                "{{model_name}}",
            ),
            Panel("Requests waiting", "sum by (model_name) (vllm:num_requests_waiting)", "short", "{{model_name}}"),
            Panel(
                "Gateway: request duration, 95th percentile",
                "histogram_quantile(0.95, sum by (le, gen_ai_request_model)"
                " (rate(gen_ai_server_request_duration_seconds_bucket[5m])))",
                "s",
                "{{gen_ai_request_model}}",
            ),
        ),
    ),
    Dashboard(
        "cost",
        "Cost by tenant",
        "opencost",
        (
            Panel("Cluster, USD a month", "sum(node_total_hourly_cost) * 730", "currencyUSD", "cluster"),
            Panel(
                "GPUs by tenant, USD a month",
                f"sum by ({_TENANT}) (container_gpu_allocation * on (node) group_left () node_gpu_hourly_cost"
                f" * on (namespace) group_left ({_TENANT}) kube_namespace_labels) * 730",
                "currencyUSD",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel(
                "CPU by tenant, USD a month",
                f"sum by ({_TENANT}) (container_cpu_allocation * on (node) group_left () node_cpu_hourly_cost"
                f" * on (namespace) group_left ({_TENANT}) kube_namespace_labels) * 730",
                "currencyUSD",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel(
                "Memory by tenant, USD a month",
                f"sum by ({_TENANT}) (container_memory_allocation_bytes / 1073741824"
                " * on (node) group_left () node_ram_hourly_cost"
                f" * on (namespace) group_left ({_TENANT}) kube_namespace_labels) * 730",
                "currencyUSD",
                f"{{{{{_TENANT}}}}}",
            ),
            Panel(
                "GPU price in use, USD an hour",
                "max by (node) (node_gpu_hourly_cost)",
                "currencyUSD",
                "{{node}}",
                "Must equal the platform's own price; the alert OpenCostGpuPriceDiffers watches it.",
            ),
            Panel(
                "Idle GPUs, USD a month",
                '(sum(kube_node_status_allocatable{resource="nvidia_com_gpu"}) - sum(container_gpu_allocation))'
                " * avg(node_gpu_hourly_cost) * 730",
                "currencyUSD",
                "idle",
            ),
        ),
    ),
)


def dashboards(add_ons: Iterable[str]) -> dict[str, str]:
    """Name to Grafana's JSON, for the dashboards whose metrics the cluster's add-ons bring."""
    there = set(add_ons)
    return {page.name: render(page) for page in DASHBOARDS if page.needs is None or page.needs in there}


def render(page: Dashboard) -> str:
    """One dashboard in Grafana's own format (schema version 39)."""
    return json.dumps(
        {
            "uid": f"ringfence-{page.name}",
            "title": page.title,
            "tags": ["ringfence"],
            "schemaVersion": 39,
            "version": 1,
            "editable": False,
            "refresh": "1m",
            "time": {"from": "now-6h", "to": "now"},
            "templating": {"list": [_datasource()]},
            "panels": [_panel(index, panel) for index, panel in enumerate(page.panels)],
        },
        indent=1,
        sort_keys=True,
    )


def _datasource() -> dict[str, Any]:
    return {"name": "datasource", "type": "datasource", "query": "prometheus", "label": "Prometheus", "hide": 0}


def _panel(index: int, panel: Panel) -> dict[str, Any]:
    source = {"type": "prometheus", "uid": "${datasource}"}
    return {
        "id": index + 1,
        "type": "timeseries",
        "title": panel.title,
        "description": panel.description,
        "datasource": source,
        "gridPos": {"h": 8, "w": 12, "x": 12 * (index % 2), "y": 8 * (index // 2)},
        "fieldConfig": {"defaults": {"unit": panel.unit, "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "table", "placement": "right", "calcs": ["lastNotNull", "max"]}},
        "targets": [{"refId": "A", "datasource": source, "expr": panel.query, "legendFormat": panel.legend}],
    }
