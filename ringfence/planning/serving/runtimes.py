"""Runtimes: what each is called on a cluster, and how a model's needs are said to it.

Owns: names, formats, arguments and ports. Refuses to own: the ClusterServingRuntimes themselves, which the
kserve-runtimes add-on brings with their images.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.planning.serving.replica import LANGUAGE_RUNTIMES, Replica
from ringfence.planning.tenancy.names import Manifest
from ringfence.spec.model import ServedModel


@dataclass(frozen=True, kw_only=True)
class RuntimeFacts:
    """A ClusterServingRuntime as KServe's chart makes it."""

    name: str
    model_format: str
    port: int = 8080
    """Where it answers requests. KServe takes 8080 for granted: another one must be said in the container's ports."""
    metrics_port: int | None = None
    """Where it answers /metrics; None where it does not."""


RUNTIMES: dict[str, RuntimeFacts] = {
    "vllm": RuntimeFacts(name="kserve-vllmserver", model_format="vllm", port=8000, metrics_port=8000),
    "huggingface": RuntimeFacts(name="kserve-huggingfaceserver", model_format="huggingface", metrics_port=8080),
    "triton": RuntimeFacts(name="kserve-tritonserver", model_format="triton", metrics_port=8002),
    "torchserve": RuntimeFacts(name="kserve-torchserve", model_format="pytorch", metrics_port=8082),
    "tensorflow": RuntimeFacts(name="kserve-tensorflow-serving", model_format="tensorflow"),
    "sklearn": RuntimeFacts(name="kserve-sklearnserver", model_format="sklearn"),
}
"""Source: kserve/kserve v0.20.0, charts/kserve-runtime-configs/files/runtimes/resources.yaml."""

ENGINE_SHARE = 0.9
"""Part of a device's memory that vLLM takes by default. On a shared device it would take it from the others."""

MODEL_FOLDER = "/mnt/models"
"""Where KServe puts weights; vLLM's runtime reads it from MODEL_DIR (config/runtimes/kserve-vllmserver.yaml)."""

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp8": "auto", "int8": "auto", "int4": "auto"}
"""Precision to vLLM's --dtype. Below 16 bit the weights themselves say how they were quantised."""


def arguments(name: str, model: ServedModel, replica: Replica) -> list[str]:
    """Arguments of the runtime's container; `name` is what callers put into `model`."""
    if model.runtime in ("sklearn", "tensorflow"):
        return [f"--model_name={name}"]  # else a canary would answer to its own name only
    if model.runtime not in LANGUAGE_RUNTIMES:
        return []
    served = f"--served-model-name={name}" if model.runtime == "vllm" else f"--model_name={name}"
    made = [
        served,
        f"--max-model-len={model.context_tokens}",
        f"--max-num-seqs={model.concurrent_sequences}",
        f"--dtype={DTYPES[model.precision]}",
    ]
    if replica.units_per_node > 1:
        made.append(f"--tensor-parallel-size={replica.units_per_node}")
    if replica.slices > 1:
        made.append(f"--gpu-memory-utilization={ENGINE_SHARE / replica.slices:.2f}")
    if model.precision == "fp8":
        made.append("--quantization=fp8")
    return made


def environment(model: ServedModel) -> list[Manifest]:
    """Environment of the runtime's container: where the weights are, and no look at the internet for them."""
    made = []
    if model.runtime == "vllm":
        made.append({"name": "MODEL_DIR", "value": MODEL_FOLDER})
    if model.runtime in LANGUAGE_RUNTIMES and not model.source.startswith("hf://"):
        made.append({"name": "HF_HUB_OFFLINE", "value": "1"})
    return made


def ports(model: ServedModel) -> list[Manifest]:
    """The container's port, where it is not the one that KServe takes for granted."""
    port = RUNTIMES[model.runtime].port
    return [] if port == 8080 else [{"containerPort": port, "protocol": "TCP"}]
