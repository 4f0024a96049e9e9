"""One test for each way in which the charts of prices, serving and queues go wrong quietly."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
import yaml

from components.addons.catalogue import VALUES
from components.addons.kueue import configuration
from components.addons.prices import monthly_prices
from ringfence.planning.addon_context import Prices
from ringfence.planning.addons import AddOnPlanError, plan_add_ons
from tests.addons.contexts import AWS, DATACENTRE, EDGE, PRICES
from tests.addons.planned import ON, objects, values
from tests.addons.shared import CHARTS, with_charts


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
        assert theirs.keys() - ours.keys() == set()
        assert ours["leaderElection"] == theirs["leaderElection"]
        at_a_time = {kind: many for kind, many in theirs["controller"]["groupKindConcurrency"].items() if many > 1}
        assert ours["controller"]["groupKindConcurrency"] == at_a_time, "the others are one anyway"

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
