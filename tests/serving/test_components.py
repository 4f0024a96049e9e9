"""The serving components: every planned object, parented and named, and outputs that a person can read."""

from __future__ import annotations

from pathlib import Path

import pytest

from components.serving.gateway import ModelGateway, ModelGatewayArgs
from components.serving.model import ServedModel, ServedModelArgs
from ringfence.planning.serving.gateway import gateway_manifests
from tests.serving.test_gateway import BOTH, CANARY, platform
from tests.support.engine import REPOSITORY, EngineRunner, write_project
from tests.support.recording import record

MODELS = {
    "chat": {
        "placements": BOTH,
        "promptClasses": ["patient"],
        "canary": CANARY,
        "fallbacks": [{"model": "frontier"}],
        "demand": {"tokensPerDay": 1_000_000},
    },
    "frontier": {"kind": "api"},
}


def test_a_model_registers_its_service_and_its_canary_under_itself() -> None:
    args = ServedModelArgs(platform=platform(MODELS), cluster="fra", model="chat")
    recording = record(lambda: ServedModel("fra-chat", args))

    [component] = [urn for urn in recording.resources if "ringfence:index:ServedModel::" in urn]
    children = {each.name for each in recording.resources.values() if each.parent == component}
    assert children == {
        "fra-chat-inference-service-research-models-chat",
        "fra-chat-inference-service-research-models-chat-canary",
    }
    assert recording.outputs[component] == {
        "namespace": "research-models",
        "services": ["chat", "chat-canary"],
        "accelerators": 1.0,
    }


def test_a_gateway_says_where_requests_go_and_what_it_left_out() -> None:
    args = ModelGatewayArgs(platform=platform(MODELS), cluster="fra")
    recording = record(lambda: ModelGateway("fra-gateway", args))

    [component] = [urn for urn in recording.resources if "ringfence:index:ModelGateway::" in urn]
    assert recording.outputs[component] == {
        "address": "https://models.fra.ai.example",
        "routes": {
            "chat": ["here (chat, 90 %)", "here (chat-canary, 10 %)", "cluster par (chat)"],
            "frontier": ["service frontier (frontier)"],
        },
        "leftOut": {"chat": ["frontier (frontier): prompts of class patient would be processed in US"]},
    }
    children = [each for each in recording.resources.values() if each.parent == component]
    assert len(children) == len(gateway_manifests(platform(MODELS), "fra"))


@pytest.mark.engine
def test_the_real_engine_creates_them_and_then_changes_nothing(engine: EngineRunner, tmp_path: Path) -> None:
    program = f"""
        import sys
        sys.path.insert(0, {str(REPOSITORY)!r})
        from components.serving.gateway import ModelGateway, ModelGatewayArgs
        from components.serving.model import ServedModel, ServedModelArgs
        from tests.serving.test_components import MODELS
        from tests.serving.test_gateway import platform

        served = platform(MODELS)
        ServedModel("fra-chat", ServedModelArgs(platform=served, cluster="fra", model="chat"))
        ModelGateway("fra-gateway", ModelGatewayArgs(platform=served, cluster="fra"))
    """
    project = write_project(tmp_path / "demo", program)

    up = engine.up(project, "dev")
    assert up.exit_code == 0, up.diagnostics or up.stderr
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics or again.stderr
