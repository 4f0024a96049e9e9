"""The machines of a bare-metal pool: a host for each, and the templates that say what is written on it.

Owns: BareMetalPool, BareMetalHost, Metal3 templates and addresses. Refuses to own: how many become nodes (machines.py),
how they join (workers.py) and what their accelerators are called (ringfence.planning.capacity).

Versions: metal3.io/v1alpha1 (BMO 0.13), CAPM3 1.13 v1beta2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ringfence.planning import capacity
from ringfence.planning.addon_context import AcceleratorPool, AddOnContext
from ringfence.planning.addons import node_labels
from ringfence.planning.labels import KUBERNETES_PREFIX
from ringfence.planning.onprem.addresses import NodeAddresses
from ringfence.planning.onprem.hosted import CLUSTER_NAME_LABEL, HostedCluster
from ringfence.planning.onprem.objects import Manifest, PlanError, manifest, versioned
from ringfence.spec.cluster import Cluster
from ringfence.spec.pool import Machine, Mig, Pool

SITE_LABEL = KUBERNETES_PREFIX + "site"
CLUSTER_LABEL = KUBERNETES_PREFIX + "cluster"
ACCELERATOR_LABEL = KUBERNETES_PREFIX + "accelerator"
BOOT_MAC_ANNOTATION = KUBERNETES_PREFIX + "boot-mac"
LONGEST_NAME = 63
"""The pool's full name becomes a label of each of its machines."""
INFRASTRUCTURE = "infrastructure.cluster.x-k8s.io/v1beta2"
DISK_FORMATS = {".raw": "raw", ".qcow2": "qcow2", ".vmdk": "vmdk", ".vdi": "vdi", ".iso": "live-iso"}


@dataclass(frozen=True, kw_only=True)
class BareMetalPool:
    """A pool of a hosted cluster: plain values, checked."""

    hosted: HostedCluster
    name: str
    pool: Pool
    site: str
    addresses: NodeAddresses | None = None
    """Static addresses; None leaves them to the site's DHCP."""
    secure_boot: bool = False
    k0s_in_image: bool = False
    """The operating system image carries k0s: nothing is downloaded when a machine joins."""
    node_labels: Mapping[str, str] = field(default_factory=dict)
    """Labels of every node of the pool."""

    @property
    def full_name(self) -> str:
        """Name of the pool's objects: cluster and pool."""
        return f"{self.hosted.name}-{self.name}"

    @property
    def namespace(self) -> str:
        """Hosts must be where the cluster is: Metal3 looks for them nowhere else."""
        return self.hosted.name

    @property
    def labels(self) -> dict[str, str]:
        """Labels of the pool's objects."""
        return {
            **self.hosted.labels,
            CLUSTER_NAME_LABEL: self.hosted.name,
            capacity.POOL_LABEL: self.name,
            SITE_LABEL: self.site,
        }


def bare_metal_pool(
    hosted: HostedCluster,
    name: str,
    pool: Pool,
    site: str,
    *,
    addresses: NodeAddresses | None = None,
    secure_boot: bool = False,
    k0s_in_image: bool = False,
) -> BareMetalPool:
    """The facts of one pool. Raises PlanError for a pool without machines, image or checksum, with more nodes than
    machines, or with a secret reference that cannot be a Kubernetes Secret."""
    where = f"clusters.{hosted.name}.pools.{name}"
    if len(f"{hosted.name}-{name}") > LONGEST_NAME:
        raise PlanError(
            f"{where}: {hosted.name}-{name} is no label value", f"keep both within {LONGEST_NAME} characters"
        )
    if not pool.machines:
        raise PlanError(
            f"{where} names no machines", "list them under machines, each with bmc, bootMac and credentials"
        )
    if not pool.image or not pool.image_checksum:
        raise PlanError(f"{where} has no image, or none with a checksum", "set image and imageChecksum")
    if max(pool.nodes or 0, pool.max_nodes or 0) > len(pool.machines):
        raise PlanError(
            f"{where} asks for more nodes than its {len(pool.machines)} machines", "add machines, or ask less"
        )
    for key, machine in pool.machines.items():
        if "/" in machine.credentials:
            raise PlanError(
                f"{where}.machines.{key}.credentials {machine.credentials!r} is no name of a Secret",
                f"name a Secret of namespace {hosted.name} in the management cluster, with username and password",
            )
    return BareMetalPool(
        hosted=hosted,
        name=name,
        pool=pool,
        site=site,
        addresses=addresses,
        secure_boot=secure_boot,
        k0s_in_image=k0s_in_image,
        node_labels=node_labels_of(hosted.name, hosted.cluster, name, pool, site),
    )


def host(pool: BareMetalPool, name: str, machine: Machine) -> Manifest:
    """One machine. Its labels are what hosts are chosen by, and Metal3 keeps those under our prefix on the node too."""
    own = {capacity.RACK_LABEL: machine.rack} if machine.rack else {}
    return manifest(
        "metal3.io/v1alpha1",
        "BareMetalHost",
        name,
        pool.namespace,
        labels={**pool.labels, **_host_selector(pool), **own},
        annotations={BOOT_MAC_ANNOTATION: machine.boot_mac},
        spec={
            "online": True,
            "architecture": "x86_64",
            "bootMACAddress": machine.boot_mac,
            "bootMode": "UEFISecureBoot" if pool.secure_boot else "UEFI",
            "automatedCleaningMode": "metadata",
            "inspectionMode": "agent",
            "rootDeviceHints": {"deviceName": machine.root_device},
            "bmc": {
                "address": machine.bmc,
                "credentialsName": machine.credentials,
                "disableCertificateVerification": False,
            },
        },
    )


