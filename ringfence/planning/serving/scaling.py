"""Scaling: which measurement decides how many replicas a model has, and how it is asked of Prometheus.

Owns: the queries, and the form in which KServe hands them to KEDA. Refuses to own: the numbers (`autoscaling`).

In Standard mode KServe passes an external metric to KEDA by its `value` only (kserve, keda_reconciler.go: an
`averageValue` there is a nil pointer), and KEDA divides what the query says by it: so every query is a sum.
"""

from __future__ import annotations

from ringfence.planning.serving.replica import ServingError
from ringfence.planning.tenancy.names import Manifest
from ringfence.spec.model import ServedModel

PROMETHEUS = "http://prometheus-operated.monitoring.svc:9090"
"""The service that the Prometheus operator itself makes in the namespace of the kube-prometheus-stack row."""

SCALE_DOWN_SECONDS = 300
"""How long fewer replicas must have been enough before one goes: a replica's weights take minutes to load."""

_VLLM = 'namespace="{namespace}", pod=~"{name}-predictor-.*"'
_DCGM = 'exported_namespace="{namespace}", exported_pod=~"{name}-predictor-.*"'
_GATEWAY = 'sum(envoy_cluster_upstream_rq_active{{envoy_cluster_name=~"httproute/ringfence-gateway/{name}/.*"}})'

ENGINE_QUERIES = {
    "concurrency": f"sum(vllm:num_requests_running{{{{{_VLLM}}}}}) + sum(vllm:num_requests_waiting{{{{{_VLLM}}}}})",
    "tokens-per-second": f"sum(rate(vllm:generation_tokens_total{{{{{_VLLM}}}}}[2m]))",
    "queue-length": f"sum(vllm:num_requests_waiting{{{{{_VLLM}}}}})",
}
"""What vLLM counts, also inside the Hugging Face runtime (vllm-project/vllm, docs: production metrics)."""

QUERIES = {
    "vllm": ENGINE_QUERIES,
    "huggingface": ENGINE_QUERIES,
    "triton": {"queue-length": f"sum(nv_inference_pending_request_count{{{{{_VLLM}}}}})"},
}
"""Runtime to what its own metrics can say. Triton: triton-inference-server/server, docs/user_guide/metrics.md."""

EVERY_RUNTIME = {
    "concurrency": _GATEWAY,
    "gpu-utilisation": f"sum(DCGM_FI_DEV_GPU_UTIL{{{{{_DCGM}}}}})",
}
"""What the gateway and the DCGM exporter count, whatever the runtime (envoyproxy/gateway: names of xDS clusters)."""


def autoscaled(model: ServedModel) -> bool:
    """Whether the number of replicas changes by itself."""
    return model.autoscaling.max_replicas > model.autoscaling.min_replicas


def query(name: str, model: ServedModel, namespace: str) -> str:
    """The query whose result, divided by the target, is the number of replicas.

    A model that may have no replica is scaled by what waits at the gateway, because no pod is there to be asked. Raises
    ServingError where nothing can measure the metric.
    """
    metric = model.autoscaling.metric
    own = QUERIES.get(model.runtime, {}) if model.autoscaling.min_replicas else {}
    known = {**EVERY_RUNTIME, **own} if model.autoscaling.min_replicas else {"concurrency": _GATEWAY}
    if metric not in known:
        why = f"{model.runtime} does not measure it" if model.autoscaling.min_replicas else "no replica, nothing to ask"
        raise ServingError(
            f"models.{name}.autoscaling.metric: {metric} cannot decide ({why}); use {', '.join(sorted(known))}"
            + ("" if model.autoscaling.min_replicas else ", or minReplicas: 1")
        )
    return known[metric].format(name=name, namespace=namespace)


def autoscaling(name: str, model: ServedModel, namespace: str) -> Manifest:
    """`autoScaling` of a predictor. Raises ServingError where nothing can measure the metric."""
    external = {
        "metric": {
            "backend": "prometheus",
            "serverAddress": PROMETHEUS,
            "query": query(name, model, namespace),
        },
        "target": {"type": "Value", "value": str(model.autoscaling.target)},
    }
    return {
        "metrics": [{"type": "External", "external": external}],
        "behavior": {"scaleDown": {"stabilizationWindowSeconds": SCALE_DOWN_SECONDS}},
    }
