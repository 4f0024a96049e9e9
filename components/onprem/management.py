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
from ringfence.planning.onprem.k0sctl import Bootstrap, k0sctl_yaml
from ringfence.planning.onprem.management import ManagementCluster as Plan
from ringfence.planning.onprem.management import hosted_load, management_stages, namespaces
from ringfence.planning.onprem.management_plan import bootstrap_plan, embedded_plane, management_plan
from ringfence.planning.onprem.metal3 import AgentImages
from ringfence.spec.cluster import Cluster


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

    def plan(self) -> Plan:
        """The plain plan behind the cluster; raises PlanError for one that cannot be."""
        return management_plan(
            self.cluster_name,
            self.cluster,
            self.hosted,
            self.tags.kubernetes(),
            registry=self.registry,
            connected=self.connected,
            agent=self.agent,
            interface=self.provisioning_interface,
            addresses=self.host_addresses,
        )

    def bootstrap(self, plan: Plan) -> Bootstrap:
        """How the cluster itself comes to be."""
        return bootstrap_plan(plan, addresses=self.host_addresses, helm=self.helm)


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
        plan = args.plan()
        self._create(name, plan)
        load = hosted_load(plan.hosted)
        plane = embedded_plane(args.cluster_name, args.cluster)
        self.endpoint = pulumi.Output.from_input(f"https://{plane.address}:{plane.port}")
        self.k0sctl = pulumi.Output.from_input(k0sctl_yaml(args.bootstrap(plan)))
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
