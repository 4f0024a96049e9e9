"""Devices and MIG: the numbers, the labels, and that a layout is takeable exactly when a placement exists."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.facts import accelerators
from ringfence.facts._tables import table
from ringfence.facts.accelerators import Accelerator, accelerator, layout_fits

DEVICES = accelerators.accelerators()
MIG = [device for device in DEVICES if device.mig]


def device(name: str) -> Accelerator:
    found = accelerator(name)
    assert found is not None, name
    return found


def test_an_accelerator_says_everything_known_of_it() -> None:
    h100 = device("nvidia-h100-80gb")
    assert (h100.vendor, h100.memory_gib, h100.bf16_tflops) == ("nvidia", Decimal("79.6"), 989)
    assert (h100.memory_gb_per_s, h100.tdp_watts, h100.nvlink_gb_per_s) == (3350, 700, 900)
    assert (h100.fp8, h100.int4, h100.mig) == (True, True, True)
    assert h100.resource_name == "nvidia.com/gpu"
    assert h100.product_label == "NVIDIA-H100-80GB-HBM3"
    assert h100.gke_label == "nvidia-h100-80gb"


def test_the_devices_of_the_reference_platforms_are_listed() -> None:
    assert [found.name for found in DEVICES] == [
        "amd-mi300x",
        "none",
        "nvidia-a10",
        "nvidia-a100-40gb",
        "nvidia-a100-80gb",
        "nvidia-a100-pcie-80gb",
        "nvidia-a10g",
        "nvidia-a30",
        "nvidia-b200",
        "nvidia-gb200",
        "nvidia-h100-80gb",
        "nvidia-h100-nvl-94gb",
        "nvidia-h100-pcie-80gb",
        "nvidia-h200-141gb",
        "nvidia-l4",
        "nvidia-l40s",
        "nvidia-rtx-pro-6000",
        "nvidia-t4",
    ]


@pytest.mark.parametrize("found", DEVICES, ids=lambda found: found.name)
def test_labels_resources_and_precisions_are_well_formed(found: Accelerator) -> None:
    resource = {"nvidia": "nvidia.com/gpu", "amd": "amd.com/gpu", "none": None}[found.vendor]
    assert found.resource_name == resource
    assert found.precisions <= {"fp32", "bf16", "fp16", "fp8", "fp4", "int8", "int4"}
    assert (found.memory_gib > 0) is (found.name != "none")
    assert found.product_label is None or " " not in found.product_label


def test_precisions_that_a_generation_lacks() -> None:
    assert "bf16" not in device("nvidia-t4").precisions
    assert [found.name for found in DEVICES if found.fp8 and found.name.startswith("nvidia-a")] == []
    assert {found.name for found in DEVICES if "fp4" in found.precisions} == {
        "nvidia-b200",
        "nvidia-gb200",
        "nvidia-rtx-pro-6000",
    }


@pytest.mark.parametrize("name", ["", "h100", "NVIDIA-H100-80GB", "nvidia-h100"])
def test_any_other_name_is_unknown(name: str) -> None:
    assert accelerator(name) is None


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("h100", "nvidia-h100-80gb"),
        ("H100-80GB", "nvidia-h100-80gb"),
        ("a100 80gb", "nvidia-a100-80gb"),
        ("nvidia-h100-nvl", "nvidia-h100-nvl-94gb"),
        ("nvidia-l40", "nvidia-l40s"),
        ("mi300", "amd-mi300x"),
        ("cpu", "none"),
        ("zzzzzz", None),
    ],
)
def test_a_wrong_name_says_what_was_probably_meant(wrong: str, meant: str | None) -> None:
    assert accelerators.suggestion(wrong) == meant


# --- MIG ---


def test_every_profile_belongs_to_a_listed_device() -> None:
    assert {row["accelerator"] for row in table("mig_profiles").rows} == {found.name for found in MIG}


@pytest.mark.parametrize("found", MIG, ids=lambda found: found.name)
def test_profiles_are_consistent_with_their_device(found: Accelerator) -> None:
    assert found.compute_slices in (4, 7)
    for name, profile in found.mig_profiles.items():
        assert name == profile.name
        assert name.startswith(f"{profile.compute_slices}g.")
        assert profile.compute_slices <= profile.memory_slices or profile.memory_slices == found.memory_slices
        assert profile.memory_gib * found.memory_slices <= found.memory_gib * profile.memory_slices
        assert all(0 <= start <= found.memory_slices - profile.memory_slices for start in profile.starts)
        # The count that NVIDIA publishes is the one that placement allows; a media engine is only one.
        assert profile.max_count == (1 if "+me" in name else len(profile.starts))
        assert layout_fits(found, {name: profile.max_count}).ok
        assert not layout_fits(found, {name: profile.max_count + 1}).ok


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        ("nvidia-h100-80gb", {"1g.10gb": 2, "2g.20gb": 1, "3g.40gb": 1}),
        ("nvidia-a100-40gb", {"1g.5gb": 2, "2g.10gb": 1, "3g.20gb": 1}),
        ("nvidia-h200-141gb", {"1g.18gb": 2, "2g.35gb": 1, "3g.71gb": 1}),
        ("nvidia-b200", {"1g.23gb": 2, "2g.45gb": 1, "3g.90gb": 1}),
        ("nvidia-gb200", {"1g.24gb": 2, "2g.47gb": 1, "3g.95gb": 1}),
        ("nvidia-h100-nvl-94gb", {"1g.12gb": 2, "2g.24gb": 1, "3g.47gb": 1}),
        ("nvidia-a30", {"1g.6gb": 2, "2g.12gb": 1}),
        ("nvidia-rtx-pro-6000", {"1g.24gb": 2, "2g.48gb": 1}),
    ],
)
def test_nvidias_own_balanced_layouts_fit(name: str, layout: dict[str, int]) -> None:
    result = layout_fits(device(name), layout)
    assert (result.ok, result.reason[: len(name)]) == (True, name)


@pytest.mark.parametrize(
    ("name", "layout", "reason"),
    [
        ("nvidia-h100-80gb", {"3g.40gb": 2, "1g.10gb": 1}, "needs 9 memory slices, nvidia-h100-80gb has 8"),
        ("nvidia-h100-80gb", {"4g.40gb": 1, "2g.20gb": 2}, "needs 8 compute slices, nvidia-h100-80gb has 7"),
        ("nvidia-h100-80gb", {"1g.10gb": 8}, "1g.10gb: 8 asked, nvidia-h100-80gb takes at most 7"),
        ("nvidia-h100-80gb", {"1g.10g": 1}, "has no MIG profile '1g.10g'; did you mean '1g.10gb'?"),
        ("nvidia-h100-80gb", {"1g.10gb": -1}, "1g.10gb: a count below zero"),
        ("nvidia-h100-80gb", {}, "the layout names no instance"),
        ("nvidia-h100-80gb", {"1g.10gb": 0}, "the layout names no instance"),
        ("nvidia-a30", {"1g.6gb+me": 1, "2g.12gb+me": 1}, "needs the media engine more than once"),
        ("nvidia-l4", {"1g.10gb": 1}, "nvidia-l4 cannot be cut with MIG"),
        ("none", {"1g.10gb": 1}, "none cannot be cut with MIG"),
    ],
)
def test_a_refused_layout_says_why_and_what_is_allowed(name: str, layout: dict[str, int], reason: str) -> None:
    result = layout_fits(device(name), layout)
    assert not result.ok
    assert reason in result.reason
    assert len(result.allowed) == len(device(name).mig_profiles)


def brute_force(found: Accelerator, layout: dict[str, int]) -> bool:
    """Try every combination of starts, without any cleverness."""
    wanted = [found.mig_profiles[name] for name, count in layout.items() for _ in range(count)]
    if not wanted or sum("+me" in profile.name for profile in wanted) > 1:
        return False
    if sum(profile.compute_slices for profile in wanted) > found.compute_slices:
        return False
    for starts in product(*(profile.starts for profile in wanted)):
        spans = [range(start, start + profile.memory_slices) for start, profile in zip(starts, wanted, strict=True)]
        taken = [place for span in spans for place in span]
        if len(taken) == len(set(taken)):
            return True
    return False


@st.composite
def layouts(draw: st.DrawFn) -> tuple[Accelerator, dict[str, int]]:
    found = draw(st.sampled_from(MIG))
    names = draw(st.lists(st.sampled_from(sorted(found.mig_profiles)), min_size=0, max_size=5))
    return found, {name: names.count(name) for name in names}


@given(layouts())
def test_a_layout_fits_exactly_when_some_placement_exists(case: tuple[Accelerator, dict[str, int]]) -> None:
    found, layout = case
    assert layout_fits(found, layout).ok is brute_force(found, layout)


@given(layouts(), st.data())
def test_taking_an_instance_away_never_makes_a_layout_unfit(case, data: st.DataObject) -> None:
    found, layout = case
    if not layout_fits(found, layout).ok or sum(layout.values()) < 2:
        return
    name = data.draw(st.sampled_from(sorted(layout)))
    assert layout_fits(found, {**layout, name: layout[name] - 1}).ok
