"""A model on a cluster: the service that runs it, and what goes with it.

Owns: one component for one model on one cluster. Refuses to own: the objects themselves (ringfence.planning.serving),
the gateway in front (gateway.py), and KServe, which the add-on brings.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.manifest import apply_manifests
from ringfence.planning.serving import models
from ringfence.planning.serving.replica import replica_of
from ringfence.spec.platform import Platform


@dataclass(frozen=True, kw_only=True)
class ServedModelArgs:
    """Which model on which cluster of which platform. The kubernetes provider comes with `opts`."""

    platform: Platform
    cluster: str
    model: str


class ServedModel(pulumi.ComponentResource):
    """A model's replicas on a cluster. Create it after its owner's Tenant, in whose models' namespace it runs.

    Raises ringfence.planning.serving.replica.ServingError for a model that cannot be served as the file says.
    """

    namespace: pulumi.Output[str]
    """Where it runs: the owner's namespace for models."""
    services: pulumi.Output[list[str]]
    """InferenceServices (or the LLMInferenceService): the model's own, and its canary's where it has one."""
    accelerators: pulumi.Output[int]
    """Units of one replica: devices, or parts of one."""

    def __init__(self, name: str, args: ServedModelArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:ServedModel", name, {}, opts)
        manifests = models.served_model_manifests(args.platform, args.model, args.cluster)
        apply_manifests(name, manifests, pulumi.ResourceOptions(parent=self))
        kinds = ("InferenceService", "LLMInferenceService")
        served = [each["metadata"] for each in manifests if each["kind"] in kinds]
        self.namespace = pulumi.Output.from_input(served[0]["namespace"])
        self.services = pulumi.Output.from_input([each["name"] for each in served])
        self.accelerators = pulumi.Output.from_input(replica_of(args.platform, args.model, args.cluster).units)
        self.register_outputs(
            {"namespace": self.namespace, "services": self.services, "accelerators": self.accelerators}
        )
