"""How much an etcd must hold, and the quota, volume and machine that follow.

Owns: the estimate of a database's size and what is derived from it. Refuses to own: where etcd runs.

The estimate is ours: what is live (nodes, pods, secrets, an hour of events) and what compaction has not yet removed
(five minutes of updates), times fragmentation. Its constants: etcd.io v3.6 (quota, request size), Kubernetes defaults
(event time to live 1 h, compaction every 5 min, node lease every 10 s, node status every 5 min), and etcd-io/etcd#22332
(real pods are 10 to 20 KiB, not the 4 KiB of the 5,000-node envelope).
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.planning.onprem.objects import PlanError

GIB = 2**30
DEFAULT_QUOTA_GIB = 2
"""etcd's own default for --quota-backend-bytes (etcd.io v3.6, system limits)."""
MAXIMUM_QUOTA_GIB = 8
"""Above it etcd warns at start (etcd.io v3.6, system limits)."""
WAL_GIB = 1
"""Write-ahead log and snapshot files beside the database: five 64 MiB segments, and room for a snapshot in flight."""
HEADROOM = 1.25
"""The quota over the estimate: a full quota stops every write until somebody defragments."""

_NODE_KIB = 12.0
_LEASE_KIB = 0.5
_SECRET_KIB = 2.0
_EVENT_KIB = 1.0
_BASE_MIB = 100.0
_FRAGMENTATION = 1.5
_EVENT_SECONDS = 3600
_HISTORY_SECONDS = 300
_LEASES_PER_SECOND = 0.1
_STATUSES_PER_SECOND = 1 / 300
_WRITES_PER_POD_CHANGE = 5
_EVENTS_PER_POD_CHANGE = 10
_POD_LIFE_SECONDS = 15_000
_SECRETS_PER_POD = 0.01


@dataclass(frozen=True, kw_only=True)
class EtcdDemand:
    """What the clusters that share an etcd hold."""

    nodes: int
    pods: int
    pod_kib: float = 15.0
    """Size of one pod object: etcd-io/etcd#22332 measured 10 to 20 KiB, and up to 70."""
    extra_mib: float = 0.0
    """Custom objects beyond the ordinary, such as one per end user."""

    def __add__(self, other: EtcdDemand) -> EtcdDemand:
        return EtcdDemand(
            nodes=self.nodes + other.nodes,
            pods=self.pods + other.pods,
            pod_kib=max(self.pod_kib, other.pod_kib),
            extra_mib=self.extra_mib + other.extra_mib,
        )


@dataclass(frozen=True, kw_only=True)
class EtcdPlan:
    """One etcd member."""

    database_mib: int
    """The estimate."""
    quota_gib: int
    volume_gib: int
    cpus: int
    memory_gib: int

    @property
    def quota_bytes(self) -> int:
        """For --quota-backend-bytes."""
        return self.quota_gib * GIB


def database_mib(demand: EtcdDemand) -> float:
    """The size that the database reaches, in MiB."""
    pod_changes = demand.pods / _POD_LIFE_SECONDS
    live_kib = (
        demand.nodes * _NODE_KIB
        + demand.pods * demand.pod_kib
        + demand.pods * _SECRETS_PER_POD * _SECRET_KIB
        + pod_changes * _EVENTS_PER_POD_CHANGE * _EVENT_SECONDS * _EVENT_KIB
    )
    history_kib = _HISTORY_SECONDS * (
        demand.nodes * (_LEASES_PER_SECOND * _LEASE_KIB + _STATUSES_PER_SECOND * _NODE_KIB)
        + pod_changes * _WRITES_PER_POD_CHANGE * demand.pod_kib
    )
    return ((live_kib + history_kib) / 1024 + _BASE_MIB + demand.extra_mib) * _FRAGMENTATION


def volume_for(quota_gib: int) -> int:
    """GiB of volume for a quota: defragmenting writes a second copy beside the first, and the log needs room too."""
    return 2 * quota_gib + WAL_GIB


def plan_etcd(demand: EtcdDemand, volume_gib: int | None = None) -> EtcdPlan:
    """The etcd for a demand, on a volume of the given size or, without one, on the smallest that will do.

    A larger volume gets a larger quota, up to the 8 GiB that etcd suggests. Raises PlanError where the volume is too
    small for the demand, or no single etcd is large enough.
    """
    estimate = database_mib(demand)
    needed = max(DEFAULT_QUOTA_GIB, -(-int(estimate * HEADROOM + 1) // 1024))
    if needed > MAXIMUM_QUOTA_GIB:
        raise PlanError(
            f"an etcd for {demand.nodes} nodes and {demand.pods} pods reaches {estimate:.0f} MiB, "
            f"over the {MAXIMUM_QUOTA_GIB} GiB that etcd suggests at most",
            "split the cluster, or give its events or its largest users an etcd of their own",
        )
    volume = volume_for(needed) if volume_gib is None else volume_gib
    if volume < volume_for(needed):
        raise PlanError(
            f"an etcd volume of {volume} GiB is too small for {demand.nodes} nodes and {demand.pods} pods",
            f"set etcd.storageGib to at least {volume_for(needed)} "
            f"(twice a quota of {needed} GiB, and {WAL_GIB} GiB for the write-ahead log)",
        )
    quota = min(MAXIMUM_QUOTA_GIB, (volume - WAL_GIB) // 2)
    cpus, memory = _machine(estimate, demand.nodes)
    return EtcdPlan(database_mib=int(estimate), quota_gib=quota, volume_gib=volume, cpus=cpus, memory_gib=memory)


def _machine(mib: float, nodes: int) -> tuple[int, int]:
    """CPUs and GiB of memory for a member (etcd.io v3.6, hardware recommendations: small to xLarge)."""
    for most_mib, most_nodes, cpus, memory in ((100, 50, 2, 8), (500, 250, 4, 16), (1000, 1000, 8, 32)):
        if mib <= most_mib and nodes <= most_nodes:
            return cpus, memory
    return 16, 64
