"""Management clusters: providers, Ironic, addresses, bootstrap, and that they are large enough for what they host."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from components.onprem.management import ManagementClusterArgs
from ringfence.planning.onprem.k0sctl import k0sctl_config, k0sctl_yaml
from ringfence.planning.onprem.management import hosted_load, management_stages, own_etcd
from ringfence.planning.onprem.management_plan import kamaji_values
from ringfence.planning.onprem.metal3 import AgentImages
from ringfence.planning.onprem.objects import Manifest, PlanError
from ringfence.spec.cluster import Cluster
from tests.components.onprem.examples import LABELS, REGISTRY, TAGS, both_hosted, cluster_spec, management_spec
from tests.support.kubernetes import problems, shared_definitions

READY = {"pulumi.com/waitFor": "condition=Ready", "pulumi.com/timeoutSeconds": "1200"}


def arguments(**changes: Any) -> ManagementClusterArgs:
    base: dict[str, Any] = {"cluster_name": "mgmt", "cluster": management_spec(), "hosted": both_hosted(), "tags": TAGS}
    return ManagementClusterArgs(**{**base, **changes})


def objects(**changes: Any) -> list[Manifest]:
    return [manifest for stage in management_stages(arguments(**changes).plan()) for manifest in stage]


def named(kind: str, name: str, **changes: Any) -> Manifest:
    [found] = [item for item in objects(**changes) if item["kind"] == kind and item["metadata"]["name"] == name]
    return found


@shared_definitions
@pytest.mark.parametrize("changes", [{}, {"registry": REGISTRY, "connected": False}])
def test_every_object_is_what_its_definition_takes(changes: dict[str, Any]) -> None:
    assert problems(objects(**changes)) == []


def test_a_provider_of_a_site_without_internet_comes_from_its_registry() -> None:
    found = named("InfrastructureProvider", "metal3", registry=REGISTRY, connected=False)
    assert found == {
        "apiVersion": "operator.cluster.x-k8s.io/v1alpha2",
        "kind": "InfrastructureProvider",
        "metadata": {"name": "metal3", "namespace": "capm3-system", "labels": LABELS, "annotations": READY},
        "spec": {
            "version": "v1.13.2",
            "fetchConfig": {"oci": "registry.fra.example/cluster-api/infrastructure-metal3:v1.13.2"},
            "deployment": {
                "containers": [
                    {
                        "name": "manager",
                        "imageUrl": "registry.fra.example/metal3-io/cluster-api-provider-metal3:v1.13.2",
                    }
                ]
            },
        },
    }


def test_a_provider_of_a_connected_site_is_pinned_and_no_more() -> None:
    assert named("CoreProvider", "cluster-api")["spec"] == {"version": "v1.14.0"}


@pytest.mark.parametrize(
    ("hosted", "expected"),
    [
        ({}, {"k0sproject-k0smotron"}),
        ({"onprem-a": cluster_spec()}, {"k0sproject-k0smotron"}),
        ({"onprem-b": both_hosted()["onprem-b"]}, {"kubeadm", "kamaji"}),
        (both_hosted(), {"k0sproject-k0smotron", "kubeadm", "kamaji"}),
    ],
)
def test_the_providers_are_those_of_the_control_planes_it_hosts(hosted: dict[str, Cluster], expected: set[str]) -> None:
    kinds = ("BootstrapProvider", "ControlPlaneProvider")
    assert {item["metadata"]["name"] for item in objects(hosted=hosted) if item["kind"] in kinds} == expected


def test_the_core_comes_before_the_providers_and_ironic_after_its_operator() -> None:
    stages = [{item["kind"] for item in stage} for stage in management_stages(arguments().plan())]
    assert "CoreProvider" in stages[1]
    assert "Kustomization" in stages[1]
    assert stages[2] == {
        "InfrastructureProvider",
        "IPAMProvider",
        "BootstrapProvider",
        "ControlPlaneProvider",
        "Ironic",
    }


def test_ironic_without_internet_downloads_nothing_and_finds_its_agent_beside_the_machines_image() -> None:
    assert named("Ironic", "ironic", registry=REGISTRY, connected=False)["spec"] == {
        "apiCredentialsName": "ironic-credentials",
        "networking": {"ipAddress": "10.0.0.11"},
        "tls": {"certificateName": "ironic-cert"},
        "nodeSelector": {"kubernetes.io/hostname": "controllers-1"},
        "deployRamdisk": {"disableDownloader": True},
        "overrides": {
            "agentImages": [
                {
                    "architecture": "x86_64",
                    "kernel": "https://images.fra.example/ironic-python-agent.kernel",
                    "initramfs": "https://images.fra.example/ironic-python-agent.initramfs",
                }
            ]
        },
    }


def test_ironics_address_moves_between_hosts_where_an_interface_is_named() -> None:
    spec = named("Ironic", "ironic", provisioning_interface="bond0")["spec"]
    assert spec["networking"] == {"ipAddress": "10.0.0.14", "interface": "bond0", "keepalived": {"enabled": True}}
    assert "nodeSelector" not in spec
    settings = named("ConfigMap", "ironic", provisioning_interface="bond0")["data"]
    assert settings["IRONIC_ENDPOINT"] == "https://10.0.0.14:6385/v1/"
    certificate = named("Certificate", "ironic-cert", provisioning_interface="bond0")["spec"]
    assert certificate["ipAddresses"] == ["10.0.0.14"]


def test_without_internet_and_without_an_agent_nothing_is_planned() -> None:
    with pytest.raises(PlanError, match="Ironic cannot download its agent"):
        objects(hosted={}, connected=False)
    given = AgentImages(kernel="https://a/k", initramfs="https://a/i")
    assert named("ConfigMap", "ironic", hosted={}, connected=False, agent=given)["data"]["DEPLOY_KERNEL_URL"] == (
        "https://a/k"
    )


def test_trap_the_metal3_operators_are_never_pruned_or_every_machine_goes_with_their_kinds() -> None:
    for name in ("baremetal-operator", "ironic-standalone-operator"):
        spec = named("Kustomization", name)["spec"]
        assert (spec["prune"], spec["deletionPolicy"]) == (False, "Orphan")


def test_trap_the_bare_metal_operators_image_has_no_tag_of_its_own() -> None:
    assert named("Kustomization", "baremetal-operator")["spec"]["images"] == [
        {
            "name": "quay.io/metal3-io/baremetal-operator",
            "newName": "quay.io/metal3-io/baremetal-operator",
            "newTag": "v0.13.2",
        }
    ]


def test_a_site_without_internet_takes_the_operators_from_its_registry_and_another_from_their_tags() -> None:
    inside = [item for item in objects(registry=REGISTRY, connected=False) if item["kind"].endswith("Repository")]
    assert {item["spec"]["url"] for item in inside} == {
        "oci://registry.fra.example/manifests/baremetal-operator",
        "oci://registry.fra.example/manifests/ironic-standalone-operator",
    }
    outside = [item for item in objects() if item["kind"].endswith("Repository")]
    assert {(item["kind"], item["spec"]["ref"]["tag"]) for item in outside} == {
        ("GitRepository", "v0.13.2"),
        ("GitRepository", "v0.11.0"),
    }


def test_each_hosted_api_gets_its_own_address_and_nobody_else_can_take_it() -> None:
    pools = [item for item in objects() if item["kind"] == "IPAddressPool"]
    assert [(item["metadata"]["name"], item["spec"]) for item in pools] == [
        (
            name,
            {
                "addresses": [f"{address}/32"],
                "autoAssign": False,
                "serviceAllocation": {"priority": 10, "namespaces": [name]},
            },
        )
        for name, address in (("onprem-a", "10.0.1.70"), ("onprem-b", "10.0.1.71"))
    ]


def test_two_hosted_apis_never_share_an_address() -> None:
    twice = {"onprem-a": cluster_spec(), "onprem-b": cluster_spec()}
    with pytest.raises(PlanError, match="has the address of another cluster's API"):
        objects(hosted=twice)


def test_controllers_are_called_at_their_webhooks_only() -> None:
    policies = [item for item in objects() if item["kind"] == "NetworkPolicy"]
    spaces = {item["metadata"]["namespace"] for item in policies}
    assert spaces == {
        "capi-system",
        "capi-kubeadm-bootstrap-system",
        "capm3-system",
        "k0smotron-system",
        "metal3-ipam-system",
    }
    assert {item["metadata"]["name"] for item in policies} == {"default-deny", "webhooks"}
    [rule] = [item for item in policies if item["metadata"] == {**item["metadata"], "name": "webhooks"}][:1]
    assert rule["spec"]["ingress"] == [{"ports": [{"protocol": "TCP", "port": 9443}]}]


def test_a_cluster_too_small_for_what_it_hosts_says_so_in_numbers() -> None:
    small = management_spec(
        pools={"controllers": {"capacity": {"kind": "owned"}, "vcpusPerNode": 4, "memoryGibPerNode": 16, "nodes": 3}}
    )
    with pytest.raises(PlanError, match="has 12 cores and 48 GiB, but its 2 control planes and its own parts need 14"):
        objects(cluster=small)


def test_volumes_too_small_for_the_hosted_etcds_are_refused() -> None:
    tight = management_spec(storage={"block": {"kind": "block", "capacityGib": 40}})
    with pytest.raises(PlanError, match="has 40 GiB of block storage, but its control planes' volumes need 42 GiB"):
        objects(cluster=tight)


def test_the_load_of_the_hosted_control_planes_adds_up() -> None:
    load = hosted_load(arguments().plan().hosted)
    assert (load.millicpus, load.storage_gib) == (2 * 3 * (475 + 300) + 2 * 3 * 475, 3 * (10 + 4))


def test_kamajis_chart_gets_a_volume_for_the_clusters_that_share_it() -> None:
    assert kamaji_values(both_hosted()) == {
        "kamaji-etcd": {"quotaBackendBytes": "2147483648", "persistentVolumeClaim": {"size": "5Gi"}}
    }
    assert kamaji_values({"onprem-a": cluster_spec()}) == {}


def test_the_bootstrap_names_hosts_roles_and_the_address_that_moves_between_them() -> None:
    args = arguments()
    config = k0sctl_config(args.bootstrap(args.plan()))
    assert config["apiVersion"] == "k0sctl.k0sproject.io/v1beta1"
    assert [(host["hostname"], host["role"], host["ssh"]["address"]) for host in config["spec"]["hosts"]] == [
        ("controllers-1", "controller+worker", "10.0.0.11"),
        ("controllers-2", "controller+worker", "10.0.0.12"),
        ("controllers-3", "controller+worker", "10.0.0.13"),
    ]
    k0s = config["spec"]["k0s"]
    assert k0s["version"] == "v1.34.8+k0s.0"
    assert k0s["config"]["spec"]["network"]["controlPlaneLoadBalancing"] == {
        "enabled": True,
        "type": "Keepalived",
        "keepalived": {
            "vrrpInstances": [{"virtualIPs": ["10.0.0.10/22"], "authPass": "${K0S_VRRP_PASSWORD}"}],
            "virtualServers": [{"ipAddress": "10.0.0.10"}],
        },
    }
    quota = own_etcd(args.plan()).quota_bytes
    assert k0s["config"]["spec"]["storage"] == {
        "type": "etcd",
        "etcd": {"extraArgs": {"quota-backend-bytes": str(quota)}},
    }
    assert k0s["config"]["spec"]["telemetry"] == {"enabled": False}


def test_the_bootstrap_holds_no_secret_and_reads_back_as_it_was() -> None:
    args = arguments(registry=REGISTRY, connected=False)
    plan = args.bootstrap(args.plan())
    text = k0sctl_yaml(plan)
    assert yaml.safe_load(text) == k0sctl_config(plan)
    assert [line.strip() for line in text.splitlines() if "authPass" in line] == ["authPass: ${K0S_VRRP_PASSWORD}"]
    assert "BEGIN" not in text


def test_a_host_without_internet_is_brought_everything() -> None:
    args = arguments(registry=REGISTRY, connected=False)
    [host, *_] = k0sctl_config(args.bootstrap(args.plan()))["spec"]["hosts"]
    assert host["uploadBinary"] is True
    assert host["k0sBinaryPath"] == "./k0s-v1.34.8+k0s.0-amd64"
    assert {part["name"] for part in host["files"]} == {"registry.toml", "hosts.toml", "k0s images", "site images"}


def test_fewer_hosts_than_controllers_are_refused() -> None:
    plane = {"kind": "embedded", "replicas": 5, "address": "10.0.0.10"}
    args = arguments(cluster=management_spec(controlPlane=plane))
    with pytest.raises(PlanError, match="has 3 hosts for 5 controllers"):
        k0sctl_config(args.bootstrap(args.plan()))


def test_a_management_cluster_runs_its_own_control_plane() -> None:
    with pytest.raises(PlanError, match="a management cluster runs its own: kind: embedded"):
        arguments(cluster=management_spec(controlPlane={"kind": "managed"})).plan()
