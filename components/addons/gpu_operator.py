"""NVIDIA GPU Operator: drivers, device plugin, MIG, time-slicing, vGPU and GPU metrics.

Owns: how each cloud's nodes, k0s and each way of sharing change the chart's values, and the two ConfigMaps that say how
devices are cut. Refuses to own: the labels on nodes that select a layout (ringfence.planning.addons.node_labels).
Facts: NVIDIA/gpu-operator v26.7.0, deployments/gpu-operator/values.yaml; the clouds' own pages, cited below.
"""

from __future__ import annotations

from typing import Any

import yaml

from components.addons.manifests import Objects, config_map
from ringfence.planning.addon_context import AcceleratorPool, AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem, merge

NAMESPACE = "gpu-operator"
MIG_LAYOUTS = "mig-layouts"
PLUGIN_CONFIG = "device-plugin-config"
VGPU_CONFIG = "vgpu-devices-config"
UNSHARED = "default"

GKE_DRIVER_DIR = "/home/kubernetes/bin/nvidia"
"""Where Google's installer puts the driver on Container-Optimized OS (docs.nvidia.com, GPU Operator with GKE)."""

POD_LABELS = ("^kueue\\.x-k8s\\.io/queue-name$", "^ringfence\\.dev/tenant$", "^ringfence\\.dev/cost-center$")
"""Pod labels on GPU metrics: enough to say whose use it was, few enough for Prometheus."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values for one cluster. Raises AddOnPlanError for a vGPU pool without a vGPU manager image."""
    shared: dict[str, Any] = {
        # The operator's own default is `single`, under which a layout of ours shows as product MIG-INVALID
        # (NVIDIA/gpu-operator#479); `mixed` names the profile in the resource.
        "mig": {"strategy": "mixed" if _pools(context, "mig") else "none"},
        "dcgmExporter": {
            "serviceMonitor": {"enabled": context.monitored},
            "enablePodLabels": True,
            "podLabelAllowlistRegex": list(POD_LABELS),
        },
    }
    for part in (_nodes(context), _mig(context), _time_slicing(context), _vgpu(context), _fabric(context)):
        shared = merge(shared, part)
    return shared


def objects(context: AddOnContext) -> Objects:
    """ConfigMaps with the MIG layouts, the time-slicing and the vGPU types of the cluster's pools."""
    made = []
    if _pools(context, "mig"):
        made.append(config_map(MIG_LAYOUTS, NAMESPACE, {"config.yaml": mig_layouts(context)}))
    if _pools(context, "time-slicing"):
        made.append(config_map(PLUGIN_CONFIG, NAMESPACE, plugin_configs(context)))
    if _pools(context, "vgpu"):
        made.append(config_map(VGPU_CONFIG, NAMESPACE, {"config.yaml": vgpu_types(context)}))
    return Objects(before=tuple(made))


def _pools(context: AddOnContext, sharing: str) -> list[AcceleratorPool]:
    return [pool for pool in context.pools if pool.sharing == sharing]


def _nodes(context: AddOnContext) -> dict[str, Any]:
    """What the nodes' images already hold, and where."""
    match context.distribution:
        case "eks":
            # EKS accelerated AL2023 images carry driver and container toolkit (docs.aws.amazon.com,
            # EKS-optimized accelerated AMIs).
            return {"driver": {"enabled": False}, "toolkit": {"enabled": False}}
        case "aks":
            return _aks(context)
        case "gke":
            return {
                "driver": {"enabled": False},
                "hostPaths": {"driverInstallDir": GKE_DRIVER_DIR},
                "toolkit": {"installDir": GKE_DRIVER_DIR, "env": _env({"RUNTIME_CONFIG_SOURCE": "file"})},
                "cdi": {"enabled": True},
            }
        case "k0s":
            # k0s runs a containerd of its own: configuring /etc/containerd leaves GPU pods without the runtime `nvidia`
            # (k0rdent/catalog, apps/nvidia; NVIDIA/gpu-operator#1323).
            env = {
                "CONTAINERD_CONFIG": "/run/k0s/containerd-cri.toml",
                "RUNTIME_DROP_IN_CONFIG": "/etc/k0s/containerd.d/nvidia.toml",
                "CONTAINERD_SOCKET": "/run/k0s/containerd.sock",
                "CONTAINERD_RUNTIME_CLASS": "nvidia",
            }
            return {"toolkit": {"env": _env(env)}, "hostPaths": {"kubeletRootDir": context.kubelet_root}}


