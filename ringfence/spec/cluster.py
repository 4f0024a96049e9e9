"""Clusters: a control plane, networks, pools, storage and the add-ons on them.

Owns: the three kinds of control plane and what a cluster says of itself. Refuses to own: how any of it is created.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from ringfence.spec.base import Address, GiB, Hostname, Name, PositiveInt, SecretReference, Spec
from ringfence.spec.network import Network
from ringfence.spec.pool import Pool

KubernetesVersion = Annotated[str, StringConstraints(pattern=r"^1\.[0-9]{2}(\.[0-9]{1,2})?$")]
Port = Annotated[int, Field(ge=1, le=65535, strict=True)]


class Etcd(Spec):
    """The storage of a control plane that we host."""

    storage_gib: GiB = 10
    """Volume for each member; etcd's own quota stays at 8 GiB (etcd.io: maximum recommended)."""
    storage_class: str | None = None
    """Storage class in the management cluster; its default when unset."""


class ManagedControlPlane(Spec):
    """The provider runs it (EKS, AKS, GKE)."""

    kind: Literal["managed"]
    public_endpoint: bool = False
    """Whether the API answers on the internet; refused where restricted data is processed."""
    admin_cidrs: tuple[str, ...] = ()
    """Who may reach a public endpoint."""


class HostedControlPlane(Spec):
    """It runs as pods in a management cluster; only workers stand on metal."""

    kind: Literal["hosted"]
    provider: Literal["k0smotron", "kamaji"] = "k0smotron"
    management_cluster: Name
    replicas: Literal[1, 3, 5] = 3
    address: Address
    """Address on which the workers reach the API."""
    port: Port = 6443
    etcd: Etcd = Etcd()


class EmbeddedControlPlane(Spec):
    """It runs on the cluster's own nodes (k0s): management clusters and edge boxes."""

    kind: Literal["embedded"]
    replicas: Literal[1, 3, 5] = 1
    """How many of the nodes are controllers."""
    address: Address
    port: Port = 6443


ControlPlane = Annotated[ManagedControlPlane | HostedControlPlane | EmbeddedControlPlane, Field(discriminator="kind")]


class StorageTier(Spec):
    """Storage that pods of the cluster can ask for."""

    kind: Literal["block", "file", "object", "scratch", "cache"]
    """`scratch` is a parallel file system whose loss costs a rerun; `cache` is node-local and holds copies only."""
    capacity_gib: GiB
    throughput_mib_per_second: PositiveInt | None = None
    default: bool = False
    """Whether it is the cluster's default storage class."""


class Bucket(Spec):
    """A bucket that exists already, for what a cluster writes by itself: backups, artefacts."""

    bucket: str = Field(min_length=3, max_length=63)
    site: Name
    """Where it rests: held against every class that the cluster processes."""
    endpoint: Hostname | None = None
    """A data centre's S3 service; a cloud's own when unset."""
    credentials: SecretReference | None = None
    """Secret on the cluster with the bucket's keys; unset where pods have an identity of the cloud."""


class AddOnOverride(Spec):
    """What differs from the add-on's row in ringfence/facts/addons.yaml."""

    enabled: bool = True
    version: str | None = None
    values: dict[str, Any] = {}
    """Merged over the row's values; every key must exist in the pinned chart."""


class Access(Spec):
    """Groups of the identity provider, by what they may do with the whole cluster."""

    operators: tuple[str, ...] = ("platform-operators",)
    auditors: tuple[str, ...] = ("auditors",)


class Cluster(Spec):
    """A Kubernetes cluster at one site."""

    site: Name
    role: Literal["workload", "management"] = "workload"
    """A management cluster hosts other clusters' control planes and runs no tenant's work."""
    kubernetes_version: KubernetesVersion
    control_plane: ControlPlane
    network: Network
    pools: dict[Name, Pool] = Field(min_length=1)
    storage: dict[Name, StorageTier] = {}
    backup_store: Bucket | None = None
    """Where Velero keeps the cluster's backups."""
    artefact_store: Bucket | None = None
    """Where MLflow, Argo Workflows and DVC keep what they make."""
    delivery: Literal["push", "pull"] = "push"
    """`pull` where nobody outside can reach the API: the site reconciles signed manifests itself."""
    add_ons: dict[Name, AddOnOverride] = {}
    """By name of the row; {} takes the row as it is."""
    access: Access = Access()
    domain: Hostname | None = None
    """DNS zone for what the cluster serves, such as fra.ai.example."""
