"""On each cluster: its add-ons, then its queues and tenants, then its models and their gateway.

Owns: that order. Refuses to own: what is inside the components.
"""

from __future__ import annotations

import pulumi

from components.addons.install import Target
from components.addons.stack import AddOns, AddOnsArgs
from stacks.parts import Built, BuiltCluster


def furnish(built: Built, cluster: BuiltCluster) -> None:
    """Put everything that runs inside a cluster on it."""
    add_ons(cluster)


def add_ons(cluster: BuiltCluster) -> AddOns:
    """Install the cluster's add-ons."""
    part = cluster.part
    target = Target(
        cluster=part.name,
        delivery=part.spec.delivery,
        registry=part.context.registry,
        labels=part.tags.kubernetes(),
        depends_on=[cluster.component] if cluster.component else [],
    )
    return AddOns(
        f"{part.name}-add-ons",
        AddOnsArgs(plan=part.plan, target=target),
        pulumi.ResourceOptions(providers=[cluster.provider]),
    )