def machine_template(pool: BareMetalPool, data: list[Manifest]) -> Manifest:
    """Which host to take and what to write on it. v1beta2 says diskFormat and checksumType."""
    algorithm, _, digest = (pool.pool.image_checksum or "").partition(":")
    image = str(pool.pool.image)
    spec: dict[str, Any] = {
        "automatedCleaningMode": "metadata",
        "hostSelector": {"matchLabels": _host_selector(pool)},
        "image": {"url": image, "checksum": digest, "checksumType": algorithm, "diskFormat": disk_format(image)},
    }
    if data:
        spec["dataTemplate"] = {"name": data[0]["metadata"]["name"]}
    template = {"nodeReuse": False, "template": {"spec": spec}}
    return versioned(pool_object(pool, INFRASTRUCTURE, "Metal3MachineTemplate", template))


def disk_format(image: str) -> str:
    """The disk format that an image's name ends with; raises PlanError for one that Ironic does not know."""
    for ending, known in DISK_FORMATS.items():
        if image.split("?")[0].endswith(ending):
            return known
    raise PlanError(f"image {image} has no known disk format", f"its name must end in {', '.join(DISK_FORMATS)}")


def data_template(pool: BareMetalPool) -> tuple[list[Manifest], list[Manifest]]:
    """The IPPool, and the template that gives each machine an address from it; neither where DHCP does."""
    static = pool.addresses
    if static is None:
        return [], []
    addresses: dict[str, Any] = {
        "clusterName": pool.hosted.name,
        "namePrefix": pool.full_name,
        "prefix": static.prefix,
        "gateway": static.gateway,
        "pools": [{"start": static.first, "end": static.last}],
    }
    if static.dns_servers:
        addresses["dnsServers"] = list(static.dns_servers)
    mac = {"fromAnnotation": {"object": "baremetalhost", "annotation": BOOT_MAC_ANNOTATION}}
    reference = {"apiGroup": "ipam.metal3.io", "kind": "IPPool", "name": pool.full_name}
    family = "ipv6" if ":" in static.first else "ipv4"
    everywhere = ("::", 0) if family == "ipv6" else ("0.0.0.0", 0)
    network = {
        "id": "nodes",
        "link": "boot",
        "fromPoolRef": reference,
        "routes": [{"network": everywhere[0], "prefix": everywhere[1], "gateway": {"fromPoolRef": reference}}],
    }
    data: dict[str, Any] = {
        "links": {"ethernets": [{"id": "boot", "type": "phy", "mtu": _underlay_mtu(pool), "macAddress": mac}]},
        "networks": {family: [network]},
    }
    if static.dns_servers:
        data["services"] = {"dns": list(static.dns_servers)}
    template = {"clusterName": pool.hosted.name, "networkData": data}
    return (
        [pool_object(pool, "ipam.metal3.io/v1alpha1", "IPPool", addresses)],
        [versioned(pool_object(pool, INFRASTRUCTURE, "Metal3DataTemplate", template))],
    )


def pool_object(pool: BareMetalPool, api_version: str, kind: str, spec: dict[str, Any]) -> Manifest:
    """An object of the pool's own name, in the cluster's namespace."""
    return manifest(api_version, kind, pool.full_name, pool.namespace, labels=pool.labels, spec=spec)


def node_labels_of(cluster_name: str, cluster: Cluster, name: str, pool: Pool, site: str) -> dict[str, str]:
    """Pool, site, cluster and accelerator; what the GPU operator reads; and the file's own."""
    own = {capacity.POOL_LABEL: name, SITE_LABEL: site, CLUSTER_LABEL: cluster_name}
    if pool.accelerator:
        own[ACCELERATOR_LABEL] = pool.accelerator
    context = AddOnContext(
        cluster=cluster_name,
        platform="",
        site=site,
        site_kind="datacentre",
        country="",
        distribution="k0s",
        kubernetes_version=cluster.kubernetes_version,
        pools=(
            AcceleratorPool(
                name=name,
                accelerator=pool.accelerator or "",
                per_node=pool.accelerators_per_node,
                nodes=pool.largest,
                sharing=pool.sharing.kind,
                mig_layout=pool.sharing.layout if isinstance(pool.sharing, Mig) else {},
            ),
        ),
    )
    return {**own, **node_labels(context, name), **pool.labels}


def _host_selector(pool: BareMetalPool) -> dict[str, str]:
    return {capacity.POOL_LABEL: pool.name, SITE_LABEL: pool.site, CLUSTER_LABEL: pool.hosted.name}


def _underlay_mtu(pool: BareMetalPool) -> int:
    return pool.hosted.cluster.network.overlay.underlay_mtu
