"""The network of a GKE cluster: a custom-mode VPC without a way to the internet.

Owns: the subnet and its ranges, the one route out (to Google's own APIs), names for them, the egress firewall, and
the range where Google puts managed file systems. Refuses to own: how ranges are cut (ringfence.planning.cloud.gcp).

There is no default route and no Cloud NAT: nodes reach Google's APIs and Artifact Registry through Private Google
Access and nothing else. What must come from elsewhere is mirrored into Artifact Registry first.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._gcp import gcp
from ringfence.planning.cloud.gcp import GOOGLE_DOMAINS, PRIVATE_GOOGLE_APIS, GcpNetworkPlan
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite

PODS_RANGE, SERVICES_RANGE = "pods", "services"
_MTU = 8896
"""The largest that Google Cloud takes (VPC documentation, "MTU"): fewer packets between accelerators."""


@dataclass(frozen=True, kw_only=True)
class GcpNetworkArgs:
    """What a network needs to know."""

    site: CloudSite
    plan: GcpNetworkPlan
    tags: Tags
    managed_services: bool
    """Whether Filestore or Managed Lustre stand in it."""


class GcpNetwork(pulumi.ComponentResource):
    """A VPC with one regional subnet, and private names for Google's APIs."""

    network_id: pulumi.Output[str]
    """The VPC."""
    subnetwork_id: pulumi.Output[str]
    """The region's subnet, with ranges for pods and services."""
    ready: list[pulumi.Resource]
    """What nodes must wait for: without route and names they cannot pull their first image."""
    managed_services: pulumi.Resource | None
    """The peering that managed file systems must wait for."""

    def __init__(self, name: str, args: GcpNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:GcpNetwork", name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        network = gcp.compute.Network(
            name,
            project=args.site.account,
            auto_create_subnetworks=False,
            delete_default_routes_on_create=True,
            routing_mode="REGIONAL",
            mtu=_MTU,
            opts=self._child,
        )
        self.network_id = network.id
        self.subnetwork_id = self._subnetwork()
        route = gcp.compute.Route(
            f"{name}-google-apis",
            project=args.site.account,
            network=self.network_id,
            dest_range=PRIVATE_GOOGLE_APIS,
            next_hop_gateway="default-internet-gateway",  # the name of the hop; these addresses never leave Google
            opts=self._child,
        )
        self._firewall()
        self.ready = [route, *(record for domain in GOOGLE_DOMAINS for record in self._private_names(domain))]
        self.managed_services = self._managed_services() if args.managed_services else None
        self.register_outputs({"networkId": self.network_id, "subnetworkId": self.subnetwork_id})

    def _subnetwork(self) -> pulumi.Output[str]:
        site, plan = self._args.site, self._args.plan
        subnetwork = gcp.compute.Subnetwork(
            self._name,
            project=site.account,
            region=site.region,
            network=self.network_id,
            ip_cidr_range=str(plan.nodes),
            secondary_ip_ranges=[
                {"range_name": PODS_RANGE, "ip_cidr_range": str(plan.pods)},
                {"range_name": SERVICES_RANGE, "ip_cidr_range": str(plan.services)},
            ],
            private_ip_google_access=True,
            log_config={
                "aggregation_interval": "INTERVAL_1_MIN",
                "flow_sampling": 1.0,
                "metadata": "INCLUDE_ALL_METADATA",
            },
            opts=self._child,
        )
        return subnetwork.id

    def _firewall(self) -> None:
        plan = self._args.plan
        inside = [str(plan.nodes), str(plan.pods), str(plan.services), str(plan.managed), PRIVATE_GOOGLE_APIS]
        self._egress("out", 1000, inside, allow=True)
        self._egress("no-way-out", 65000, ["0.0.0.0/0"], allow=False)

    def _egress(self, suffix: str, priority: int, ranges: list[str], *, allow: bool) -> None:
        gcp.compute.Firewall(
            f"{self._name}-{suffix}",
            project=self._args.site.account,
            network=self.network_id,
            direction="EGRESS",
            priority=priority,
            destination_ranges=ranges,
            allows=[{"protocol": "all"}] if allow else None,
            denies=None if allow else [{"protocol": "all"}],
            log_config=None if allow else {"metadata": "INCLUDE_ALL_METADATA"},
            opts=self._child,
        )

    def _private_names(self, domain: str) -> list[pulumi.Resource]:
        """Everything under a Google domain is at Private Google Access's addresses."""
        name, project = f"{self._name}-{domain.replace('.', '-')}", self._args.site.account
        zone = gcp.dns.ManagedZone(
            name,
            project=project,
            dns_name=f"{domain}.",
            description=f"{domain} without the internet",
            visibility="private",
            private_visibility_config={"networks": [{"network_url": self.network_id}]},
            labels=self._args.tags.gcp(),
            opts=self._child,
        )
        hosts = [f"199.36.153.{last}" for last in range(8, 12)]
        return [
            gcp.dns.RecordSet(
                f"{name}-addresses",
                project=project,
                managed_zone=zone.name,
                name=f"{domain}.",
                type="A",
                ttl=300,
                rrdatas=hosts,
                opts=self._child,
            ),
            gcp.dns.RecordSet(
                f"{name}-all",
                project=project,
                managed_zone=zone.name,
                name=f"*.{domain}.",
                type="CNAME",
                ttl=300,
                rrdatas=[f"{domain}."],
                opts=self._child,
            ),
        ]

    def _managed_services(self) -> pulumi.Resource:
        name, plan = f"{self._name}-managed", self._args.plan
        managed = gcp.compute.GlobalAddress(
            name,
            project=self._args.site.account,
            network=self.network_id,
            purpose="VPC_PEERING",
            address_type="INTERNAL",
            address=str(plan.managed.network_address),
            prefix_length=plan.managed.prefixlen,
            labels=self._args.tags.gcp(),
            opts=self._child,
        )
        return gcp.servicenetworking.Connection(
            name,
            network=self.network_id,
            service="servicenetworking.googleapis.com",
            reserved_peering_ranges=[managed.name],
            opts=self._child,
        )
