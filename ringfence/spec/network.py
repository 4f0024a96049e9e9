"""The networks of a cluster.

Owns: the three ranges, the overlay and its MTU. Refuses to own: the proof that ranges are disjoint across the platform
(ringfence.planning.checks).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ringfence.spec.base import Cidr, Spec

Mtu = Annotated[int, Field(ge=1280, le=9216, strict=True)]


class Overlay(Spec):
    """How pod packets cross the node network."""

    kind: Literal["none", "vxlan", "geneve", "wireguard"] = "none"
    """`none` routes pod addresses natively (cloud CNIs, or BGP in a data centre)."""
    underlay_mtu: Mtu = 1500
    """MTU of the node network, in bytes."""
    mtu: Mtu = 1500
    """MTU inside pods, in bytes: at most the underlay's less the encapsulation."""


class Network(Spec):
    """Ranges that must not overlap with any other cluster's."""

    nodes: Cidr
    """Machines' addresses; in a cloud, the whole virtual network."""
    pods: Cidr
    services: Cidr
    overlay: Overlay = Overlay()
