"""Data centres: management clusters, and clusters whose control plane they host.

Owns: which management cluster a hosted control plane is put on, and how each cluster is reached. Refuses to own:
what is inside the components, and edge sites (edge.py).
"""

from __future__ import annotations

import pulumi

from components.addons.stack import AddOns
from components.onprem.bare_metal import BareMetalPool, BareMetalPoolArgs
from components.onprem.hosted_control_plane import HostedControlPlane, HostedControlPlaneArgs
from components.onprem.management import ManagementCluster, ManagementClusterArgs
from ringfence.planning.addons import AddOnPlan, k0s_helm_extension
from ringfence.planning.checks.onprem import hosted_by
from ringfence.planning.onprem.objects import PlanError
from ringfence.spec.cluster import EmbeddedControlPlane
from ringfence.spec.cluster import HostedControlPlane as Hosted
from stacks.parts import Built, BuiltCluster, ClusterPart, cluster_provider


def cluster(built: Built, part: ClusterPart) -> BuiltCluster:
    """Create a hosted cluster, or reach one that runs its own control plane."""
    plane = part.spec.control_plane
    if isinstance(plane, Hosted):
        return _hosted(built, part, built.clusters[plane.management_cluster])
    if not isinstance(plane, EmbeddedControlPlane):
        raise pulumi.RunError(f"clusters.{part.name}: a {plane.kind} control plane is a cloud's")
    endpoint = pulumi.Output.from_input(f"https://{plane.address}:{plane.port}")
    return BuiltCluster(part=part, provider=cluster_provider(built.settings, part), endpoint=endpoint)


def host(built: Built, cluster: BuiltCluster, installed: AddOns) -> None:
    """Make a management cluster able to host: after its add-ons, before the clusters that it hosts."""
    part, platform = cluster.part, built.settings.platform
    args = ManagementClusterArgs(
        cluster_name=part.name,
        cluster=part.spec,
        hosted=hosted_by(platform, part.name),
        tags=part.tags,
        registry=part.context.registry,
        connected=part.context.connected,
        helm=bootstrap_charts(part.plan),
    )
    opts = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[installed])
    component = planned(part.name, lambda: ManagementCluster(part.name, args, opts))
    built.bootstrap[part.name] = component.k0sctl
    built.hosts[part.name] = component


def _hosted(built: Built, part: ClusterPart, on: BuiltCluster) -> BuiltCluster:
    registry = part.context.registry
    args = HostedControlPlaneArgs(cluster_name=part.name, cluster=part.spec, tags=part.tags, registry=registry)
    opts = pulumi.ResourceOptions(providers=[on.provider], depends_on=[built.hosts[on.part.name]])
    component = planned(part.name, lambda: HostedControlPlane(part.name, args, opts))
    for pool in part.spec.pools:
        pool_args = BareMetalPoolArgs(
            cluster_name=part.name,
            cluster=part.spec,
            pool_name=pool,
            site=part.site_name,
            tags=part.tags,
            registry=registry,
            k0s_in_image=not part.context.connected,
        )
        pool_opts = pulumi.ResourceOptions(providers=[on.provider], depends_on=[component])
        planned(part.name, lambda name=pool, a=pool_args, o=pool_opts: BareMetalPool(f"{part.name}-{name}", a, o))
    provider = cluster_provider(built.settings, part, component.kubeconfig)
    return BuiltCluster(part=part, provider=provider, endpoint=component.endpoint, component=component)


def bootstrap_charts(plan: AddOnPlan) -> dict:
    """The charts that k0s itself installs before anybody can deliver anything: Flux, where a cluster has it."""
    first = [add_on for add_on in plan.add_ons if add_on.row.bootstrap and add_on.row.chart]
    extensions = [k0s_helm_extension(add_on, order, plan.context.registry) for order, add_on in enumerate(first, 1)]
    if not extensions:
        return {}
    return {key: [row for each in extensions for row in each[key]] for key in ("repositories", "charts")}


def planned(where: str, make):
    """What `make` returns; a planner's refusal becomes a message without a traceback."""
    try:
        return make()
    except PlanError as error:
        raise pulumi.RunError(f"clusters.{where}: {error}") from None
