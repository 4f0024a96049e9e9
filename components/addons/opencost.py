"""OpenCost: what each tenant costs.

Owns: its values from the platform's prices, and an alert when what it reckons with is something else. Refuses to own:
the unit (prices.py).
Facts: opencost/opencost-helm-chart 2.5.17, charts/opencost/values.yaml.
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Objects, manifest
from components.addons.prices import monthly_prices, needed_prices
from components.addons.prometheus import NAMESPACE as MONITORING
from components.addons.prometheus import PROMETHEUS_SERVICE
from ringfence.planning.addon_context import AddOnContext

TOLERANCE = 0.01
"""Relative difference between our price and the one in use at which the alert speaks."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError where nothing knows what the machines cost."""
    prices = needed_prices(context, "opencost")
    found: dict[str, Any] = {
        "exporter": {"defaultClusterId": context.cluster, "collectorDataSource": {"enabled": not context.monitored}},
        "prometheus": {"internal": _prometheus(context)},
    }
    if prices is not None:
        found["customPricing"] = {
            "enabled": True,
            "provider": "custom",
            "costModel": {"description": f"prices of {context.platform}", **monthly_prices(prices)},
        }
    return {"opencost": found, "plugins": {"enabled": False}}


def _prometheus(context: AddOnContext) -> dict[str, Any]:
    if not context.monitored:
        return {"enabled": False}
    return {"enabled": True, "serviceName": PROMETHEUS_SERVICE, "namespaceName": MONITORING, "port": 9090}


def objects(context: AddOnContext) -> Objects:
    """An alert when a node's GPU price is not ours: OpenCost may ignore custom prices on GPU nodes (opencost#3160)."""
    if context.prices is None or not context.monitored:
        return Objects()
    ours = context.prices.gpu_hour
    rule = {
        "alert": "OpenCostGpuPriceDiffers",
        "expr": f"abs(node_gpu_hourly_cost - {ours}) / {ours} > {TOLERANCE} and node_gpu_hourly_cost > 0",
        "for": "1h",
        "labels": {"severity": "warning"},
        "annotations": {
            "summary": "OpenCost reckons with another GPU price than the platform's",
            "description": f"Node {{{{ $labels.node }}}} is at {{{{ $value }}}} off {ours} USD an hour.",
        },
    }
    spec = {"groups": [{"name": "ringfence-prices", "rules": [rule]}]}
    return Objects(after=(manifest("monitoring.coreos.com/v1", "PrometheusRule", "gpu-price", "opencost", spec=spec),))
