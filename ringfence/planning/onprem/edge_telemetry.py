"""Metrics and logs of an edge site: stored first, forwarded to the parent when the line is up, never lost to a reboot.

Owns: the OpenTelemetry collector's configuration and its pods. Refuses to own: what receives them (the parent site's
observability) and what may leave at all (residency decides before a URL gets here).

Facts: open-telemetry/opentelemetry-collector-contrib 0.158: file_storage, exporter helper (sending_queue with sizer,
batch and storage), filelog with the container operator, file exporter with rotation.
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from ringfence.planning.onprem.edge_site import DATA, NAMESPACE, EdgePlan
from ringfence.planning.onprem.objects import Manifest, manifest, mirrored

IMAGE = "docker.io/otel/opentelemetry-collector-contrib:0.158.0"
NAME = "telemetry"
TOKEN_SECRET = "edge-telemetry-token"
"""Secret with `token`, by which the parent site knows this one; made outside."""
STATE = "/var/lib/otelcol"
BATCH_BYTES = 3_000_000
"""Largest push: under Loki's default burst of 6 MB for one tenant, or one batch would be refused for ever."""
ROTATED_MEGABYTES = 64
REQUESTS = {"cpu": "100m", "memory": "192Mi"}
LIMITS = {"memory": "384Mi"}
SIGNALS = ("metrics", "logs")


def telemetry_manifests(plan: EdgePlan) -> list[Manifest]:
    """Identity, configuration and one collector on each node."""
    config = yaml.safe_dump(configuration(plan), sort_keys=False)
    return [
        *identity(plan),
        manifest("v1", "ConfigMap", NAME, NAMESPACE, labels=plan.labels, data={"config.yaml": config}),
        daemon_set(plan, config),
    ]


def forwarded(plan: EdgePlan, signal: str) -> str | None:
    """Where a signal goes; None where it stays on the box."""
    if plan.disconnected:
        return None
    return plan.metrics_url if signal == "metrics" else plan.logs_url


def configuration(plan: EdgePlan) -> dict[str, Any]:
    """The collector's file. The queue is on disk and bounded; when it is full, logs wait in their files and the newest
    metrics are given up."""
    exporters: dict[str, Any] = {}
    for signal in SIGNALS:
        url = forwarded(plan, signal)
        key, body = (
            (f"otlphttp/{signal}", _forward(plan, signal, url)) if url else (f"file/{signal}", _keep(plan, signal))
        )
        exporters[key] = body
    out = dict(zip(SIGNALS, exporters, strict=True))
    extensions: dict[str, Any] = {
        "health_check": {"endpoint": "0.0.0.0:13133"},
        "file_storage/queue": {
            "directory": f"{STATE}/queue",
            "create_directory": True,
            "fsync": True,
            "compaction": {"on_start": True, "directory": f"{STATE}/queue"},
        },
        "file_storage/read": {"directory": f"{STATE}/read", "create_directory": True},
    }
    if any(key.startswith("otlphttp") for key in exporters):
        extensions["bearertokenauth"] = {"filename": "/etc/telemetry-token/token"}
    return {
        "extensions": extensions,
        "receivers": {"filelog": _logs(), "hostmetrics": _host_metrics(), "prometheus": _scraped()},
        "processors": {
            "memory_limiter": {"check_interval": "5s", "limit_percentage": 80, "spike_limit_percentage": 20},
            "resource": {"attributes": _attributes(plan)},
        },
        "exporters": exporters,
        "service": {
            "extensions": list(extensions),
            "telemetry": {"metrics": {"level": "none"}},
            "pipelines": {
                "metrics": {
                    "receivers": ["hostmetrics", "prometheus"],
                    "processors": ["memory_limiter", "resource"],
                    "exporters": [out["metrics"]],
                },
                "logs": {
                    "receivers": ["filelog"],
                    "processors": ["memory_limiter", "resource"],
                    "exporters": [out["logs"]],
                },
            },
        },
    }


def identity(plan: EdgePlan) -> list[Manifest]:
    """A service account that may find the pods to scrape, and nothing else."""
    rule = {"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list", "watch"]}
    role_name = f"edge-{NAME}"
    return [
        manifest("v1", "ServiceAccount", NAME, NAMESPACE, labels=plan.labels),
        manifest("rbac.authorization.k8s.io/v1", "ClusterRole", role_name, labels=plan.labels, rules=[rule]),
        manifest(
            "rbac.authorization.k8s.io/v1",
            "ClusterRoleBinding",
            role_name,
            labels=plan.labels,
            roleRef={"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": role_name},
            subjects=[{"kind": "ServiceAccount", "name": NAME, "namespace": NAMESPACE}],
        ),
    ]


