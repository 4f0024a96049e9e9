"""Networks: no two ranges of the platform overlap, and pods' packets fit.

Owns: disjointness, sizes and MTU. Refuses to own: how ranges are cut into subnets (ringfence.planning.cloud).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.spec import Platform
from ringfence.spec.base import Cidr
from ringfence.spec.cluster import EmbeddedControlPlane, HostedControlPlane
from ringfence.spec.finding import Finding, Path

ENCAPSULATION_BYTES = {"none": 0, "vxlan": 50, "geneve": 50, "wireguard": 60}
"""Bytes an overlay adds to each packet over IPv4: VXLAN RFC 7348 (14 inner Ethernet + 8 + 8 + 20), Geneve RFC 8926
without options, WireGuard 60 (20 + 8 + 32)."""
ENCAPSULATION_BYTES_IPV6 = {"none": 0, "vxlan": 70, "geneve": 70, "wireguard": 80}
"""The same over IPv6, whose header is 20 bytes longer."""

_PODS_PER_NODE = 110
"""Kubernetes' documented limit for a node, and the kubelet's default."""


def check(platform: Platform) -> Iterator[Finding]:
    """Overlaps, overlays that do not fit, ranges that are too small, and addresses outside the nodes' range."""
    yield from _overlaps(platform)
    for name, cluster in platform.clusters.items():
        at: Path = ("clusters", name, "network")
        network = cluster.network
        overlay = network.overlay
        sizes = ENCAPSULATION_BYTES if network.nodes.version == 4 else ENCAPSULATION_BYTES_IPV6
        room = overlay.underlay_mtu - sizes[overlay.kind]
        if overlay.mtu > room:
            yield Finding(
                code="mtu-too-large",
                path=(*at, "overlay", "mtu"),
                message=f"{overlay.mtu} bytes do not fit: {overlay.kind} adds {sizes[overlay.kind]} to each packet",
                allowed=f"at most {room} on an underlay of {overlay.underlay_mtu}",
                suggestion=f"mtu: {room}",
            )
        families = {network.nodes.version, network.pods.version, network.services.version}
        if len(families) > 1:
            yield Finding(
                code="mixed-families",
                path=at,
                message="nodes, pods and services mix IPv4 and IPv6",
                allowed="one family",
            )
        nodes = sum(pool.largest for pool in cluster.pools.values())
        if network.pods.num_addresses < nodes * _PODS_PER_NODE:
            yield Finding(
                code="pods-range-too-small",
                path=(*at, "pods"),
                message=f"{network.pods} has {network.pods.num_addresses} addresses for {nodes} nodes",
                allowed=f"at least {nodes * _PODS_PER_NODE}: {_PODS_PER_NODE} pods on each node",
            )
        if network.nodes.num_addresses < nodes + 3:
            yield Finding(
                code="nodes-range-too-small",
                path=(*at, "nodes"),
                message=f"{network.nodes} has {network.nodes.num_addresses} addresses for {nodes} nodes",
            )
        plane = cluster.control_plane
        if isinstance(plane, HostedControlPlane | EmbeddedControlPlane):
            yield from _address(platform, name)


def _address(platform: Platform, name: str) -> Iterator[Finding]:
    """A control plane's address must be in a node network: its own, or its management cluster's."""
    cluster = platform.clusters[name]
    plane = cluster.control_plane
    assert isinstance(plane, HostedControlPlane | EmbeddedControlPlane)
    ranges = {name: cluster.network.nodes}
    if isinstance(plane, HostedControlPlane) and (host := platform.clusters.get(plane.management_cluster)):
        ranges = {plane.management_cluster: host.network.nodes}
    if not any(plane.address in nodes for nodes in ranges.values()):
        spelled = " or ".join(f"{nodes} (nodes of {owner})" for owner, nodes in ranges.items())
        yield Finding(
            code="address-outside-nodes",
            path=("clusters", name, "controlPlane", "address"),
            message=f"{plane.address} is not in the network where the control plane runs",
            allowed=spelled,
        )


def _overlaps(platform: Platform) -> Iterator[Finding]:
    ranges: list[tuple[Cidr, Path]] = []
    for name, cluster in platform.clusters.items():
        for kind in ("nodes", "pods", "services"):
            ranges.append((getattr(cluster.network, kind), ("clusters", name, "network", kind)))
    ordered = sorted(ranges, key=lambda row: (row[0].version, int(row[0].network_address), row[0].prefixlen))
    widest: tuple[Cidr, Path] | None = None
    for network, path in ordered:
        if widest and widest[0].version == network.version and network.network_address <= widest[0].broadcast_address:
            yield Finding(
                code="network-overlap",
                path=path,
                message=f"{network} overlaps {widest[0]}, the {widest[1][3]} of cluster {widest[1][1]}",
                allowed="ranges that no other cluster of the platform uses",
                suggestion=f"the next free one of this size is {_free(network, [row[0] for row in ranges])}",
            )
        if (
            widest is None
            or widest[0].version != network.version
            or network.broadcast_address > widest[0].broadcast_address
        ):
            widest = (network, path)


def _free(network: Cidr, taken: list[Cidr]) -> str:
    """A free range of the same size after the taken ones, or a word that there is none."""
    same = [other for other in taken if other.version == network.version]
    size = network.num_addresses
    start = -(-(max(int(other.broadcast_address) for other in same) + 1) // size) * size
    try:
        return str(type(network)((start, network.prefixlen)))
    except ValueError:
        return "not to be found: choose a smaller one"
