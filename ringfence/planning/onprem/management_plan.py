"""From a management cluster's own words to its plan: what it hosts, where Ironic answers, how it is bootstrapped.

Owns: the choices that the file leaves open (Ironic's address and agent). Refuses to own: the objects (management.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.planning.onprem import kamaji
from ringfence.planning.onprem.hosted import HostedCluster, etcd_demand, hosted_cluster
from ringfence.planning.onprem.k0sctl import Bootstrap, host_names
from ringfence.planning.onprem.management import ManagementCluster, own_etcd
from ringfence.planning.onprem.metal3 import AgentImages, Provisioning, agent_images_beside
from ringfence.planning.onprem.objects import PlanError
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane


def management_plan(
    name: str,
    cluster: Cluster,
    hosted: Mapping[str, Cluster],
    labels: Mapping[str, str],
    *,
    registry: str | None = None,
    connected: bool = True,
    agent: AgentImages | None = None,
    interface: str | None = None,
    addresses: Mapping[str, str] | None = None,
) -> ManagementCluster:
    """The plan. `interface` is where keepalived keeps Ironic's address, the first after the hosts'; without one Ironic
    stays on the first host. `addresses` are the hosts', planned when empty.

    Raises PlanError for a cluster without an embedded control plane, and for what it hosts as `hosted_cluster` does.
    """
    plane = embedded_plane(name, cluster)
    hosts = host_names(cluster)
    clusters = tuple(hosted_cluster(key, one, labels, registry=registry) for key, one in sorted(hosted.items()))
    address = (addresses or {}).get(hosts[0]) or str(plane.address + (1 if len(hosts) > 1 else 0))
    if interface:
        address = str(plane.address + len(hosts) + 1)
    found = agent or (None if connected else _agent_of(clusters))
    return ManagementCluster(
        name=name,
        cluster=cluster,
        hosted=clusters,
        labels=labels,
        registry=registry,
        connected=connected,
        provisioning=Provisioning(address=address, interface=interface, host=hosts[0], agent=found),
    )


def bootstrap_plan(
    plan: ManagementCluster, *, addresses: Mapping[str, str] | None = None, helm: Mapping[str, Any] | None = None
) -> Bootstrap:
    """How the management cluster itself comes to be; `helm` are charts that k0s installs at once."""
    return Bootstrap(
        name=plan.name,
        cluster=plan.cluster,
        registry=plan.registry,
        connected=plan.connected,
        etcd=own_etcd(plan),
        addresses=addresses or {},
        helm=helm or {},
    )


def kamaji_values(hosted: Mapping[str, Cluster]) -> dict[str, Any]:
    """Values for the kamaji add-on of a management cluster, by the Kamaji clusters among those it hosts."""
    demands = [
        etcd_demand(cluster)
        for _, cluster in sorted(hosted.items())
        if getattr(cluster.control_plane, "provider", None) == "kamaji"
    ]
    return kamaji.etcd_values(demands) if demands else {}


def embedded_plane(name: str, cluster: Cluster) -> EmbeddedControlPlane:
    """The cluster's own control plane; raises PlanError where it runs elsewhere."""
    plane = cluster.control_plane
    if not isinstance(plane, EmbeddedControlPlane):
        raise PlanError(
            f"clusters.{name} is a management cluster with a control plane of kind {plane.kind}",
            "a management cluster runs its own: kind: embedded",
        )
    return plane


def _agent_of(hosted: tuple[HostedCluster, ...]) -> AgentImages | None:
    images = [pool.image for one in hosted for pool in one.cluster.pools.values() if pool.image]
    return agent_images_beside(str(images[0])) if images else None
