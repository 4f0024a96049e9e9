"""The boxes of an edge site: models on their disks, how they bring themselves up, and what cannot be."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from ringfence.planning.onprem.edge_bundle import bootstrap_of
from ringfence.planning.onprem.edge_models import CachedModel, local_reference, model_manifests, model_uri
from ringfence.planning.onprem.edge_registry import host_port
from ringfence.planning.onprem.k0sctl import k0sctl_config
from ringfence.planning.onprem.objects import PlanError
from tests.components.edge.examples import FLUX, METRICS, MODEL, REGISTRY, arguments, cluster, site


def test_a_model_is_pulled_to_disk_and_read_through_the_tenants_own_claim() -> None:
    plan = arguments().plan()
    assert model_uri(MODEL) == "pvc://model-cache/scan-reader"
    assert local_reference(plan, MODEL) == "registry.mainz.example/models/scan-reader:2026.11"
    volume, claim, daemon = model_manifests(plan, [MODEL])
    assert volume["spec"]["claimRef"] == {"namespace": "clinic", "name": "model-cache"}
    assert volume["spec"]["hostPath"]["path"] == "/var/lib/ringfence/models/clinic"
    assert (claim["metadata"]["namespace"], claim["spec"]["volumeName"]) == ("clinic", "models-clinic")
    template = daemon["spec"]["template"]["spec"]
    assert template["nodeSelector"] == {"ringfence.dev/pool": "box"}
    [pull] = template["initContainers"]
    assert pull["args"] == [
        "pull",
        "--output",
        "/models/clinic/scan-reader",
        "registry.mainz.example/models/scan-reader:2026.11",
    ]


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (CachedModel(name="m", source="hf://acme/m", namespace="clinic", gib=1), "publish them as an OCI artefact"),
        (CachedModel(name="m", source="oci://r/m:1", namespace="clinic", gib=401), "has 400 GiB .* m take 401 GiB"),
    ],
)
def test_a_model_that_cannot_be_kept_says_why(model: CachedModel, message: str) -> None:
    with pytest.raises(PlanError, match=message):
        model_manifests(arguments().plan(), [model])


def test_a_site_without_models_has_no_cache() -> None:
    assert model_manifests(arguments().plan(), []) == []


def test_the_box_brings_itself_up_from_what_was_carried_in() -> None:
    plan = arguments().plan()
    config = k0sctl_config(bootstrap_of(plan, FLUX))
    [host] = config["spec"]["hosts"]
    assert (host["role"], host["noTaints"], host["ssh"]["address"]) == ("controller+worker", True, "10.48.0.10")
    files = {part["name"]: part for part in host["files"]}
    assert set(files) == {"registry.toml", "hosts.toml", "k0s images", "site images", "manifests"}
    applied = list(yaml.safe_load_all(files["manifests"]["data"]))
    assert [item["kind"] for item in applied] == [
        "Namespace",
        "StorageClass",
        "NetworkPolicy",
        "NetworkPolicy",
        "PersistentVolume",
        "PersistentVolumeClaim",
        "ConfigMap",
        "Deployment",
    ]
    spec = config["spec"]["k0s"]["config"]["spec"]
    assert spec["images"] == {"repository": REGISTRY, "default_pull_policy": "IfNotPresent"}
    assert spec["extensions"] == {"helm": FLUX}
    assert "controlPlaneLoadBalancing" not in spec["network"]


def test_three_boxes_share_an_address_for_the_api_and_one_keeps_the_registry() -> None:
    plan = arguments(nodes=3).plan()
    assert plan.addresses == {"box-1": "10.48.0.11", "box-2": "10.48.0.12", "box-3": "10.48.0.13"}
    assert plan.first_host == "box-1"
    spec = k0sctl_config(bootstrap_of(plan))["spec"]["k0s"]["config"]["spec"]
    assert spec["network"]["controlPlaneLoadBalancing"]["enabled"] is True


def test_a_site_that_names_no_registry_gets_one_at_its_first_box() -> None:
    plan = arguments(site=site(registry=None)).plan()
    assert plan.registry == "10.48.0.10:5000"
    assert host_port(plan.registry) == 5000
    assert host_port(REGISTRY) == 443


def test_a_site_whose_control_plane_its_parent_hosts_still_has_addresses() -> None:
    plane = {"kind": "hosted", "managementCluster": "mgmt", "address": "10.0.1.70"}
    plan = arguments("connected", 3, cluster=cluster(3, controlPlane=plane)).plan()
    assert plan.addresses == {"box-1": "10.48.0.2", "box-2": "10.48.0.3", "box-3": "10.48.0.4"}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"metrics_url": METRICS}, "is disconnected, but is to reach https://metrics"),
        ({"parent_registry": "registry.fra.example"}, "is to reach registry.fra"),
        ({"cluster": cluster(4)}, "has 4 nodes"),
        (
            {"cluster": cluster(controlPlane={"kind": "hosted", "managementCluster": "mgmt", "address": "10.0.1.70"})},
            "is disconnected from its control plane",
        ),
    ],
)
def test_a_site_that_contradicts_itself_says_how(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(PlanError, match=message):
        arguments(**changes).plan()


@pytest.mark.parametrize(
    "helm",
    [
        {"repositories": [{"name": "flux", "url": "https://fluxcd"}], "charts": []},
        {"charts": [{"chartname": "oci://ghcr.io/fluxcd/charts/flux2"}]},
    ],
)
def test_a_disconnected_box_fetches_no_chart_from_elsewhere(helm: dict[str, Any]) -> None:
    with pytest.raises(PlanError, match=r"take charts from oci://registry\.mainz\.example/charts"):
        bootstrap_of(arguments().plan(), helm)
