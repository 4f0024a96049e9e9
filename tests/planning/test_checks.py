"""Cross-checks: each finds its mistake at its path, and stays quiet without it."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.checks import networks
from tests.spec.platforms import findings, platform, values


def change(data: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """Set the value at a dotted path; None removes the key."""
    *parents, last = path.split(".")
    node = data
    for part in parents:
        node = node[part]
    if value is None:
        node.pop(last)
    else:
        node[last] = value
    return data


FRANKFURT = "clusters.serve-fra"
CASES: list[tuple[str, str, Any, str]] = [
    ("pool-size", f"{FRANKFURT}.pools.l40s.nodes", 2, "clusters.serve-fra.pools.l40s"),
    ("pool-size", "clusters.train-fra.pools.a100.minNodes", 9, "clusters.train-fra.pools.a100.minNodes"),
    ("no-accelerator", f"{FRANKFURT}.pools.l40s.acceleratorsPerNode", 0, "clusters.serve-fra.pools.l40s"),
    ("capacity-kind", f"{FRANKFURT}.pools.l40s.capacity.kind", "spot", "clusters.serve-fra.pools.l40s.capacity.kind"),
    (
        "capacity-kind",
        "clusters.train-fra.pools.a100.capacity.kind",
        "flex",
        "clusters.train-fra.pools.a100.capacity.kind",
    ),
    ("fabric", "clusters.train-fra.pools.a100.fabric", "infiniband", "clusters.train-fra.pools.a100.fabric"),
    (
        "instance-accelerator",
        "clusters.train-fra.pools.a100.instanceType",
        "p5.48xlarge",
        "clusters.train-fra.pools.a100.instanceType",
    ),
    (
        "instance-accelerator",
        "clusters.train-fra.pools.a100.acceleratorsPerNode",
        4,
        "clusters.train-fra.pools.a100.acceleratorsPerNode",
    ),
    (
        "unknown-instance-type",
        "clusters.train-fra.pools.system.instanceType",
        "m6i.2xlrge",
        "clusters.train-fra.pools.system.instanceType",
    ),
    (
        "machine-twice",
        f"{FRANKFURT}.pools.l40s.machines.fra-gpu-2.bootMac",
        "0c:42:a1:00:00:11",
        "clusters.serve-fra.pools.l40s.machines.fra-gpu-2.bootMac",
    ),
    ("missing-key", f"{FRANKFURT}.pools.l40s.imageChecksum", None, "clusters.serve-fra.pools.l40s"),
    ("control-plane-kind", f"{FRANKFURT}.controlPlane", {"kind": "managed"}, "clusters.serve-fra.controlPlane.kind"),
    (
        "control-plane-replicas",
        "clusters.clinic-mainz.controlPlane.replicas",
        3,
        "clusters.clinic-mainz.controlPlane.replicas",
    ),
    ("delivery", "clusters.clinic-mainz.delivery", "push", "clusters.clinic-mainz.delivery"),
    ("region-country", "sites.aws-frankfurt.country", "FR", "sites.aws-frankfurt.country"),
    (
        "address-outside-nodes",
        f"{FRANKFURT}.controlPlane.address",
        "10.99.0.1",
        "clusters.serve-fra.controlPlane.address",
    ),
    ("pods-range-too-small", f"{FRANKFURT}.network.pods", "10.37.0.0/25", "clusters.serve-fra.network.pods"),
    (
        "quota-maximum",
        "tenants.clinic.quotas.serve-fra.l40s.maximum",
        2,
        "tenants.clinic.quotas.serve-fra.l40s.maximum",
    ),
    (
        "quota-maximum",
        "tenants.clinic.quotas.serve-fra.l40s.maximum",
        60,
        "tenants.clinic.quotas.serve-fra.l40s.maximum",
    ),
    (
        "guarantee-on-spot",
        "tenants.research.quotas.train-fra.a100",
        {"guaranteed": 8},
        "tenants.research.quotas.train-fra.a100.guaranteed",
    ),
    ("tenant-cluster", "tenants.clinic.clusters", ["clinic-mainz"], "tenants.clinic.quotas.serve-fra"),
    ("budgets-over-platform", "budget.monthlyUsd", 10, "budget.monthlyUsd"),
]


@pytest.mark.parametrize(("code", "path", "value", "where"), CASES, ids=[f"{case[0]}-{case[3]}" for case in CASES])
def test_mistake_is_found_where_it_is(code: str, path: str, value: Any, where: str) -> None:
    assert findings(values(), code) == []
    found = findings(change(values(), path, value), code)
    assert where in [".".join(map(str, finding.path)) for finding in found], found


def test_finance_cannot_have_sixty_of_fifty() -> None:
    data = values("prod")
    data["tenants"]["finance"]["quotas"]["serve-fra"]["l40s"] = {"guaranteed": 60, "maximum": 60}
    over = findings(data, "guarantees-over-capacity")
    assert {finding.path[1] for finding in over} == {"finance", "marketing", "workplace"}
    assert "add up to 80" in over[0].message
    assert over[0].allowed == "at most 50 together"
    assert findings(data, "quota-maximum")[0].allowed == "at most 50 nvidia.com/gpu"


def test_replica_in_the_wrong_country_is_refused_with_the_law() -> None:
    data = values("prod")
    data["datasets"]["scans"]["replicas"] = {"dr": {"site": "aws-virginia"}}
    found = list(findings(data, "residency"))
    assert [finding.path for finding in found] == [("datasets", "scans", "replicas", "dr", "site")]
    assert found[0].message == "patient data of replica dr of dataset scans at site aws-virginia would rest in US"
    assert found[0].allowed == "DE, FR, PL (GDPR art. 9, 44-49; hospital contracts 2025/7)"
    assert found[0].severity == "error"


def test_fine_tuned_weights_may_not_fall_back_abroad() -> None:
    data = values("prod")
    data["models"]["ledger-analyst"]["fallbacks"] = [{"model": "frontier"}]
    found = findings(data, "residency")
    assert {finding.path for finding in found} == {("models", "ledger-analyst", "fallbacks", 0, "model")}
    assert {finding.message.split()[0] for finding in found} >= {"card"}


def test_unknown_region_is_unproven_not_fine() -> None:
    data = change(values(), "sites.aws-frankfurt.region", "eu-central-9")
    assert [finding.severity for finding in findings(data, "unknown-region")] == ["error"]
    assert {finding.severity for finding in findings(data, "residency")} == {"warning"}, "dev advises"
    data["unproven"] = "refuse"
    assert {finding.severity for finding in findings(data, "residency")} == {"error"}


def ranges() -> st.SearchStrategy[str]:
    return st.builds(
        lambda base, length: str(ip_network((base & (~0 << (32 - length)), length))),
        st.integers(0x0A000000, 0x0A0FFFFF),
        st.integers(16, 26),
    )


@given(st.lists(ranges(), min_size=6, max_size=6))
def test_overlaps_are_found_exactly_when_there_are_some(chosen: list[str]) -> None:
    data = values()
    for index, name in enumerate(("mgmt-fra", "serve-fra")):
        nodes, pods, services = chosen[index * 3 : index * 3 + 3]
        data["clusters"][name]["network"] |= {"nodes": nodes, "pods": pods, "services": services}
    built = platform(data)
    taken = [ip_network(each) for each in chosen]
    expected = any(a.overlaps(b) for i, a in enumerate(taken) for b in taken[i + 1 :])
    found = [finding for finding in networks.check(built) if finding.code == "network-overlap"]
    assert bool(found) == expected
