"""What an add-on may know of the cluster it is installed on: plain, frozen facts.

Owns: the shape of those facts. Refuses to own: where they come from (stacks build them from the spec) and what an
add-on makes of them (components/addons).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

HOURS_PER_MONTH = 730
"""Hours that OpenCost and Kubecost reckon a month at (kubecost/kubecost, cost-analyzer/values.yaml at v2.9.7)."""

KUBELET_ROOT = "/var/lib/kubelet"
"""Where the kubelet keeps its state unless told otherwise (kubernetes.io, kubelet --root-dir)."""

K0S_KUBELET_ROOT = "/var/lib/k0s/kubelet"
"""Where k0s keeps the kubelet's state instead of /var/lib/kubelet (docs.k0sproject.io, FAQ: CSI drivers)."""

Distribution = Literal["eks", "aks", "gke", "k0s"]
SharingKind = Literal["none", "mig", "time-slicing", "vgpu"]


@dataclass(frozen=True, kw_only=True)
class AcceleratorPool:
    """A pool of nodes with accelerators, as the add-ons see it."""

    name: str
    accelerator: str
    """A name of ringfence.facts.accelerators."""
    per_node: int
    nodes: int
    sharing: SharingKind = "none"
    mig_layout: Mapping[str, int] = field(default_factory=dict)
    """MIG profile to instances on each device."""
    slices: int = 1
    """Time-slicing: how many containers may share one device."""
    vgpu_profile: str | None = None
    licence_secret: str | None = None
    fabric: str = "ethernet"
    """ethernet, efa, infiniband, roce or gpudirect-tcpx."""


@dataclass(frozen=True, kw_only=True)
class Prices:
    """What the cluster's resources cost: USD per hour, and USD per GiB-month for storage, per GiB for egress."""

    cpu_hour: float
    """One hardware thread."""
    memory_gib_hour: float
    gpu_hour: float
    """One whole device, the weighted mean of the cluster's pools."""
    storage_gib_month: float
    egress_zone_gib: float = 0.0
    egress_region_gib: float = 0.0
    egress_internet_gib: float = 0.0
    spot_discount: float = 0.0
    """Fraction that spot capacity is cheaper, 0 where there is none."""


@dataclass(frozen=True, kw_only=True)
class BackupTarget:
    """A bucket that backups go to. The region decides where the copies rest."""

    name: str
    bucket: str
    """On Azure the storage account, or account/container."""
    provider: Literal["aws", "azure", "gcp", "s3"]
    """`s3` is any S3-compatible store, reached at `endpoint`."""
    region: str
    endpoint: str | None = None
    credentials: str | None = None
    """Secret with the key `cloud`; unset where the pod has an identity of its own."""


@dataclass(frozen=True, kw_only=True)
class ObjectStore:
    """A bucket for artefacts (MLflow, Argo, DVC, Loki)."""

    bucket: str
    region: str
    endpoint: str | None = None
    credentials: str | None = None
    """Secret with AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY; unset where the pod has an identity of its own."""


@dataclass(frozen=True, kw_only=True)
class AddOnContext:
    """One cluster, as its add-ons see it. No value in it is an Output."""

    cluster: str
    platform: str
    site: str
    site_kind: Literal["cloud", "datacentre", "edge"]
    country: str
    distribution: Distribution
    kubernetes_version: str
    provider: Literal["aws", "azure", "gcp"] | None = None
    region: str | None = None
    role: Literal["workload", "management"] = "workload"
    domain: str | None = None
    """DNS zone for what the cluster serves."""
    api_server: str | None = None
    """Address of the Kubernetes API, where add-ons must know it (Cilium without kube-proxy)."""
    api_port: int = 6443
    pod_cidr: str | None = None
    overlay: str = "none"
    mtu: int = 1500
    delivery: Literal["push", "pull"] = "push"
    registry: str | None = None
    """The site's own OCI mirror, host and path, where images and charts come from."""
    connected: bool = True
    """False where the site cannot reach the internet."""
    pools: tuple[AcceleratorPool, ...] = ()
    tenants: Mapping[str, str] = field(default_factory=dict)
    """Tenant to cost centre."""
    storage_classes: Mapping[str, str] = field(default_factory=dict)
    """Kind (block, file, object, scratch, cache) to class name."""
    prices: Prices | None = None
    metrics_retention_days: int = 30
    remote_write: str | None = None
    """URL that metrics are also written to."""
    log_sink: Literal["loki", "elastic", "datadog", "cloud", None] = None
    logs_url: str | None = None
    """OTLP address of the Loki that takes this cluster's logs in, where it runs on another cluster."""
    log_retention_days: int = 90
    datadog_site: str | None = None
    """Datadog's site, such as datadoghq.eu: it decides where the data rests."""
    backups: tuple[BackupTarget, ...] = ()
    artefacts: ObjectStore | None = None
    dashboards: bool = True
    """Whether Grafana gets the platform's own dashboards."""
    driver: Literal["image", "operator"] = "image"
    """Who installs the GPU driver on AKS nodes: the node image, or the GPU operator (`--gpu-driver none`)."""
    vgpu_manager: str | None = None
    """Repository/image:version of the vGPU manager, which each licensee builds and keeps in a registry of their own."""
    add_ons: frozenset[str] = frozenset()
    """Every add-on of the cluster, the implied ones included; filled in by the planner."""

    @property
    def kubelet_root(self) -> str:
        """The kubelet's state directory on this cluster's nodes."""
        return K0S_KUBELET_ROOT if self.distribution == "k0s" else KUBELET_ROOT

    @property
    def monitored(self) -> bool:
        """Whether the Prometheus operator's kinds exist on the cluster."""
        return "kube-prometheus-stack" in self.add_ons

    @property
    def replicas(self) -> int:
        """How many of each part of an add-on: one where a site is a box or two, else enough to lose a node."""
        return 1 if self.site_kind == "edge" else 2

    def storage_class(self, kind: str) -> str | None:
        """The class for one kind of storage; None leaves it to the cluster's default."""
        return self.storage_classes.get(kind)
