"""A management cluster: what lets one cluster host the control planes and drive the machines of others.

Owns: Cluster API's providers, addresses for the hosted APIs, and whether the cluster is large enough for them. Refuses
to own: Ironic (metal3.py), charts (ringfence.planning.addons) and the cluster's own bootstrap (k0sctl.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ringfence.planning.onprem.addresses import address_pools
from ringfence.planning.onprem.control_plane import namespace_limits
from ringfence.planning.onprem.delivery import READY
from ringfence.planning.onprem.etcd import EtcdDemand, EtcdPlan, plan_etcd
from ringfence.planning.onprem.hosted import HostedCluster
from ringfence.planning.onprem.kamaji import NAMESPACE as KAMAJI_NAMESPACE
from ringfence.planning.onprem.metal3 import Provisioning, ironic, operators
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest, mirrored
from ringfence.planning.onprem.releases import METAL3_NAMESPACE, Provider, providers
from ringfence.planning.onprem.tenant_namespace import default_deny, namespace
from ringfence.spec.cluster import Cluster

OPERATOR_API = "operator.cluster.x-k8s.io/v1alpha2"
WEBHOOK_PORT = 9443
"""Where controllers built with controller-runtime answer the API server's questions."""
SYSTEM_MILLICPUS, SYSTEM_MEBIBYTES = 6000, 16384
"""What Cluster API, Metal3, Flux, registry and monitoring take of a management cluster: our own allowance."""
OBJECTS_PER_MACHINE = 8
"""BareMetalHost, Machine, Metal3Machine, their data, bootstrap configuration, secrets and hardware details."""
_OBJECT_MIB = 0.02


@dataclass(frozen=True, kw_only=True)
class ManagementCluster:
    """A management cluster and what it hosts: plain values, checked."""

    name: str
    cluster: Cluster
    hosted: tuple[HostedCluster, ...]
    labels: Mapping[str, str]
    registry: str | None
    provisioning: Provisioning
    connected: bool

    @property
    def control_planes(self) -> frozenset[str]:
        """Kinds of control plane that it hosts; k0smotron where it hosts none yet."""
        return frozenset(hosted.plane.provider for hosted in self.hosted) or frozenset({"k0smotron"})


@dataclass(frozen=True, kw_only=True)
class HostedLoad:
    """What all hosted control planes ask for together, rolling updates included."""

    millicpus: int
    mebibytes: int
    storage_gib: int


def management_stages(plan: ManagementCluster) -> list[list[Manifest]]:
    """Every object of the management cluster, in stages: one begins when the one before it is ready.

    Raises PlanError where its machines cannot hold the control planes, two of them share an address, or a site without
    internet has no agent image.
    """
    check_load(plan)
    made = providers(plan.control_planes)
    spaces = sorted({provider.namespace for provider in made} - {KAMAJI_NAMESPACE})
    core = [provider_object(one, plan.labels, plan.registry) for one in made if one.kind == "CoreProvider"]
    others = [provider_object(one, plan.labels, plan.registry) for one in made if one.kind != "CoreProvider"]
    return [
        [
            *(namespace(name, plan.labels) for name in spaces),
            namespace(METAL3_NAMESPACE, plan.labels, pod_security="privileged"),
            *(rule for name in spaces for rule in controller_isolation(name, plan.labels)),
            *address_pools(_addresses(plan.hosted), plan.labels),
        ],
        [*core, *operators(plan.provisioning, plan.labels, registry=plan.registry, connected=plan.connected)],
        [*others, ironic(plan.provisioning, plan.labels)],
    ]


def provider_object(provider: Provider, labels: Mapping[str, str], registry: str | None) -> Manifest:
    """A provider at its pinned version; with a registry, its manifests and its image come from there."""
    spec: dict[str, Any] = {"version": provider.version}
    if registry:
        kind = provider.kind.removesuffix("Provider").lower()
        spec["fetchConfig"] = {"oci": f"{registry}/cluster-api/{kind}-{provider.name}:{provider.version}"}
        image = mirrored(f"{provider.image}:{provider.version}", registry)
        spec["deployment"] = {"containers": [{"name": "manager", "imageUrl": image}]}
    return manifest(
        OPERATOR_API, provider.kind, provider.name, provider.namespace, labels=labels, annotations=READY, spec=spec
    )


def controller_isolation(name: str, labels: Mapping[str, str]) -> list[Manifest]:
    """Controllers call out, to the API and to every cluster they manage; only their webhooks are called."""
    spec = {
        "podSelector": {},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": [{"ports": [{"protocol": "TCP", "port": WEBHOOK_PORT}]}],
        "egress": [{}],
    }
    webhooks = manifest("networking.k8s.io/v1", "NetworkPolicy", "webhooks", name, labels=labels, spec=spec)
    return [default_deny(name, labels), webhooks]


def hosted_load(hosted: tuple[HostedCluster, ...]) -> HostedLoad:
    """The sum over the hosted control planes."""
    rows = [namespace_limits(one) for one in hosted]
    return HostedLoad(
        millicpus=sum(row.millicpus for row in rows),
        mebibytes=sum(row.mebibytes for row in rows),
        storage_gib=sum(row.storage_gib for row in rows),
    )


def check_load(plan: ManagementCluster) -> None:
    """Raises PlanError where the management cluster's machines or volumes are too small for what they host."""
    load = hosted_load(plan.hosted)
    pools = plan.cluster.pools.values()
    millicpus = sum(1000 * (pool.vcpus_per_node or 0) * pool.smallest for pool in pools)
    mebibytes = sum(1024 * (pool.memory_gib_per_node or 0) * pool.smallest for pool in pools)
    needed = (load.millicpus + SYSTEM_MILLICPUS, load.mebibytes + SYSTEM_MEBIBYTES)
    if needed[0] > millicpus or needed[1] > mebibytes:
        raise PlanError(
            f"clusters.{plan.name} has {millicpus // 1000} cores and {mebibytes // 1024} GiB, but its "
            f"{len(plan.hosted)} control planes and its own parts need {-(-needed[0] // 1000)} and "
            f"{-(-needed[1] // 1024)}",
            "give its pools more nodes, or larger ones (nodes, vcpusPerNode, memoryGibPerNode)",
        )
    block = sum(tier.capacity_gib for tier in plan.cluster.storage.values() if tier.kind == "block")
    if block < load.storage_gib:
        raise PlanError(
            f"clusters.{plan.name} has {block} GiB of block storage, but its control planes' volumes need "
            f"{load.storage_gib} GiB",
            "raise capacityGib of its block storage",
        )


def own_etcd(plan: ManagementCluster) -> EtcdPlan:
    """The management cluster's own etcd: its pods, and the objects of every machine that it drives."""
    nodes = sum(pool.largest for pool in plan.cluster.pools.values())
    machines = sum(len(pool.machines) for one in plan.hosted for pool in one.cluster.pools.values())
    pods = 60 * nodes + sum(namespace_limits(one).pods for one in plan.hosted)
    extra = machines * OBJECTS_PER_MACHINE * _OBJECT_MIB
    return plan_etcd(EtcdDemand(nodes=nodes, pods=pods, extra_mib=extra))


def namespaces(plan: ManagementCluster) -> tuple[str, ...]:
    """The namespaces of its controllers, sorted."""
    return tuple(sorted({provider.namespace for provider in providers(plan.control_planes)} | {METAL3_NAMESPACE}))


def _addresses(hosted: tuple[HostedCluster, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in hosted:
        if one.plane.address in found.values():
            raise PlanError(f"clusters.{one.name} has the address of another cluster's API", "give it one of its own")
        found[one.name] = one.plane.address
    return found
