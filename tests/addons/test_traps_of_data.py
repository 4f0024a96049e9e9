"""One test for each way in which the charts of data, state and dashboards go wrong quietly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
import yaml

from components.addons import databases
from components.addons.catalogue import VALUES, add_on_objects
from ringfence.planning.addon_context import BackupTarget
from ringfence.planning.addons import AddOnPlanError, plan_add_ons
from tests.addons.contexts import AWS, AZURE, DATACENTRE, EDGE
from tests.addons.planned import ON, objects, values


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
