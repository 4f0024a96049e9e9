"""How a bare-metal machine joins its cluster: k0s for k0smotron, kubeadm for Kamaji. Neither can join the other.

Owns: the bootstrap templates and the mirror configuration that they write. Refuses to own: which machine joins
(bare_metal.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.planning.onprem.bare_metal import BareMetalPool, pool_object
from ringfence.planning.onprem.objects import Manifest, PlanError, versioned
from ringfence.spec.pool import Pool

BOOTSTRAP = "bootstrap.cluster.x-k8s.io/v1beta2"
HOST_LABEL = "metal3.io/uuid"
"""Node label by which Metal3 finds the node of a host; whoever starts the kubelet must set it (CAPM3, ProviderID)."""
CERTS = "/etc/containerd/certs.d"

_RESERVED = ("kubernetes.io", "k8s.io")
_ALLOWED = ("kubelet.kubernetes.io", "node.kubernetes.io")
_ALLOWED_KEYS = frozenset(
    {
        "beta.kubernetes.io/arch",
        "beta.kubernetes.io/instance-type",
        "beta.kubernetes.io/os",
        "failure-domain.beta.kubernetes.io/region",
        "failure-domain.beta.kubernetes.io/zone",
        "kubernetes.io/arch",
        "kubernetes.io/hostname",
        "kubernetes.io/os",
        "node.kubernetes.io/instance-type",
        "topology.kubernetes.io/region",
        "topology.kubernetes.io/zone",
    }
)
"""Labels of Kubernetes' own that a kubelet may give its node (NodeRestriction); it does not start with any other."""


def bootstrap_template(pool: BareMetalPool) -> Manifest:
    """The template for the pool's provider. Raises PlanError for a label that a kubelet may not set."""
    check_labels(f"clusters.{pool.hosted.name}.pools.{pool.name}", pool.node_labels)
    return kubeadm_template(pool) if pool.hosted.kamaji else k0s_template(pool)


def check_labels(where: str, labels: Mapping[str, str]) -> None:
    """Raises PlanError for a label that a kubelet may not give its node: it would not start."""
    for key in labels:
        if not kubelet_may_set(key):
            raise PlanError(
                f"{where}.labels: a kubelet may not give its node {key}",
                "use a prefix of your own, or node.kubernetes.io/",
            )


def kubelet_may_set(key: str) -> bool:
    """Whether a kubelet may register its node with this label (NodeRestriction admission)."""
    domain, _, name = key.rpartition("/")
    reserved = any(domain == root or domain.endswith("." + root) for root in _RESERVED)
    allowed = any(domain == root or domain.endswith("." + root) for root in _ALLOWED)
    return bool(name) and (not reserved or allowed or key in _ALLOWED_KEYS)


def k0s_template(pool: BareMetalPool) -> Manifest:
    """A K0sWorkerConfigTemplate. Its version has a plus where the control plane's has a dash."""
    # k0smotron runs the installation in a shell: cloud-init answers there with the host that Metal3 gave the machine.
    labels = ",".join([*_pairs(pool), f"{HOST_LABEL}=$(cloud-init query ds.meta_data.uuid)"])
    args = [f"--labels={labels}"]
    if pool.pool.taints:
        args.append(f"--taints={','.join(taints(pool.pool))}")
    spec: dict[str, Any] = {"version": pool.hosted.release.tag, "args": args}
    if pool.k0s_in_image:
        spec["preInstalledK0s"] = True
    files = mirror_files(pool.hosted.registry, "/etc/k0s/containerd.d/registry.toml")
    if files:
        spec["files"] = files
    return _template(pool, "K0sWorkerConfigTemplate", spec)


def kubeadm_template(pool: BareMetalPool) -> Manifest:
    """A KubeadmConfigTemplate; the machine's image brings containerd, kubelet and kubeadm of the cluster's version."""
    labels = ",".join([*_pairs(pool), f"{HOST_LABEL}={{{{ ds.meta_data.uuid }}}}"])
    registration: dict[str, Any] = {
        "name": "{{ ds.meta_data.name }}",
        "kubeletExtraArgs": [{"name": "node-labels", "value": labels}],
    }
    if pool.pool.taints:
        registration["taints"] = [
            {"key": taint.key, "value": taint.value, "effect": taint.effect} for taint in pool.pool.taints
        ]
    spec: dict[str, Any] = {"joinConfiguration": {"nodeRegistration": registration}}
    files = mirror_files(pool.hosted.registry, "/etc/containerd/conf.d/registry.toml")
    if files:
        spec["files"] = files
        spec["preKubeadmCommands"] = ["systemctl restart containerd"]
    return _template(pool, "KubeadmConfigTemplate", spec)


def mirror_files(registry: str | None, snippet: str) -> list[dict[str, str]]:
    """Files that make containerd fetch every image from the site's registry, whatever host its reference names.

    `snippet` is where the container runtime looks for additions to its configuration.
    """
    if registry is None:
        return []
    host, _, path = registry.partition("/")
    endpoint = f"https://{host}/v2/{path}" if path else f"https://{host}"
    lines = [f'server = "{endpoint}"', "", f'[host."{endpoint}"]', '  capabilities = ["pull", "resolve"]']
    if path:
        lines.append("  override_path = true")
    config = [
        "version = 2",
        '[plugins."io.containerd.grpc.v1.cri".registry]',
        f'  config_path = "{CERTS}"',
    ]
    return [
        {"path": snippet, "permissions": "0644", "content": "\n".join(config) + "\n"},
        {"path": f"{CERTS}/_default/hosts.toml", "permissions": "0644", "content": "\n".join(lines) + "\n"},
    ]


def taints(pool: Pool) -> list[str]:
    """The pool's taints as key=value:Effect."""
    return [f"{taint.key}={taint.value}:{taint.effect}" for taint in pool.taints]


def _pairs(pool: BareMetalPool) -> list[str]:
    return [f"{key}={value}" for key, value in sorted(pool.node_labels.items())]


def _template(pool: BareMetalPool, kind: str, spec: dict[str, Any]) -> Manifest:
    return versioned(pool_object(pool, BOOTSTRAP, kind, {"template": {"spec": spec}}))
