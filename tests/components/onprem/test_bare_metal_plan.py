"""Bare-metal pools: the exact objects, their schemas, and the traps in the projects' own documents."""

from __future__ import annotations

from typing import Any

import pytest

from ringfence.planning.onprem.addresses import NodeAddresses
from ringfence.planning.onprem.bare_metal import BareMetalPool, disk_format
from ringfence.planning.onprem.machines import pool_manifests
from ringfence.planning.onprem.objects import Manifest, PlanError
from ringfence.planning.onprem.workers import kubelet_may_set
from tests.components.onprem.examples import LABELS, REGISTRY, gpu_pool, machine
from tests.support.kubernetes import problems, shared_definitions

POOL_LABELS = {**LABELS, "cluster.x-k8s.io/cluster-name": "onprem-a", "ringfence.dev/pool": "gpu"}
STATIC = NodeAddresses(
    first="10.0.2.10", last="10.0.2.40", prefix=22, gateway="10.0.0.1", dns_servers=("10.0.0.2", "10.0.0.3")
)


def by_kind(pool: BareMetalPool) -> dict[str, Manifest]:
    return {manifest["kind"]: manifest for manifest in pool_manifests(pool)}


def spec_of(kind: str, provider: str = "k0smotron", registry: str | None = None, **options: Any) -> dict[str, Any]:
    return by_kind(gpu_pool(provider, registry, **options))[kind]["spec"]


def test_a_host_is_written_in_full() -> None:
    first = pool_manifests(gpu_pool())[0]
    assert first == {
        "apiVersion": "metal3.io/v1alpha1",
        "kind": "BareMetalHost",
        "metadata": {
            "name": "gpu-1",
            "namespace": "onprem-a",
            "labels": {**POOL_LABELS, "ringfence.dev/cluster": "onprem-a", "ringfence.dev/rack": "r1"},
            "annotations": {"ringfence.dev/boot-mac": "0c:42:a1:00:00:01"},
        },
        "spec": {
            "online": True,
            "architecture": "x86_64",
            "bootMACAddress": "0c:42:a1:00:00:01",
            "bootMode": "UEFI",
            "automatedCleaningMode": "metadata",
            "inspectionMode": "agent",
            "rootDeviceHints": {"deviceName": "/dev/nvme0n1"},
            "bmc": {
                "address": "redfish-virtualmedia+https://10.9.0.1/redfish/v1/Systems/1",
                "credentialsName": "gpu-1-bmc",
                "disableCertificateVerification": False,
            },
        },
    }


