"""Runtimes: what each is called on a cluster, and how a model's needs are said to it.

Owns: names, formats, arguments and ports. Refuses to own: the ClusterServingRuntimes themselves (the kserve-runtimes
add-on), whose images are pinned there.
"""

from __future__ import annotations

from ringfence.planning.serving.replica import LANGUAGE_RUNTIMES, Replica
from ringfence.planning.tenancy.names import Manifest
from ringfence.spec.model import Runtime, ServedModel

MODEL_FORMATS: dict[str, str] = {
    "vllm": "vLLM",
    "huggingface": "huggingface",
    "triton": "triton",
    "torchserve": "pytorch",
    "tensorflow": "tensorflow",
    "sklearn": "sklearn",
}
"""Runtime to the format that its ClusterServingRuntime takes (kserve/kserve, config/runtimes)."""

DTYPES = {"fp32": "float32", "bf16": "bfloat16", "fp16": "float16", "fp8": "auto", "int8": "auto", "int4": "auto"}
"""Precision to vLLM's --dtype. Below 16 bit the weights themselves say how they were quantised."""

METRICS_PORTS = {"vllm": 8080, "huggingface": 8080, "triton": 8002}
"""Runtimes with metrics, and where. KServe's own port is 8080; Triton keeps a port of its own for them."""


def runtime_name(runtime: Runtime) -> str:
    """ClusterServingRuntime of a runtime."""
    return f"ringfence-{runtime}"


def model_format(runtime: Runtime) -> str:
    """The model format that the runtime takes."""
    return MODEL_FORMATS[runtime]


def metrics_port(runtime: Runtime) -> int | None:
    """Where pods of the runtime answer /metrics; None where they do not."""
    return METRICS_PORTS.get(runtime)


def arguments(name: str, model: ServedModel, replica: Replica) -> list[str]:
    """Arguments of the runtime's container; `name` is what callers put into `model`."""
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
    if model.precision == "fp8":
        made.append("--quantization=fp8")
    return made


def environment(model: ServedModel) -> list[Manifest]:
    """Environment of the runtime's container: no look at the internet unless the weights come from there."""
    if model.runtime in LANGUAGE_RUNTIMES and not model.source.startswith("hf://"):
        return [{"name": "HF_HUB_OFFLINE", "value": "1"}]
    return []
