"""Memory of a replica against published estimates, and demand against the sizes that a simulator found."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.planning.serving import demand, memory
from ringfence.spec.model import Demand, Precision

KV_8B, KV_70B = 131_072, 327_680
CONTEXT = 2048


@pytest.mark.parametrize(
    ("billions", "precision", "gib"),
    [
        (8.03, "bf16", 15.0),
        (8.03, "int8", 7.5),
        (8.03, "int4", 3.7),
        (70.55, "bf16", 131.4),
        (70.55, "fp8", 65.7),
        (70.55, "int4", 32.9),
        (405.85, "bf16", 756.0),
        (405.85, "int4", 189.0),
    ],
)
def test_weights_are_in_gib(billions: float, precision: Precision, gib: float) -> None:
    """70 x 10**9 x 2 bytes is 130 GiB, not 140."""
    assert memory.weights_gib(billions, precision) == pytest.approx(gib, abs=0.05)


@pytest.mark.parametrize(("billions", "held"), memory.KV_POINTS)
def test_the_cache_of_known_models_is_exact(billions: float, held: int) -> None:
    assert memory.cache_bytes_per_token(billions) == pytest.approx(held)


def test_cache_of_long_contexts() -> None:
    """One sequence of 131,072 tokens of a 70B model; 96 sequences of 2,000."""
    assert memory.cache_gib(70.55, 131_072) == pytest.approx(40.0)
    assert memory.cache_gib(70.55, 96 * 2000) == pytest.approx(58.59, abs=0.01)


@pytest.mark.parametrize(
    ("device", "kv", "shared_by", "free"),
    [
        (80, KV_8B, 1, 61.57),
        (80, KV_70B, 8, 61.735),
        (80, KV_70B, 1, 61.214),
        (10, KV_8B, 1, 5.571),
        (20, KV_8B, 1, 13.571),
    ],
)
def test_what_is_left_for_weights_agrees_with_kaito(device: int, kv: int, shared_by: int, free: float) -> None:
    cache = CONTEXT * kv / shared_by / memory.GIB

    assert memory.free_for_weights_gib(device, cache) == pytest.approx(free, abs=0.002)


@pytest.mark.parametrize(
    ("weights", "device", "kv", "shared_by", "devices"),
    [
        (7.15, 80, KV_8B, 1, 1),
        (131.4, 80, KV_70B, 8, 3),
        (131.4, 80, KV_70B, 1, 3),
        (65.7, 80, KV_70B, 1, 2),
        (15.0, 24, KV_8B, 1, 1),
        (3.7, 10, KV_8B, 1, 1),
        (7.5, 20, KV_8B, 1, 1),
    ],
)
def test_devices_needed_agree_with_kaito(weights: float, device: int, kv: int, shared_by: int, devices: int) -> None:
    assert memory.devices_needed(weights, device, CONTEXT * kv / shared_by / memory.GIB) == devices


def test_an_8b_model_does_not_fit_the_smallest_slice_and_says_why() -> None:
    """kaito: bf16 on 1g.10gb is refused, int4 fits."""
    asked = {"parameters_billions": 8.03, "context_tokens": 2048, "concurrent_sequences": 1, "devices": 1}
    refused = memory.fit(**asked, precision="bf16", device_gib=9.625, device="1g.10gb")
    fits = memory.fit(**asked, precision="int4", device_gib=9.625, device="1g.10gb")

    assert not refused.fits
    assert refused.message == (
        "bf16 weights 15.0 GiB, cache 0.2 GiB and 2.3 GiB for the engine take 18.6 GiB with activations, "
        "more than the 8.1 GiB usable of 1g.10gb"
    )
    assert fits.fits


@given(st.floats(0.5, 500), st.integers(1, 8))
def test_more_devices_never_make_a_replica_fit_worse(billions: float, devices: int) -> None:
    def needed(count: int) -> float:
        return memory.fit(
            parameters_billions=billions,
            precision="bf16",
            context_tokens=4096,
            concurrent_sequences=4,
            devices=count,
            device_gib=79.6,
            device="d",
        ).needed_gib

    assert needed(devices + 1) <= needed(devices)


@pytest.mark.parametrize(
    ("per_gpu", "gpus_per_replica", "replicas"),
    [
        (2287.94, 1, 6),
        (5802.61, 1, 3),
        (7072.98, 1, 2),
        (213.50, 8, 8),
        (656.51, 4, 5),
        (1000.45, 2, 7),
        (1260.92, 2, 6),
        (1257.20, 2, 6),
        (2916.84, 1, 5),
        (1544.35, 1, 9),
    ],
)
def test_replicas_agree_with_aiconfigurator(per_gpu: float, gpus_per_replica: int, replicas: int) -> None:
    """26.042 requests/s of 500 output tokens: 13,020.8 tokens/s at the peak (aiconfigurator 0.12.0, `recommend`)."""
    peak = demand.peak_output_tokens_per_second(Demand(peak_requests_per_second=26.0416, output_tokens=500))

    assert peak == pytest.approx(13_020.8)
    assert demand.replicas_for(peak, per_gpu, gpus_per_replica) == replicas


def test_without_a_peak_the_days_mean_is_taken() -> None:
    """1.5 billion tokens a day, 1,500 in and 500 out a request: 17,361.1 tokens/s, 4,340.3 of them generated."""
    asked = Demand(tokens_per_day=1_500_000_000, input_tokens=1500, output_tokens=500)

    assert demand.mean_tokens_per_second(asked) == pytest.approx(17_361.1, abs=0.1)
    assert demand.peak_output_tokens_per_second(asked) == pytest.approx(4_340.3, abs=0.1)


def test_no_throughput_is_no_answer() -> None:
    with pytest.raises(ValueError, match="must be above 0"):
        demand.replicas_for(1, 0, 1)
