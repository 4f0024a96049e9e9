"""On each cluster: its add-ons, then what its role needs, then queues and tenants, then models and their gateway.

Owns: that order. Refuses to own: what is inside the components.
"""

from __future__ import annotations

import pulumi

from components.addons.install import Target
from components.addons.stack import AddOns, AddOnsArgs
from components.serving.gateway import ModelGateway, ModelGatewayArgs
from components.serving.model import ServedModel, ServedModelArgs
from components.tenancy.queue import ClusterQueues, ClusterQueuesArgs
from components.tenancy.tenant import Tenant, TenantArgs
from ringfence.planning import lineage
from ringfence.spec import Platform
from ringfence.spec.site import EdgeSite
from stacks import datacentre, edge
from stacks.parts import Built, BuiltCluster


def furnish(built: Built, cluster: BuiltCluster) -> None:
    """Put everything that runs inside a cluster on it."""
    installed = add_ons(cluster)
    if cluster.part.spec.role == "management":
        datacentre.host(built, cluster, installed)
        return
    at_edge = edge.equip(built, cluster, installed) if isinstance(cluster.part.site, EdgeSite) else None
    tenants = tenancy(built, cluster, installed)
    after: list[pulumi.Resource] = list(tenants.values())
    platform = built.settings.platform
    if at_edge is not None:
        cache, platform = edge.cache_models(built, cluster, at_edge, after)
        after = [*after, *cache]
    serving(built, platform, cluster, after)


def serving(built: Built, platform: Platform, cluster: BuiltCluster, after: list[pulumi.Resource]) -> None:
    """Put the models that are placed here on the cluster, and the gateway in front of them."""
    name = cluster.part.name
    models: list[pulumi.Resource] = [
        ServedModel(
            f"{name}-{model}",
            ServedModelArgs(platform=platform, cluster=name, model=model),
            pulumi.ResourceOptions(providers=[cluster.provider], depends_on=after),
        )
        for model in lineage.models_on_cluster(platform, name)
    ]
    if "ai-gateway" in cluster.part.plan.context.add_ons:
        gateway = ModelGateway(
            f"{name}-gateway",
            ModelGatewayArgs(platform=platform, cluster=name),
            pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[*after, *models]),
        )
        built.gateways[name] = gateway.address


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


def tenancy(built: Built, cluster: BuiltCluster, installed: AddOns) -> dict[str, Tenant]:
    """Put the queues and the tenants on a workload cluster."""
    platform, part = built.settings.platform, cluster.part
    kueue = "kueue" in part.plan.context.add_ons
    queues = ClusterQueues(
        f"{part.name}-queues",
        ClusterQueuesArgs(platform=platform, cluster=part.name, kueue=kueue),
        pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[installed]),
    )
    return {
        name: Tenant(
            f"{part.name}-{name}",
            TenantArgs(platform=platform, cluster=part.name, tenant=name, kueue=kueue),
            pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[queues]),
        )
        for name, tenant in platform.tenants.items()
        if part.name in tenant.clusters
    }
