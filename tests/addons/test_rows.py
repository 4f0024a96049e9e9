"""The table of add-ons: complete, ordered, at the versions that were read, with no value that its chart lacks."""

from __future__ import annotations

import re
from datetime import date

import pytest

from components.addons.catalogue import OBJECTS, VALUES
from ringfence.facts.addons import AddOnRow, add_on_rows, add_ons_as_of
from ringfence.planning.addon_context import K0S_KUBELET_ROOT
from ringfence.planning.addons import dependencies, install_order, merge
from ringfence.planning.charts import check_values
from tests.addons.shared import CHARTS, with_charts

ROWS = add_on_rows()
ASKED_FOR = {
    *("gpu-operator", "network-operator", "cert-manager", "gateway-api", "envoy-gateway", "ai-gateway", "cilium"),
    *(
        "rook-ceph",
        "rook-ceph-cluster",
        "kueue",
        "kserve",
        "kserve-llmisvc",
        "kserve-runtimes",
        "keda",
        "lws",
        "jobset",
    ),
    *("cluster-autoscaler", "karpenter", "kube-prometheus-stack", "loki", "eck-operator", "eck-stack", "datadog"),
    *("opencost", "kubecost", "argo-workflows", "airflow", "kubeflow-trainer", "kubeflow-pipelines", "mlflow", "wandb"),
    *("dvc-remote", "velero", "flux2", "zot", "harbor", "cloudnative-pg", "external-secrets", "metallb", "seaweedfs"),
    *("cluster-api-operator", "kamaji", "node-feature-discovery", "nvidia-dra-driver", "kyverno"),
}


def test_every_add_on_of_the_platform_has_a_row() -> None:
    assert ASKED_FOR - ROWS.keys() == set()


def test_table_is_dated() -> None:
    assert add_ons_as_of() == date(2026, 8, 22)


def test_code_belongs_to_rows() -> None:
    assert (VALUES.keys() | OBJECTS.keys()) - ROWS.keys() == set()


def test_add_ons_without_a_chart_do_something() -> None:
    """A row without a chart, objects or another add-on that it stands for would install nothing."""
    idle = [n for n, row in ROWS.items() if row.chart is None and n not in OBJECTS and not row.requires]
    assert idle == []


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_rows_are_whole(row: AddOnRow) -> None:
    assert row.purpose and not row.purpose.endswith(".")
    assert re.fullmatch(r"[a-z0-9-]{1,53}", row.name), "Helm's release names take 53 characters"
    assert row.repository is None or re.match(r"(https|oci)://", row.repository)
    assert "/" in row.source


def test_the_whole_table_can_be_ordered() -> None:
    order = install_order(dependencies(ROWS))
    position = {name: index for index, name in enumerate(order)}
    assert set(order) == set(ROWS)
    for name, row in ROWS.items():
        for first in (*row.requires, *row.after):
            if not row.foundation:
                assert position[first] < position[name], (first, name)


def test_what_watches_metrics_comes_after_prometheus() -> None:
    graph = dependencies(ROWS)
    assert [n for n, row in ROWS.items() if row.when_monitored and "kube-prometheus-stack" not in graph[n]] == []


def test_nothing_waits_for_storage_in_a_circle() -> None:
    """Prometheus needs volumes, so Ceph cannot wait for Prometheus' kinds."""
    graph = dependencies(ROWS)
    assert "rook-ceph-cluster" in graph["kube-prometheus-stack"]
    assert not ROWS["rook-ceph"].when_monitored


@with_charts
@pytest.mark.parametrize("name", [n for n, row in ROWS.items() if row.chart])
def test_no_row_sets_a_dead_value(name: str) -> None:
    row = ROWS[name]
    values = merge(row.values, row.when_monitored)
    for path, below in row.kubelet_paths.items():
        value: object = f"{K0S_KUBELET_ROOT}/{below}"
        for key in reversed(path.split(".")):
            value = {key: value}
        values = merge(values, value)  # ty: ignore[invalid-argument-type]
    assert check_values(CHARTS / row.chart_folder, values, name) == []


@with_charts
def test_digests_are_those_that_the_charts_name() -> None:
    pinned = [(row, image) for row in ROWS.values() for image in row.images]
    assert {row.name for row, _ in pinned} == {"cilium", "opencost"}
    for row, image in pinned:
        assert image.digest in (CHARTS / row.chart_folder / "values.yaml").read_text(encoding="utf-8"), image


@with_charts
def test_versions_are_those_of_the_charts_that_were_read() -> None:
    index = (CHARTS / "INDEX.md").read_text(encoding="utf-8")
    read = dict(re.findall(r"^\| ([\w.-]+) \| (\S+) \|", index, re.MULTILINE))
    ours = {row.chart_folder: row.version for row in ROWS.values() if row.chart}
    assert ours == {folder: read[folder] for folder in ours}
