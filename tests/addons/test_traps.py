"""One test for each way in which the charts of devices and networks go wrong quietly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from components.addons.catalogue import VALUES
from ringfence.facts.addons import add_on_rows
from ringfence.planning.addons import AddOnPlanError, plan_add_ons
from tests.addons.contexts import AWS, AZURE, DATACENTRE, GCP, MIG, TIMED, VGPU, WHOLE
from tests.addons.planned import ON, objects, values


class TestGpuOperator:
    def test_mig_layouts_stand_under_the_key_that_the_manager_reads(self) -> None:
        made = objects(AWS, "gpu-operator")["ConfigMap/mig-layouts"]
        assert list(made["data"]) == ["config.yaml"]
        assert yaml.safe_load(made["data"]["config.yaml"]) == {
            "version": "v1",
            "mig-configs": {
                "all-disabled": [{"devices": "all", "mig-enabled": False}],
                "sliced": [{"devices": "all", "mig-enabled": True, "mig-devices": {"1g.10gb": 7}}],
            },
        }

    def test_a_custom_layout_keeps_the_default_that_unlabelled_nodes_get(self) -> None:
        """`migManager.config.default` is all-disabled: a file without it breaks every node that has no label."""
        config = values(AWS, "gpu-operator")["migManager"]["config"]
        layouts = yaml.safe_load(objects(AWS, "gpu-operator")["ConfigMap/mig-layouts"]["data"]["config.yaml"])
        assert config == {"name": "mig-layouts", "create": False, "default": "all-disabled"}
        assert config["default"] in layouts["mig-configs"]

    def test_mig_is_mixed_or_none_never_single(self) -> None:
        """A custom layout under `single` shows as product MIG-INVALID (NVIDIA/gpu-operator#479)."""
        assert values(AWS, "gpu-operator")["mig"] == {"strategy": "mixed"}
        assert values(replace(AWS, pools=(WHOLE,)), "gpu-operator")["mig"] == {"strategy": "none"}

    def test_time_slicing_has_a_default_for_nodes_without_a_label(self) -> None:
        context = replace(AWS, pools=(TIMED,))
        assert values(context, "gpu-operator")["devicePlugin"]["config"] == {
            "name": "device-plugin-config",
            "create": False,
            "default": "default",
        }
        files = objects(context, "gpu-operator")["ConfigMap/device-plugin-config"]["data"]
        assert {key: yaml.safe_load(text) for key, text in files.items()} == {
            "default": {"version": "v1", "flags": {"migStrategy": "none"}},
            "shared": {
                "version": "v1",
                "flags": {"migStrategy": "none"},
                "sharing": {
                    "timeSlicing": {
                        "renameByDefault": False,
                        "failRequestsGreaterThanOne": True,
                        "resources": [{"name": "nvidia.com/gpu", "replicas": 4}],
                    }
                },
            },
        }

    def test_nodes_with_plain_devices_get_no_configuration_to_mount(self) -> None:
        context = replace(AWS, pools=(WHOLE,))
        assert objects(context, "gpu-operator") == {}
        assert values(context, "gpu-operator").keys() & {"devicePlugin", "migManager", "vgpuManager"} == set()

    def test_eks_images_carry_driver_and_toolkit(self) -> None:
        found = values(AWS, "gpu-operator")
        assert (found["driver"], found["toolkit"]) == ({"enabled": False}, {"enabled": False})

    def test_aks_changes_driver_toolkit_and_runtime_class_together(self) -> None:
        found = values(AZURE, "gpu-operator")
        assert found["driver"]["enabled"] is False and found["toolkit"]["enabled"] is False
        assert found["operator"] == {"runtimeClass": "nvidia-container-runtime"}
        owned = values(replace(AZURE, driver="operator"), "gpu-operator")
        assert "enabled" not in owned.get("driver", {}) and "operator" not in owned
        assert owned["toolkit"] == {"env": [{"name": "RUNTIME_CONFIG_SOURCE", "value": "file"}]}

    def test_gke_driver_lies_where_google_puts_it(self) -> None:
        found = values(GCP, "gpu-operator")
        assert found["driver"] == {"enabled": False}
        assert found["hostPaths"] == {"driverInstallDir": "/home/kubernetes/bin/nvidia"}
        assert found["toolkit"]["installDir"] == "/home/kubernetes/bin/nvidia"

    def test_k0s_runs_a_containerd_of_its_own(self) -> None:
        found = values(DATACENTRE, "gpu-operator")
        assert {e["name"]: e["value"] for e in found["toolkit"]["env"]} == {
            "CONTAINERD_CONFIG": "/run/k0s/containerd-cri.toml",
            "RUNTIME_DROP_IN_CONFIG": "/etc/k0s/containerd.d/nvidia.toml",
            "CONTAINERD_SOCKET": "/run/k0s/containerd.sock",
            "CONTAINERD_RUNTIME_CLASS": "nvidia",
        }
        assert found["hostPaths"] == {"kubeletRootDir": "/var/lib/k0s/kubelet"}

    def test_vgpu_needs_an_image_that_nobody_publishes(self) -> None:
        context = replace(DATACENTRE, pools=(VGPU,), vgpu_manager=None)
        with pytest.raises(AddOnPlanError, match="no vGPU manager image"):
            values(context, "gpu-operator")

    def test_vgpu_image_is_taken_apart_at_the_tag_not_at_the_port(self) -> None:
        context = replace(DATACENTRE, pools=(VGPU,), vgpu_manager="registry.fra:5000/nvidia/vgpu-manager:580.65.05")
        found = values(context, "gpu-operator")
        assert found["vgpuManager"] == {
            "enabled": True,
            "repository": "registry.fra:5000/nvidia",
            "image": "vgpu-manager",
            "version": "580.65.05",
        }
        types = yaml.safe_load(objects(context, "gpu-operator")["ConfigMap/vgpu-devices-config"]["data"]["config.yaml"])
        cut = [{"devices": "all", "vgpu-devices": {"L40S-12Q": 4}}]
        assert types == {"version": "v1", "vgpu-configs": {"default": cut, "virtual": cut}}

    def test_metrics_say_whose_use_it_was(self) -> None:
        exporter = values(AWS, "gpu-operator", "kube-prometheus-stack")["dcgmExporter"]
        assert exporter["enablePodLabels"] is True
        assert "^ringfence\\.dev/tenant$" in exporter["podLabelAllowlistRegex"]
        assert exporter["serviceMonitor"] == {"enabled": True}

    def test_one_copy_of_node_feature_discovery(self) -> None:
        rows = add_on_rows()
        assert rows["gpu-operator"].values["nfd"] == {"enabled": False}
        assert rows["network-operator"].values["nfd"]["enabled"] is False
        plan = plan_add_ons(DATACENTRE, dict.fromkeys(("gpu-operator", "network-operator"), ON), VALUES)
        assert [a.name for a in plan.add_ons].count("node-feature-discovery") == 1

    def test_rdma_is_built_against_the_containers_driver(self) -> None:
        found = values(DATACENTRE, "gpu-operator", "network-operator")
        assert found["driver"] == {"rdma": {"enabled": True, "useHostMofed": False}}
        assert "driver" not in values(DATACENTRE, "gpu-operator")


class TestNetwork:
    def test_the_policy_that_the_chart_does_not_make(self) -> None:
        made = objects(DATACENTRE, "network-operator")
        policy = made["NicClusterPolicy/nic-cluster-policy"]
        config = json.loads(policy["spec"]["rdmaSharedDevicePlugin"]["config"])
        assert [r["resourceName"] for r in config["configList"]] == ["rdma_infiniband"]
        assert policy["spec"]["ofedDriver"]["version"] == "doca3.4.1-26.04-1.1.0.0-1"

    def test_no_policy_without_such_a_fabric(self) -> None:
        assert objects(replace(DATACENTRE, pools=(TIMED,)), "network-operator") == {}

    def test_cilium_is_told_where_the_api_is(self) -> None:
        found = values(DATACENTRE, "cilium")
        assert (found["k8sServiceHost"], found["k8sServicePort"]) == ("10.0.1.70", 6443)
        with pytest.raises(AddOnPlanError, match="address of the Kubernetes API"):
            values(replace(DATACENTRE, api_server=None), "cilium")

    @pytest.mark.parametrize(
        ("overlay", "expected"),
        [
            ("none", {"routingMode": "native", "ipv4NativeRoutingCIDR": "10.244.0.0/16"}),
            ("geneve", {"routingMode": "tunnel", "tunnelProtocol": "geneve"}),
            ("wireguard", {"routingMode": "tunnel", "encryption": {"enabled": True, "type": "wireguard"}}),
        ],
    )
    def test_overlay_is_the_specs(self, overlay: str, expected: dict) -> None:
        found = values(replace(DATACENTRE, overlay=overlay), "cilium")
        assert {key: found[key] for key in expected} == expected
        assert found["MTU"] == 1450

    def test_gateway_api_kinds_do_not_come_from_a_chart_whose_record_is_too_large(self) -> None:
        """gateway-crds-helm carries every channel as templates: its release would be over 1 MiB."""
        assert add_on_rows()["gateway-api"].chart is None
        assert "gateway-crds-helm" not in {row.chart for row in add_on_rows().values()}
        assert [a.name for a in plan_add_ons(DATACENTRE, {"gateway-api": ON}, VALUES).add_ons] == [
            "envoy-gateway",
            "gateway-api",
        ]

    def test_proxies_do_not_run_a_development_image(self) -> None:
        provider = values(DATACENTRE, "envoy-gateway")["config"]["envoyGateway"]["provider"]
        version = add_on_rows()["envoy-gateway"].version
        assert provider["kubernetes"]["shutdownManager"]["image"] == f"docker.io/envoyproxy/gateway:{version}"

    def test_the_ai_gateway_gets_its_hooks_and_shared_counters(self) -> None:
        config = values(DATACENTRE, "envoy-gateway", "ai-gateway")["config"]["envoyGateway"]
        assert config["extensionManager"]["hooks"]["xdsTranslator"]["post"] == ["Translation", "Cluster", "Route"]
        assert config["rateLimit"]["backend"]["type"] == "Redis"
        assert "extensionManager" not in values(DATACENTRE, "envoy-gateway")["config"]["envoyGateway"]

    def test_inference_pools_are_routed_to_only_where_the_kind_exists(self) -> None:
        with_pools = values(DATACENTRE, "envoy-gateway", "ai-gateway", "kserve-llmisvc")
        without = values(DATACENTRE, "envoy-gateway", "ai-gateway")
        assert with_pools["config"]["envoyGateway"]["extensionManager"]["backendResources"] == [
            {"group": "inference.networking.k8s.io", "kind": "InferencePool", "version": "v1"}
        ]
        assert "backendResources" not in without["config"]["envoyGateway"]["extensionManager"]

    def test_cert_manager_starts_after_the_kinds_that_it_watches(self) -> None:
        plan = plan_add_ons(DATACENTRE, dict.fromkeys(("cert-manager", "envoy-gateway"), ON), VALUES)
        assert plan["cert-manager"].after == ("envoy-gateway",)
        assert plan["cert-manager"].values["config"]["gatewayAPI"] == {"enabled": True}
        assert "config" not in values(DATACENTRE, "cert-manager")
        assert plan["cert-manager"].values["crds"]["enabled"] is True


def test_mig_and_slicing_can_share_a_cluster() -> None:
    context = replace(AWS, pools=(MIG, TIMED))
    files = objects(context, "gpu-operator")["ConfigMap/device-plugin-config"]["data"]
    assert yaml.safe_load(files["shared"])["flags"] == {"migStrategy": "mixed"}
