"""A management cluster: the one in a data centre that hosts other clusters' control planes and drives their machines.

Owns: ManagementCluster. Refuses to own: what its objects say (ringfence.planning.onprem), its add-ons (cert-manager,
Cluster API's operator, Flux, MetalLB, storage and registry: components.addons, which come first) and what it hosts
(hosted_control_plane.py, bare_metal.py). The Kubernetes provider is the cluster's own, inherited from `opts`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.manifest import apply_manifests
from ringfence.planning.labels import Tags
from ringfence.planning.onprem import kamaji
from ringfence.planning.onprem.hosted import HostedCluster, etcd_demand, hosted_cluster
from ringfence.planning.onprem.k0sctl import Bootstrap, host_names, k0sctl_yaml
from ringfence.planning.onprem.management import ManagementCluster as Plan
from ringfence.planning.onprem.management import hosted_load, management_stages, namespaces, own_etcd
from ringfence.planning.onprem.metal3 import AgentImages, Provisioning, agent_images_beside
from ringfence.planning.onprem.objects import PlanError
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane


@dataclass(frozen=True, kw_only=True)
class ManagementClusterArgs:
    """What a management cluster is made from."""

    cluster_name: str
    cluster: Cluster
    """Of role `management`, with an embedded control plane."""
    hosted: Mapping[str, Cluster]
    """The clusters whose control planes it hosts, by name."""
    tags: Tags
    registry: str | None = None
    """The site's own mirror, host and path; None pulls from the public registries."""
    connected: bool = True
    """False where the site cannot reach the internet."""
    agent: AgentImages | None = None
    """Ironic's ramdisk; looked for beside the first bare-metal pool's image when unset and not connected."""
    provisioning_interface: str | None = None
    """Network device on which keepalived keeps Ironic's address; unset keeps Ironic on the first host."""
    host_addresses: Mapping[str, str] = field(default_factory=dict)
    """Host to address; planned after the API's address when empty."""
    helm: Mapping[str, Any] = field(default_factory=dict)
    """Charts that k0s itself installs at bootstrap (ringfence.planning.addons.k0s_helm_extension)."""


class ManagementCluster(pulumi.ComponentResource):
    """Cluster API with Metal3 and k0smotron or Kamaji, Ironic, and addresses for the APIs it hosts.

    Raises ringfence.planning.onprem.objects.PlanError for a cluster that cannot host what it is asked to.
    """

    endpoint: pulumi.Output[str]
    """URL of its own API."""
    k0sctl: pulumi.Output[str]
    """Configuration for `k0sctl apply`, which makes the cluster before Pulumi can talk to it."""
    namespaces: pulumi.Output[list[str]]
    """Namespaces of its controllers."""
    providers: pulumi.Output[list[str]]
    """Kinds of control plane that it can host."""
    hosted_load: pulumi.Output[dict[str, int]]
    """What the hosted control planes ask for together: millicpus, mebibytes and storageGib."""

    def __init__(self, name: str, args: ManagementClusterArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:ManagementCluster", name, {}, opts)
        plan = management_plan(args)
        self._create(name, plan)
        load = hosted_load(plan.hosted)
        plane = _embedded(args)
        self.endpoint = pulumi.Output.from_input(f"https://{plane.address}:{plane.port}")
        self.k0sctl = pulumi.Output.from_input(k0sctl_yaml(bootstrap_plan(args, plan)))
        self.namespaces = pulumi.Output.from_input(list(namespaces(plan)))
        self.providers = pulumi.Output.from_input(sorted(plan.control_planes))
        self.hosted_load = pulumi.Output.from_input(
            {"millicpus": load.millicpus, "mebibytes": load.mebibytes, "storageGib": load.storage_gib}
        )
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "k0sctl": self.k0sctl,
                "namespaces": self.namespaces,
                "providers": self.providers,
                "hostedLoad": self.hosted_load,
            }
        )

    def _create(self, name: str, plan: Plan) -> None:
        """Stage by stage: the providers are refused until the core is there, Ironic until its operator is."""
        before: list[pulumi.Resource] = []
        for stage in management_stages(plan):
            child = pulumi.ResourceOptions(parent=self, depends_on=before)
            before = list(apply_manifests(name, stage, child).values())


def management_plan(args: ManagementClusterArgs) -> Plan:
    """The plain plan behind a management cluster; raises PlanError for one without an embedded control plane."""
    labels = args.tags.kubernetes()
    hosted = tuple(
        hosted_cluster(name, cluster, labels, registry=args.registry) for name, cluster in sorted(args.hosted.items())
    )
    plane = _embedded(args)
    hosts = host_names(args.cluster)
    first = hosts[0]
    agent = args.agent or (None if args.connected else _agent_of(hosted))
    address = args.host_addresses.get(first) or str(plane.address + (1 if len(hosts) > 1 else 0))
    if args.provisioning_interface:
        address = str(plane.address + len(hosts) + 1)
    return Plan(
        name=args.cluster_name,
        cluster=args.cluster,
        hosted=hosted,
        labels=labels,
        registry=args.registry,
        connected=args.connected,
        provisioning=Provisioning(address=address, interface=args.provisioning_interface, host=first, agent=agent),
    )


def bootstrap_plan(args: ManagementClusterArgs, plan: Plan) -> Bootstrap:
    """How the management cluster itself comes to be."""
    return Bootstrap(
        name=args.cluster_name,
        cluster=args.cluster,
        registry=args.registry,
        connected=args.connected,
        etcd=own_etcd(plan),
        addresses=args.host_addresses,
        helm=args.helm,
    )


def kamaji_values(hosted: Mapping[str, Cluster]) -> dict[str, Any]:
    """Values for the kamaji add-on of a management cluster, by the Kamaji clusters among those it hosts."""
    demands = [
        etcd_demand(cluster)
        for _, cluster in sorted(hosted.items())
        if getattr(cluster.control_plane, "provider", None) == "kamaji"
    ]
    return kamaji.etcd_values(demands) if demands else {}


def _agent_of(hosted: tuple[HostedCluster, ...]) -> AgentImages | None:
    images = [pool.image for one in hosted for pool in one.cluster.pools.values() if pool.image]
    return agent_images_beside(str(images[0])) if images else None


def _embedded(args: ManagementClusterArgs) -> EmbeddedControlPlane:
    plane = args.cluster.control_plane
    if not isinstance(plane, EmbeddedControlPlane):
        raise PlanError(
            f"clusters.{args.cluster_name} is a management cluster with a control plane of kind {plane.kind}",
            "a management cluster runs its own: kind: embedded",
        )
    return plane
