"""Edge sites for tests: one box, three boxes, with and without a line."""

from __future__ import annotations

from typing import Any

from components.edge.site import EdgeSiteArgs
from ringfence.planning.labels import Tags
from ringfence.planning.onprem.edge_models import CachedModel
from ringfence.spec.cluster import Cluster
from ringfence.spec.site import EdgeSite

REGISTRY = "registry.mainz.example"
TAGS = Tags(platform="acme", environment="prod", site="clinic-mainz", jurisdiction="DE", cost_center="CC-2")
LABELS = TAGS.kubernetes()
METRICS = "https://metrics.fra.example/api/v1/otlp/v1/metrics"
LOGS = "https://logs.fra.example/otlp/v1/logs"
MODEL = CachedModel(
    name="scan-reader",
    source="oci://registry.fra.example/models/scan-reader:2026.11",
    namespace="clinic",
    gib=16,
    pool="box",
)

FLUX = {
    "repositories": [],
    "charts": [
        {
            "name": "flux2",
            "chartname": f"oci://{REGISTRY}/charts/flux2",
            "version": "2.18.3",
            "namespace": "flux-system",
            "order": 1,
            "values": "",
        }
    ],
}


def site(reachability: str = "disconnected", **changes: Any) -> EdgeSite:
    data: dict[str, Any] = {
        "kind": "edge",
        "country": "DE",
        "city": "Mainz",
        "operator": {"name": "Acme GmbH", "country": "DE"},
        "reachability": reachability,
        "parent": "dc-fra",
        "registry": REGISTRY,
    }
    return EdgeSite.model_validate({**data, **changes})


def cluster(nodes: int = 1, **changes: Any) -> Cluster:
    data: dict[str, Any] = {
        "site": "clinic-mainz",
        "kubernetesVersion": "1.34",
        "controlPlane": {"kind": "embedded", "replicas": 1 if nodes == 1 else 3, "address": "10.48.0.10"},
        "network": {"nodes": "10.48.0.0/24", "pods": "10.49.0.0/16", "services": "10.50.0.0/20"},
        "delivery": "pull",
        "pools": {
            "box": {
                "accelerator": "nvidia-l4",
                "acceleratorsPerNode": 1,
                "capacity": {"kind": "owned"},
                "vcpusPerNode": 32,
                "memoryGibPerNode": 128,
                "nodes": nodes,
            }
        },
        "storage": {"models": {"kind": "cache", "capacityGib": 400, "default": True}},
    }
    return Cluster.model_validate({**data, **changes})


def arguments(reachability: str = "disconnected", nodes: int = 1, **changes: Any) -> EdgeSiteArgs:
    line = {"parent_registry": "registry.fra.example", "metrics_url": METRICS, "logs_url": LOGS}
    base: dict[str, Any] = {
        "site_name": "clinic-mainz",
        "site": site(reachability),
        "cluster_name": "clinic-mainz",
        "cluster": cluster(nodes),
        "tags": TAGS,
        **({} if reachability == "disconnected" else line),
    }
    return EdgeSiteArgs(**{**base, **changes})
