"""Elasticsearch and Kibana for logs, by ECK, with Filebeat on every node.

Owns: nodes, storage and the shipper. Refuses to own: users and roles.
Facts: elastic/cloud-on-k8s v3.5.0, deploy/eck-stack 0.20.0 and its subcharts; the kinds accept any pod template.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext

NODES = 3
"""Masters that can lose one and still agree."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The stack's values: three nodes in a data centre, one at the edge, on block volumes."""
    return {
        "eck-elasticsearch": {"nodeSets": [_nodes(context)], "volumeClaimDeletePolicy": "DeleteOnScaledownOnly"},
        "eck-kibana": {"enabled": context.dashboards, "count": 1},
        "eck-beats": {
            "enabled": True,
            "type": "filebeat",
            "elasticsearchRef": {"name": "elasticsearch"},
            "config": {"filebeat.inputs": [_container_logs()], "processors": [{"add_kubernetes_metadata": {}}]},
            "daemonSet": {"podTemplate": {"spec": _shipper()}},
        },
    }


def _nodes(context: AddOnContext) -> dict[str, Any]:
    claim: dict[str, Any] = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "200Gi"}}}
    block = context.storage_class("block")
    if block:
        claim["storageClassName"] = block
    return {
        "name": "default",
        "count": 1 if context.site_kind == "edge" else NODES,
        # Memory maps need a kernel setting that only a privileged container could make.
        "config": {"node.store.allow_mmap": False},
        "volumeClaimTemplates": [{"metadata": {"name": "elasticsearch-data"}, "spec": claim}],
    }


def _container_logs() -> dict[str, Any]:
    return {
        "type": "filestream",
        "id": "containers",
        "paths": ["/var/log/containers/*.log"],
        "parsers": [{"container": {}}],
    }


def _shipper() -> dict[str, Any]:
    mounts = {"varlogcontainers": "/var/log/containers", "varlogpods": "/var/log/pods"}
    return {
        "dnsPolicy": "ClusterFirstWithHostNet",
        "securityContext": {"runAsUser": 0},
        "containers": [
            {"name": "filebeat", "volumeMounts": [{"name": n, "mountPath": path} for n, path in mounts.items()]}
        ],
        "volumes": [{"name": n, "hostPath": {"path": path}} for n, path in mounts.items()],
    }