def test_a_machine_deployment_is_written_in_full() -> None:
    made = by_kind(gpu_pool())
    assert made["MachineDeployment"] == {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "MachineDeployment",
        "metadata": {"name": "onprem-a-gpu", "namespace": "onprem-a", "labels": POOL_LABELS},
        "spec": {
            "clusterName": "onprem-a",
            "replicas": 2,
            "rollout": {"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}}},
            "selector": {
                "matchLabels": {"cluster.x-k8s.io/cluster-name": "onprem-a", "ringfence.dev/pool": "gpu"},
            },
            "template": {
                "metadata": {"labels": POOL_LABELS},
                "spec": {
                    "clusterName": "onprem-a",
                    "version": "v1.34.1",
                    "bootstrap": {
                        "configRef": {
                            "apiGroup": "bootstrap.cluster.x-k8s.io",
                            "kind": "K0sWorkerConfigTemplate",
                            "name": made["K0sWorkerConfigTemplate"]["metadata"]["name"],
                        }
                    },
                    "infrastructureRef": {
                        "apiGroup": "infrastructure.cluster.x-k8s.io",
                        "kind": "Metal3MachineTemplate",
                        "name": made["Metal3MachineTemplate"]["metadata"]["name"],
                    },
                    "deletion": {
                        "nodeDrainTimeoutSeconds": 1800,
                        "nodeVolumeDetachTimeoutSeconds": 600,
                        "nodeDeletionTimeoutSeconds": 600,
                    },
                },
            },
        },
    }


@shared_definitions
@pytest.mark.parametrize("static", [None, STATIC])
@pytest.mark.parametrize("registry", [None, REGISTRY, f"{REGISTRY}/mirror"])
@pytest.mark.parametrize("provider", ["k0smotron", "kamaji"])
def test_every_object_is_what_its_definition_takes(
    provider: str, registry: str | None, static: NodeAddresses | None
) -> None:
    spec = {"taints": [{"key": "nvidia.com/gpu", "value": "present"}], "minNodes": 0, "maxNodes": 2}
    pool = gpu_pool(provider, registry, spec=spec, addresses=static, k0s_in_image=registry is not None)
    assert problems(pool_manifests(pool)) == []


def test_a_machine_without_the_internet_downloads_nothing() -> None:
    spec = spec_of("K0sWorkerConfigTemplate", registry=REGISTRY, k0s_in_image=True)["template"]["spec"]
    assert spec["preInstalledK0s"] is True
    assert "downloadURL" not in spec
    assert spec["files"] == [
        {
            "path": "/etc/k0s/containerd.d/registry.toml",
            "permissions": "0644",
            "content": 'version = 2\n[plugins."io.containerd.grpc.v1.cri".registry]\n'
            '  config_path = "/etc/containerd/certs.d"\n',
        },
        {
            "path": "/etc/containerd/certs.d/_default/hosts.toml",
            "permissions": "0644",
            "content": 'server = "https://registry.fra.example"\n\n[host."https://registry.fra.example"]\n'
            '  capabilities = ["pull", "resolve"]\n',
        },
    ]


def test_a_machine_with_the_internet_is_told_nothing_about_mirrors() -> None:
    spec = spec_of("K0sWorkerConfigTemplate")["template"]["spec"]
    assert set(spec) == {"version", "args"}


@pytest.mark.parametrize(
    ("sharing", "label"),
    [
        ({"kind": "none"}, {}),
        ({"kind": "mig", "layout": {"1g.10gb": 7}}, {"nvidia.com/mig.config": "gpu"}),
        ({"kind": "time-slicing", "replicas": 4}, {"nvidia.com/device-plugin.config": "gpu"}),
    ],
)
def test_nodes_say_how_their_devices_are_shared(sharing: dict[str, Any], label: dict[str, str]) -> None:
    pool = gpu_pool(spec={"sharing": sharing, "labels": {"team.example/tier": "gold"}})
    assert pool.node_labels == {
        "ringfence.dev/pool": "gpu",
        "ringfence.dev/site": "dc-fra",
        "ringfence.dev/cluster": "onprem-a",
        "ringfence.dev/accelerator": "nvidia-h100-80gb",
        "team.example/tier": "gold",
        **label,
    }


def test_an_autoscaled_pool_names_no_replicas_and_says_what_a_node_would_offer() -> None:
    spec = {
        "minNodes": 0,
        "maxNodes": 2,
        "sharing": {"kind": "mig", "layout": {"1g.10gb": 7}},
        "taints": [{"key": "nvidia.com/gpu", "value": "present"}],
    }
    made = by_kind(gpu_pool(spec=spec))["MachineDeployment"]
    assert "replicas" not in made["spec"]
    capacity = "capacity.cluster-autoscaler.kubernetes.io/"
    assert made["metadata"]["annotations"] == {
        "cluster.x-k8s.io/cluster-api-autoscaler-node-group-min-size": "0",
        "cluster.x-k8s.io/cluster-api-autoscaler-node-group-max-size": "2",
        capacity + "cpu": "192",
        capacity + "memory": "2048Gi",
        capacity + "labels": "nvidia.com/mig.config=gpu,ringfence.dev/accelerator=nvidia-h100-80gb,"
        "ringfence.dev/cluster=onprem-a,ringfence.dev/pool=gpu,ringfence.dev/site=dc-fra",
        capacity + "gpu-type": "nvidia.com/mig-1g.10gb",
        capacity + "gpu-count": "56",
        capacity + "taints": "nvidia.com/gpu=present:NoSchedule",
    }


def test_static_addresses_come_from_a_pool_and_find_the_boot_interface_by_its_address() -> None:
    made = by_kind(gpu_pool(addresses=STATIC))
    reference = {"apiGroup": "ipam.metal3.io", "kind": "IPPool", "name": "onprem-a-gpu"}
    assert made["IPPool"]["spec"] == {
        "clusterName": "onprem-a",
        "namePrefix": "onprem-a-gpu",
        "prefix": 22,
        "gateway": "10.0.0.1",
        "pools": [{"start": "10.0.2.10", "end": "10.0.2.40"}],
        "dnsServers": ["10.0.0.2", "10.0.0.3"],
    }
    assert made["Metal3DataTemplate"]["spec"] == {
        "clusterName": "onprem-a",
        "networkData": {
            "links": {
                "ethernets": [
                    {
                        "id": "boot",
                        "type": "phy",
                        "mtu": 9000,
                        "macAddress": {
                            "fromAnnotation": {"object": "baremetalhost", "annotation": "ringfence.dev/boot-mac"}
                        },
                    }
                ]
            },
            "networks": {
                "ipv4": [
                    {
                        "id": "nodes",
                        "link": "boot",
                        "fromPoolRef": reference,
                        "routes": [{"network": "0.0.0.0", "prefix": 0, "gateway": {"fromPoolRef": reference}}],
                    }
                ]
            },
            "services": {"dns": ["10.0.0.2", "10.0.0.3"]},
        },
    }
    template = made["Metal3MachineTemplate"]["spec"]["template"]["spec"]
    assert template["dataTemplate"] == {"name": made["Metal3DataTemplate"]["metadata"]["name"]}


def test_secure_boot_is_asked_for_where_it_is_wanted() -> None:
    modes = {
        manifest["spec"]["bootMode"]
        for manifest in pool_manifests(gpu_pool(secure_boot=True))
        if manifest["kind"] == "BareMetalHost"
    }
    assert modes == {"UEFISecureBoot"}


def test_the_health_check_gives_metal_time_and_never_replaces_several_at_once() -> None:
    assert spec_of("MachineHealthCheck") == {
        "clusterName": "onprem-a",
        "selector": {"matchLabels": {"ringfence.dev/pool": "gpu"}},
        "checks": {
            "nodeStartupTimeoutSeconds": 3600,
            "unhealthyNodeConditions": [
                {"type": "Ready", "status": "Unknown", "timeoutSeconds": 600},
                {"type": "Ready", "status": "False", "timeoutSeconds": 600},
            ],
        },
        "remediation": {"triggerIf": {"unhealthyLessThanOrEqualTo": 1}},
    }


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"machines": {}, "nodes": 2}, "names no machines"),
        ({"image": None}, "has no image"),
        ({"imageChecksum": None}, "none with a checksum"),
        ({"maxNodes": 3, "minNodes": 1}, "asks for more nodes than its 2 machines"),
        ({"image": "https://images.fra.example/ubuntu.zip"}, "has no known disk format"),
        ({"machines": {"gpu-1": {**machine(1), "credentials": "vault/bmc"}}}, r"gpu-1\.credentials 'vault/bmc'"),
        ({"labels": {"node-role.kubernetes.io/gpu": ""}}, "a kubelet may not give its node node-role"),
    ],
)
def test_a_pool_that_cannot_be_built_says_what_to_change(spec: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        pool_manifests(gpu_pool(spec=spec))


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("tier", True),
        ("team.example/tier", True),
        ("topology.kubernetes.io/zone", True),
        ("topology.kubernetes.io/rack", False),
        ("node.kubernetes.io/anything", True),
        ("node-role.kubernetes.io/gpu", False),
        ("k8s.io/anything", False),
        ("notkubernetes.io/anything", True),
    ],
)
def test_a_kubelet_sets_only_the_labels_that_it_may(key: str, allowed: bool) -> None:
    assert kubelet_may_set(key) is allowed


@pytest.mark.parametrize(
    ("image", "known"),
    [("https://a/b.qcow2", "qcow2"), ("https://a/b.iso", "live-iso"), ("https://a/b.raw?x=1", "raw")],
)
def test_the_disk_format_is_what_the_name_ends_with(image: str, known: str) -> None:
    assert disk_format(image) == known
