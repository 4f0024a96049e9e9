"""Hosted control planes: the exact objects, their schemas, and the traps in the projects' own documents."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.planning.onprem.control_plane import control_plane_manifests
from ringfence.planning.onprem.etcd import EtcdDemand
from ringfence.planning.onprem.kamaji import etcd_values
from ringfence.planning.onprem.objects import PlanError
from tests.components.onprem.examples import LABELS, REGISTRY, cluster_spec, hosted
from tests.support.kubernetes import problems, shared_definitions

OBJECT_LABELS = {**LABELS, "cluster.x-k8s.io/cluster-name": "onprem-a"}


def by_kind(provider: str = "k0smotron", registry: str | None = None, **changes: Any) -> dict[str, dict[str, Any]]:
    made = control_plane_manifests(hosted(provider, registry, **changes))
    return {manifest["kind"]: manifest for manifest in made}


def metadata(**more: Any) -> dict[str, Any]:
    return {"name": "onprem-a", "namespace": "onprem-a", "labels": OBJECT_LABELS, **more}


def test_the_cluster_refers_by_group_kind_and_name_only() -> None:
    assert by_kind()["Cluster"] == {
        "apiVersion": "cluster.x-k8s.io/v1beta2",
        "kind": "Cluster",
        "metadata": metadata(
            annotations={
                "pulumi.com/waitFor": "condition=ControlPlaneInitialized",
                "pulumi.com/timeoutSeconds": "1800",
            }
        ),
        "spec": {
            "clusterNetwork": {
                "apiServerPort": 6443,
                "serviceDomain": "cluster.local",
                "pods": {"cidrBlocks": ["10.1.0.0/16"]},
                "services": {"cidrBlocks": ["10.2.0.0/20"]},
            },
            "controlPlaneEndpoint": {"host": "10.0.1.70", "port": 6443},
            "controlPlaneRef": {
                "apiGroup": "controlplane.cluster.x-k8s.io",
                "kind": "K0smotronControlPlane",
                "name": "onprem-a",
            },
            "infrastructureRef": {
                "apiGroup": "infrastructure.cluster.x-k8s.io",
                "kind": "Metal3Cluster",
                "name": "onprem-a",
            },
        },
    }


@pytest.mark.parametrize(
    ("provider", "kind"), [("k0smotron", "K0smotronControlPlane"), ("kamaji", "KamajiControlPlane")]
)
def test_a_control_plane_is_written_in_full(provider: str, kind: str) -> None:
    expected = yaml.safe_load((Path(__file__).parent / "expected" / f"{provider}.yaml").read_text(encoding="utf-8"))
    assert by_kind(provider, REGISTRY)[kind] == expected


def test_metal3_cluster_has_no_cloud_provider_and_keeps_our_labels_on_nodes() -> None:
    assert by_kind()["Metal3Cluster"] == {
        "apiVersion": "infrastructure.cluster.x-k8s.io/v1beta2",
        "kind": "Metal3Cluster",
        "metadata": metadata(annotations={"metal3.io/metal3-label-sync-prefixes": "ringfence.dev"}),
        "spec": {"controlPlaneEndpoint": {"host": "10.0.1.70", "port": 6443}, "cloudProviderEnabled": False},
    }


@shared_definitions
@pytest.mark.parametrize("registry", [None, REGISTRY])
@pytest.mark.parametrize("provider", ["k0smotron", "kamaji"])
def test_every_object_is_what_its_definition_takes(provider: str, registry: str | None) -> None:
    assert problems(control_plane_manifests(hosted(provider, registry))) == []


# The traps: each of these is wrong in the documents of the project that it is about, or by its defaults.


def test_trap_a_control_plane_version_has_a_dash_because_it_is_an_image_tag() -> None:
    assert by_kind()["K0smotronControlPlane"]["spec"]["version"] == "v1.34.1-k0s.0"


def test_trap_etcd_and_control_plane_are_never_left_on_an_empty_directory() -> None:
    spec = by_kind()["K0smotronControlPlane"]["spec"]
    assert spec["persistence"]["type"] == "pvc"
    assert spec["storage"]["type"] == "etcd"
    assert spec["storage"]["etcd"]["persistence"]["size"] == "10Gi"


def test_trap_the_quota_is_given_and_leaves_room_for_the_log_and_a_second_copy() -> None:
    etcd = by_kind()["K0smotronControlPlane"]["spec"]["storage"]["etcd"]
    [argument] = [item for item in etcd["args"] if item.startswith("--quota-backend-bytes=")]
    quota = int(argument.partition("=")[2])
    assert 2 * quota + 2**30 <= 10 * 2**30


def test_trap_the_services_address_is_a_patch_because_v1beta2_has_no_service_annotations() -> None:
    spec = by_kind()["K0smotronControlPlane"]["spec"]
    assert "annotations" not in spec["service"]
    [patch] = spec["patches"]
    assert json.loads(patch["patch"]["content"]) == {
        "metadata": {"annotations": {"metallb.io/loadBalancerIPs": "10.0.1.70"}}
    }


def test_trap_the_services_ports_are_the_clusters_and_not_the_node_port_defaults() -> None:
    plane = {**cluster_spec().model_dump(mode="json", by_alias=True)["controlPlane"], "port": 8443}
    made = by_kind(controlPlane=plane)
    assert made["K0smotronControlPlane"]["spec"]["service"] == {
        "type": "LoadBalancer",
        "apiPort": 8443,
        "konnectivityPort": 8132,
    }
    assert made["Cluster"]["spec"]["clusterNetwork"]["apiServerPort"] == 8443


@pytest.mark.parametrize("port", [6443, 8443])
def test_trap_kamajis_address_and_port_are_those_of_metal3_cluster_and_cluster(port: int) -> None:
    plane = {**cluster_spec("kamaji").model_dump(mode="json", by_alias=True)["controlPlane"], "port": port}
    made = by_kind("kamaji", controlPlane=plane)
    endpoint = made["Metal3Cluster"]["spec"]["controlPlaneEndpoint"]
    assert made["KamajiControlPlane"]["spec"]["network"]["serviceAddress"] == endpoint["host"] == "10.0.1.70"
    assert made["Cluster"]["spec"]["clusterNetwork"]["apiServerPort"] == endpoint["port"] == port


def test_trap_kamaji_is_v1alpha2_with_references_of_the_v1beta2_contract() -> None:
    made = by_kind("kamaji")
    assert made["KamajiControlPlane"]["apiVersion"].endswith("/v1alpha2")
    assert set(made["Cluster"]["spec"]["controlPlaneRef"]) == {"apiGroup", "kind", "name"}


def test_trap_the_versions_of_metal3_and_cluster_api_are_v1beta2() -> None:
    made = by_kind()
    assert {kind: made[kind]["apiVersion"].rpartition("/")[2] for kind in ("Cluster", "Metal3Cluster")} == {
        "Cluster": "v1beta2",
        "Metal3Cluster": "v1beta2",
    }
    assert "noCloudProvider" not in made["Metal3Cluster"]["spec"]


def test_trap_a_quota_comes_with_default_requests_or_k0smotrons_init_containers_are_refused() -> None:
    made = by_kind()
    assert {key for key in made["ResourceQuota"]["spec"]["hard"] if key.startswith("requests.")} == {
        "requests.cpu",
        "requests.memory",
        "requests.storage",
    }
    [limit] = made["LimitRange"]["spec"]["limits"]
    assert set(limit["defaultRequest"]) == {"cpu", "memory"}


def test_trap_kamajis_own_etcd_defaults_fill_the_disk_before_the_alarm() -> None:
    values = etcd_values([EtcdDemand(nodes=100, pods=3000), EtcdDemand(nodes=100, pods=3000)])
    assert values == {
        "kamaji-etcd": {"quotaBackendBytes": str(2 * 2**30), "persistentVolumeClaim": {"size": "5Gi"}},
    }


def test_kamaji_without_a_pod_network_is_refused() -> None:
    with pytest.raises(PlanError, match="Kamaji brings no pod network: add cilium to its addOns"):
        hosted("kamaji", addOns={})


def test_a_volume_too_small_for_the_clusters_etcd_is_refused() -> None:
    plane = cluster_spec().model_dump(mode="json", by_alias=True)["controlPlane"]
    plane["etcd"]["storageGib"] = 4
    with pytest.raises(PlanError, match=r"set etcd\.storageGib to at least 5"):
        hosted(controlPlane=plane)


def test_a_cluster_that_is_not_hosted_is_refused() -> None:
    with pytest.raises(PlanError, match=r"clusters\.onprem-a has a control plane of kind embedded"):
        hosted(controlPlane={"kind": "embedded", "address": "10.0.1.70"})


def test_nothing_reaches_the_namespace_but_the_api_and_nothing_leaves_it_but_name_lookups() -> None:
    policies = {
        manifest["metadata"]["name"]: manifest["spec"]
        for manifest in control_plane_manifests(hosted("kamaji"))
        if manifest["kind"] == "NetworkPolicy"
    }
    dns = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": [{"protocol": "UDP", "port": 53}, {"protocol": "TCP", "port": 53}],
    }
    datastore = {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kamaji-system"}}}],
        "ports": [{"protocol": "TCP", "port": 2379}],
    }
    assert policies == {
        "default-deny": {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]},
        "control-plane": {
            "podSelector": {},
            "policyTypes": ["Ingress", "Egress"],
            "ingress": [{"from": [{"podSelector": {}}]}],
            "egress": [{"to": [{"podSelector": {}}]}, dns, datastore],
        },
        "api": {
            "podSelector": {"matchLabels": {"kamaji.clastix.io/name": "onprem-a"}},
            "policyTypes": ["Ingress"],
            "ingress": [{"ports": [{"protocol": "TCP", "port": 6443}, {"protocol": "TCP", "port": 8132}]}],
        },
    }


def test_a_quorum_survives_a_drained_node_and_a_single_replica_has_nothing_to_protect() -> None:
    budgets = {
        manifest["metadata"]["name"]: manifest["spec"]
        for manifest in control_plane_manifests(hosted())
        if manifest["kind"] == "PodDisruptionBudget"
    }
    assert budgets == {
        part: {
            "maxUnavailable": 1,
            "selector": {"matchLabels": {"app": "k0smotron", "cluster": "onprem-a", "component": part}},
        }
        for part in ("control-plane", "etcd")
    }
    plane = {**cluster_spec().model_dump(mode="json", by_alias=True)["controlPlane"], "replicas": 1}
    assert "PodDisruptionBudget" not in by_kind(controlPlane=plane)


def test_the_whole_set_is_there_and_no_more() -> None:
    assert [manifest["kind"] for manifest in control_plane_manifests(hosted())] == [
        "Namespace",
        "ResourceQuota",
        "LimitRange",
        "NetworkPolicy",
        "NetworkPolicy",
        "NetworkPolicy",
        "PodDisruptionBudget",
        "PodDisruptionBudget",
        "Metal3Cluster",
        "K0smotronControlPlane",
        "Cluster",
    ]


@shared_definitions
def test_the_check_against_definitions_can_fail() -> None:
    broken = by_kind()["K0smotronControlPlane"]
    broken["spec"]["persistance"] = {}
    broken["spec"]["service"]["type"] = "LoadBalncer"
    assert sorted(line.partition(": ")[2].partition(":")[0] for line in problems([broken])) == [
        "spec.persistance",
        "spec.service.type",
    ]
