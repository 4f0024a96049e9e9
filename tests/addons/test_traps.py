"""One test for each way in which these charts go wrong quietly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from components.addons import databases
from components.addons.catalogue import VALUES, add_on_objects
from components.addons.kueue import configuration
from components.addons.prices import monthly_prices
from ringfence.facts.addons import add_on_rows
from ringfence.planning.addon_context import AddOnContext, BackupTarget, Prices
from ringfence.planning.addons import AddOnPlanError, plan_add_ons
from ringfence.spec.cluster import AddOnOverride
from tests.addons.contexts import AWS, AZURE, DATACENTRE, EDGE, GCP, MIG, PRICES, TIMED, VGPU, WHOLE
from tests.addons.shared import CHARTS, with_charts

ON = AddOnOverride()


def values(context: AddOnContext, name: str, *others: str) -> dict:
    return dict(plan_add_ons(context, dict.fromkeys((name, *others), ON), VALUES)[name].values)


def objects(context: AddOnContext, name: str, *others: str) -> dict[str, dict]:
    plan = plan_add_ons(context, dict.fromkeys((name, *others), ON), VALUES)
    return {f"{m['kind']}/{m['metadata']['name']}": m for m in add_on_objects(name, plan.context)}


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


class TestPrices:
    def test_hourly_prices_become_monthly_ones(self) -> None:
        assert monthly_prices(PRICES) == {
            "CPU": 21.9,
            "spotCPU": 8.76,
            "RAM": 2.92,
            "spotRAM": 1.168,
            "GPU": 1825.0,
            "storage": 0.05,
            "zoneNetworkEgress": 0.0,
            "regionNetworkEgress": 0.0,
            "internetNetworkEgress": 0.09,
        }

    def test_opencost_divides_back_to_our_price(self) -> None:
        """UpdateFromMap divides CPU, memory and GPU by 730; egress it leaves alone (opencost/opencost#3781)."""
        model = values(DATACENTRE, "opencost")["opencost"]["customPricing"]
        assert model["enabled"] is True and model["provider"] == "custom"
        assert model["costModel"]["GPU"] / 730 == pytest.approx(PRICES.gpu_hour)
        assert model["costModel"]["CPU"] / 730 == pytest.approx(PRICES.cpu_hour)
        assert model["costModel"]["internetNetworkEgress"] == PRICES.egress_internet_gib

    def test_kubecost_takes_months_too_and_as_text(self) -> None:
        custom = values(DATACENTRE, "kubecost")["finopsagent"]["agent"]["kubecost"]["customPrices"]
        assert custom["enabled"] is True
        assert {type(value) for key, value in custom.items() if key != "enabled"} == {str}
        assert float(custom["GPU"]) / 730 == pytest.approx(PRICES.gpu_hour)
        assert float(custom["spotGPU"]) / 730 == pytest.approx(PRICES.gpu_hour * 0.4)

    @pytest.mark.parametrize("tool", ["opencost", "kubecost"])
    def test_owned_machines_without_a_price_are_refused(self, tool: str) -> None:
        with pytest.raises(AddOnPlanError, match="knows no prices"):
            values(replace(DATACENTRE, prices=None), tool)

    @pytest.mark.parametrize("tool", ["opencost", "kubecost"])
    def test_a_cloud_asks_its_provider(self, tool: str) -> None:
        assert "customPric" not in json.dumps(values(AWS, tool))

    def test_the_price_in_use_is_watched(self) -> None:
        """OpenCost may ignore custom prices on GPU nodes (opencost/opencost#3160)."""
        rule = objects(DATACENTRE, "opencost", "kube-prometheus-stack")["PrometheusRule/gpu-price"]
        [alert] = rule["spec"]["groups"][0]["rules"]
        assert alert["expr"].startswith("abs(node_gpu_hourly_cost - 2.5) / 2.5 > 0.01")
        assert objects(DATACENTRE, "opencost") == {}

    def test_nothing_listens_or_downloads_by_default(self) -> None:
        assert values(DATACENTRE, "opencost")["opencost"]["mcp"] == {"enabled": False}
        assert values(EDGE, "opencost")["plugins"] == {"enabled": False}
        assert values(EDGE, "kubecost")["forecasting"] == {"enabled": False}
        assert values(EDGE, "kubecost")["telemetry"] == {"enabled": False}

    def test_the_charts_own_gpu_price_is_never_ours(self) -> None:
        """The chart's sample mixes months with hours: its GPU at 0.95 would be 0.0013 USD an hour."""
        cheap = Prices(cpu_hour=0.001, memory_gib_hour=0.0001, gpu_hour=0.01, storage_gib_month=0.01)
        assert monthly_prices(cheap)["GPU"] == 7.3


class TestServing:
    def test_standard_mode_not_the_charts_knative(self) -> None:
        controller = values(DATACENTRE, "kserve")["kserve"]["controller"]
        assert controller["deploymentMode"] == "Standard"
        assert controller["gateway"]["ingressGateway"] == {
            "enableGatewayApi": True,
            "createGateway": False,
            "className": "envoy",
            "kserveGateway": "kserve/kserve-ingress-gateway",
        }

    def test_only_one_chart_makes_the_shared_resources(self) -> None:
        plan = plan_add_ons(DATACENTRE, dict.fromkeys(("kserve-llmisvc", "kserve-localmodel"), ON), VALUES)
        makers = [
            a.name
            for a in plan.add_ons
            if (a.row.chart or "").endswith("-resources") and a.values["kserve"].get("createSharedResources", True)
        ]
        assert makers == ["kserve"]

    def test_runtimes_are_turned_on(self) -> None:
        """Both switches are off in the chart, and no InferenceService finds a runtime (kserve/kserve#5035)."""
        runtimes = values(DATACENTRE, "kserve-runtimes")["kserve"]
        assert runtimes["servingruntime"]["enabled"] is True
        assert runtimes["llmisvcConfigs"] == {"enabled": False}
        both = plan_add_ons(DATACENTRE, {"kserve-llmisvc": ON}, VALUES)["kserve-runtimes"]
        assert both.values["kserve"]["llmisvcConfigs"] == {"enabled": True}

    def test_no_runtime_runs_at_latest(self) -> None:
        runtimes = values(DATACENTRE, "kserve-runtimes")["kserve"]["servingruntime"]
        assert runtimes["vllmserver"]["tag"] != "latest"
        assert runtimes["tritonserver"]["tag"] == "26.07-py3"

    @with_charts
    def test_the_chart_has_every_runtime_that_the_platform_names(self) -> None:
        chart = yaml.safe_load((CHARTS / "kserve-runtime-configs" / "values.yaml").read_text(encoding="utf-8"))
        runtimes = chart["kserve"]["servingruntime"]
        for name in ("vllmserver", "huggingfaceserver", "tritonserver", "torchserve", "tensorflow", "sklearnserver"):
            assert runtimes[name]["disabled"] is False, name

    def test_kserves_gateway_is_ours(self) -> None:
        gateway = objects(DATACENTRE, "kserve")["Gateway/kserve-ingress-gateway"]
        assert [listener["name"] for listener in gateway["spec"]["listeners"]] == ["http", "https"]
        assert gateway["spec"]["gatewayClassName"] == "envoy"

    def test_node_groups_follow_pools(self) -> None:
        assert list(objects(EDGE, "kserve-localmodel")) == ["LocalModelNodeGroup/shared"]


class TestQueues:
    def test_the_string_that_helm_does_not_merge_is_whole(self) -> None:
        text = values(DATACENTRE, "kueue", "jobset", "kubeflow-trainer")["managerConfig"]["controllerManagerConfigYaml"]
        assert isinstance(text, str)
        config = yaml.safe_load(text)
        assert (config["apiVersion"], config["kind"]) == ("config.kueue.x-k8s.io/v1beta2", "Configuration")
        assert {"health", "metrics", "webhook", "leaderElection", "integrations", "waitForPodsReady"} <= config.keys()
        assert config["integrations"]["frameworks"][-2:] == ["jobset.x-k8s.io/jobset", "trainer.kubeflow.org/trainjob"]

    @with_charts
    def test_our_configuration_leaves_out_nothing_that_the_charts_has(self) -> None:
        chart = yaml.safe_load((CHARTS / "kueue" / "values.yaml").read_text(encoding="utf-8"))
        theirs = yaml.safe_load(chart["managerConfig"]["controllerManagerConfigYaml"])
        ours = configuration(DATACENTRE)
        assert theirs.keys() - ours.keys() == {"controller"}, "the concurrency of reconcilers has defaults in code"
        assert ours["leaderElection"] == theirs["leaderElection"]

    def test_work_without_a_queue_waits_too(self) -> None:
        config = configuration(DATACENTRE)
        assert config["manageJobsWithoutQueueName"] is True
        [rule] = config["managedJobsNamespaceSelector"]["matchExpressions"]
        assert rule == {"key": "ringfence.dev/tenant", "operator": "Exists"}

    def test_trainer_does_not_bring_a_second_jobset(self) -> None:
        found = values(DATACENTRE, "kubeflow-trainer")
        assert found["jobset"] == {"install": False}
        assert found["dataCache"]["lws"] == {"install": False}

    def test_autoscaler_reaches_the_machines_where_they_are(self) -> None:
        here = values(DATACENTRE, "cluster-autoscaler")
        assert (here["cloudProvider"], here["clusterAPIMode"]) == ("clusterapi", "incluster-kubeconfig")
        assert values(AWS, "cluster-autoscaler")["cloudProvider"] == "aws"


class TestData:
    def test_mlflow_keeps_nothing_in_memory_or_in_the_pod(self) -> None:
        found = values(DATACENTRE, "mlflow")
        assert found["backendStore"]["postgres"] == {
            "enabled": True,
            "host": "mlflow-db-rw",
            "port": 5432,
            "database": "mlflow",
        }
        assert found["backendStore"]["existingDatabaseSecret"]["name"] == "mlflow-db-app"
        assert found["artifactRoot"]["s3"]["bucket"] == "artefacts"
        assert found["auth"]["postgres"]["enabled"] is True
        with pytest.raises(AddOnPlanError, match="gone with the pod"):
            values(replace(DATACENTRE, artefacts=None), "mlflow")

    def test_databases_are_made_before_what_waits_for_them(self) -> None:
        plan = plan_add_ons(DATACENTRE, {"mlflow": ON}, VALUES)
        made = add_on_objects("mlflow", plan.context)
        assert [m["kind"] for m in made.before] == ["Cluster", "Database"]
        assert made.after == ()
        assert "cloudnative-pg" in plan["mlflow"].after

    def test_airflow_never_uses_the_charts_database(self) -> None:
        found = values(DATACENTRE, "airflow")
        assert found["postgresql"] == {"enabled": False}
        assert found["enableBuiltInSecretEnvVars"]["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] is False
        assert found["secret"] == [
            {
                "envName": "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN",
                "secretName": databases.secret("airflow-db"),
                "secretKey": "uri",
            }
        ]

    def test_velero_says_where_copies_rest(self) -> None:
        [location] = values(DATACENTRE, "velero")["configuration"]["backupStorageLocation"]
        assert location == {
            "name": "paris",
            "provider": "aws",
            "bucket": "backups",
            "default": True,
            "accessMode": "ReadWrite",
            "config": {"region": "par", "s3Url": "https://s3.par.internal", "s3ForcePathStyle": "true"},
            "credential": {"name": "paris", "key": "cloud"},
        }

    def test_images_that_we_name_come_from_the_mirror(self) -> None:
        """A tag at its maker's registry is refused in prod: whoever owns the registry can move it."""
        context = replace(DATACENTRE, registry="registry.fra.internal")
        [plugin] = values(context, "velero")["initContainers"]
        assert plugin["image"] == "registry.fra.internal/velero/velero-plugin-for-aws:v1.14.2"
        assert plugin["name"] == "velero-plugin-for-aws"
        gateway = values(context, "envoy-gateway")["config"]["envoyGateway"]["provider"]["kubernetes"]
        assert gateway["shutdownManager"]["image"] == "registry.fra.internal/envoyproxy/gateway:v1.9.0"
        policy = objects(context, "network-operator")["NicClusterPolicy/nic-cluster-policy"]["spec"]
        assert policy["ofedDriver"]["repository"] == "registry.fra.internal/nvidia/mellanox"
        pods = objects(context, "log-collector", "loki")["DaemonSet/log-collector"]["spec"]["template"]["spec"]
        assert pods["containers"][0]["image"].startswith("registry.fra.internal/otel/")

    @pytest.mark.parametrize(
        ("target", "expected"),
        [
            ({"provider": "azure", "bucket": "acct"}, ("velero", {"storageAccount": "acct", "useAAD": "true"})),
            (
                {"provider": "azure", "bucket": "acct/box", "credentials": "keys"},
                ("box", {"storageAccount": "acct"}),
            ),
            ({"provider": "gcp", "bucket": "b"}, ("b", {})),
            ({"provider": "aws", "bucket": "b"}, ("b", {"region": "r"})),
        ],
    )
    def test_each_cloud_names_its_backups_place_in_its_own_way(self, target: dict, expected: tuple) -> None:
        backup = BackupTarget(name="x", region="r", **target)
        [location] = values(replace(AZURE, backups=(backup,)), "velero")["configuration"]["backupStorageLocation"]
        assert (location["bucket"], location["config"]) == expected

    def test_datadog_has_no_silent_site_in_the_united_states(self) -> None:
        assert values(DATACENTRE, "datadog")["datadog"]["site"] == "datadoghq.eu"
        for site, reason in (
            (None, "its default is in the United States"),
            ("datadoghq.de", "is not one of Datadog's"),
        ):
            with pytest.raises(AddOnPlanError, match=reason):
                values(replace(DATACENTRE, datadog_site=site), "datadog")

    def test_loki_deletes_what_is_older_than_its_retention(self) -> None:
        found = values(DATACENTRE, "loki")["loki"]
        assert found["limits_config"] == {"retention_period": "90d"}
        assert found["compactor"] == {"retention_enabled": True, "delete_request_store": "s3"}
        assert values(DATACENTRE, "loki")["deploymentMode"] == "Monolithic"

    def test_loki_is_fed(self) -> None:
        made = objects(DATACENTRE, "log-collector", "loki")
        assert list(made) == ["ServiceAccount/log-collector", "ConfigMap/log-collector", "DaemonSet/log-collector"]
        config = yaml.safe_load(made["ConfigMap/log-collector"]["data"]["config.yaml"])
        assert config["exporters"]["otlphttp"]["logs_endpoint"].startswith("http://loki-gateway.logging.svc")
        with pytest.raises(AddOnPlanError, match="nowhere to send logs"):
            values(AWS, "log-collector")
        far = replace(AWS, logs_url="https://logs.fra.ai.example/otlp/v1/logs")
        sent = yaml.safe_load(objects(far, "log-collector")["ConfigMap/log-collector"]["data"]["config.yaml"])
        assert sent["exporters"]["otlphttp"]["logs_endpoint"] == far.logs_url

    def test_prometheus_reads_monitors_of_other_releases(self) -> None:
        spec = values(DATACENTRE, "kube-prometheus-stack")["prometheus"]["prometheusSpec"]
        assert {key: spec[key] for key in spec if key.endswith("NilUsesHelmValues")} == dict.fromkeys(
            (
                "serviceMonitorSelectorNilUsesHelmValues",
                "podMonitorSelectorNilUsesHelmValues",
                "ruleSelectorNilUsesHelmValues",
                "probeSelectorNilUsesHelmValues",
                "scrapeConfigSelectorNilUsesHelmValues",
            ),
            False,
        )
        assert spec["remoteWrite"][0]["url"] == "https://metrics.fra.ai.example/api/v1/write"

    def test_dvc_gives_each_tenant_a_folder(self) -> None:
        made = objects(DATACENTRE, "dvc-remote")["ConfigMap/dvc-remote"]
        assert made["data"]["finance"].splitlines()[3:] == [
            "['remote \"platform\"']",
            "    url = s3://artefacts/dvc/finance",
            "    region = fra",
            "    endpointurl = https://s3.fra.internal",
        ]

    def test_no_secret_is_written_into_values(self) -> None:
        """Every password, key and token is a name of a Secret."""
        for context in (AWS, DATACENTRE):
            for name in VALUES:
                try:
                    found = values(context, name)
                except AddOnPlanError:
                    continue
                assert list(_plain_secrets(found)) == [], name

    def test_pipelines_come_from_the_mirror_where_there_is_one(self) -> None:
        offline = objects(EDGE, "kubeflow-pipelines")
        assert "OCIRepository/kubeflow-pipelines" in offline
        assert "GitRepository/kubeflow-pipelines" in objects(DATACENTRE, "kubeflow-pipelines")
        second = offline["Kustomization/kubeflow-pipelines"]["spec"]
        assert second["dependsOn"] == [{"name": "kubeflow-pipelines-kinds"}]


SECRET_KEYS = ("password", "secretkey", "apikey", "token", "accesskey")


def _plain_secrets(values: object, path: str = "") -> Iterator[str]:
    """Paths of values that look like a secret and hold text; `secretKey` beside `secretName` is a key's name."""
    if isinstance(values, dict):
        for key, value in values.items():
            named = key.lower() == "secretkey" and "secretName" in values
            if isinstance(value, str) and value and key.lower() in SECRET_KEYS and not named:
                yield f"{path}.{key}"
            yield from _plain_secrets(value, f"{path}.{key}")
    elif isinstance(values, list):
        for item in values:
            yield from _plain_secrets(item, path)


class TestDashboards:
    def test_only_for_metrics_that_are_there(self) -> None:
        full = objects(DATACENTRE, "kube-prometheus-stack", "gpu-operator", "kueue", "kserve", "opencost")
        assert sorted(full) == [
            "ConfigMap/dashboard-cost",
            "ConfigMap/dashboard-gpu-by-tenant",
            "ConfigMap/dashboard-inference-latency",
            "ConfigMap/dashboard-queue-waiting",
        ]
        assert objects(DATACENTRE, "kube-prometheus-stack") == {}
        assert objects(replace(DATACENTRE, dashboards=False), "kube-prometheus-stack", "kueue") == {}

    def test_each_is_a_page_that_grafana_loads(self) -> None:
        made = objects(DATACENTRE, "kube-prometheus-stack", "gpu-operator", "kueue", "kserve", "opencost")
        for manifest in made.values():
            [(file, text)] = manifest["data"].items()
            page = json.loads(text)
            assert file.endswith(".json") and page["uid"].startswith("ringfence-")
            assert manifest["metadata"]["labels"] == {"grafana_dashboard": "1"}
            assert len({panel["id"] for panel in page["panels"]}) == len(page["panels"]) >= 6
            for panel in page["panels"]:
                query = panel["targets"][0]["expr"]
                assert query.count("(") == query.count(")") and query.count("{") == query.count("}"), query


def test_mig_and_slicing_can_share_a_cluster() -> None:
    context = replace(AWS, pools=(MIG, TIMED))
    files = objects(context, "gpu-operator")["ConfigMap/device-plugin-config"]["data"]
    assert yaml.safe_load(files["shared"])["flags"] == {"migStrategy": "mixed"}
