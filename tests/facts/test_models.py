"""Model cards against the sizing study's vectors, and the table's inner consistency."""

from __future__ import annotations

from decimal import Decimal

import pytest

from ringfence.facts import models
from ringfence.facts.models import ModelCard, model_card


def card(name: str) -> ModelCard:
    found = model_card(name)
    assert found is not None, name
    return found


@pytest.mark.parametrize(
    ("name", "precision", "gib"),
    [
        ("llama-3.1-8b", "bf16", "15.0"),
        ("llama-3.1-8b", "int8", "7.5"),
        ("llama-3.1-70b", "bf16", "131.4"),
        ("llama-3.1-70b", "fp8", "65.7"),
        ("llama-3.1-405b", "bf16", "756.0"),
        ("llama-3.1-405b", "fp8", "378.0"),
    ],
)
def test_weights_are_in_gib_and_not_gb(name: str, precision: str, gib: str) -> None:
    assert card(name).weights_gib(precision).quantize(Decimal("0.1")) == Decimal(gib)


def test_quantised_weights_count_their_scales() -> None:
    pure = card("llama-3.1-70b").parameters_b * 10**9 / 2 / 2**30
    assert pure < card("llama-3.1-70b").weights_gib("int4") < pure * Decimal("1.04")


@pytest.mark.parametrize(
    ("name", "bytes_in_16_bit"),
    [
        ("llama-3.1-8b", 131_072),
        ("llama-3.1-70b", 327_680),
        ("llama-3.1-405b", 516_096),
        ("deepseek-v3", 70_272),
        ("bge-m3", 0),
    ],
)
def test_the_cache_of_one_token(name: str, bytes_in_16_bit: int) -> None:
    assert card(name).kv_values_per_token * 2 == bytes_in_16_bit


def test_the_cache_of_a_full_context_and_of_many_requests() -> None:
    seventy = card("llama-3.1-70b")
    assert seventy.kv_gib(131_072) == 40
    assert seventy.kv_gib(96 * 2_000).quantize(Decimal("0.01")) == Decimal("58.59")
    assert seventy.kv_gib(131_072, "fp8") == 20


def test_an_unlisted_precision_is_an_error_and_no_guess() -> None:
    with pytest.raises(KeyError):
        card("llama-3.1-8b").weights_gib("int3")


def test_precisions_are_listed_widest_first() -> None:
    assert models.precisions() == ("fp32", "bf16", "fp16", "fp8", "int8", "int4", "mxfp4", "fp4")


@pytest.mark.parametrize("found", models.model_cards(), ids=lambda found: found.name)
def test_every_card_is_consistent(found: ModelCard) -> None:
    assert found.native_precision in models.precisions()
    assert found.commercial in {"yes", "no", "conditions"}
    assert found.active_parameters_b is None or found.active_parameters_b < found.parameters_b
    grouped, latent = (found.kv_heads, found.head_dim), found.latent_dim
    assert {
        "gqa": None not in grouped and latent is None,
        "mla": grouped == (None, None) and latent is not None,
        "none": grouped == (None, None) and latent is None,
    }[found.attention]
    assert found.source.startswith("hf ")


@pytest.mark.parametrize("name", ["", "Llama-3.1-8B", "gpt-4"])
def test_any_other_name_is_unknown(name: str) -> None:
    assert model_card(name) is None


def test_a_wrong_name_says_what_was_probably_meant() -> None:
    assert models.suggestion("meta-llama/Llama-3.1-70B-Instruct") == "llama-3.1-70b"
    assert models.suggestion("qwen-3-32b") == "qwen3-32b"
    assert models.suggestion("zzzzzzzz") is None
