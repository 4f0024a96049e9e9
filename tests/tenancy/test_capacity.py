"""What pools offer: devices, MIG instances, slices, vGPUs, cores; and how tenants share it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning import capacity
from ringfence.spec.pool import Pool
from ringfence.spec.tenant import Quota
from tests.tenancy.platforms import fifty, with_pool


def _pool(**fields: object) -> Pool:
    base = {
        "accelerator": "nvidia-a100-80gb",
        "acceleratorsPerNode": 8,
        "capacity": {"kind": "owned"},
        "nodes": 2,
        "vcpusPerNode": 128,
        "memoryGibPerNode": 1024,
    }
    return Pool.model_validate({**base, **fields})


def test_fifty_gpus_are_counted_as_the_example_says() -> None:
    system, h100 = capacity.cluster_capacity(fifty(), "fra")

    assert (h100.pool, h100.unit, h100.resource) == ("h100", "nvidia-h100-80gb", "nvidia.com/gpu")
    assert (h100.units_per_node, h100.guaranteed_units, h100.maximum_units) == (10, 50, 50)
    assert (system.unit, system.resource, system.maximum_units) == ("cpu", "cpu", 42)


def test_system_and_add_ons_take_their_part_of_a_node_first() -> None:
    """128 threads: 60 + 10 + 10 + 124 x 2.5 millicores reserved; 1024 GiB: 1 + 0.8 + 0.8 + 6.72 + 17.92 GiB."""
    [row] = capacity.pool_capacity("p", _pool(acceleratorsPerNode=1, nodes=1))

    assert row.millicpus_per_unit == 128_000 - 390 - 1000
    assert row.mebibytes_per_unit == 1024 * 1024 - int(27.24 * 1024) - 100 - 2048


def test_a_mig_pool_offers_a_row_for_each_profile_with_its_part_of_the_node() -> None:
    layout = {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}
    rows = capacity.pool_capacity("p", _pool(sharing={"kind": "mig", "layout": layout}))

    assert [(row.resource, row.maximum_units) for row in rows] == [
        ("nvidia.com/mig-1g.10gb", 32),
        ("nvidia.com/mig-2g.20gb", 16),
        ("nvidia.com/mig-3g.40gb", 16),
    ]
    assert len({row.unit for row in rows}) == 3
    node = capacity.pool_capacity("p", _pool(nodes=1))[0]
    assert sum(row.cpus for row in rows) == pytest.approx(2 * node.cpus, rel=0.001)


def test_time_slices_keep_the_resource_name_and_multiply_the_units() -> None:
    [row] = capacity.pool_capacity("p", _pool(sharing={"kind": "time-slicing", "replicas": 4}))

    assert (row.resource, row.unit, row.maximum_units) == ("nvidia.com/gpu", "nvidia-a100-80gb-shared-4", 64)


def test_vgpus_are_counted_by_their_type() -> None:
    sharing = {"kind": "vgpu", "profile": "NVIDIA L40S-12Q", "perDevice": 4, "licenceSecret": "grid"}
    [row] = capacity.pool_capacity("p", _pool(accelerator="nvidia-l40s", sharing=sharing))

    assert (row.resource, row.maximum_units) == ("nvidia.com/NVIDIA_L40S-12Q", 64)


def test_guarantees_count_on_the_smallest_pool_and_limits_on_the_largest() -> None:
    pool = _pool(nodes=None, minNodes=1, maxNodes=4, capacity={"kind": "spot"})
    [row] = capacity.pool_capacity("p", pool)

    assert (row.guaranteed_units, row.maximum_units) == (8, 32)


def test_a_cloud_pool_takes_its_size_from_the_instance_type() -> None:
    pool = Pool.model_validate(
        {
            "accelerator": "nvidia-h100-80gb",
            "instanceType": "p5.48xlarge",
            "nodes": 1,
            "capacity": {"kind": "on-demand"},
        }
    )
    [row] = capacity.pool_capacity("p", pool, provider="aws")

    assert row.units_per_node == 8
    assert 180 < row.cpus < 192


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"accelerator": "h100"}, "did you mean 'nvidia-h100-"),
        ({"vcpusPerNode": None}, "set vcpusPerNode and memoryGibPerNode"),
        ({"acceleratorsPerNode": 0}, "pools.p.acceleratorsPerNode"),
        ({"sharing": {"kind": "mig", "layout": {"1g.5gb": 7}}}, "nvidia-a100-80gb has no MIG profile 1g.5gb"),
    ],
)
def test_what_cannot_be_known_is_said_with_its_path(fields: dict[str, object], said: str) -> None:
    with pytest.raises(capacity.CapacityError, match=r"pools\.p") as raised:
        capacity.pool_capacity("p", _pool(**fields))
    assert said in str(raised.value)


def test_media_extension_profiles_have_the_device_plugins_spelling() -> None:
    assert capacity.mig_resource("1g.10gb+me") == "nvidia.com/mig-1g.10gb.me"


def test_shares_of_the_example() -> None:
    shares = {share.tenant: share for share in capacity.tenant_shares(fifty(), "fra")}

    assert (shares["finance"].guaranteed, shares["finance"].maximum) == (0, 20)
    assert (shares["marketing"].guaranteed, shares["marketing"].maximum) == (15, 50)
    assert (shares["research"].guaranteed, shares["research"].maximum) == (0, 50)
    h100 = capacity.cluster_capacity(fifty(), "fra")[1]
    assert capacity.unguaranteed(h100, shares.values()) == 35


def test_a_quota_on_a_pool_with_several_profiles_must_name_one() -> None:
    sharing = {"kind": "mig", "layout": {"1g.10gb": 4, "3g.40gb": 1}}
    named = with_pool({"sharing": sharing}, {"finance": {"profile": "3g.40gb", "guaranteed": 2}})
    unnamed = with_pool({"sharing": sharing}, {"finance": {"guaranteed": 2}})

    [share] = capacity.tenant_shares(named, "fra")
    assert share.resource == "nvidia.com/mig-3g.40gb"
    with pytest.raises(capacity.CapacityError, match=r"tenants\.finance\.quotas\.fra\.gpu"):
        capacity.tenant_shares(unnamed, "fra")


@given(st.integers(0, 200), st.none() | st.integers(0, 200))
def test_a_share_never_exceeds_its_maximum_or_the_pool(guaranteed: int, maximum: int | None) -> None:
    h100 = capacity.cluster_capacity(fifty(), "fra")[1]
    share = capacity.share_of("t", Quota(guaranteed=guaranteed, maximum=maximum), h100)

    assert share.borrowable >= 0
    assert share.maximum <= max(50, guaranteed)
    assert maximum is None or share.maximum <= max(maximum, guaranteed)
