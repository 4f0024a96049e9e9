"""budget-monthly, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.facts import prices
from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given

EU = {"region": "eu-central-1"}
M6I = prices.price("aws", "eu-central-1", "m6i.2xlarge")
assert M6I is not None
MONTH = float(M6I.usd_per_month)


def eks(most: Any, instance: Any = "m6i.2xlarge", **more: Any) -> Given:
    sizes = {"minSize": 0, "desiredSize": 0, "maxSize": most}
    inputs = {"instanceTypes": [instance], "scalingConfig": sizes, **more}
    return Given("aws:eks/nodeGroup:NodeGroup", inputs, name="system", provider=EU)


def budget(usd: float) -> dict[str, Any]:
    return {**CONTRACT, "budget": {"monthlyUsd": usd}}


def test_pools_within_the_budget_are_let_through(ask: Ask) -> None:
    assert ask("budget-monthly", eks(3), contract=budget(3 * MONTH + 1)) == []
    assert ask("budget-monthly", eks(3)) == []


def test_pools_at_their_largest_over_the_budget_are_refused(ask: Ask) -> None:
    [said] = ask("budget-monthly", eks(3), contract=budget(3 * MONTH - 1))
    assert said.level == "mandatory"
    assert f"up to {3 * MONTH:,.0f} USD a month, 1 over the budget" in said.message and "system" in said.message


@pytest.mark.parametrize(
    "given",
    [eks(3, "x99.metal"), eks(UNKNOWN), eks(3, UNKNOWN), eks(3, capacityType="CAPACITY_BLOCK", instanceTypes=None)],
)
def test_what_has_no_price_is_said_and_never_free(ask: Ask, given: Given) -> None:
    [said] = ask("budget-monthly", given, contract=budget(1))
    assert said.level == "advisory" and "without what is not priced: system (" in said.message


def test_unpriced_pools_are_named_in_a_refusal_too(ask: Ask) -> None:
    other = Given(
        "aws:eks/nodeGroup:NodeGroup",
        {"instanceTypes": ["x99.metal"], "scalingConfig": {"maxSize": 1}},
        name="odd",
        provider=EU,
    )
    [said] = ask("budget-monthly", eks(3), other, contract=budget(1))
    assert said.level == "mandatory" and "not priced: odd (no on-demand price of x99.metal" in said.message


@pytest.mark.parametrize(
    ("given", "nodes", "cloud", "region", "instance"),
    [
        (
            Given(
                "gcp:container/nodePool:NodePool",
                {"location": "europe-west4", "nodeCount": 2, "nodeConfig": {"machineType": "n2-standard-8"}},
            ),
            6,
            "gcp",
            "europe-west4",
            "n2-standard-8",
        ),
        (
            Given(
                "gcp:container/nodePool:NodePool",
                {
                    "location": "europe-west4",
                    "autoscaling": {"totalMaxNodeCount": 4},
                    "nodeConfig": {"machineType": "n2-standard-8"},
                },
            ),
            4,
            "gcp",
            "europe-west4",
            "n2-standard-8",
        ),
        (
            Given(
                "azure-native:containerservice:ManagedCluster",
                {
                    "location": "westeurope",
                    "agentPoolProfiles": [{"name": "a", "count": 3, "vmSize": "Standard_D8s_v5"}],
                },
            ),
            3,
            "azure",
            "westeurope",
            "Standard_D8s_v5",
        ),
        (
            Given(
                "azure-native:containerservice:AgentPool",
                {"count": 1, "enableAutoScaling": True, "maxCount": 5, "vmSize": "Standard_D8s_v5"},
                provider={"location": "westeurope"},
            ),
            5,
            "azure",
            "westeurope",
            "Standard_D8s_v5",
        ),
    ],
)
def test_every_cloud_s_pools_are_counted(
    ask: Ask, given: Given, nodes: int, cloud: str, region: str, instance: str
) -> None:
    price = prices.price(cloud, region, instance)
    assert price is not None
    month = float(price.usd_per_month) * nodes
    assert ask("budget-monthly", given, contract=budget(month + 1)) == []
    [said] = ask("budget-monthly", given, contract=budget(month - 1))
    assert f"up to {month:,.0f} USD a month" in said.message
