"""Addresses of a data centre: the API's, the load balancer's, the controllers' and the workers'.

Owns: which address goes to what inside a cluster's node range. Refuses to own: the proof that ranges of different
clusters are disjoint (ringfence.planning.checks.networks).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

from ringfence.planning.onprem.objects import Manifest, PlanError, manifest

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

METALLB_NAMESPACE = "metallb-system"
METALLB_ADDRESS = "metallb.io/loadBalancerIPs"
"""Annotation of a Service with the address that it must get (metallb.io, usage)."""


@dataclass(frozen=True, kw_only=True)
class NodeAddresses:
    """Static addresses for a pool's machines."""

    first: str
    last: str
    prefix: int
    """Length of the network's prefix, such as 22."""
    gateway: str
    dns_servers: tuple[str, ...] = ()


def single(address: Address | str) -> str:
    """The address as a network of its own: 10.0.0.1/32."""
    parsed = ip_address(str(address))
    return f"{parsed}/{parsed.max_prefixlen}"


def with_prefix(address: Address | str, network: Network) -> str:
    """The address with its network's prefix length: 10.0.0.1/22."""
    return f"{address}/{network.prefixlen}"


def gateway_of(network: Network) -> Address:
    """The network's first host address: the usual gateway."""
    return network.network_address + 1


def host_addresses(network: Network, virtual: Address, names: Sequence[str]) -> dict[str, str]:
    """An address for each host of an embedded cluster, in the order of the names.

    One host alone has the API's own address; several have the addresses right after it, and the API's address moves
    between them. Raises PlanError where the range ends before the names do.
    """
    if len(names) == 1:
        return {names[0]: str(virtual)}
    found: dict[str, str] = {}
    for offset, name in enumerate(names, start=1):
        address = virtual + offset
        if address not in network or address == network.broadcast_address:
            raise PlanError(
                f"{network} ends before host {name} of {len(names)} gets an address after {virtual}",
                "give controlPlane.address room after it, or name the hosts' addresses",
            )
        found[name] = str(address)
    return found


def free_range(network: Network, taken: Iterable[Address | str], count: int) -> tuple[Address, Address]:
    """The first and last of `count` consecutive free host addresses, the lowest there are.

    The network's own, its gateway's and its broadcast address are never free. Raises PlanError where none fits.
    """
    busy = sorted({ip_address(str(address)) for address in taken} | {gateway_of(network)}, key=int)
    last = network.broadcast_address - 1 if network.version == 4 else network.broadcast_address
    start = network.network_address + 1
    for address in [one for one in busy if one in network] + [last + 1]:
        if int(address) - int(start) >= count > 0:
            return start, start + (count - 1)
        start = max(start, address + 1, key=int)
    raise PlanError(
        f"{network} has no {count} consecutive free addresses beside {', '.join(map(str, busy))}",
        "widen network.nodes, or move the addresses that split it",
    )


def address_pools(clusters: Mapping[str, Address], labels: Mapping[str, str]) -> list[Manifest]:
    """MetalLB pools that give each hosted cluster's API its own address, and nobody else that address.

    `clusters` maps a hosted cluster, which is also its namespace, to the address.
    """
    made = [
        manifest(
            "metallb.io/v1beta1",
            "IPAddressPool",
            name,
            METALLB_NAMESPACE,
            labels=labels,
            spec={
                "addresses": [single(address)],
                "autoAssign": False,
                "serviceAllocation": {"priority": 10, "namespaces": [name]},
            },
        )
        for name, address in sorted(clusters.items())
    ]
    if not made:
        return []
    advertisement = manifest(
        "metallb.io/v1beta1",
        "L2Advertisement",
        "hosted-control-planes",
        METALLB_NAMESPACE,
        labels=labels,
        spec={"ipAddressPools": sorted(clusters)},
    )
    return [*made, advertisement]
