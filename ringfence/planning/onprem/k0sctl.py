"""The bootstrap of a cluster that runs its own control plane: a k0sctl configuration, since there is no API before it.

Owns: which host does what, k0s's configuration on them, and the files that a site without internet needs. Refuses to
own: running it (an operator does, once: `k0sctl apply`) and everything that a working API can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from ringfence.planning.onprem.addresses import host_addresses, with_prefix
from ringfence.planning.onprem.bare_metal import node_labels_of
from ringfence.planning.onprem.etcd import EtcdPlan
from ringfence.planning.onprem.k0s_config import k0s_config, network
from ringfence.planning.onprem.objects import Manifest, PlanError
from ringfence.planning.onprem.releases import k0s_release
from ringfence.planning.onprem.workers import check_labels, mirror_files
from ringfence.spec.cluster import Cluster, EmbeddedControlPlane

API_VERSION = "k0sctl.k0sproject.io/v1beta1"
MANIFEST_FOLDER = "/var/lib/k0s/manifests/ringfence"
"""What k0s applies by itself, before anything else can (docs.k0sproject.io, manifest deployer)."""
IMAGE_FOLDER = "/var/lib/k0s/images"
"""Image bundles that k0s imports (docs.k0sproject.io, airgap installation)."""
VIRTUAL_ADDRESS_PASSWORD = "${K0S_VRRP_PASSWORD}"
"""k0sctl reads it from the environment when it runs: at most eight characters (VRRP), and never in a file of ours."""


@dataclass(frozen=True, kw_only=True)
class Bootstrap:
    """A cluster that is to be bootstrapped: plain values."""

    name: str
    cluster: Cluster
    registry: str | None = None
    """The site's own mirror, host and path."""
    connected: bool = True
    etcd: EtcdPlan | None = None
    """Sets etcd's quota; k0s's default of 2 GiB without it."""
    addresses: Mapping[str, str] = field(default_factory=dict)
    """Host to the address at which SSH and the other hosts find it; planned after the API's address when empty."""
    manifests: tuple[Manifest, ...] = ()
    """Objects that must be there before anything can be pulled."""
    helm: Mapping[str, Any] = field(default_factory=dict)
    """`spec.extensions.helm`: charts that k0s itself installs, such as Flux at a pull site."""
    user: str = "ringfence"


def k0sctl_yaml(plan: Bootstrap) -> str:
    """The configuration as text, for `k0sctl apply --config`."""
    return yaml.safe_dump(k0sctl_config(plan), sort_keys=False, width=120)


def k0sctl_config(plan: Bootstrap) -> dict[str, Any]:
    """The configuration; raises PlanError as `checked_hosts` does."""
    found = checked_hosts(plan)
    plane = plan.cluster.control_plane
    assert isinstance(plane, EmbeddedControlPlane)
    release = k0s_release(plan.cluster.kubernetes_version)
    config = k0s_config(plan.cluster, registry=plan.registry, spec=_own_spec(plan, plane, len(found)))
    hosts = [_host(plan, name, address, index < plane.replicas) for index, (name, address) in enumerate(found.items())]
    return {
        "apiVersion": API_VERSION,
        "kind": "Cluster",
        "metadata": {"name": plan.name},
        "spec": {"hosts": hosts, "k0s": {"version": release.tag, "dynamicConfig": False, "config": config}},
    }


def checked_hosts(plan: Bootstrap) -> dict[str, str]:
    """Host to address, in the file's order.

    Raises PlanError for a cluster without an embedded control plane, with fewer hosts than controllers or addresses
    than hosts, of an unknown version or network, or with a label that a kubelet may not set.
    """
    plane = plan.cluster.control_plane
    if not isinstance(plane, EmbeddedControlPlane):
        raise PlanError(
            f"clusters.{plan.name} has a control plane of kind {plane.kind}", "an embedded one has kind: embedded"
        )
    hosts = host_names(plan.cluster)
    if len(hosts) < plane.replicas:
        raise PlanError(
            f"clusters.{plan.name} has {len(hosts)} hosts for {plane.replicas} controllers",
            "add nodes, or ask for fewer",
        )
    k0s_release(plan.cluster.kubernetes_version)
    network(plan.cluster)
    for pool in plan.cluster.pools:
        _labels(plan, pool)
    found = plan.addresses or host_addresses(plan.cluster.network.nodes, plane.address, hosts)
    missing = [name for name in hosts if name not in found]
    if missing:
        raise PlanError(f"clusters.{plan.name} has no address for {', '.join(missing)}", "name every host's address")
    return {name: found[name] for name in hosts}


