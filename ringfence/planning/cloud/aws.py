"""What AWS is asked for: the subnets of a VPC, the endpoints that replace an internet gateway, and node groups.

Owns: EKS's own limits and the facts about elastic fabric adapters. Refuses to own: creating anything, and instance
types' accelerators (ringfence.facts.instances).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Network

from ringfence.facts import regions
from ringfence.planning.cloud import Unplannable, pools
from ringfence.planning.cloud.subnets import ZoneSubnets, ipv4, plan_zone_subnets
from ringfence.planning.cloud.zones import zones_of
from ringfence.spec.cluster import Cluster
from ringfence.spec.network import Network
from ringfence.spec.pool import OnDemand, Pool, Reserved, Spot
from ringfence.spec.site import CloudSite

EFA_INTERFACES = {
    "g6e.24xlarge": 2,
    "g6e.48xlarge": 4,
    "g7.48xlarge": 2,
    "g7e.24xlarge": 2,
    "g7e.48xlarge": 4,
    "p4d.24xlarge": 4,
    "p4de.24xlarge": 4,
    "p5.48xlarge": 32,
    "p5e.48xlarge": 32,
    "p5en.48xlarge": 16,
    "p6-b200.48xlarge": 8,
    "p6-b300.48xlarge": 16,
    "trn1.32xlarge": 8,
    "trn1n.32xlarge": 16,
    "trn2.48xlarge": 16,
}
"""Elastic fabric adapters of an instance type, where it has more than one (DescribeInstanceTypes,
EfaInfo.MaximumEfaInterfaces, as recorded in moto 5.2.5, 2026-10). Types that support EFA and are not here have one."""

AUDIT_LOG_TYPES = ("api", "audit", "authenticator", "controllerManager", "scheduler")
"""All five that EKS can send (Amazon EKS user guide, "Send control plane logs to CloudWatch Logs")."""

GATEWAY_ENDPOINTS = ("s3",)
INTERFACE_ENDPOINTS = (
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "elasticloadbalancing",
    "fsx",
    "kms",
    "logs",
    "sts",
)
"""What nodes and add-ons of a cluster without an internet gateway call (Amazon EKS user guide, "Deploy private clusters
with limited internet access"): images, tokens, volumes, load balancers, logs, keys, file systems and pod identity."""

LOG_RETENTION_DAYS = (
    1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
)  # fmt: skip
"""Retentions that CloudWatch Logs takes (PutRetentionPolicy); longer than the last is kept for ever, which is 0."""

PODS_PER_NODE = 110
"""The kubelet's limit. Prefix delegation gives any node more addresses than that, so it is the one that counts."""

SECONDARY_CIDRS = 4
"""A VPC takes five ranges without a quota increase (Amazon VPC quotas); one is the nodes'."""

_EFFECTS = {"NoSchedule": "NO_SCHEDULE", "PreferNoSchedule": "PREFER_NO_SCHEDULE", "NoExecute": "NO_EXECUTE"}


@dataclass(frozen=True, kw_only=True)
class AwsNetworkPlan:
    """One VPC."""

    cidr: IPv4Network
    pod_cidrs: tuple[IPv4Network, ...]
    """Secondary ranges of the VPC: a range takes a /16 at most, so a larger pod range becomes several."""
    services: IPv4Network
    zones: tuple[ZoneSubnets, ...]


@dataclass(frozen=True, kw_only=True)
class AwsNodeGroup:
    """One managed node group and its launch template."""

    name: str
    instance_type: str
    capacity_type: str
    """ON_DEMAND, SPOT or CAPACITY_BLOCK, as EKS spells it."""
    reservation: str | None
    zones: tuple[str, ...]
    smallest: int
    largest: int
    ami_type: str
    efa_interfaces: int
    cluster_placement: bool
    labels: Mapping[str, str]
    taints: tuple[Mapping[str, str], ...]
    accelerators: int
    """Devices on each node."""


def partition(region: str) -> str:
    """The AWS partition of a region; `aws` where the facts do not list the region."""
    found = regions.region("aws", region)
    return found.partition if found else "aws"


def log_retention(days: int) -> int:
    """The shortest retention that CloudWatch Logs takes and that is not under `days`; 0 is for ever."""
    return next((allowed for allowed in LOG_RETENTION_DAYS if allowed >= days), 0)


def plan_network(site: CloudSite, network: Network) -> AwsNetworkPlan:
    """The VPC of a cluster. Raises Unplannable where AWS or EKS has no room for it."""
    nodes, pods, services = (ipv4(getattr(network, part), part) for part in ("nodes", "pods", "services"))
    if not 16 <= nodes.prefixlen <= 26:
        raise Unplannable(f"network.nodes: a VPC takes a /16 to a /26 for its zones' subnets, not {nodes}")
    if not 12 <= services.prefixlen <= 24:
        raise Unplannable(f"network.services: EKS takes a /12 to a /24, not {services}")
    blocks = tuple(pods.subnets(new_prefix=16)) if pods.prefixlen < 16 else (pods,)
    if len(blocks) > SECONDARY_CIDRS:
        raise Unplannable(
            f"network.pods: {pods} would be {len(blocks)} ranges of the VPC, and it takes {SECONDARY_CIDRS}: use a /14"
        )
    zones = zones_of(site)
    if len(zones) < 2:
        raise Unplannable(f"zones: EKS needs two zones or more; name those of {site.region} that your account has")
    return AwsNetworkPlan(
        cidr=nodes, pod_cidrs=blocks, services=services, zones=plan_zone_subnets(nodes, zones, pods=pods)
    )


def plan_node_groups(
    site: CloudSite, cluster: Cluster, node_labels: Mapping[str, Mapping[str, str]] | None = None
) -> tuple[AwsNodeGroup, ...]:
    """A node group for each pool, in the file's order. `node_labels` are those that add-ons expect, by pool.

    Raises Unplannable for a pool that EKS cannot have.
    """
    zones, expected = zones_of(site), node_labels or {}
    return tuple(_node_group(name, pool, zones, expected.get(name, {})) for name, pool in cluster.pools.items())


def _node_group(name: str, pool: Pool, zones: tuple[str, ...], extra: Mapping[str, str]) -> AwsNodeGroup:
    kind = pools.instance_type(name, pool, "p5.48xlarge")
    capacity_type, reservation = _capacity(f"pools.{name}", pool)
    with_efa = pools.fabric(name, pool, ("ethernet", "efa"), "AWS") == "efa"
    return AwsNodeGroup(
        name=name,
        instance_type=kind,
        capacity_type=capacity_type,
        reservation=reservation,
        zones=pools.pool_zones(name, pool, zones),
        smallest=pool.smallest,
        largest=pool.largest,
        ami_type=pool.image or ami_type(kind, pool.accelerator),
        efa_interfaces=EFA_INTERFACES.get(kind, 1) if with_efa else 0,
        cluster_placement=pool.placement == "cluster",
        labels=pools.pool_labels(name, pool, extra),
        taints=tuple({"key": t.key, "value": t.value, "effect": _EFFECTS[t.effect]} for t in pools.pool_taints(pool)),
        accelerators=pools.devices("aws", pool),
    )


def _capacity(at: str, pool: Pool) -> tuple[str, str | None]:
    match pool.capacity:
        case OnDemand():
            return "ON_DEMAND", None
        case Spot(max_usd_per_hour=None):
            return "SPOT", None
        case Spot():
            raise Unplannable(f"{at}.capacity.maxUsdPerHour: EKS node groups take no price limit; leave it out")
        case Reserved(block=block, reservation=reservation):
            return ("CAPACITY_BLOCK" if block else "ON_DEMAND"), reservation
        case other:
            raise Unplannable(f"{at}.capacity.kind: AWS has on-demand, spot and reserved, not {other.kind}")


def ami_type(instance_type: str, accelerator: str | None) -> str:
    """The Amazon Linux 2023 image for an instance type (NodeGroup amiType).

    Graviton families have a `g` after their generation (m7g, c8gn, p6e-gb200): AWS, "Instance type naming conventions".
    """
    family = instance_type.partition(".")[0].split("-")
    arm = "gb" in "".join(family[1:]) or "g" in family[0].lstrip("abcdefghijklmnopqrstuvwxyz").lstrip("0123456789")
    kind = "NVIDIA" if accelerator and accelerator.startswith("nvidia-") else "STANDARD"
    return f"AL2023_{'ARM_64' if arm else 'x86_64'}_{kind}"
