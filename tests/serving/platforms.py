"""The 50-GPU platform with one model, chat, and what is made of it."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from ringfence.planning.serving.models import served_model_manifests
from ringfence.spec.platform import Platform
from tests.tenancy.platforms import FIFTY

ADD_ONS = ("keda", "kserve", "kserve-llmisvc", "kube-prometheus-stack", "kueue", "lws")


CHAT: dict[str, Any] = {
    "kind": "weights",
    "tenant": "research",
    "source": "oci://registry.fra.example/models/chat:2026.11",
    "runtime": "vllm",
    "precision": "bf16",
    "parametersBillions": 8.03,
    "placements": [{"cluster": "fra", "pool": "h100"}],
    "promptClasses": ["public"],
}


def platform(
    model: dict[str, Any] | None = None, pool: dict[str, Any] | None = None, without: tuple[str, ...] = ()
) -> Platform:
    """The 50-GPU platform that serves one model, `chat`; `pool` changes the h100 pool."""
    raw = deepcopy(FIFTY)
    raw["clusters"]["fra"]["addOns"] = {name: {} for name in ADD_ONS if name not in without}
    raw["clusters"]["fra"]["pools"]["h100"] |= pool or {}
    raw["models"] = {"chat": {**CHAT, **(model or {})}}
    return Platform.model_validate(raw)


def manifests(model: dict[str, Any] | None = None, **changes: Any) -> dict[str, dict[str, Any]]:
    """Kind/name to manifest."""
    made = served_model_manifests(platform(model, **changes), "chat", "fra")
    return {f"{each['kind']}/{each['metadata']['name']}": each for each in made}


def predictor(model: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The predictor of `chat`."""
    return manifests(model, **changes)["InferenceService/chat"]["spec"]["predictor"]