def host_names(cluster: Cluster) -> tuple[str, ...]:
    """Machines by their own names; nodes that the file only counts are named after their pool."""
    return tuple(host_pools(cluster))


def host_pools(cluster: Cluster) -> dict[str, str]:
    """Host to the pool that it belongs to, in the file's order."""
    return {
        name: pool_name
        for pool_name, pool in cluster.pools.items()
        for name in (pool.machines or [f"{pool_name}-{number}" for number in range(1, pool.largest + 1)])
    }


def _own_spec(plan: Bootstrap, plane: EmbeddedControlPlane, hosts: int) -> dict[str, Any]:
    """Parts of the ClusterConfig that only an embedded cluster has."""
    storage: dict[str, Any] = {"type": "etcd"}
    if plan.etcd:
        storage["etcd"] = {"extraArgs": {"quota-backend-bytes": str(plan.etcd.quota_bytes)}}
    made: dict[str, Any] = {"api": {"port": plane.port, "sans": [str(plane.address)]}, "storage": storage}
    if hosts > 1 and plane.replicas > 1:
        virtual = with_prefix(plane.address, plan.cluster.network.nodes)
        instances = [{"virtualIPs": [virtual], "authPass": VIRTUAL_ADDRESS_PASSWORD}]
        made["network"] = {
            **network(plan.cluster),
            "controlPlaneLoadBalancing": {
                "enabled": True,
                "type": "Keepalived",
                "keepalived": {"vrrpInstances": instances, "virtualServers": [{"ipAddress": str(plane.address)}]},
            },
            "nodeLocalLoadBalancing": {"enabled": True, "type": "EnvoyProxy"},
        }
    if plan.helm:
        made["extensions"] = {"helm": dict(plan.helm)}
    return made


def _host(plan: Bootstrap, name: str, address: str, controller: bool) -> dict[str, Any]:
    """One host. Controllers do work too: a box of one to three nodes has nothing to spare."""
    made: dict[str, Any] = {
        "role": "controller+worker" if controller else "worker",
        "hostname": name,
        "privateAddress": address,
        "ssh": {"address": address, "user": plan.user, "port": 22, "keyPath": "${SSH_KEY_PATH}"},
        "installFlags": [f"--labels={_labels(plan, host_pools(plan.cluster)[name])}"],
    }
    if controller:
        made["noTaints"] = True
    if not plan.connected:
        release = k0s_release(plan.cluster.kubernetes_version).tag
        made["uploadBinary"] = True
        made["k0sBinaryPath"] = f"./k0s-{release}-amd64"
    files = _files(plan, controller)
    if files:
        made["files"] = files
    return made


def _files(plan: Bootstrap, controller: bool) -> list[dict[str, Any]]:
    """What a host needs before it has a network to fetch from."""
    made: list[dict[str, Any]] = [
        {"name": part["path"].rpartition("/")[2], "data": part["content"], "dst": part["path"], "perm": "0644"}
        for part in mirror_files(plan.registry, "/etc/k0s/containerd.d/registry.toml")
    ]
    if not plan.connected:
        bundle = f"k0s-airgap-bundle-{k0s_release(plan.cluster.kubernetes_version).tag}-amd64"
        made += [
            {"name": "k0s images", "src": f"./{bundle}", "dstDir": IMAGE_FOLDER, "perm": "0644"},
            {"name": "site images", "src": "./site-images.tar", "dstDir": IMAGE_FOLDER, "perm": "0644"},
        ]
    if controller and plan.manifests:
        text = yaml.safe_dump_all(plan.manifests, sort_keys=False, width=120)
        made.append({"name": "manifests", "data": text, "dst": f"{MANIFEST_FOLDER}/site.yaml", "perm": "0600"})
    return made


def _labels(plan: Bootstrap, pool: str) -> str:
    labels = node_labels_of(plan.name, plan.cluster, pool, plan.cluster.pools[pool], plan.cluster.site)
    check_labels(f"clusters.{plan.name}.pools.{pool}", labels)
    return ",".join(f"{key}={value}" for key, value in sorted(labels.items()))
