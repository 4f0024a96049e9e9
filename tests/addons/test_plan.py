"""Which add-ons a cluster gets: what is implied, what is refused, in which order."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.addons.catalogue import VALUES
from ringfence.facts.addons import AddOnRow, add_on_rows
from ringfence.planning.addons import (
    AddOnPlanError,
    AddOnProblem,
    dependencies,
    install_order,
    k0s_helm_extension,
    merge,
    node_labels,
    plan_add_ons,
)
from ringfence.spec.cluster import AddOnOverride
from tests.addons.contexts import AWS, AZURE, DATACENTRE, EDGE, GCP

ON = AddOnOverride()
OFF = AddOnOverride(enabled=False)


def _problems(*args: object) -> list[AddOnProblem]:
    with pytest.raises(AddOnPlanError) as caught:
        plan_add_ons(*args)  # ty: ignore[invalid-argument-type]
    return caught.value.problems


def test_what_an_add_on_needs_comes_along_and_first() -> None:
    plan = plan_add_ons(DATACENTRE, {"kserve": ON}, VALUES)
    assert [a.name for a in plan.add_ons] == [
        "envoy-gateway", "kserve-crd", "cert-manager", "kserve", "kserve-runtimes",
    ]  # fmt: skip
    assert {a.name: a.implied_by for a in plan.add_ons} == {
        "envoy-gateway": "kserve",
        "kserve-crd": "kserve",
        "cert-manager": "kserve",
        "kserve": None,
        "kserve-runtimes": "kserve",
    }


def test_what_merely_comes_along_can_be_turned_off() -> None:
    names = [a.name for a in plan_add_ons(DATACENTRE, {"kserve": ON, "kserve-runtimes": OFF}, VALUES).add_ons]
    assert "kserve-runtimes" not in names and "kserve" in names


def test_what_comes_along_does_so_only_where_it_works() -> None:
    """An edge site has telemetry of its own, which waits for the line."""
    assert "log-collector" in plan_add_ons(DATACENTRE, {"loki": ON}, VALUES).context.add_ons
    assert "log-collector" not in plan_add_ons(EDGE, {"loki": ON}, VALUES).context.add_ons
    assert "rook-ceph-cluster" in plan_add_ons(DATACENTRE, {"rook-ceph": ON}, VALUES).context.add_ons


def test_what_is_needed_cannot_be_turned_off() -> None:
    found = _problems(DATACENTRE, {"kserve": ON, "cert-manager": OFF}, VALUES)
    remedy = "enable cert-manager, or disable kserve too"
    assert found == [AddOnProblem("kserve", "needs cert-manager, which is disabled", remedy)]


def test_disabled_add_ons_are_not_there() -> None:
    assert plan_add_ons(DATACENTRE, {"keda": OFF}, VALUES).add_ons == ()


def test_unknown_names_get_a_suggestion() -> None:
    found = _problems(DATACENTRE, {"gpu-operater": ON}, VALUES)
    row = "is not a row of ringfence/facts/addons.yaml"
    assert found == [AddOnProblem("gpu-operater", row, "did you mean gpu-operator?")]


def test_every_problem_is_reported_at_once() -> None:
    found = _problems(GCP, {"karpenter": ON, "cilium": ON, "nonsense-xyz": ON, "loki": ON, "eck-stack": ON}, VALUES)
    assert [(p.add_on, p.message) for p in found] == [
        ("nonsense-xyz", "is not a row of ringfence/facts/addons.yaml"),
        ("cilium", "does not work at a cloud site"),
        ("eck-stack", "cannot share a cluster with loki"),
        ("karpenter", "does not work on gcp"),
    ]


def test_computed_problems_are_collected_too() -> None:
    bare = replace(DATACENTRE, artefacts=None, backups=(), datadog_site=None, prices=None)
    found = _problems(bare, {"velero": ON, "mlflow": ON, "datadog": ON, "opencost": ON, "dvc-remote": ON}, VALUES)
    assert sorted(p.add_on for p in found) == ["datadog", "dvc-remote", "mlflow", "opencost", "velero"]
    assert all(p.remedy for p in found)


def test_the_users_word_is_last() -> None:
    override = AddOnOverride(version="v26.7.1", values={"mig": {"strategy": "single"}, "toolkit": {"enabled": True}})
    plan = plan_add_ons(AWS, {"gpu-operator": override}, VALUES)
    operator = plan["gpu-operator"]
    assert operator.row.version == "v26.7.1"
    assert operator.values["mig"] == {"strategy": "single"}
    assert operator.values["toolkit"] == {"enabled": True}
    assert operator.values["driver"] == {"enabled": False}
    assert add_on_rows()["gpu-operator"].version == "v26.7.0", "the shared row must not change"


def test_plan_has_no_add_on_of_another_name() -> None:
    with pytest.raises(KeyError, match="mlflow"):
        plan_add_ons(AWS, {"keda": ON}, VALUES)["mlflow"]


def test_monitoring_is_on_only_where_something_watches() -> None:
    alone = plan_add_ons(DATACENTRE, {"keda": ON}, VALUES)["keda"]
    watched = plan_add_ons(DATACENTRE, {"keda": ON, "kube-prometheus-stack": ON}, VALUES)["keda"]
    assert alone.values == {}
    assert watched.values["prometheus"]["operator"] == {"enabled": True, "serviceMonitor": {"enabled": True}}
    assert watched.after == ("kube-prometheus-stack",)


def test_kubelet_paths_change_only_where_the_kubelet_moved() -> None:
    there = plan_add_ons(DATACENTRE, {"velero": ON}, VALUES)["velero"]
    assert there.values["nodeAgent"] == {
        "podVolumePath": "/var/lib/k0s/kubelet/pods",
        "pluginVolumePath": "/var/lib/k0s/kubelet/plugins",
    }
    ceph = plan_add_ons(DATACENTRE, {"rook-ceph-cluster": ON}, VALUES)["ceph-csi-drivers"]
    assert ceph.values["operatorConfig"]["driverSpecDefaults"]["nodePlugin"] == {
        "kubeletDirPath": "/var/lib/k0s/kubelet"
    }
    assert "nodeAgent" not in plan_add_ons(AWS, {"velero": ON}, VALUES)["velero"].values


def test_everything_waits_for_the_pod_network() -> None:
    plan = plan_add_ons(DATACENTRE, {"cilium": ON, "keda": ON, "rook-ceph-cluster": ON}, VALUES)
    assert plan.add_ons[0].name == "cilium"
    assert all("cilium" in a.after for a in plan.add_ons[1:])


def test_flux_waits_through_what_it_does_not_install() -> None:
    plan = plan_add_ons(EDGE, {"gateway-api": ON, "kubeflow-pipelines": ON, "flux2": ON, "cilium": ON}, VALUES)
    assert plan["kubeflow-pipelines"].after == ("cilium", "flux2")
    assert plan["kubeflow-pipelines"].after_releases == ("cilium",)
    assert plan["gateway-api"].after_releases == ("cilium", "envoy-gateway")


def test_order_does_not_depend_on_the_order_of_asking() -> None:
    names = ["kueue", "kserve", "mlflow", "opencost", "kube-prometheus-stack", "gpu-operator", "ai-gateway"]
    expected = [a.name for a in plan_add_ons(DATACENTRE, dict.fromkeys(names, ON), VALUES).add_ons]
    shuffler = random.Random(7)
    for _ in range(5):
        shuffler.shuffle(names)
        assert [a.name for a in plan_add_ons(DATACENTRE, dict.fromkeys(names, ON), VALUES).add_ons] == expected


def test_circles_are_refused_with_their_members() -> None:
    with pytest.raises(ValueError, match=r"wait for each other: (a -> b -> a|b -> a -> b)"):
        install_order({"a": {"b"}, "b": {"a"}})


@given(st.dictionaries(st.integers(0, 30), st.sets(st.integers(0, 30)), max_size=30))
@settings(max_examples=60, deadline=None)
def test_order_keeps_every_promise(raw: dict[int, set[int]]) -> None:
    """Edges only to smaller numbers make a graph without circles; each name comes once, after what it waits for."""
    graph = {f"n{n}": {f"n{first}" for first in firsts if first < n and first in raw} for n, firsts in raw.items()}
    order = install_order(graph)
    assert sorted(order) == sorted(graph)
    assert all(order.index(first) < order.index(name) for name, firsts in graph.items() for first in firsts)


def test_merge_is_helms() -> None:
    base = {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}
    over = {"a": {"c": [3], "x": None}, "d": 5}
    assert merge(base, over) == {"a": {"b": 1, "c": [3], "x": None}, "d": 5}
    assert base == {"a": {"b": 1, "c": [1, 2]}, "d": {"e": 1}}


def test_foundation_has_no_circle_with_itself() -> None:
    row = AddOnRow(name="net", purpose="p", namespace="n", source="a/b", foundation=True)
    other = AddOnRow(name="x", purpose="p", namespace="n", source="a/b")
    assert dependencies({"net": row, "x": other}) == {"net": set(), "x": {"net"}}


@pytest.mark.parametrize(
    ("context", "pool", "expected"),
    [
        (AWS, "sliced", {"nvidia.com/mig.config": "sliced"}),
        (AZURE, "shared", {"nvidia.com/device-plugin.config": "shared"}),
        (AWS, "whole", {}),
        (GCP, "whole", {"gke-no-default-nvidia-gpu-device-plugin": "true"}),
        (DATACENTRE, "virtual", {"nvidia.com/gpu.workload.config": "vm-vgpu", "nvidia.com/vgpu.config": "virtual"}),
        (AWS, "cpus", {}),
    ],
)
def test_nodes_carry_the_labels_that_the_operator_reads(context: object, pool: str, expected: dict[str, str]) -> None:
    assert node_labels(context, pool) == expected  # ty: ignore[invalid-argument-type]


def test_k0s_installs_flux_itself() -> None:
    flux = plan_add_ons(EDGE, {"flux2": ON}, VALUES)["flux2"]
    assert k0s_helm_extension(flux) == {
        "repositories": [{"name": "flux2", "url": "https://fluxcd-community.github.io/helm-charts"}],
        "charts": [
            {
                "name": "flux2",
                "chartname": "flux2/flux2",
                "version": "2.18.3",
                "namespace": "flux-system",
                "order": 1,
                "values": "imageAutomationController:\n  create: false\nimageReflectionController:\n  create: false\n",
            }
        ],
    }


def test_only_charts_can_be_k0s_extensions() -> None:
    with pytest.raises(ValueError, match="gateway-api has no chart"):
        k0s_helm_extension(plan_add_ons(EDGE, {"gateway-api": ON}, VALUES)["gateway-api"])
