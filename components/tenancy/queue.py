"""How a cluster's tenants share it: roles, admission policies, flavours, cohorts and queues.

Owns: one component for what a cluster has once. Refuses to own: the objects themselves (ringfence.planning.tenancy)
and tenants' namespaces (tenant.py).
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.manifest import apply_manifests
from ringfence.planning import tenancy
from ringfence.spec.platform import Platform


@dataclass(frozen=True, kw_only=True)
class ClusterQueuesArgs:
    """Which cluster of which platform. The kubernetes provider comes with `opts`."""

    platform: Platform
    cluster: str
    kueue: bool = True
    """Whether Kueue is on the cluster; without it there are roles and admission policies, but no queues."""


class ClusterQueues(pulumi.ComponentResource):
    """What keeps tenants of a cluster apart and shares its pools between them.

    Create it after the add-ons: queues are Kueue's kinds. Raises ringfence.planning.tenancy.TenancyError for tenants
    whose namespaces clash, and ringfence.planning.capacity.CapacityError for quotas that the pools cannot carry.
    """

    queues: pulumi.Output[list[str]]
    """ClusterQueues, the ones that lend what nobody was guaranteed among them."""
    cohorts: pulumi.Output[list[str]]
    """One for each kind of unit."""

    def __init__(self, name: str, args: ClusterQueuesArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:ClusterQueues", name, {}, opts)
        manifests = tenancy.cluster_manifests(args.platform, args.cluster, queues=args.kueue)
        apply_manifests(name, manifests, pulumi.ResourceOptions(parent=self))
        names = {
            kind: [each["metadata"]["name"] for each in manifests if each["kind"] == kind]
            for kind in ("ClusterQueue", "Cohort")
        }
        self.queues = pulumi.Output.from_input(names["ClusterQueue"])
        self.cohorts = pulumi.Output.from_input(names["Cohort"])
        self.register_outputs({"queues": self.queues, "cohorts": self.cohorts})
