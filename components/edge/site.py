"""An edge site: a box or three that keep working when nobody can reach them.

Owns: EdgeSite. Refuses to own: what its objects say (ringfence.planning.onprem), its models (model_cache.py), its
add-ons (components.addons), and a control plane that the parent hosts (components.onprem). The Kubernetes provider is
the site's own, inherited from `opts`; at a pull site nobody uses it, and the same objects go into its bundle.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi

from components.manifest import apply_manifests
from ringfence.planning.labels import Tags
from ringfence.planning.onprem.edge_bundle import bootstrap_of, site_manifests
from ringfence.planning.onprem.edge_site import EdgePlan, edge_plan
from ringfence.planning.onprem.k0sctl import k0sctl_yaml
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane
from ringfence.spec.site import EdgeSite as EdgeSiteSpec


@dataclass(frozen=True, kw_only=True)
class EdgeSiteArgs:
    """What an edge site is made from."""

    site_name: str
    site: EdgeSiteSpec
    cluster_name: str
    cluster: Cluster
    """One to three nodes; its control plane is embedded, or hosted by the parent site."""
    tags: Tags
    parent_registry: str | None = None
    """The parent's registry, host and path, for what the site's own lacks; never for a disconnected site."""
    metrics_url: str | None = None
    """OTLP over HTTP at the parent, such as https://metrics.fra.example/api/v1/otlp/v1/metrics; None keeps them."""
    logs_url: str | None = None
    """The same for logs, such as https://logs.fra.example/otlp/v1/logs."""
    signature_secret: str = "site-signature"
    """Secret in flux-system with the public key that must have signed the site's manifests."""
    registry_gib: int = 200
    telemetry_gib: int = 20
    """Disk for what waits to be forwarded or carried out, on each node."""
    host_addresses: Mapping[str, str] = field(default_factory=dict)
    """Host to address; planned when empty."""
    helm: Mapping[str, Any] = field(default_factory=dict)
    """Charts that k0s itself installs at bootstrap: Flux at a pull site (planning.addons.k0s_helm_extension)."""

    def plan(self) -> EdgePlan:
        """The plain plan behind the site; raises PlanError for one that cannot be."""
        return edge_plan(
            self.site_name,
            self.site,
            self.cluster_name,
            self.cluster,
            self.tags.kubernetes(),
            parent_registry=self.parent_registry,
            metrics_url=self.metrics_url,
            logs_url=self.logs_url,
            signature_secret=self.signature_secret,
            registry_gib=self.registry_gib,
            telemetry_gib=self.telemetry_gib,
            addresses=self.host_addresses,
        )


class EdgeSite(pulumi.ComponentResource):
    """Registry, store-and-forward telemetry, and pull delivery of one site.

    Raises ringfence.planning.onprem.objects.PlanError for a site that cannot work as the file says.
    """

    endpoint: pulumi.Output[str]
    """URL of the cluster's API."""
    registry: pulumi.Output[str]
    """Host of the site's registry, from which everything on it comes."""
    registry_address: pulumi.Output[str]
    """Address that the registry's name must resolve to."""
    k0sctl: pulumi.Output[str]
    """Configuration for `k0sctl apply`, which makes the cluster; empty where the parent hosts the control plane."""
    forwards_to: pulumi.Output[list[str]]
    """URLs that anything of the site's telemetry is sent to; empty where it all stays."""

    def __init__(self, name: str, args: EdgeSiteArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:EdgeSite", name, {}, opts)
        plan = args.plan()
        self._made = apply_manifests(name, site_manifests(plan), pulumi.ResourceOptions(parent=self))
        plane = args.cluster.control_plane
        embedded = isinstance(plane, EmbeddedControlPlane)
        bootstrap = k0sctl_yaml(bootstrap_of(plan, args.helm)) if embedded else ""
        address = getattr(plane, "address", "")
        self.endpoint = pulumi.Output.from_input(f"https://{address}:{getattr(plane, 'port', 6443)}")
        self.registry = pulumi.Output.from_input(plan.registry)
        self.registry_address = pulumi.Output.from_input(plan.addresses[plan.first_host])
        self.k0sctl = pulumi.Output.from_input(bootstrap)
        self.forwards_to = pulumi.Output.from_input([url for url in (plan.metrics_url, plan.logs_url) if url])
        self.register_outputs(
            {
                "endpoint": self.endpoint,
                "registry": self.registry,
                "registryAddress": self.registry_address,
                "k0sctl": self.k0sctl,
                "forwardsTo": self.forwards_to,
            }
        )
