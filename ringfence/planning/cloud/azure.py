"""What Azure is asked for: the subnets of a virtual network, agent pools, private endpoints and log retention.

Owns: AKS's own limits and Azure's built-in role ids. Refuses to own: creating anything.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from ipaddress import IPv4Network

from ringfence.planning.cloud import Unplannable, pools
from ringfence.planning.cloud.subnets import ipv4, slices
from ringfence.planning.cloud.zones import AZURE_ZONED, zones_of
from ringfence.spec.cluster import Cluster
from ringfence.spec.network import Network
from ringfence.spec.pool import OnDemand, Pool, Reserved, Spot
from ringfence.spec.site import CloudSite

ROLES = {
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Azure Kubernetes Service Cluster User Role": "4abbcc35-e782-43d8-92c5-2d3f1bd2253f",
    "Azure Kubernetes Service RBAC Cluster Admin": "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b",
    "Azure Kubernetes Service RBAC Reader": "7f6c6a51-bcf8-42ba-9220-52d62157d7db",
    "Contributor": "b24988ac-6180-42a0-ab88-20f7382dd24c",
    "Key Vault Contributor": "f25e0fa2-a7c8-4377-a976-54943a77a395",
    "Key Vault Crypto Service Encryption User": "e147488a-f6f5-4113-8e2d-b22465e65bf6",
    "Key Vault Crypto User": "12338af0-0e69-4776-bea7-57ae8d297424",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
    "Network Contributor": "4d97b98b-1d4f-4787-a291-c67834d212e7",
    "Storage Account Backup Contributor": "e5e2a7ff-d759-4cd2-bb51-3152d37e2eb1",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
}
"""Built-in roles, the same in every subscription (Microsoft Learn, "Azure built-in roles", read 2026-11-22)."""

PRIVATE_ZONES = {
    "blob": "privatelink.blob.core.windows.net",
    "registry": "privatelink.azurecr.io",
    "vault": "privatelink.vaultcore.azure.net",
}
"""Private endpoint group to the zone that its names are in (Microsoft Learn, "Azure Private Endpoint private DNS zone
values", public cloud)."""

AUDIT_CATEGORIES = (
    "kube-apiserver",
    "kube-audit",
    "kube-audit-admin",
    "kube-controller-manager",
    "kube-scheduler",
    "cluster-autoscaler",
    "cloud-controller-manager",
    "guard",
)
"""Control plane logs of AKS (Microsoft Learn, "AKS monitoring data reference", resource logs)."""
AUDIT_TABLES = ("AKSAudit", "AKSAuditAdmin", "AKSControlPlane")
"""Tables that they go to (the same source)."""

INTERACTIVE_DAYS = 730
"""The longest that Log Analytics keeps lines ready for queries; what is older is archived."""
TOTAL_DAYS = (730, 1095, 1460, 1826, 2191, 2556, 2922, 3288, 3653, 4018, 4383)
"""Retentions beyond that, archive included (Microsoft Learn, "Manage data retention in a Log Analytics workspace")."""

_LONGEST_POOL_NAME = 12


@dataclass(frozen=True, kw_only=True)
class AzureNetworkPlan:
    """The ranges of one virtual network, and those that AKS keeps outside it."""

    cidr: IPv4Network
    nodes: IPv4Network
    endpoints: IPv4Network
    api_server: IPv4Network
    """Delegated to AKS: the control plane stands in it."""
    lustre: IPv4Network
    pods: IPv4Network
    """An overlay: pods' addresses exist on the nodes only."""
    services: IPv4Network

    @property
    def dns_service(self) -> str:
        """The address of the cluster's DNS: the tenth of the services'."""
        return str(self.services[10])


@dataclass(frozen=True, kw_only=True)
class AzureAgentPool:
    """One agent pool."""

    name: str
    """The pool's name in the file."""
    agent_pool_name: str
    """As AKS takes it: lower-case letters and digits, at most 12."""
    system: bool
    """The pool that AKS puts its own pods on; a cluster cannot be without one."""
    vm_size: str
    zones: tuple[str, ...]
    smallest: int
    largest: int
    spot: bool
    spot_max_price: float
    """USD per node hour; -1 is up to the on-demand price."""
    reservation: str | None
    cluster_placement: bool
    accelerators: int
    driver: str | None
    """Install where the node image brings the accelerator's driver (NVIDIA's), None where an operator does."""
    labels: Mapping[str, str]
    taints: tuple[str, ...]
    os_sku: str


def plan_network(network: Network) -> AzureNetworkPlan:
    """The ranges of a cluster's network: half of it for nodes, an eighth each for what else stands in it.

    Raises Unplannable where there is no room.
    """
    nodes, pods, services = (ipv4(getattr(network, part), part) for part in ("nodes", "pods", "services"))
    if nodes.prefixlen > 24:
        raise Unplannable(
            f"network.nodes: {nodes} is too small for nodes, endpoints and the API server: use a /24 or larger"
        )
    if services.prefixlen < 12 or services.prefixlen > 27:
        raise Unplannable(f"network.services: AKS takes a /12 to a /27, not {services}")
    own, rest = slices(nodes, 2)
    endpoints, api_server, lustre, _ = slices(rest, 4)
    return AzureNetworkPlan(
        cidr=nodes,
        nodes=own,
        endpoints=endpoints,
        api_server=api_server,
        lustre=lustre,
        pods=pods,
        services=services,
    )


def log_retention(days: int) -> tuple[int, int]:
    """Days ready for queries, and days altogether; raises Unplannable for more than Log Analytics can keep."""
    if days <= INTERACTIVE_DAYS:
        return max(days, 30), max(days, 30)
    total = next((allowed for allowed in TOTAL_DAYS if allowed >= days), None)
    # Years are counted with their leap days; the longest retention is twelve of them by the calendar.
    if total is None:
        raise Unplannable(
            f"audit.retentionYears: Log Analytics keeps logs for {TOTAL_DAYS[-1]} days, not {days}; "
            "let the audit trail rest at another site"
        )
    return INTERACTIVE_DAYS, total


def storage_sku(site: CloudSite, *, geo_redundant: bool = False) -> str:
    """The redundancy of a storage account: zones where the region has them, and another region only where allowed.

    `geo_redundant` copies to the region that Azure pairs with the site's (ringfence.facts.regions.paired_region).
    """
    zoned = site.region in AZURE_ZONED
    if geo_redundant:
        return "Standard_GZRS" if zoned else "Standard_GRS"
    return "Standard_ZRS" if zoned else "Standard_LRS"


def agent_pool_name(name: str) -> str:
    """The pool's name as AKS takes it, with a hash where it had to be cut."""
    plain = name.replace("-", "")
    if len(plain) <= _LONGEST_POOL_NAME:
        return plain
    return plain[: _LONGEST_POOL_NAME - 4] + sha256(name.encode()).hexdigest()[:4]


def plan_agent_pools(
    site: CloudSite, cluster: Cluster, node_labels: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[AzureAgentPool, ...]:
    """An agent pool for each pool, the system pool first: the first one that always has nodes and no accelerators.

    `node_labels` are those that add-ons expect, by pool. Raises Unplannable for a pool that AKS cannot have.
    """
    system = next((name for name, pool in cluster.pools.items() if _can_be_system(pool)), None)
    if system is None:
        raise Unplannable(
            "pools: AKS needs an on-demand pool without accelerators that always has a node, for its own pods"
        )
    zones, expected = zones_of(site), node_labels or {}
    rows = [
        _agent_pool(name, pool, zones, expected.get(name, {}), system=name == system)
        for name, pool in cluster.pools.items()
    ]
    names = [row.agent_pool_name for row in rows]
    clash = next((row.name for row in rows if names.count(row.agent_pool_name) > 1), None)
    if clash:
        raise Unplannable(f"pools.{clash}: AKS takes no hyphens, and without them two pools have the same name")
    return tuple(sorted(rows, key=lambda row: not row.system))


def _can_be_system(pool: Pool) -> bool:
    return not pool.accelerator and not pool.taints and pool.smallest > 0 and isinstance(pool.capacity, OnDemand)


def _agent_pool(
    name: str, pool: Pool, zones: tuple[str, ...], extra: Mapping[str, str], *, system: bool
) -> AzureAgentPool:
    spot, reservation = _capacity(name, pool)
    pools.fabric(name, pool, ("ethernet", "infiniband"), "Azure")  # InfiniBand comes with the size, unasked
    wanted = pool.model_copy(update={"zones": tuple(zone.rpartition("-")[2] for zone in pool.zones)})
    devices = pools.devices("azure", pool)
    nvidia = (pool.accelerator or "").startswith("nvidia-")
    return AzureAgentPool(
        name=name,
        agent_pool_name=agent_pool_name(name),
        system=system,
        vm_size=pools.instance_type(name, pool, "Standard_ND96isr_H100_v5"),
        zones=pools.pool_zones(name, wanted, zones),
        smallest=pool.smallest,
        largest=pool.largest,
        spot=spot is not None,
        spot_max_price=(spot.max_usd_per_hour or -1.0) if spot else -1.0,
        reservation=reservation,
        cluster_placement=pool.placement == "cluster",
        accelerators=devices,
        driver=("Install" if nvidia else "None") if devices else None,
        labels=pools.pool_labels(name, pool, extra),
        taints=tuple(f"{taint.key}={taint.value}:{taint.effect}" for taint in pools.pool_taints(pool)),
        os_sku=pool.image or "Ubuntu",
    )


def _capacity(name: str, pool: Pool) -> tuple[Spot | None, str | None]:
    match pool.capacity:
        case OnDemand():
            return None, None
        case Spot() as spot:
            return spot, None
        case Reserved(reservation=reservation):
            if not reservation.startswith("/subscriptions/"):
                raise Unplannable(
                    f"pools.{name}.capacity.reservation: Azure needs the whole id of a capacity reservation group, "
                    "/subscriptions/.../capacityReservationGroups/..."
                )
            return None, reservation
        case other:
            raise Unplannable(f"pools.{name}.capacity.kind: Azure has on-demand, spot and reserved, not {other.kind}")
