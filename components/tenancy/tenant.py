"""A tenant on a cluster: its namespaces with their bounds, who may do what in them, and whom their pods may talk to.

Owns: one component for one tenant on one cluster. Refuses to own: the objects themselves, which
ringfence.planning.tenancy plans, and what the cluster has once (queue.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.manifest import apply_manifests
from ringfence.planning import tenancy
from ringfence.spec.platform import Platform


@dataclass(frozen=True, kw_only=True)
class TenantArgs:
    """Which tenant on which cluster of which platform. The kubernetes provider comes with `opts`."""

    platform: Platform
    cluster: str
    tenant: str
    kueue: bool = True
    """Whether Kueue is on the cluster; without it there are no local queues."""


class Tenant(pulumi.ComponentResource):
    """A tenant's place on a cluster. Create it after the cluster's ClusterQueues, whose queues it submits to.

    Raises ringfence.planning.tenancy.TenancyError for a tenant that the file does not put on the cluster.
    """

    namespaces: pulumi.Output[list[str]]
    """The tenant's namespaces; the models' one is last where the cluster serves any for it."""
    queues: pulumi.Output[list[str]]
    """Names for the label kueue.x-k8s.io/queue-name: one for each kind of unit that the tenant has a share of."""

    def __init__(self, name: str, args: TenantArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:Tenant", name, {}, opts)
        manifests = tenancy.tenant_manifests(args.platform, args.cluster, args.tenant, queues=args.kueue)
        apply_manifests(name, manifests, pulumi.ResourceOptions(parent=self))
        names = {
            kind: [each["metadata"]["name"] for each in manifests if each["kind"] == kind]
            for kind in ("Namespace", "LocalQueue")
        }
        self.namespaces = pulumi.Output.from_input(names["Namespace"])
        self.queues = pulumi.Output.from_input(sorted(set(names["LocalQueue"])))
        self.register_outputs({"namespaces": self.namespaces, "queues": self.queues})
