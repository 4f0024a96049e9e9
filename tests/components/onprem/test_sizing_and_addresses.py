"""etcd's size, addresses, versions and image names: examples from the literature, and properties for the rest."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.planning.onprem.addresses import free_range, gateway_of, host_addresses, single
from ringfence.planning.onprem.etcd import (
    GIB,
    MAXIMUM_QUOTA_GIB,
    EtcdDemand,
    database_mib,
    plan_etcd,
    volume_for,
)
from ringfence.planning.onprem.k0s_config import network
from ringfence.planning.onprem.objects import PlanError, mirrored
from ringfence.planning.onprem.releases import K0S_RELEASES, k0s_release, providers
from tests.components.onprem.examples import cluster_spec
from tests.support.kubernetes import SHARED_CRDS, shared_definitions

NODES = IPv4Network("10.0.0.0/24")


@pytest.mark.parametrize(
    ("demand", "mib"),
    [
        # The 5,000-node envelope of Kubernetes assumes pods of 4 KiB and just fits etcd's default quota of 2 GiB ...
        (EtcdDemand(nodes=5000, pods=150_000, pod_kib=4), 1934),
        # ... and breaks it with pods as large as they are (etcd-io/etcd#22332).
        (EtcdDemand(nodes=5000, pods=150_000, pod_kib=15), 4592),
        (EtcdDemand(nodes=0, pods=0), 150),
    ],
)
def test_the_estimate_agrees_with_the_literature(demand: EtcdDemand, mib: int) -> None:
    assert int(database_mib(demand)) == mib


def test_a_database_larger_than_etcd_suggests_is_refused() -> None:
    with pytest.raises(PlanError, match="split the cluster"):
        plan_etcd(EtcdDemand(nodes=5000, pods=150_000, pod_kib=70))


demands = st.builds(
    EtcdDemand,
    nodes=st.integers(0, 1000),
    pods=st.integers(0, 60_000),
    pod_kib=st.floats(1, 30),
    extra_mib=st.floats(0, 500),
)


@settings(deadline=None)
@given(demands)
def test_the_volume_always_holds_two_copies_and_the_log(demand: EtcdDemand) -> None:
    plan = plan_etcd(demand)
    assert plan.volume_gib * GIB >= 2 * plan.quota_bytes + GIB
    assert 2 <= plan.quota_gib <= MAXIMUM_QUOTA_GIB
    assert plan.database_mib <= plan.quota_gib * 1024


@settings(deadline=None)
@given(demands, st.integers(1, 64))
def test_a_given_volume_is_used_as_far_as_etcd_suggests_or_refused(demand: EtcdDemand, volume: int) -> None:
    smallest = plan_etcd(demand).volume_gib
    if volume < smallest:
        with pytest.raises(PlanError, match=f"at least {smallest} "):
            plan_etcd(demand, volume)
        return
    plan = plan_etcd(demand, volume)
    assert plan.volume_gib == volume
    assert volume_for(plan.quota_gib) <= volume
    assert plan.quota_gib == MAXIMUM_QUOTA_GIB or volume_for(plan.quota_gib + 1) > volume


@settings(deadline=None)
@given(demands, demands)
def test_more_never_needs_less(one: EtcdDemand, other: EtcdDemand) -> None:
    assert database_mib(one + other) >= max(database_mib(one), database_mib(other)) - 1e-6


@settings(deadline=None)
@given(st.integers(1, 5), st.integers(1, 250))
def test_hosts_have_addresses_of_their_own_inside_the_range(count: int, start: int) -> None:
    virtual = NODES[start]
    names = [f"box-{number}" for number in range(count)]
    try:
        found = host_addresses(NODES, virtual, names)
    except PlanError:
        assert start + count >= 255
        return
    addresses = [IPv4Address(address) for address in found.values()]
    assert len(set(addresses)) == count
    assert all(address in NODES and address != NODES.broadcast_address for address in addresses)
    assert (virtual in addresses) is (count == 1)


@settings(deadline=None)
@given(st.sets(st.integers(0, 255), max_size=40), st.integers(1, 60))
def test_a_free_range_is_free_and_the_lowest_there_is(taken: set[int], count: int) -> None:
    busy = {NODES[offset] for offset in taken} | {gateway_of(NODES), NODES.network_address, NODES.broadcast_address}
    candidates = [
        start for start in range(1, 256 - count) if all(NODES[start + offset] not in busy for offset in range(count))
    ]
    try:
        first, last = free_range(NODES, [NODES[offset] for offset in taken], count)
    except PlanError:
        assert candidates == []
        return
    assert int(last) - int(first) == count - 1
    assert first == NODES[candidates[0]]


def test_a_single_address_is_a_network_of_its_own() -> None:
    assert (single("10.0.0.1"), single("fd00::1")) == ("10.0.0.1/32", "fd00::1/128")


@pytest.mark.parametrize(
    ("version", "tag", "image", "kubernetes"),
    [
        ("1.34", "v1.34.8+k0s.0", "v1.34.8-k0s.0", "v1.34.8"),
        ("1.34.1", "v1.34.1+k0s.0", "v1.34.1-k0s.0", "v1.34.1"),
    ],
)
def test_a_version_has_three_spellings(version: str, tag: str, image: str, kubernetes: str) -> None:
    release = k0s_release(version)
    assert (release.tag, release.image_tag, release.kubernetes) == (tag, image, kubernetes)


def test_an_unknown_minor_version_is_refused_with_the_known_ones() -> None:
    with pytest.raises(PlanError, match=r"1\.20 has no k0s release here: use one of 1\.32, 1\.33"):
        k0s_release("1.20")


def test_each_release_is_of_its_own_minor_version() -> None:
    assert all(tag.startswith(f"v{minor}.") for minor, tag in K0S_RELEASES.items())


@shared_definitions
def test_drift_the_providers_are_those_whose_definitions_the_manifests_were_checked_against() -> None:
    text = (SHARED_CRDS / "INDEX.md").read_text(encoding="utf-8")
    for provider in providers(frozenset({"k0smotron", "kamaji"})):
        [row] = [line for line in text.splitlines() if f"| {provider.repository} |" in line]
        assert f"| {provider.version} (" in row, provider


@pytest.mark.parametrize(
    ("image", "expected"),
    [
        ("quay.io/k0sproject/k0s:v1", "reg.example/k0sproject/k0s:v1"),
        ("docker.io/otel/collector:1", "reg.example/otel/collector:1"),
        ("localhost/a", "reg.example/a"),
        ("nginx:1", "reg.example/nginx:1"),
        ("clastix/kamaji:1", "reg.example/clastix/kamaji:1"),
    ],
)
def test_a_mirrored_image_keeps_its_path(image: str, expected: str) -> None:
    assert mirrored(image, "reg.example") == expected
    assert mirrored(image, None) == image


@pytest.mark.parametrize(
    ("overlay", "add_ons", "expected"),
    [
        ({"kind": "none", "mtu": 1500}, {}, {"provider": "kuberouter", "kuberouter": {"autoMTU": False, "mtu": 1500}}),
        (
            {"kind": "vxlan", "mtu": 1450},
            {},
            {"provider": "calico", "calico": {"mode": "vxlan", "overlay": "Always", "mtu": 1450}},
        ),
        (
            {"kind": "wireguard", "mtu": 1370},
            {},
            {"provider": "calico", "calico": {"mode": "vxlan", "overlay": "Always", "mtu": 1370, "wireguard": True}},
        ),
        ({"kind": "geneve", "mtu": 1450}, {"cilium": {}}, {"provider": "custom", "kubeProxy": {"disabled": True}}),
        (
            {"kind": "vxlan", "mtu": 1450},
            {"cilium": {"enabled": False}},
            {"provider": "calico", "calico": {"mode": "vxlan", "overlay": "Always", "mtu": 1450}},
        ),
    ],
)
def test_k0s_brings_the_network_that_the_file_asks_for(
    overlay: dict[str, object], add_ons: dict[str, object], expected: dict[str, object]
) -> None:
    ranges = {"nodes": "10.0.0.0/22", "pods": "10.1.0.0/16", "services": "10.2.0.0/20", "overlay": overlay}
    found = network(cluster_spec(network=ranges, addOns=add_ons))
    assert {key: value for key, value in found.items() if key not in ("podCIDR", "serviceCIDR", "clusterDomain")} == (
        expected
    )


def test_an_overlay_that_nothing_brings_is_refused() -> None:
    ranges = {
        "nodes": "10.0.0.0/22",
        "pods": "10.1.0.0/16",
        "services": "10.2.0.0/20",
        "overlay": {"kind": "geneve", "mtu": 1450},
    }
    with pytest.raises(PlanError, match="add the cilium add-on"):
        network(cluster_spec(network=ranges))
