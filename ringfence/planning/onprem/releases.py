"""Pinned releases: k0s by Kubernetes version, and the Cluster API providers of a management cluster.

Owns: the tables, their sources and the two spellings of a k0s version. Refuses to own: Helm charts
(ringfence/facts/addons.yaml).
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.planning.onprem.objects import PlanError

AS_OF = "2026-08-22"

K0S_RELEASES = {
    "1.32": "v1.32.8+k0s.0",
    "1.33": "v1.33.13+k0s.0",
    "1.34": "v1.34.8+k0s.0",
    "1.35": "v1.35.5+k0s.0",
    "1.36": "v1.36.0+k0s.0",
}
"""Kubernetes minor to the k0s release that it gets. Source: k0sproject/k0s release tags, as of AS_OF."""

K0S_SUFFIX = "k0s.0"
"""How the first k0s release of a Kubernetes patch ends (k0sproject/k0smotron, bootstrap worker: defaultK0sSuffix)."""


@dataclass(frozen=True)
class K0sRelease:
    """One k0s release, such as v1.34.8+k0s.0."""

    tag: str

    @property
    def kubernetes(self) -> str:
        """The Kubernetes version in it: v1.34.8."""
        return self.tag.partition("+")[0]

    @property
    def image_tag(self) -> str:
        """The tag of the container image, where a plus cannot stand: v1.34.8-k0s.0 (K0smotronControlPlane)."""
        return self.tag.replace("+", "-")


def k0s_release(kubernetes_version: str) -> K0sRelease:
    """The k0s release for `1.34` (the pinned patch) or `1.34.1` (that patch's first k0s release).

    Raises PlanError for a minor version that the table does not have.
    """
    minor = ".".join(kubernetes_version.split(".")[:2])
    if minor not in K0S_RELEASES:
        raise PlanError(
            f"kubernetesVersion {kubernetes_version} has no k0s release here",
            f"use one of {', '.join(K0S_RELEASES)}, or add the release to ringfence/planning/onprem/releases.py",
        )
    if kubernetes_version == minor:
        return K0sRelease(K0S_RELEASES[minor])
    return K0sRelease(f"v{kubernetes_version}+{K0S_SUFFIX}")


@dataclass(frozen=True, kw_only=True)
class Provider:
    """A Cluster API provider that the operator installs."""

    kind: str
    """Kind of operator.cluster.x-k8s.io/v1alpha2."""
    name: str
    """As clusterctl knows it: the operator finds its manifests by this name."""
    namespace: str
    version: str
    image: str
    """Image of its manager container, without the tag, which is the version."""
    repository: str
    """GitHub repository whose release carries the components file."""


CORE = Provider(
    kind="CoreProvider",
    name="cluster-api",
    namespace="capi-system",
    version="v1.14.0",
    image="registry.k8s.io/cluster-api/cluster-api-controller",
    repository="kubernetes-sigs/cluster-api",
)
METAL3 = Provider(
    kind="InfrastructureProvider",
    name="metal3",
    namespace="capm3-system",
    version="v1.13.2",
    image="quay.io/metal3-io/cluster-api-provider-metal3",
    repository="metal3-io/cluster-api-provider-metal3",
)
METAL3_IPAM = Provider(
    kind="IPAMProvider",
    name="metal3",
    namespace="metal3-ipam-system",
    version="v1.13.2",
    image="quay.io/metal3-io/ip-address-manager",
    repository="metal3-io/ip-address-manager",
)
K0SMOTRON = tuple(
    Provider(
        kind=kind,
        name="k0sproject-k0smotron",
        namespace="k0smotron-system",
        version="v2.1.0",
        image="quay.io/k0sproject/k0smotron",
        repository="k0sproject/k0smotron",
    )
    for kind in ("BootstrapProvider", "ControlPlaneProvider")
)
KAMAJI = (
    Provider(
        kind="BootstrapProvider",
        name="kubeadm",
        namespace="capi-kubeadm-bootstrap-system",
        version="v1.14.0",
        image="registry.k8s.io/cluster-api/kubeadm-bootstrap-controller",
        repository="kubernetes-sigs/cluster-api",
    ),
    Provider(
        kind="ControlPlaneProvider",
        name="kamaji",
        namespace="kamaji-system",
        version="v0.20.0",
        image="docker.io/clastix/cluster-api-control-plane-provider-kamaji",
        repository="clastix/cluster-api-control-plane-provider-kamaji",
    ),
)
"""Kamaji's control planes are plain Kubernetes: their workers join with kubeadm, never with k0s."""


@dataclass(frozen=True, kw_only=True)
class Operator:
    """Something that a management cluster runs from its project's kustomization: it has no chart and is no provider."""

    name: str
    version: str
    repository: str
    path: str
    """Folder of the kustomization in the repository."""
    components: tuple[str, ...] = ()
    """Kustomize components on top, relative to `path`."""
    images: tuple[str, ...] = ()
    """Images that the kustomization names, without tags."""


METAL3_NAMESPACE = "baremetal-operator-system"
BARE_METAL_OPERATOR = Operator(
    name="baremetal-operator",
    version="v0.13.2",
    repository="metal3-io/baremetal-operator",
    path="./config/base",
    components=("../components/basic-auth", "../components/tls"),
    images=("quay.io/metal3-io/baremetal-operator",),
)
IRONIC_OPERATOR = Operator(
    name="ironic-standalone-operator",
    version="v0.11.0",
    repository="metal3-io/ironic-standalone-operator",
    path="./config/default",
    images=("quay.io/metal3-io/ironic-standalone-operator",),
)
"""Ironic's own image is the one that its operator names: each of its releases supports a few of Ironic's only."""


def providers(control_planes: frozenset[str]) -> tuple[Provider, ...]:
    """The providers of a management cluster that hosts these kinds of control plane (k0smotron, kamaji)."""
    chosen: tuple[Provider, ...] = (CORE, METAL3, METAL3_IPAM)
    if "k0smotron" in control_planes:
        chosen += K0SMOTRON
    if "kamaji" in control_planes:
        chosen += KAMAJI
    return chosen
