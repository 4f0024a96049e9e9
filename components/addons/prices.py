"""The platform's prices, in the unit that OpenCost and Kubecost read.

Owns: the arithmetic. Refuses to own: the prices (ringfence.planning.bill) and either tool's keys.

Both tools take CPU, memory and GPU as USD for a *month* of 730 hours and divide by it (opencost/opencost,
pkg/cloud/provider/providerconfig.go, UpdateFromMap; kubecost/kubecost, cost-analyzer/values.yaml at v2.9.7). An hourly
price there makes everything 730 times too cheap (opencost/opencost#3781). Egress is not divided.
"""

from __future__ import annotations

from ringfence.planning.addon_context import HOURS_PER_MONTH, AddOnContext, Prices
from ringfence.planning.addons import AddOnPlanError, AddOnProblem


def monthly_prices(prices: Prices) -> dict[str, float]:
    """USD per month for a hardware thread, a GiB of memory, a device and a GiB stored; USD per GiB for egress."""
    spot = 1 - prices.spot_discount
    cpu, memory, gpu = (
        round(hourly * HOURS_PER_MONTH, 6) for hourly in (prices.cpu_hour, prices.memory_gib_hour, prices.gpu_hour)
    )
    return {
        "CPU": cpu,
        "spotCPU": round(cpu * spot, 6),
        "RAM": memory,
        "spotRAM": round(memory * spot, 6),
        "GPU": gpu,
        "storage": prices.storage_gib_month,
        "zoneNetworkEgress": prices.egress_zone_gib,
        "regionNetworkEgress": prices.egress_region_gib,
        "internetNetworkEgress": prices.egress_internet_gib,
    }


def needed_prices(context: AddOnContext, add_on: str) -> Prices | None:
    """The cluster's prices. None in a cloud without a price of our own, where the tool asks the provider.

    Raises AddOnPlanError elsewhere: without prices the tool reckons with those of a cloud region in Iowa.
    """
    if context.prices is None and (context.provider is None or not context.connected):
        message = "knows no prices for machines that nobody rents out, and takes those of a cloud region instead"
        remedy = "let the pools carry accelerators with a price in ringfence/facts, or disable it"
        raise AddOnPlanError([AddOnProblem(add_on, message, remedy)])
    return context.prices
