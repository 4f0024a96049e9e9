"""A pool of bare-metal workers of a hosted cluster.

Owns: BareMetalPool. Refuses to own: what its objects say (ringfence.planning.onprem) and the secrets of the machines'
controllers, which it refers to by name. The Kubernetes provider is the management cluster's, inherited from `opts`.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.manifest import apply_manifest, manifest_key, resource_name
from ringfence.planning import capacity
from ringfence.planning.labels import Tags
from ringfence.planning.onprem.addresses import NodeAddresses
from ringfence.planning.onprem.bare_metal import bare_metal_pool
from ringfence.planning.onprem.hosted import hosted_cluster
from ringfence.planning.onprem.machines import pool_manifests
from ringfence.planning.onprem.objects import Manifest
from ringfence.spec.cluster import Cluster


@dataclass(frozen=True, kw_only=True)
class BareMetalPoolArgs:
    """What a pool of machines is made from."""

    cluster_name: str
    cluster: Cluster
    """Its control plane is of kind `hosted`."""
    pool_name: str
    """One of the cluster's pools; it names its machines."""
    site: str
    """The site where the machines stand."""
    tags: Tags
    registry: str | None = None
    """The site's own mirror, host and path, that the machines pull from; None is the public registries."""
    k0s_in_image: bool = False
    """The operating system image carries k0s: nothing is downloaded when a machine joins. Needed without internet."""
    secure_boot: bool = False
    addresses: NodeAddresses | None = None
    """Static addresses; None leaves them to the site's DHCP."""


class BareMetalPool(pulumi.ComponentResource):
    """Hosts, and the deployment that turns them into nodes of the cluster.

    Raises KeyError for a pool that the cluster does not have, and ringfence.planning.onprem.objects.PlanError for one
    that cannot be built from what the file says.
    """

    hosts: pulumi.Output[list[str]]
    """Names of the BareMetalHosts."""
    nodes: pulumi.Output[int]
    """How many nodes the pool can have."""
    resources: pulumi.Output[dict[str, int]]
    """What one node offers to pods beside CPU and memory, such as {nvidia.com/gpu: 8}."""

    def __init__(self, name: str, args: BareMetalPoolArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:BareMetalPool", name, {}, opts)
        spec = args.cluster.pools[args.pool_name]
        pool = bare_metal_pool(
            hosted_cluster(args.cluster_name, args.cluster, args.tags.kubernetes(), registry=args.registry),
            args.pool_name,
            spec,
            args.site,
            addresses=args.addresses,
            secure_boot=args.secure_boot,
            k0s_in_image=args.k0s_in_image,
        )
        rows = capacity.pool_capacity(
            args.pool_name, spec, where=f"clusters.{args.cluster_name}.pools.{args.pool_name}"
        )
        self._made = self._apply(name, pool_manifests(pool))
        self.hosts = pulumi.Output.from_input(list(spec.machines))
        self.nodes = pulumi.Output.from_input(spec.largest)
        self.resources = pulumi.Output.from_input(
            {row.resource: row.units_per_node for row in rows if row.resource != capacity.CPU}
        )
        self.register_outputs({"hosts": self.hosts, "nodes": self.nodes, "resources": self.resources})

    def _apply(self, name: str, manifests: list[Manifest]) -> dict[str, pulumi.CustomResource]:
        """Each after the ones before it. A template keeps its Pulumi name when its Kubernetes name, which carries a
        digest, changes: it is replaced, the new one first."""
        made: dict[str, pulumi.CustomResource] = {}
        for manifest in manifests:
            named = manifest["kind"].endswith("Template")
            stable = f"{name}-{manifest['kind'].lower()}" if named else resource_name(name, manifest)
            made[manifest_key(manifest)] = apply_manifest(stable, manifest, self._after(manifest, made))
        return made

    def _after(self, manifest: Manifest, made: dict[str, pulumi.CustomResource]) -> pulumi.ResourceOptions:
        """The deployment comes after the templates it names, and the health check after the deployment."""
        first = list(made.values()) if manifest["kind"] in ("MachineDeployment", "MachineHealthCheck") else []
        return pulumi.ResourceOptions(parent=self, depends_on=first)
