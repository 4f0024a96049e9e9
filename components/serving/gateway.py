"""The model gateway of a cluster: one door for all the models that its tenants may ask for.

Owns: one component for one cluster. Refuses to own: the objects themselves and where routes lead
(ringfence.planning.serving), and the gateway's controllers, which the add-ons bring.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.manifest import apply_manifests
from ringfence.planning.serving import gateway, routes
from ringfence.spec.platform import Platform


@dataclass(frozen=True, kw_only=True)
class ModelGatewayArgs:
    """Which cluster of which platform. The kubernetes provider comes with `opts`."""

    platform: Platform
    cluster: str


class ModelGateway(pulumi.ComponentResource):
    """A cluster's gateway. Create it after the ai-gateway add-on and the cluster's own models.

    It needs the Secrets that its objects name, in the namespace `ringfence-gateway`: `model-clients` (a key for each
    client), `models-tls` where the cluster has a domain, and the credentials of other gateways and services. Raises
    ringfence.planning.serving.routes.RouteError for fallbacks in a circle.
    """

    address: pulumi.Output[str]
    """URL of the gateway."""
    routes: pulumi.Output[dict[str, list[str]]]
    """Model to where it is answered, in order, as a person would say it."""
    left_out: pulumi.Output[dict[str, list[str]]]
    """Model to the places that may not answer, each with the reason."""

    def __init__(self, name: str, args: ModelGatewayArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:ModelGateway", name, {}, opts)
        manifests = gateway.gateway_manifests(args.platform, args.cluster)
        apply_manifests(name, manifests, pulumi.ResourceOptions(parent=self))
        planned = routes.routes_of(args.platform, args.cluster)
        self.address = pulumi.Output.from_input(gateway.address(args.platform, args.cluster))
        self.routes = pulumi.Output.from_input({route.model: route.steps for route in planned if route.targets})
        self.left_out = pulumi.Output.from_input({route.model: route.reasons for route in planned if route.left_out})
        self.register_outputs({"address": self.address, "routes": self.routes, "leftOut": self.left_out})
