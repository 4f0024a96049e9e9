"""One log collector on each node: what a cluster's Loki is fed by.

Owns: its pods, what it reads and where it sends it. Refuses to own: an edge site's telemetry, which is stored first and
sent when there is a line (ringfence.planning.onprem.edge_telemetry), and whether logs may leave at all.
Facts: open-telemetry/opentelemetry-collector-contrib 0.158 (filelog with the container operator, file_storage,
sending_queue); grafana/loki 3.7, OTLP at /otlp/v1/logs.
"""

from __future__ import annotations

import hashlib
from typing import Any

import yaml

from components.addons.manifests import Manifest, Objects, config_map, manifest
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem
from ringfence.planning.onprem.edge_telemetry import IMAGE
from ringfence.planning.onprem.objects import mirrored

NAME = "log-collector"
NAMESPACE = "logging"
LOKI = "http://loki-gateway.logging.svc.cluster.local/otlp/v1/logs"
"""Loki's gateway for a release that is called loki, in the namespace of its row."""

STATE = "/var/lib/otelcol"


def values(context: AddOnContext) -> dict[str, Any]:
    """None: there is no chart. Raises AddOnPlanError where nothing would take the logs in."""
    if destination(context) is None:
        message = "has nowhere to send logs: the cluster has no Loki, and no other one's address is known"
        raise AddOnPlanError([AddOnProblem(NAME, message, "add loki, or name a log sink with a cluster and a domain")])
    return {}


def destination(context: AddOnContext) -> str | None:
    """The cluster's own Loki, or the one that the platform's sink names; None where there is neither."""
    return LOKI if "loki" in context.add_ons else context.logs_url


def objects(context: AddOnContext) -> Objects:
    """Identity, configuration and one pod on each node."""
    config = yaml.safe_dump(configuration(context), sort_keys=False)
    files = config_map(NAME, NAMESPACE, {"config.yaml": config})
    return Objects(after=(*_identity(), files, _daemon_set(context, config)))


def configuration(context: AddOnContext) -> dict[str, Any]:
    """The collector's file: containers' logs from where it stopped reading, with pod and namespace, in batches."""
    attributes = {"cluster": context.cluster, "site": context.site, "country": context.country}
    return {
        "extensions": {"file_storage": {"directory": STATE}, "health_check": {"endpoint": "0.0.0.0:13133"}},
        "receivers": {
            "filelog": {
                "include": ["/var/log/pods/*/*/*.log"],
                # Its own logs would feed on themselves.
                "exclude": [f"/var/log/pods/{NAMESPACE}_{NAME}-*/*/*.log"],
                "start_at": "end",
                "include_file_path": True,
                "storage": "file_storage",
                "retry_on_failure": {"enabled": True},
                "operators": [{"type": "container", "id": "container"}],
            }
        },
        "processors": {
            "resource": {"attributes": [{"key": k, "value": v, "action": "upsert"} for k, v in attributes.items()]}
        },
        "exporters": {
            "otlphttp": {
                "logs_endpoint": destination(context),
                "compression": "gzip",
                "retry_on_failure": {"enabled": True, "max_elapsed_time": "0s"},
                "sending_queue": {"enabled": True, "storage": "file_storage", "queue_size": 1000},
            }
        },
        "service": {
            "extensions": ["file_storage", "health_check"],
            "pipelines": {
                "logs": {"receivers": ["filelog"], "processors": ["resource"], "exporters": ["otlphttp"]},
            },
        },
    }


def _identity() -> tuple[Manifest, ...]:
    """A service account with no rights: pods' names are in the files' names."""
    return (manifest("v1", "ServiceAccount", NAME, NAMESPACE) | {"automountServiceAccountToken": False},)


def _daemon_set(context: AddOnContext, config: str) -> Manifest:
    pods = {"app.kubernetes.io/name": NAME}
    mounts = {"config": "/etc/otelcol", "state": STATE, "logs": "/var/log/pods"}
    container = {
        "name": NAME,
        "image": mirrored(IMAGE, context.registry),
        "imagePullPolicy": "IfNotPresent",
        "args": ["--config=/etc/otelcol/config.yaml"],
        "env": [{"name": "GOMEMLIMIT", "value": "300MiB"}],
        "resources": {"requests": {"cpu": "100m", "memory": "192Mi"}, "limits": {"memory": "384Mi"}},
        "livenessProbe": {"httpGet": {"path": "/", "port": 13133}, "initialDelaySeconds": 30},
        "securityContext": {
            # Files of the kubelet's log folder belong to root.
            "runAsUser": 0,
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": name, "mountPath": path, "readOnly": name != "state"} for name, path in mounts.items()
        ],
    }
    template = {
        "metadata": {"labels": pods, "annotations": {"ringfence.dev/config": _digest(config)}},
        "spec": {
            "serviceAccountName": NAME,
            "automountServiceAccountToken": False,
            "priorityClassName": "system-node-critical",
            "tolerations": [{"operator": "Exists"}],
            "containers": [container],
            "volumes": [
                {"name": "config", "configMap": {"name": NAME}},
                {"name": "state", "hostPath": {"path": STATE, "type": "DirectoryOrCreate"}},
                {"name": "logs", "hostPath": {"path": "/var/log/pods"}},
            ],
        },
    }
    spec = {"selector": {"matchLabels": pods}, "template": template}
    return manifest("apps/v1", "DaemonSet", NAME, NAMESPACE, spec=spec)


def _digest(config: str) -> str:
    """A change of the file rolls the pods, which read it only when they start."""
    return hashlib.sha256(config.encode()).hexdigest()[:16]
