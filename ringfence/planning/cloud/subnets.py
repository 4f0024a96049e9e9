"""How a cluster's ranges are cut into subnets.

Owns: the arithmetic, the same for every cloud that wants a subnet per zone. Refuses to own: whether ranges of different
clusters overlap (ringfence.planning.checks).
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

from ringfence.planning.cloud import Unplannable
from ringfence.spec.base import Cidr


@dataclass(frozen=True, kw_only=True)
class ZoneSubnets:
    """The subnets of one zone."""

    zone: str
    nodes: IPv4Network
    control: IPv4Network
    """For the control plane's network interfaces and for endpoints: small, and never full of nodes."""
    pods: IPv4Network | None = None


def ipv4(network: Cidr, what: str) -> IPv4Network:
    """The network, if it is IPv4; raises Unplannable otherwise."""
    if not isinstance(network, IPv4Network):
        raise Unplannable(f"network.{what}: {network} is IPv6; cloud clusters are planned with IPv4 ranges only")
    return network


def slices(network: IPv4Network, count: int) -> list[IPv4Network]:
    """`count` equal parts of the network, as large as they can be; raises Unplannable where it is too small."""
    bits = (count - 1).bit_length()
    if network.prefixlen + bits > 32:
        raise Unplannable(f"{network} cannot be cut into {count} parts: use a larger range")
    parts = network.subnets(prefixlen_diff=bits)
    return [part for part, _ in zip(parts, range(count), strict=False)]


def plan_zone_subnets(
    nodes: IPv4Network,
    zones: tuple[str, ...],
    *,
    pods: IPv4Network | None = None,
    smallest: int = 28,
    largest: int = 16,
) -> tuple[ZoneSubnets, ...]:
    """A node and a control subnet for each zone out of `nodes`, and a pod subnet out of `pods`.

    The control subnets share the slice after the zones' own; nothing overlaps, everything lies within its range.
    `smallest` and `largest` are the prefix lengths that the cloud takes (AWS: /28 to /16). Raises Unplannable where a
    subnet would be smaller; one that would be larger is cut down.
    """
    *own, control = slices(nodes, len(zones) + 1)
    controls = slices(control, len(zones))
    if controls[0].prefixlen > smallest:
        raise Unplannable(
            f"network.nodes: {nodes} is too small for {len(zones)} zones: "
            f"their smallest subnets would be /{controls[0].prefixlen}, and /{smallest} is the least"
        )
    for_pods = slices(pods, len(zones)) if pods else [None] * len(zones)
    return tuple(
        ZoneSubnets(zone=zone, nodes=own[i], control=controls[i], pods=_at_most(for_pods[i], largest, smallest))
        for i, zone in enumerate(zones)
    )


def _at_most(network: IPv4Network | None, largest: int, smallest: int) -> IPv4Network | None:
    if network is None:
        return None
    if network.prefixlen > smallest:
        raise Unplannable(f"network.pods: {network} is too small for one zone's pods, /{smallest} is the least")
    return next(network.subnets(new_prefix=largest)) if network.prefixlen < largest else network
