"""How an add-on becomes a release: what Pulumi registers, for each delivery."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pulumi

from components.addons.catalogue import VALUES
from components.addons.install import FLUX_NAMESPACE, Signature, Target, flux_release, flux_source
from components.addons.stack import AddOns, AddOnsArgs, namespace_levels, pod_security_labels
from ringfence.planning.addons import plan_add_ons
from ringfence.spec.cluster import AddOnOverride
from tests.addons.contexts import DATACENTRE, EDGE
from tests.support.recording import Recording, record

ON = AddOnOverride()
LABELS = {"ringfence.dev/site": "fra", "ringfence.dev/platform": "acme"}
RELEASE = "kubernetes:helm.sh/v3:Release"
NAMESPACE = "kubernetes:core/v1:Namespace"
ROOT = "urn:pulumi:dev::recorded::ringfence:index:AddOns::fra"


def installed(*names: str, delivery: Any = "push", registry: str | None = None, **more: Any) -> Recording:
    context = EDGE if delivery == "pull" else DATACENTRE
    plan = plan_add_ons(context, dict.fromkeys(names, ON), VALUES)
    target = Target(cluster="fra", delivery=delivery, registry=registry, labels=LABELS)
    return record(lambda: AddOns("fra", AddOnsArgs(plan=plan, target=target, **more)))


def test_push_makes_a_helm_release_with_everything_said() -> None:
    inputs = installed("cert-manager").inputs(RELEASE, "fra-cert-manager")
    assert inputs == {
        "name": "cert-manager",
        "chart": "oci://quay.io/jetstack/charts/cert-manager",
        "version": "v1.21.1",
        "namespace": "cert-manager",
        "createNamespace": False,
        "values": {"crds": {"enabled": True, "keep": True}},
        "allowNullValues": True,
        "atomic": True,
        "skipAwait": False,
        "cleanupOnFail": True,
        "maxHistory": 5,
        "timeout": 600,
        "compat": "true",
    }


def test_push_from_an_index_names_the_index() -> None:
    inputs = installed("keda").inputs(RELEASE, "fra-keda")
    assert inputs["chart"] == "keda"
    assert inputs["repositoryOpts"] == {"repo": "https://kedacore.github.io/charts"}


def test_push_through_a_mirror_names_only_the_mirror() -> None:
    recording = installed("keda", "cert-manager", registry="registry.fra.internal")
    charts = {name: found.inputs for name, found in recording.of(RELEASE).items()}
    assert {name: i["chart"] for name, i in charts.items()} == {
        "fra-keda": "oci://registry.fra.internal/charts/keda",
        "fra-cert-manager": "oci://registry.fra.internal/charts/cert-manager",
    }
    assert all("repositoryOpts" not in i for i in charts.values())


def test_what_cannot_be_waited_for_is_not_atomic() -> None:
    """Helm's atomic implies waiting: a CephCluster that forms for minutes would be rolled back."""
    inputs = installed("rook-ceph-cluster").inputs(RELEASE, "fra-rook-ceph-cluster")
    assert (inputs["atomic"], inputs["skipAwait"]) == (False, True)


def test_namespaces_are_made_once_and_enforce_the_weakest_level_that_is_needed() -> None:
    recording = installed("kserve", "kube-prometheus-stack", "cilium")
    namespaces = {
        i.inputs["metadata"]["name"]: i.inputs["metadata"]["labels"] for i in recording.of(NAMESPACE).values()
    }
    assert sorted(namespaces) == ["cert-manager", "envoy-gateway-system", "kserve", "monitoring"]
    assert namespaces["monitoring"] == {
        **LABELS,
        "pod-security.kubernetes.io/enforce": "privileged",
        "pod-security.kubernetes.io/audit": "baseline",
    }
    assert namespaces["cert-manager"]["pod-security.kubernetes.io/enforce"] == "restricted"


def test_a_shared_namespace_gets_the_weaker_of_two_levels() -> None:
    plan = plan_add_ons(EDGE, {"kserve-localmodel": ON}, VALUES)
    assert namespace_levels(list(plan.add_ons))["kserve"] == "privileged"
    assert pod_security_labels("restricted")["pod-security.kubernetes.io/audit"] == "restricted"


def test_order_is_in_the_dependencies() -> None:
    recording = installed("kserve")
    releases = recording.of(RELEASE)
    waits = {name: {urn.rpartition("::")[2] for urn in found.depends_on} for name, found in releases.items()}
    assert {"fra-cert-manager", "fra-envoy-gateway", "fra-kserve-crd"} <= waits["fra-kserve"]
    assert "fra-kserve" in waits["fra-kserve-runtimes"]
    gateway_class = "fra-envoy-gateway-gateway-class-envoy"
    assert gateway_class in waits["fra-kserve"], "an add-on is there when its objects are"
    assert "fra-envoy-gateway" in {
        urn.rpartition("::")[2]
        for urn in recording.of("kubernetes:gateway.networking.k8s.io/v1:GatewayClass")[gateway_class].depends_on
    }


def test_objects_come_before_or_after_their_release() -> None:
    recording = installed("mlflow", "gpu-operator")
    database = next(iter(recording.of("kubernetes:postgresql.cnpg.io/v1:Cluster").values()))
    release = recording.of(RELEASE)["fra-mlflow"]
    assert database.urn in release.depends_on
    layouts = recording.of("kubernetes:core/v1:ConfigMap")["fra-gpu-operator-config-map-gpu-operator-mig-layouts"]
    assert layouts.urn in recording.of(RELEASE)["fra-gpu-operator"].depends_on
    assert layouts.inputs["metadata"]["labels"] == LABELS


