"""The network of an AKS cluster: a virtual network that reaches nothing but itself, private endpoints and Entra ID.

Owns: subnets, the rules at their border, the one way out, private names and private endpoints. Refuses to own: how
ranges are cut (ringfence.planning.cloud.azure).

Workload identity trades tokens with Entra ID, which has no private endpoint: so there is a NAT gateway, and a rule that
lets nodes and pods through it to Entra ID and nowhere else. Images come from the cluster's own registry.
"""

from __future__ import annotations

from dataclasses import dataclass

import pulumi

from components.cloud._azure import azure
from ringfence.planning.cloud.azure import PRIVATE_ZONES, AzureNetworkPlan
from ringfence.planning.labels import Tags
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class AzureNetworkArgs:
    """What a network needs to know."""

    site: CloudSite
    plan: AzureNetworkPlan
    tags: Tags
    resource_group: pulumi.Input[str]


@dataclass(frozen=True, kw_only=True)
class AzurePrivateAccess:
    """What it takes to be reached from inside a cluster's network."""

    resource_group: pulumi.Input[str]
    subnet_id: pulumi.Input[str]
    zone_ids: dict[str, pulumi.Output[str]]
    """Group of private endpoints (blob, registry, vault) to the zone that its names are in."""


class AzureNetwork(pulumi.ComponentResource):
    """A virtual network with its subnets and private zones."""

    network_id: pulumi.Output[str]
    """The virtual network."""
    node_subnet_id: pulumi.Output[str]
    """Where nodes are."""
    api_server_subnet_id: pulumi.Output[str]
    """Delegated to AKS for the API's own addresses."""
    lustre_subnet_id: pulumi.Output[str]
    """Where Managed Lustre puts its servers."""
    private_access: AzurePrivateAccess
    """For stores that the cluster's pods are to reach."""

    def __init__(self, name: str, args: AzureNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("ringfence:index:AzureNetwork", name, {}, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        plan = args.plan
        self._network = azure.network.VirtualNetwork(
            name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            address_space={"address_prefixes": [str(plan.cidr)]},
            tags=args.tags.azure(),
            # Subnets are resources of their own; an update of the network must not take them for undeclared.
            opts=pulumi.ResourceOptions(parent=self, ignore_changes=["subnets"]),
        )
        self.network_id = self._network.id
        border, nat = self._border(), self._nat()
        nodes = self._subnet("nodes", str(plan.nodes), border, None, nat=nat)
        endpoints = self._subnet("endpoints", str(plan.endpoints), border, nodes)
        api_server = self._subnet(
            "api-server",
            str(plan.api_server),
            border,
            endpoints,
            delegation="Microsoft.ContainerService/managedClusters",
        )
        lustre = self._subnet("lustre", str(plan.lustre), border, api_server)
        self.node_subnet_id, self.api_server_subnet_id = nodes.id, api_server.id
        self.lustre_subnet_id = lustre.id
        self.private_access = AzurePrivateAccess(
            resource_group=args.resource_group,
            subnet_id=endpoints.id,
            zone_ids={group: self._zone(group, zone) for group, zone in PRIVATE_ZONES.items()},
        )
        self.register_outputs(
            {
                "networkId": self.network_id,
                "nodeSubnetId": self.node_subnet_id,
                "apiServerSubnetId": self.api_server_subnet_id,
                "lustreSubnetId": self.lustre_subnet_id,
            }
        )

    def _subnet(
        self,
        use: str,
        cidr: str,
        border: pulumi.Output[str],
        after: pulumi.Resource | None,
        *,
        nat: pulumi.Output[str] | None = None,
        delegation: str | None = None,
    ) -> azure.network.Subnet:
        """A subnet; `after` the one before it, because a network takes one change at a time."""
        return azure.network.Subnet(
            f"{self._name}-{use}",
            subnet_name=use,
            resource_group_name=self._args.resource_group,
            virtual_network_name=self._network.name,
            address_prefix=cidr,
            default_outbound_access=False,
            private_endpoint_network_policies="Enabled",
            network_security_group={"id": border},
            nat_gateway={"id": nat} if nat else None,
            delegations=[{"name": use, "service_name": delegation}] if delegation else None,
            opts=pulumi.ResourceOptions(parent=self, depends_on=[after] if after else []),
        )

    def _border(self) -> pulumi.Output[str]:
        rules: list[azure.network.SecurityRuleArgsDict] = [
            _rule("inside", 100, "Inbound", "Allow", "VirtualNetwork", "VirtualNetwork", "*"),
            _rule("load-balancer", 110, "Inbound", "Allow", "AzureLoadBalancer", "*", "*"),
            _rule("no-way-in", 4000, "Inbound", "Deny", "*", "*", "*"),
            _rule("inside-out", 100, "Outbound", "Allow", "VirtualNetwork", "VirtualNetwork", "*"),
            _rule("entra-id", 110, "Outbound", "Allow", "VirtualNetwork", "AzureActiveDirectory", "443"),
            _rule("no-way-out", 4000, "Outbound", "Deny", "*", "*", "*"),
        ]
        group = azure.network.NetworkSecurityGroup(
            f"{self._name}-border",
            resource_group_name=self._args.resource_group,
            location=self._args.site.region,
            security_rules=rules,
            tags=self._args.tags.azure(),
            opts=self._child,
        )
        return group.id

    def _nat(self) -> pulumi.Output[str]:
        name, args = f"{self._name}-entra-id", self._args
        address = azure.network.PublicIPAddress(
            name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": "Standard", "tier": "Regional"},
            public_ip_allocation_method="Static",
            tags=args.tags.azure(),
            opts=self._child,
        )
        gateway = azure.network.NatGateway(
            name,
            resource_group_name=args.resource_group,
            location=args.site.region,
            sku={"name": "Standard"},
            public_ip_addresses=[{"id": address.id}],
            tags=args.tags.azure(),
            opts=self._child,
        )
        return gateway.id

    def _zone(self, group: str, zone_name: str) -> pulumi.Output[str]:
        """A private zone, seen from this network only. Zones have no region: they hold names, not data."""
        name, args = f"{self._name}-{group}", self._args
        zone = azure.privatedns.PrivateZone(
            name,
            private_zone_name=zone_name,
            resource_group_name=args.resource_group,
            location="global",
            tags=args.tags.azure(),
            opts=self._child,
        )
        azure.privatedns.VirtualNetworkLink(
            name,
            virtual_network_link_name=self._name,
            private_zone_name=zone.name,
            resource_group_name=args.resource_group,
            location="global",
            registration_enabled=False,
            virtual_network={"id": self.network_id},
            tags=args.tags.azure(),
            opts=self._child,
        )
        return zone.id


def private_endpoint(
    name: str,
    group: str,
    target: pulumi.Input[str],
    access: AzurePrivateAccess,
    site: CloudSite,
    tags: Tags,
    parent: pulumi.Resource,
) -> pulumi.Resource:
    """An address for a service inside a cluster's network, with its names; `group` is blob, registry or vault."""
    child = pulumi.ResourceOptions(parent=parent)
    endpoint = azure.network.PrivateEndpoint(
        name,
        resource_group_name=access.resource_group,
        location=site.region,
        subnet={"id": access.subnet_id},
        private_link_service_connections=[{"name": group, "private_link_service_id": target, "group_ids": [group]}],
        tags=tags.azure(),
        opts=child,
    )
    return azure.network.PrivateDnsZoneGroup(
        name,
        private_dns_zone_group_name="default",
        private_endpoint_name=endpoint.name,
        resource_group_name=access.resource_group,
        private_dns_zone_configs=[{"name": group, "private_dns_zone_id": access.zone_ids[group]}],
        opts=child,
    )


def _rule(
    name: str, priority: int, direction: str, access: str, source: str, destination: str, port: str
) -> azure.network.SecurityRuleArgsDict:
    return {
        "name": name,
        "priority": priority,
        "direction": direction,
        "access": access,
        "protocol": "*" if port == "*" else "Tcp",
        "source_address_prefix": source,
        "source_port_range": "*",
        "destination_address_prefix": destination,
        "destination_port_range": port,
    }