def daemon_set(plan: EdgePlan, config: str) -> Manifest:
    """One collector on each node, with its state on the node's disk."""
    pods = {"app.kubernetes.io/name": NAME}
    node = {"name": "NODE_NAME", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}}
    mounts = [
        ("config", "/etc/otelcol", True),
        ("state", STATE, False),
        ("logs", "/var/log/pods", True),
        ("host", "/hostfs", True),
    ]
    volumes: list[dict[str, Any]] = [
        {"name": "config", "configMap": {"name": NAME}},
        {"name": "state", "hostPath": {"path": f"{DATA}/{NAME}", "type": "DirectoryOrCreate"}},
        {"name": "logs", "hostPath": {"path": "/var/log/pods"}},
        {"name": "host", "hostPath": {"path": "/"}},
    ]
    if any(forwarded(plan, signal) for signal in SIGNALS):
        mounts.append(("token", "/etc/telemetry-token", True))
        volumes.append({"name": "token", "secret": {"secretName": TOKEN_SECRET}})
    container = {
        "name": NAME,
        "image": mirrored(IMAGE, plan.registry),
        "imagePullPolicy": "IfNotPresent",
        "args": ["--config=/etc/otelcol/config.yaml"],
        "env": [node, {"name": "GOMEMLIMIT", "value": "300MiB"}],
        "resources": {"requests": REQUESTS, "limits": LIMITS},
        "livenessProbe": {"httpGet": {"path": "/", "port": 13133}, "initialDelaySeconds": 30},
        "securityContext": {
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": name, "mountPath": path, **({"readOnly": True} if only else {})} for name, path, only in mounts
        ],
    }
    spec = {
        "selector": {"matchLabels": pods},
        "template": {
            "metadata": {
                "labels": {**plan.labels, **pods},
                "annotations": {"ringfence.dev/config": hashlib.sha256(config.encode()).hexdigest()[:16]},
            },
            "spec": {
                "serviceAccountName": NAME,
                "priorityClassName": "system-node-critical",
                "tolerations": [{"operator": "Exists"}],
                "containers": [container],
                "volumes": volumes,
            },
        },
    }
    return manifest("apps/v1", "DaemonSet", NAME, NAMESPACE, labels=plan.labels, spec=spec)


def queue_bytes(plan: EdgePlan) -> int:
    """Bytes that each signal may hold on a node's disk: its half of the site's allowance."""
    return plan.telemetry_gib * 2**30 // len(SIGNALS)


def _forward(plan: EdgePlan, signal: str, url: str) -> dict[str, Any]:
    """An exporter that tries for ever and forgets nothing over a restart. The batch is made in the queue: a batch
    processor would hold lines in memory after they count as read."""
    return {
        f"{signal}_endpoint": url,
        "auth": {"authenticator": "bearertokenauth"},
        "compression": "gzip",
        "timeout": "30s",
        "retry_on_failure": {
            "enabled": True,
            "initial_interval": "5s",
            "max_interval": "5m",
            "max_elapsed_time": "0s",
        },
        "sending_queue": {
            "enabled": True,
            "storage": "file_storage/queue",
            "sizer": "bytes",
            "queue_size": queue_bytes(plan),
            "block_on_overflow": signal == "logs",
            "num_consumers": 2,
            "batch": {"sizer": "bytes", "min_size": 256_000, "max_size": BATCH_BYTES, "flush_timeout": "10s"},
        },
    }


def _keep(plan: EdgePlan, signal: str) -> dict[str, Any]:
    """An outbox on the box: files that whoever visits carries out, the oldest given up when it is full."""
    return {
        "path": f"{STATE}/outbox/{signal}.jsonl",
        "create_directory": True,
        "compression": "zstd",
        "rotation": {
            "max_megabytes": ROTATED_MEGABYTES,
            "max_backups": max(1, queue_bytes(plan) // (ROTATED_MEGABYTES * 10**6) - 1),
        },
    }


def _logs() -> dict[str, Any]:
    """Containers' logs, from where the reader was before it stopped; not its own, which would feed on themselves."""
    return {
        "include": ["/var/log/pods/*/*/*.log"],
        "exclude": [f"/var/log/pods/{NAMESPACE}_{NAME}-*/*/*.log"],
        "start_at": "beginning",
        "include_file_path": True,
        "storage": "file_storage/read",
        "retry_on_failure": {"enabled": True},
        "operators": [{"type": "container", "id": "container"}],
    }


def _host_metrics() -> dict[str, Any]:
    scrapers = ("cpu", "memory", "disk", "filesystem", "load", "network")
    return {"collection_interval": "60s", "root_path": "/hostfs", "scrapers": {name: {} for name in scrapers}}


def _scraped() -> dict[str, Any]:
    """Pods of the same node that ask for it: the GPU exporter and model servers among them."""
    # In the collector's file a dollar sign starts a variable: two of them are one.
    meta = "__meta_kubernetes_pod"
    annotation = f"{meta}_annotation_prometheus_io"
    return {
        "config": {
            "scrape_configs": [
                {
                    "job_name": "pods",
                    "scrape_interval": "60s",
                    "kubernetes_sd_configs": [
                        {"role": "pod", "selectors": [{"role": "pod", "field": "spec.nodeName=${env:NODE_NAME}"}]}
                    ],
                    "relabel_configs": [
                        {"source_labels": [f"{annotation}_scrape"], "action": "keep", "regex": "true"},
                        {
                            "source_labels": [f"{annotation}_path"],
                            "action": "replace",
                            "target_label": "__metrics_path__",
                            "regex": "(.+)",
                        },
                        {
                            "source_labels": ["__address__", f"{annotation}_port"],
                            "action": "replace",
                            "regex": r"([^:]+)(?::\d+)?;(\d+)",
                            "replacement": "$$1:$$2",
                            "target_label": "__address__",
                        },
                        {"source_labels": [f"{meta}_name"], "target_label": "pod"},
                        {"source_labels": ["__meta_kubernetes_namespace"], "target_label": "namespace"},
                    ],
                }
            ]
        }
    }


def _attributes(plan: EdgePlan) -> list[dict[str, str]]:
    said = {
        "k8s.cluster.name": plan.cluster_name,
        "ringfence.site": plan.name,
        "ringfence.jurisdiction": plan.site.country,
        "k8s.node.name": "${env:NODE_NAME}",
    }
    return [{"key": key, "value": value, "action": "upsert"} for key, value in said.items()]
