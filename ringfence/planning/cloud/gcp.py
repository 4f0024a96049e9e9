"""What GCP is asked for: the ranges of a custom network, node pools, and log retention.

Owns: GKE's own limits and the machine families that take another disk. Refuses to own: creating anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from ringfence.facts import accelerators
from ringfence.planning.cloud import Unplannable, pools
from ringfence.planning.cloud.subnets import ipv4, slices
from ringfence.planning.cloud.zones import zones_of
from ringfence.spec.cluster import Cluster
from ringfence.spec.network import Network
from ringfence.spec.pool import Flex, OnDemand, Pool, Reserved, Spot
from ringfence.spec.site import CloudSite

PRIVATE_GOOGLE_APIS = "199.36.153.8/30"
"""Addresses of private.googleapis.com (Google Cloud VPC, "Private Google Access")."""

GOOGLE_DOMAINS = ("googleapis.com", "gcr.io", "pkg.dev")
"""Domains that nodes find at those addresses: the APIs, GKE's own images, Artifact Registry (the same source)."""

LOG_COMPONENTS = ("SYSTEM_COMPONENTS", "WORKLOADS", "APISERVER", "CONTROLLER_MANAGER", "SCHEDULER")
"""Every source that GKE can log (GKE documentation, "Available logs"); audit logs come without asking."""

LONGEST_LOG_RETENTION_DAYS = 3650
"""Cloud Logging, "Configure log buckets": custom retention is 1 to 3650 days."""

FLEX_SECONDS = 7 * 24 * 3600
"""A flex-start node lives for at most seven days (GKE documentation, "About flex-start")."""

HYPERDISK_FAMILIES = ("a3-ultragpu", "a4", "a4x", "g4", "c4", "n4")
"""Machine families that boot from Hyperdisk only (Compute Engine documentation, "Hyperdisk: machine types")."""

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


@dataclass(frozen=True, kw_only=True)
class GcpNetworkPlan:
    """The ranges of one network."""

    nodes: IPv4Network
    """The cluster's subnet, also for the control plane's private endpoint."""
    pods: IPv4Network
    services: IPv4Network
    managed: IPv4Network
    """Where Google puts managed services (Filestore, Lustre): the upper half of the cluster's node range."""
    zones: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class GcpNodePoolPlan:
    """One node pool."""

    name: str
    machine_type: str
    accelerator_type: str | None
    """As Compute Engine spells it, such as nvidia-h100-80gb."""
    accelerators: int
    zones: tuple[str, ...]
    smallest: int
    largest: int
    spot: bool
    flex: bool
    reservation: str | None
    compact: bool
    gpudirect: bool
    disk_type: str
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]


def plan_network(site: CloudSite, network: Network) -> GcpNetworkPlan:
    """The ranges of a cluster's network. Raises Unplannable where GKE has no room for it."""
    nodes, pods, services = (ipv4(getattr(network, part), part) for part in ("nodes", "pods", "services"))
    if nodes.prefixlen > 22:
        raise Unplannable(f"network.nodes: {nodes} is too small: half of it is for managed services, which take a /23")
    if pods.prefixlen > 21:
        raise Unplannable(f"network.pods: GKE takes a /21 or larger, not {pods}")
    if not 16 <= services.prefixlen <= 27:
        raise Unplannable(f"network.services: GKE takes a /16 to a /27, not {services}")
    own, managed = slices(nodes, 2)
    return GcpNetworkPlan(nodes=own, pods=pods, services=services, managed=managed, zones=zones_of(site))


def log_retention(days: int) -> int:
    """The retention of a log bucket; raises Unplannable for more than Cloud Logging can promise."""
    if days > LONGEST_LOG_RETENTION_DAYS:
        raise Unplannable(
            f"audit.retentionYears: Cloud Logging keeps logs for {LONGEST_LOG_RETENTION_DAYS} days, not {days}; "
            "let the audit trail rest at another site"
        )
    return days


def plan_node_pools(
    site: CloudSite, cluster: Cluster, node_labels: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[GcpNodePoolPlan, ...]:
    """A node pool for each pool, in the file's order. `node_labels` are those that add-ons expect, by pool.

    Raises Unplannable for a pool that GKE cannot have.
    """
    zones, expected = zones_of(site), node_labels or {}
    return tuple(_node_pool(name, pool, zones, expected.get(name, {})) for name, pool in cluster.pools.items())


def _node_pool(name: str, pool: Pool, zones: tuple[str, ...], extra: Mapping[str, str]) -> GcpNodePoolPlan:
    kind = pools.instance_type(name, pool, "a3-megagpu-8g")
    device = accelerators.accelerator(pool.accelerator) if pool.accelerator else None
    count = pools.devices("gcp", pool)
    if count and (device is None or device.gke_label is None):
        raise Unplannable(f"pools.{name}.accelerator: GKE does not offer {pool.accelerator}")
    if isinstance(pool.capacity, Spot) and pool.capacity.max_usd_per_hour is not None:
        raise Unplannable(f"pools.{name}.capacity.maxUsdPerHour: Google sets the spot price; leave it out")
    if not isinstance(pool.capacity, OnDemand | Spot | Reserved | Flex):
        raise Unplannable(f"pools.{name}.capacity.kind: GCP has on-demand, spot, reserved and flex")
    return GcpNodePoolPlan(
        name=name,
        machine_type=kind,
        accelerator_type=device.gke_label if count and device else None,
        accelerators=count,
        zones=pools.pool_zones(name, pool, zones),
        smallest=0 if isinstance(pool.capacity, Flex) else pool.smallest,
        largest=pool.largest,
        spot=isinstance(pool.capacity, Spot),
        flex=isinstance(pool.capacity, Flex),
        reservation=pool.capacity.reservation if isinstance(pool.capacity, Reserved) else None,
        compact=pool.placement == "cluster",
        gpudirect=pools.fabric(name, pool, ("ethernet", "gpudirect-tcpx"), "GCP") == "gpudirect-tcpx",
        disk_type="hyperdisk-balanced" if kind.startswith(HYPERDISK_FAMILIES) else "pd-ssd",
        labels=pools.pool_labels(name, pool, extra),
        taints=tuple({"key": t.key, "value": t.value, "effect": _EFFECTS[t.effect]} for t in pools.pool_taints(pool)),
    )
