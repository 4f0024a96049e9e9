"""Models: what is served, where it came from, how much of it is asked for and where requests may fall back to.

Owns: what a model may say. Refuses to own: memory and throughput arithmetic (ringfence.planning).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from ringfence.spec.base import Count, Name, Percent, PositiveInt, Spec
from ringfence.spec.data import DeIdentification

Precision = Literal["fp32", "bf16", "fp16", "fp8", "int8", "int4"]
Runtime = Literal["vllm", "huggingface", "triton", "torchserve", "tensorflow", "sklearn"]
WEIGHTS_PATTERN = r"^(oci|s3|gs|pvc|hf|https)://[^\s@/]+(/\S*)?$"
WeightsUri = Annotated[str, StringConstraints(pattern=WEIGHTS_PATTERN)]


class Lineage(Spec):
    """What a model was made from: it inherits the classes of all of it."""

    trained_on: tuple[Name, ...] = ()
    """Datasets of this platform."""
    fine_tuned_from: tuple[Name, ...] = ()
    """Models of this platform."""
    de_identified: DeIdentification | None = None
    """Declared where the result carries none of its sources' classes."""


class Demand(Spec):
    """How much is asked of a model."""

    tokens_per_day: Count = 0
    """Input and output tokens together."""
    peak_requests_per_second: Annotated[float, Field(ge=0, le=1e9)] = 0.0
    input_tokens: PositiveInt = 1000
    """Of a typical request."""
    output_tokens: PositiveInt = 300


class Latency(Spec):
    """What users were promised, at the 95th percentile."""

    first_token_ms: PositiveInt | None = None
    per_token_ms: PositiveInt | None = None


class Autoscaling(Spec):
    """How many replicas, and what decides it."""

    min_replicas: Count = 1
    max_replicas: PositiveInt = 1
    metric: Literal["concurrency", "tokens-per-second", "gpu-utilisation", "queue-length"] = "concurrency"
    target: PositiveInt = 8
    """In the metric's own unit, for one replica."""


class Canary(Spec):
    """A new version that gets part of the traffic."""

    source: WeightsUri
    percent: Percent


class Fallback(Spec):
    """The next place to try when the one before it does not answer."""

    model: Name
    """Another model of this platform, weights or API."""


class Placement(Spec):
    """Where replicas of a model run."""

    cluster: Name
    pool: Name
    profile: str | None = None
    """MIG profile, where the pool is cut into several."""


class ServedModel(Spec):
    """Weights that run on our own clusters."""

    kind: Literal["weights"]
    tenant: Name
    source: WeightsUri
    """Where replicas read the weights from; oci:// and s3:// work without the internet."""
    runtime: Runtime
    precision: Precision = "bf16"
    parameters_billions: Annotated[float, Field(gt=0, le=1e6)]
    context_tokens: PositiveInt = 8192
    """Longest request and answer together that one sequence may have."""
    concurrent_sequences: PositiveInt = 8
    """Sequences of full length that one replica must hold in memory."""
    accelerators_per_replica: PositiveInt = 1
    """Devices (or MIG instances) of one replica; tensor parallelism."""
    placements: tuple[Placement, ...] = Field(min_length=1)
    lineage: Lineage = Lineage()
    prompt_classes: tuple[Name, ...] = ()
    """Classes of what people send it."""
    demand: Demand = Demand()
    latency: Latency = Latency()
    autoscaling: Autoscaling = Autoscaling()
    canary: Canary | None = None
    fallbacks: tuple[Fallback, ...] = ()
    """In order."""


class ApiModel(Spec):
    """A model that somebody else serves."""

    kind: Literal["api"]
    tenant: Name
    service: Name
    """One of the platform's external services: it says where prompts go and under whose law."""
    model_id: str
    """As the service names it."""
    prompt_classes: tuple[Name, ...] = ()
    demand: Demand = Demand()
    fallbacks: tuple[Fallback, ...] = ()


Model = Annotated[ServedModel | ApiModel, Field(discriminator="kind")]