def test_everything_hangs_below_the_component() -> None:
    recording = installed("kserve", "mlflow", "gpu-operator", "opencost", "kube-prometheus-stack")
    assert {found.parent for found in recording.custom} == {ROOT}
    assert len(recording.custom) > 25


def test_outputs_say_what_is_there() -> None:
    recording = installed("gateway-api", "keda")
    assert recording.outputs[ROOT] == {
        "installed": {"envoy-gateway": "v1.9.0", "gateway-api": "", "keda": "2.20.2"},
        "namespaces": ["envoy-gateway-system", "keda"],
    }


def test_values_that_only_a_cloud_knows_go_over_the_rest() -> None:
    recording = installed(
        "velero", runtime_values={"velero": {"serviceAccount": {"server": {"annotations": {"a": "b"}}}}}
    )
    values = recording.inputs(RELEASE, "fra-velero")["values"]
    assert values["serviceAccount"] == {"server": {"annotations": {"a": "b"}}}
    assert values["deployNodeAgent"] is True


def test_the_caller_can_come_after_an_add_on() -> None:
    plan = plan_add_ons(DATACENTRE, {"kueue": ON}, VALUES)

    def program() -> None:
        add_ons = AddOns("fra", AddOnsArgs(plan=plan, target=Target(cluster="fra", delivery="push")))
        assert add_ons.resources("loki") == []
        opts = pulumi.ResourceOptions(depends_on=add_ons.resources("kueue"))
        pulumi.ComponentResource("demo:index:Queues", "queues", {}, opts)

    queues = next(r for r in record(program).resources.values() if r.name == "queues")
    assert [urn.rpartition("::")[2] for urn in queues.depends_on] == ["fra-kueue"]


def test_pull_makes_sources_and_releases_and_no_helm_release() -> None:
    recording = installed("flux2", "cert-manager", "kueue", delivery="pull", registry="registry.shop.internal:5000")
    kinds = {found.type for found in recording.custom}
    assert kinds == {
        NAMESPACE,
        "kubernetes:source.toolkit.fluxcd.io/v1:OCIRepository",
        "kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease",
    }
    names = {
        r.inputs["metadata"]["name"] for r in recording.of("kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease").values()
    }
    assert names == {"cert-manager", "kueue"}, "Flux does not deliver itself"
    assert FLUX_NAMESPACE not in {r.inputs["metadata"]["name"] for r in recording.of(NAMESPACE).values()}


def test_flux_release_is_whole() -> None:
    plan = plan_add_ons(EDGE, dict.fromkeys(("kueue", "cert-manager"), ON), VALUES)
    kueue = replace(plan["kueue"], values={"a": 1})
    target = Target(cluster="shop", delivery="pull", registry="registry.shop.internal:5000", labels=LABELS)
    assert flux_release(kueue, target, kueue.values) == {
        "api_version": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "kueue", "namespace": "flux-system", "labels": LABELS},
        "spec": {
            "interval": "10m",
            "releaseName": "kueue",
            "targetNamespace": "kueue-system",
            "storageNamespace": "kueue-system",
            "timeout": "600s",
            "maxHistory": 5,
            "commonMetadata": {"labels": LABELS},
            "install": {"crds": "CreateReplace", "disableWait": False, "remediation": {"retries": 3}},
            "upgrade": {
                "crds": "CreateReplace",
                "disableWait": False,
                "cleanupOnFail": True,
                "remediation": {"retries": 3, "strategy": "rollback"},
            },
            "driftDetection": {"mode": "enabled"},
            "values": {"a": 1},
            "chartRef": {"kind": "OCIRepository", "name": "kueue"},
            "dependsOn": [{"name": "cert-manager"}],
        },
    }


def test_flux_source_checks_who_signed() -> None:
    kueue = plan_add_ons(EDGE, {"kueue": ON}, VALUES)["kueue"]
    target = Target(
        cluster="shop",
        delivery="pull",
        registry="registry.shop.internal:5000",
        signature=Signature(secret="cosign-keys"),
    )
    assert flux_source(kueue, target) == {
        "api_version": "source.toolkit.fluxcd.io/v1",
        "kind": "OCIRepository",
        "metadata": {"name": "kueue", "namespace": "flux-system", "labels": {}},
        "spec": {
            "interval": "10m",
            "url": "oci://registry.shop.internal:5000/charts/kueue",
            "ref": {"tag": "0.19.2"},
            "layerSelector": {"mediaType": "application/vnd.cncf.helm.chart.content.v1.tar+gzip", "operation": "copy"},
            "verify": {"provider": "cosign", "secretRef": {"name": "cosign-keys"}},
        },
    }


def test_flux_reads_a_plain_index_where_there_is_no_mirror() -> None:
    keda = plan_add_ons(EDGE, {"keda": ON}, VALUES)["keda"]
    target = Target(cluster="shop", delivery="pull")
    assert flux_source(keda, target)["kind"] == "HelmRepository"
    spec = flux_release(keda, target, {})["spec"]
    assert "chartRef" not in spec
    assert spec["chart"]["spec"] == {
        "chart": "keda",
        "version": "2.20.2",
        "sourceRef": {"kind": "HelmRepository", "name": "keda"},
    }


def test_a_plus_in_a_version_is_not_a_legal_tag() -> None:
    kamaji = plan_add_ons(DATACENTRE, {"kamaji": ON}, VALUES)["kamaji"]
    target = Target(cluster="fra", delivery="pull", registry="registry.fra.internal")
    assert flux_source(kamaji, target)["spec"]["ref"] == {"tag": "0.0.0_latest"}
