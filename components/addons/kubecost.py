"""Kubecost: what each tenant costs, with forecasts.

Owns: its values from the platform's prices. Refuses to own: the unit (prices.py).
Facts: kubecost/kubecost 3.2.1, kubecost/values.yaml and the finops-agent chart 1.0.20 under the key `finopsagent`.
Version 3 scrapes by itself and needs no Prometheus.
"""

from __future__ import annotations

from typing import Any

from components.addons.prices import monthly_prices, needed_prices
from ringfence.planning.addon_context import AddOnContext

SPOT_LABEL = "ringfence.dev/capacity"


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError where nothing knows what the machines cost."""
    prices = needed_prices(context, "kubecost")
    found: dict[str, Any] = {
        "global": {"clusterId": context.cluster},
        # Each of these calls home or downloads at start.
        "plugins": {"enabled": False},
        "telemetry": {"enabled": False},
        "forecasting": {"enabled": context.connected},
    }
    block = context.storage_class("block")
    if block:
        found["global"]["defaultStorageClass"] = block
    if prices is not None:
        monthly = monthly_prices(prices)
        spot_gpu = monthly["GPU"] * (1 - prices.spot_discount)
        custom = {key: f"{value:.6f}" for key, value in (monthly | {"spotGPU": spot_gpu}).items()}
        agent = {"customPrices": {"enabled": True, **custom}, "spotLabel": SPOT_LABEL, "spotLabelValue": "spot"}
        found["finopsagent"] = {"agent": {"kubecost": agent}}
    return found