def _aks(context: AddOnContext) -> dict[str, Any]:
    """Driver, toolkit and runtime class change together or GPU pods do not start.

    AKS node images carry the first two and name the class `nvidia-container-runtime`; pools made with
    `--gpu-driver none` leave all three to the operator, which then must read containerd's file, because the migrated
    configuration that `containerd config dump` prints is of a later version than the file is (NVIDIA/aicr#1688;
    learn.microsoft.com, Use NVIDIA GPU Operator on AKS).
    """
    if context.driver == "operator":
        return {"toolkit": {"env": _env({"RUNTIME_CONFIG_SOURCE": "file"})}, "cdi": {"enabled": True}}
    return {
        "driver": {"enabled": False},
        "toolkit": {"enabled": False},
        "operator": {"runtimeClass": "nvidia-container-runtime"},
        "cdi": {"enabled": True},
    }


def _env(variables: dict[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in variables.items()]


def _mig(context: AddOnContext) -> dict[str, Any]:
    if not _pools(context, "mig"):
        return {}
    return {"migManager": {"config": {"name": MIG_LAYOUTS, "create": False, "default": "all-disabled"}}}


def mig_layouts(context: AddOnContext) -> str:
    """The MIG manager's file: one layout per pool, and `all-disabled`, which nodes without a label are given."""
    layouts: dict[str, Any] = {"all-disabled": [{"devices": "all", "mig-enabled": False}]}
    for pool in _pools(context, "mig"):
        cut = {"devices": "all", "mig-enabled": True, "mig-devices": dict(sorted(pool.mig_layout.items()))}
        layouts[pool.name] = [cut]
    return yaml.safe_dump({"version": "v1", "mig-configs": layouts}, sort_keys=False)


def _time_slicing(context: AddOnContext) -> dict[str, Any]:
    if not _pools(context, "time-slicing"):
        return {}
    # Without a default, nodes that carry no label get no configuration at all, and no devices.
    return {"devicePlugin": {"config": {"name": PLUGIN_CONFIG, "create": False, "default": UNSHARED}}}


def plugin_configs(context: AddOnContext) -> dict[str, str]:
    """The device plugin's files, by the key that nodes name in `nvidia.com/device-plugin.config`."""
    strategy = "mixed" if _pools(context, "mig") else "none"
    plain = {"version": "v1", "flags": {"migStrategy": strategy}}
    files = {UNSHARED: yaml.safe_dump(plain, sort_keys=False)}
    for pool in _pools(context, "time-slicing"):
        slicing = {
            "renameByDefault": False,
            # Two slices would still be one device: asking for more than one is a misunderstanding.
            "failRequestsGreaterThanOne": True,
            "resources": [{"name": "nvidia.com/gpu", "replicas": pool.slices}],
        }
        files[pool.name] = yaml.safe_dump({**plain, "sharing": {"timeSlicing": slicing}}, sort_keys=False)
    return files


def _vgpu(context: AddOnContext) -> dict[str, Any]:
    if not _pools(context, "vgpu"):
        return {}
    if context.vgpu_manager is None:
        message = "a pool shares by vGPU, and no vGPU manager image is named"
        remedy = "build it from NVIDIA's licensed package, push it to your registry, and name it"
        raise AddOnPlanError([AddOnProblem("gpu-operator", message, remedy)])
    path, _, version = context.vgpu_manager.rpartition(":")
    repository, _, image = path.rpartition("/")
    return {
        "sandboxWorkloads": {"enabled": True, "defaultWorkload": "container", "mode": "kubevirt"},
        "vgpuManager": {"enabled": True, "repository": repository, "image": image, "version": version},
        "vgpuDeviceManager": {"config": {"name": VGPU_CONFIG, "default": "default"}},
    }


def vgpu_types(context: AddOnContext) -> str:
    """The vGPU device manager's file: one type per pool; nodes without a label get the first pool's."""
    types: dict[str, Any] = {}
    for pool in _pools(context, "vgpu"):
        # The manager knows a type without the maker's name in front of it: L40S-12Q (NVIDIA/vgpu-device-manager).
        profile = (pool.vgpu_profile or "").removeprefix("NVIDIA ")
        cut = [{"devices": "all", "vgpu-devices": {profile: pool.slices}}]
        types.setdefault("default", cut)
        types[pool.name] = cut
    return yaml.dump({"version": "v1", "vgpu-configs": types}, Dumper=_NoAliases, sort_keys=False)


class _NoAliases(yaml.SafeDumper):
    """Writes shared parts twice instead of as an anchor, which some readers of ConfigMaps do not follow."""

    def ignore_aliases(self, data: object) -> bool:
        return True


def _fabric(context: AddOnContext) -> dict[str, Any]:
    """GPUDirect RDMA where the operator owns the driver and the network operator brings the NIC's."""
    rdma = any(pool.fabric in ("infiniband", "roce") for pool in context.pools)
    if not rdma or "network-operator" not in context.add_ons:
        return {}
    # The NIC's driver comes in a container: `useHostMofed` would build nvidia_peermem against absent modules.
    return {"driver": {"rdma": {"enabled": True, "useHostMofed": False}}}
