"""The rule on money: the node pools of a stack, at their largest and at list price, stay within the budget.

Owns: budget-monthly, and reading node pools of EKS, AKS and GKE. Refuses to own: prices, machines that nobody rents,
and everything but nodes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pulumi_policy import Severity

from policy.decisions.budget import Nodes, bill
from policy.places import locate
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Rule
from policy.values import Reader
from ringfence.facts import regions
from ringfence.spec.residency import Outcome

_EKS = "aws:eks/nodeGroup:NodeGroup"
_GKE = "gcp:container/nodePool:NodePool"
_AKS_POOL = "azure-native:containerservice:AgentPool"
_AKS = "azure-native:containerservice:ManagedCluster"
_ZONES = 3
"""Zones that GKE spreads a regional pool over when none are named (Google Kubernetes Engine, "Regional clusters")."""


def _budget(graph: Graph, context: Context) -> Iterator[Finding]:
    limit = context.contract.budget if context.contract else None
    pools = [*_eks(graph, context), *_gke(graph, context), *_aks(graph, context)]
    if limit is None or not pools:
        return
    found = bill(nodes for _, nodes in pools)
    dearest = {nodes.name: resource for resource, nodes in pools}
    if found.usd_per_month > limit.monthly_usd:
        over = float(found.usd_per_month) - limit.monthly_usd
        text = (
            f"node pools would cost up to {found.usd_per_month:,.0f} USD a month, {over:,.0f} over the budget of "
            f"{limit.monthly_usd:,.0f}: {found.shown}"
        )
        text += f"; not priced: {', '.join(found.unpriced)}" if found.unpriced else ""
        fix = "lower the largest size of a pool, or raise budget.monthlyUsd in the contract"
        yield Finding(dearest[found.largest[0][0]], Outcome.REFUSED, text, fix)
    elif found.unpriced:
        text = f"node pools cost up to {found.usd_per_month:,.0f} USD a month, without what is not priced: "
        text += ", ".join(found.unpriced)
        fix = "hold these pools against their contract's price by hand"
        yield Finding(pools[0][0], Outcome.UNPROVEN, text, fix, advice=True)


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _region(resource: Resource, cloud: str, context: Context) -> str | None:
    name = locate(resource, context).name
    known = regions.region(cloud, name) if name else None
    return known.code if known else regions.zone_region(cloud, name) if name else None


def _eks(graph: Graph, context: Context) -> Iterator[tuple[Resource, Nodes]]:
    for pool in graph.of_type(_EKS):
        reader = pool.reader
        kind = {"SPOT": "spot", "CAPACITY_BLOCK": "reserved"}.get(reader.one("capacityType").text or "", "on-demand")
        template = next(iter(graph.behind(pool, "launchTemplate")), None)
        instance = reader.one("instanceTypes[]").text or (
            template.reader.one("instanceType").text if template else None
        )
        most = _whole(reader.one("scalingConfig.maxSize").value)
        yield pool, Nodes(pool.name, "aws", _region(pool, "aws", context), instance, kind, most)


def _gke(graph: Graph, context: Context) -> Iterator[tuple[Resource, Nodes]]:
    for pool in graph.of_type(_GKE):
        reader = pool.reader
        kind = (
            "spot" if reader.one("nodeConfig.spot").value or reader.one("nodeConfig.preemptible").value else "on-demand"
        )
        kind = "flex" if reader.one("nodeConfig.flexStart").value is True else kind
        instance = reader.one("nodeConfig.machineType").text
        yield pool, Nodes(pool.name, "gcp", _region(pool, "gcp", context), instance, kind, _gke_most(reader))


def _gke_most(reader: Reader) -> int | None:
    total = reader.one("autoscaling.totalMaxNodeCount")
    if not total.absent:
        return _whole(total.value)
    listed = reader.one("nodeLocations")
    if listed.unknown:
        return None
    zonal = regions.zone_region("gcp", reader.one("location").text or "") and not regions.region(
        "gcp", reader.one("location").text or ""
    )
    zones = len(listed.value) if isinstance(listed.value, list) and listed.value else 1 if zonal else _ZONES
    for path in ("autoscaling.maxNodeCount", "nodeCount", "initialNodeCount"):
        read = reader.one(path)
        if not read.absent:
            count = _whole(read.value)
            return None if count is None else count * zones
    return None


def _aks(graph: Graph, context: Context) -> Iterator[tuple[Resource, Nodes]]:
    for pool in graph.of_type(_AKS_POOL):
        cluster = next(iter(graph.behind(pool, "resourceName")), pool)
        yield pool, _aks_pool(pool.name, pool.reader, _region(cluster, "azure", context))
    for cluster in graph.of_type(_AKS):
        for read in cluster.reader.all("agentPoolProfiles[]"):
            name = f"{cluster.name}, {Reader(read.value).one('name').text or read.path}"
            yield cluster, _aks_pool(name, Reader(read.value), _region(cluster, "azure", context))


def _aks_pool(name: str, reader: Reader, region: str | None) -> Nodes:
    spot = reader.one("scaleSetPriority").text == "Spot"
    scaled = reader.one("enableAutoScaling")
    count = reader.one("maxCount" if scaled.value is True else "count")
    most = None if scaled.unknown else _whole(1 if count.absent else count.value)
    return Nodes(name, "azure", region, reader.one("vmSize").text, "spot" if spot else "on-demand", most)


RULES = (
    Rule(
        id="budget-monthly",
        group="budget",
        severity=Severity.HIGH,
        description="Node pools at their largest stay within the monthly budget.",
        clauses=("SOC2-CC8", "SOX-404"),
        check_stack=_budget,
    ),
)
