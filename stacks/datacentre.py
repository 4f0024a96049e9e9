"""Data centres and edge sites: clusters whose control plane is hosted by another one, or runs on its own nodes.

Owns: which management cluster a hosted control plane is put on, and how each is reached. Refuses to own: what is inside
the components.
"""

from __future__ import annotations

import pulumi

from components.onprem.bare_metal import BareMetalPool, BareMetalPoolArgs
from components.onprem.hosted_control_plane import HostedControlPlane, HostedControlPlaneArgs
from ringfence.spec.cluster import EmbeddedControlPlane
from ringfence.spec.cluster import HostedControlPlane as HostedSpec
from ringfence.spec.data import Dataset
from stacks.parts import Built, BuiltCluster, ClusterPart, cluster_provider


def cluster(built: Built, part: ClusterPart) -> BuiltCluster:
    """Create, or reach, a cluster that is not in a cloud."""
    plane = part.spec.control_plane
    if isinstance(plane, HostedSpec):
        return _hosted(built, part, built.clusters[plane.management_cluster])
    assert isinstance(plane, EmbeddedControlPlane)
    endpoint = pulumi.Output.from_input(f"https://{plane.address}:{plane.port}")
    return BuiltCluster(part=part, provider=cluster_provider(built.settings, part), endpoint=endpoint)


def _hosted(built: Built, part: ClusterPart, host: BuiltCluster) -> BuiltCluster:
    on_host = pulumi.ResourceOptions(providers=[host.provider])
    registry = part.context.registry
    args = HostedControlPlaneArgs(cluster_name=part.name, cluster=part.spec, tags=part.tags, registry=registry)
    component = HostedControlPlane(part.name, args, on_host)
    for pool in part.spec.pools:
        BareMetalPool(
            f"{part.name}-{pool}",
            BareMetalPoolArgs(
                cluster_name=part.name,
                cluster=part.spec,
                pool_name=pool,
                site=part.site_name,
                tags=part.tags,
                registry=registry,
                k0s_in_image=not part.context.connected,
            ),
            pulumi.ResourceOptions(providers=[host.provider], depends_on=[component]),
        )
    provider = cluster_provider(built.settings, part, component.kubeconfig)
    return BuiltCluster(
        part=part, provider=provider, endpoint=component.endpoint, component=component, namespace=part.name
    )


def dataset(built: Built, name: str, spec: Dataset) -> pulumi.Output[str]:
    """Create the store of a dataset that rests in a data centre; the result is its URI."""
    raise pulumi.RunError(f"datasets.{name}: a dataset's home must be a cloud site")
