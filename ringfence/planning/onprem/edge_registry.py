"""The registry of an edge site: everything that the box runs comes from here.

Owns: zot's configuration and its one pod. Refuses to own: what is in it (carried in, or fetched from the parent when
the line is up) and who may push (a Secret made outside).
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from ringfence.planning.onprem.edge_site import NAMESPACE, EdgePlan, volume
from ringfence.planning.onprem.objects import Manifest, manifest, mirrored

IMAGE = "ghcr.io/project-zot/zot:v2.1.18"
"""Source: project-zot/helm-charts, chart 0.1.122."""
NAME = "registry"
TLS_SECRET = "edge-registry-tls"
"""kubernetes.io/tls Secret for the registry's host name, made outside."""
USERS_SECRET = "edge-registry-users"
"""Secret with `htpasswd`: who may push. Everybody on the site may pull."""
CARRIER = "carry-in"
"""The user that brings new content."""
PORT = 5000
REQUESTS = {"cpu": "50m", "memory": "128Mi"}
LIMITS = {"memory": "512Mi"}


def registry_manifests(plan: EdgePlan) -> list[Manifest]:
    """Volume, configuration and pod of the registry."""
    config = json.dumps(configuration(plan), indent=2, sort_keys=True)
    return [
        *volume(plan, NAME, plan.registry_gib),
        manifest("v1", "ConfigMap", NAME, NAMESPACE, labels=plan.labels, data={"config.json": config}),
        deployment(plan, config),
    ]


def configuration(plan: EdgePlan) -> dict[str, Any]:
    """zot's own file. What is missing is fetched from the parent while somebody asks for it; at a disconnected site
    nothing is, so that a missing image is an error at once and not after a long wait."""
    made: dict[str, Any] = {
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": "/var/lib/registry", "dedupe": True, "gc": True, "gcDelay": "24h"},
        "http": {
            "address": "0.0.0.0",
            "port": str(PORT),
            "tls": {"cert": "/tls/tls.crt", "key": "/tls/tls.key"},
            "auth": {"htpasswd": {"path": "/users/htpasswd"}},
            "accessControl": {
                "repositories": {"**": {"anonymousPolicy": ["read"], "defaultPolicy": []}},
                "adminPolicy": {"users": [CARRIER], "actions": ["read", "create", "update", "delete"]},
            },
        },
        "log": {"level": "info"},
    }
    if plan.parent_registry and not plan.disconnected:
        source = {
            "urls": [f"https://{plan.parent_registry}"],
            "onDemand": True,
            "tlsVerify": True,
            "maxRetries": 3,
            "retryDelay": "1m",
        }
        made["extensions"] = {"sync": {"enable": True, "registries": [source]}}
    return made


def deployment(plan: EdgePlan, config: str) -> Manifest:
    """One pod on the first host, at the port that the registry's name ends in, started anew when its file changes."""
    pods = {"app.kubernetes.io/name": NAME}
    probe = {"httpGet": {"path": "/v2/", "port": "registry", "scheme": "HTTPS"}}
    container = {
        "name": NAME,
        "image": mirrored(IMAGE, plan.registry),
        "imagePullPolicy": "IfNotPresent",
        "args": ["serve", "/etc/zot/config.json"],
        "ports": [{"name": "registry", "containerPort": PORT, "hostPort": host_port(plan.registry)}],
        "resources": {"requests": REQUESTS, "limits": LIMITS},
        "readinessProbe": {**probe, "periodSeconds": 10},
        "livenessProbe": {**probe, "periodSeconds": 30, "initialDelaySeconds": 30},
        "securityContext": {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        },
        "volumeMounts": [
            {"name": "data", "mountPath": "/var/lib/registry"},
            {"name": "config", "mountPath": "/etc/zot", "readOnly": True},
            {"name": "tls", "mountPath": "/tls", "readOnly": True},
            {"name": "users", "mountPath": "/users", "readOnly": True},
            {"name": "tmp", "mountPath": "/tmp"},
        ],
    }
    spec = {
        "replicas": 1,
        "strategy": {"type": "Recreate"},
        "selector": {"matchLabels": pods},
        "template": {
            "metadata": {
                "labels": {**plan.labels, **pods},
                "annotations": {"ringfence.dev/config": hashlib.sha256(config.encode()).hexdigest()[:16]},
            },
            "spec": {
                "automountServiceAccountToken": False,
                "priorityClassName": "system-cluster-critical",
                "nodeSelector": {"kubernetes.io/hostname": plan.first_host},
                "tolerations": [{"operator": "Exists"}],
                "securityContext": {"runAsUser": 0, "seccompProfile": {"type": "RuntimeDefault"}},
                "containers": [container],
                "volumes": [
                    {"name": "data", "persistentVolumeClaim": {"claimName": NAME}},
                    {"name": "config", "configMap": {"name": NAME}},
                    {"name": "tls", "secret": {"secretName": TLS_SECRET}},
                    {"name": "users", "secret": {"secretName": USERS_SECRET}},
                    {"name": "tmp", "emptyDir": {}},
                ],
            },
        },
    }
    return manifest("apps/v1", "Deployment", NAME, NAMESPACE, labels=plan.labels, spec=spec)


def host_port(registry: str) -> int:
    """The port in a registry's host name; 443 where it has none."""
    port = registry.partition("/")[0].rpartition(":")[2]
    return int(port) if port.isdigit() and ":" in registry else 443
