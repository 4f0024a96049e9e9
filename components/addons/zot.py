"""zot: the site's own registry for images, charts and weights.

Owns: its configuration and volume. Refuses to own: what is mirrored (ringfence.airgap) and who may log in.
Facts: project-zot/helm-charts, zot 0.1.122 (app v2.1.18).
"""

from __future__ import annotations

import json
from typing import Any

from ringfence.planning.addon_context import AddOnContext

GIB = 500
"""Room for the platform's images and a few sets of weights."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values: everything readable inside the cluster, no deletion by garbage of half-finished uploads."""
    pvc: dict[str, Any] = {"storage": f"{GIB}Gi"}
    block = context.storage_class("block")
    if block:
        pvc["storageClassName"] = block
    return {"pvc": pvc, "configFiles": {"config.json": json.dumps(configuration(), sort_keys=True)}}


def configuration() -> dict[str, Any]:
    """zot's own file: deduplicated storage, collected daily, with metrics."""
    return {
        "distSpecVersion": "1.1.1",
        "storage": {"rootDirectory": "/var/lib/registry", "dedupe": True, "gc": True, "gcDelay": "24h"},
        "http": {"address": "0.0.0.0", "port": "5000", "compat": ["docker2s2"]},
        "log": {"level": "info"},
        "extensions": {"metrics": {"enable": True, "prometheus": {"path": "/metrics"}}, "search": {"enable": False}},
    }
