"""Well-known open-weight models: the numbers that memory follows from, and their licences.

Owns the model cards and the bytes a parameter takes. Refuses to decide what fits or how fast it runs:
overheads, parallelism and latency are ``ringfence.planning``. Tables: model_cards.csv and precisions.csv.

Units: parameters in 10^9; memory in GiB (2^30 bytes), never GB, because mixing the two is the classic
sizing bug.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Literal, cast

from ringfence.facts._tables import number, table, whole

GIB = 2**30

Attention = Literal["gqa", "mla", "none"]


@dataclass(frozen=True, slots=True)
class ModelCard:
    """One model.

    ``active_parameters_b`` is None for dense models; all parameters of a mixture stay in memory.

    ``commercial`` is ``yes``, ``no`` or ``conditions`` (read the licence). ``origin`` is the legal home
    of its maker (ISO alpha-2). ``context`` is in tokens.
    """

    name: str
    parameters_b: Decimal
    active_parameters_b: Decimal | None
    layers: int
    attention: Attention
    kv_heads: int | None
    head_dim: int | None
    latent_dim: int | None
    context: int
    native_precision: str
    licence: str
    commercial: str
    origin: str
    source: str

    def weights_gib(self, precision: str) -> Decimal:
        """The weights alone (GiB), without runtime overhead. Raises KeyError for an unlisted precision."""
        return self.parameters_b * 10**9 * bytes_per_parameter(precision) / GIB

    @property
    def kv_values_per_token(self) -> int:
        """Numbers the cache keeps for one token over all layers; times the bytes of its type, bytes.

        Keys and values of every KV head, or one latent (MLA), or nothing (encoders). Upper bound: models
        with sliding-window layers keep less for long contexts.
        """
        if self.attention == "mla":
            return self.layers * (self.latent_dim or 0)
        return 2 * self.layers * (self.kv_heads or 0) * (self.head_dim or 0)

    def kv_gib(self, tokens: int, precision: str = "bf16") -> Decimal:
        """The cache of that many tokens (GiB). Raises KeyError for an unlisted precision."""
        return self.kv_values_per_token * tokens * bytes_per_parameter(precision) / GIB


@cache
def _all() -> dict[str, ModelCard]:
    return {
        row["name"]: ModelCard(
            name=row["name"],
            parameters_b=Decimal(row["parameters_b"]),
            active_parameters_b=number(row["active_parameters_b"]),
            layers=int(row["layers"]),
            attention=cast(Attention, row["attention"]),
            kv_heads=whole(row["kv_heads"]),
            head_dim=whole(row["head_dim"]),
            latent_dim=whole(row["latent_dim"]),
            context=int(row["context"]),
            native_precision=row["native_precision"],
            licence=row["licence"],
            commercial=row["commercial"],
            origin=row["origin"],
            source=row["source"],
        )
        for row in table("model_cards").rows
    }


@cache
def _bytes() -> dict[str, Decimal]:
    return {row["precision"]: Decimal(row["bytes_per_parameter"]) for row in table("precisions").rows}


def precisions() -> tuple[str, ...]:
    """The listed precisions, widest first."""
    return tuple(_bytes())


def bytes_per_parameter(precision: str) -> Decimal:
    """Bytes of one parameter, quantisation scales included. Raises KeyError for an unlisted precision."""
    return _bytes()[precision]


def model_card(name: str) -> ModelCard | None:
    """The card of that exact name, or None: its parameters are not known and have to be declared."""
    return _all().get(name)


def model_cards() -> tuple[ModelCard, ...]:
    """Every listed model, by name."""
    return tuple(card for _, card in sorted(_all().items()))


def suggestion(name: str) -> str | None:
    """The listed model that a wrong name probably meant, or None."""
    wanted = name.strip().casefold().rsplit("/", 1)[-1].removesuffix("-instruct")
    close = difflib.get_close_matches(wanted, _all(), n=1)
    return close[0] if close else None
