"""What a tenant gets on a cluster: namespaces with their bounds, access, networks; and what nobody gets."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

from ringfence.planning import tenancy
from ringfence.planning.tenancy.networks import destinations
from ringfence.planning.tenancy.residency_rules import residency_policies
from ringfence.spec.platform import Platform
from tests.support.kubernetes import problems, shared_definitions
from tests.tenancy.platforms import FIFTY, fifty, with_pool

Manifests = list[dict[str, Any]]


def _one(manifests: Manifests, kind: str, name: str, namespace: str | None = None) -> dict[str, Any]:
    [found] = [
        each
        for each in manifests
        if each["kind"] == kind
        and each["metadata"]["name"] == name
        and namespace in (None, each["metadata"].get("namespace"))
    ]
    return found


def test_a_tenant_without_namespaces_gets_one_of_its_own_name() -> None:
    manifests = tenancy.tenant_manifests(fifty(), "fra", "finance")

    assert [(each["kind"], each["metadata"].get("namespace"), each["metadata"]["name"]) for each in manifests] == [
        ("Namespace", None, "finance"),
        ("ResourceQuota", "finance", "ringfence-quota"),
        ("LimitRange", "finance", "ringfence-limits"),
        ("ServiceAccount", "finance", "default"),
        ("LocalQueue", "finance", "default"),
        ("LocalQueue", "finance", "nvidia-h100-80gb"),
        ("RoleBinding", "finance", "ringfence-tenant-admin"),
        ("RoleBinding", "finance", "ringfence-tenant-user"),
        ("RoleBinding", "finance", "ringfence-tenant-viewer"),
        ("NetworkPolicy", "finance", "default-deny"),
        ("NetworkPolicy", "finance", "allow-dns"),
        ("NetworkPolicy", "finance", "allow-monitoring"),
        ("NetworkPolicy", "finance", "allow-tenant"),
        ("NetworkPolicy", "finance", "allow-gateway"),
    ]


def test_the_namespace_says_whose_it_is_and_what_may_be_in_it() -> None:
    namespace = _one(tenancy.tenant_manifests(fifty(), "fra", "research"), "Namespace", "research-lab")

    assert namespace == {
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "name": "research-lab",
            "labels": {
                "app.kubernetes.io/part-of": "acme",
                "app.kubernetes.io/managed-by": "ringfence",
                "ringfence.dev/environment": "prod",
                "ringfence.dev/site": "dc",
                "ringfence.dev/jurisdiction": "DE",
                "ringfence.dev/data-class": "patient_public",
                "ringfence.dev/tenant": "research",
                "ringfence.dev/cost-center": "4740",
                "ringfence.dev/purpose": "work",
                "pod-security.kubernetes.io/enforce": "restricted",
                "pod-security.kubernetes.io/enforce-version": "latest",
                "pod-security.kubernetes.io/audit": "restricted",
                "pod-security.kubernetes.io/warn": "restricted",
            },
            "annotations": {
                "ringfence.dev/pools": "h100",
                "ringfence.dev/tolerations": "nvidia.com/gpu,ringfence.dev/accelerated=h100",
                "ringfence.dev/storage-classes": "block",
                "ringfence.dev/data-classes": "patient,public",
            },
        },
    }


def test_the_quota_holds_what_the_file_says_and_no_more() -> None:
    quota = _one(
        tenancy.tenant_manifests(fifty(), "fra", "research"), "ResourceQuota", "ringfence-quota", "research-lab"
    )

    assert quota["spec"]["hard"] == {
        "requests.cpu": "64",
        "requests.memory": "512Gi",
        "limits.memory": "512Gi",
        "requests.storage": "1Ti",
        "pods": "100",
        "services.loadbalancers": "0",
        "services.nodeports": "0",
        "count/configmaps": "200",
        "count/secrets": "200",
        "count/services": "100",
        "count/deployments.apps": "100",
        "count/statefulsets.apps": "50",
        "count/jobs.batch": "1000",
        "count/cronjobs.batch": "50",
        "persistentvolumeclaims": "100",
        "block.storageclass.storage.k8s.io/requests.storage": "1Ti",
        "requests.nvidia.com/gpu": "8",
    }


def test_a_tenant_without_a_share_gets_no_accelerator_of_any_kind() -> None:
    platform = with_pool({"sharing": {"kind": "mig", "layout": {"1g.10gb": 7}}}, {"research": {}})
    quota = _one(tenancy.tenant_manifests(platform, "fra", "finance"), "ResourceQuota", "ringfence-quota")

    assert quota["spec"]["hard"]["requests.nvidia.com/mig-1g.10gb"] == "0"


def test_no_memory_limit_is_guessed_so_a_pod_without_one_is_refused() -> None:
    """Kubernetes takes a missing default from `max`: neither may be set for memory in a Container item."""
    limits = _one(tenancy.tenant_manifests(fifty(), "fra", "finance"), "LimitRange", "ringfence-limits")
    [container] = [each for each in limits["spec"]["limits"] if each["type"] == "Container"]

    assert "memory" not in container["default"]
    assert "memory" not in container["max"]
    assert not [each for each in limits["spec"]["limits"] if each["type"] == "Pod"]


def test_claims_are_no_larger_than_the_tier() -> None:
    raw = deepcopy(FIFTY)
    raw["clusters"]["fra"]["storage"] = {"small": {"kind": "block", "capacityGib": 10}}
    limits = _one(
        tenancy.tenant_manifests(Platform.model_validate(raw), "fra", "finance"), "LimitRange", "ringfence-limits"
    )

    assert limits["spec"]["limits"][1] == {
        "type": "PersistentVolumeClaim",
        "min": {"storage": "1Gi"},
        "max": {"storage": "10Gi"},
    }


def test_no_storage_class_where_one_of_the_tenants_classes_may_not_rest() -> None:
    raw = deepcopy(FIFTY)
    raw["sites"]["dc"]["country"] = "FR"
    platform = Platform.model_validate(raw)

    research = tenancy.tenant_manifests(platform, "fra", "research")
    finance = tenancy.tenant_manifests(platform, "fra", "finance")
    annotation = "ringfence.dev/storage-classes"
    assert _one(research, "Namespace", "research-lab")["metadata"]["annotations"][annotation] == ""
    assert _one(finance, "Namespace", "finance")["metadata"]["annotations"][annotation] == "block"
    hard = _one(research, "ResourceQuota", "ringfence-quota", "research-lab")["spec"]["hard"]
    assert hard["block.storageclass.storage.k8s.io/requests.storage"] == "0"


def test_a_namespace_that_serves_models_answers_the_gateway_only() -> None:
    raw = deepcopy(FIFTY)
    raw["clusters"]["fra"]["addOns"] = {"ai-gateway": {}}
    raw["models"] = {
        "chat": {
            "kind": "weights",
            "tenant": "finance",
            "source": "oci://r.example/chat:1",
            "runtime": "vllm",
            "parametersBillions": 8,
            "placements": [{"cluster": "fra", "pool": "h100"}],
        }
    }
    manifests = tenancy.tenant_manifests(Platform.model_validate(raw), "fra", "finance")

    labels = _one(manifests, "Namespace", "finance-models")["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "baseline"
    policies = {
        each["metadata"]["name"]: each["spec"]
        for each in manifests
        if each["kind"] == "NetworkPolicy" and each["metadata"]["namespace"] == "finance-models"
    }
    assert set(policies) == {"default-deny", "allow-dns", "allow-monitoring", "allow-gateway"}
    assert policies["default-deny"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    callers = [
        peer["namespaceSelector"]["matchLabels"]["kubernetes.io/metadata.name"]
        for peer in policies["allow-gateway"]["ingress"][0]["from"]
    ]
    assert callers == ["envoy-gateway-system", "kserve", "keda"]
    bindings = [
        (each["roleRef"]["name"], [subject["name"] for subject in each["subjects"]])
        for each in manifests
        if each["kind"] == "RoleBinding" and each["metadata"]["namespace"] == "finance-models"
    ]
    assert bindings == [("ringfence-tenant-viewer", ["finance-leads", "finance", "finance-viewers"])]


def test_without_a_gateway_models_answer_their_own_tenant_only() -> None:
    raw = deepcopy(FIFTY)
    raw["models"] = {
        "chat": {
            "kind": "weights",
            "tenant": "finance",
            "source": "oci://r.example/chat:1",
            "runtime": "vllm",
            "parametersBillions": 8,
            "placements": [{"cluster": "fra", "pool": "h100"}],
        }
    }
    manifests = tenancy.tenant_manifests(Platform.model_validate(raw), "fra", "finance")

    policy = _one(manifests, "NetworkPolicy", "allow-callers", "finance-models")
    own = {"namespaceSelector": {"matchLabels": {"ringfence.dev/tenant": "finance"}}}
    assert policy["spec"] == {"podSelector": {}, "policyTypes": ["Ingress"], "ingress": [{"from": [own]}]}


def _two_sites(country: str, reachability: str = "connected") -> Platform:
    raw = deepcopy(FIFTY)
    raw["sites"]["other"] = {**raw["sites"]["dc"], "country": country, "reachability": reachability}
    raw["clusters"]["far"] = {
        **raw["clusters"]["fra"],
        "site": "other",
        "network": {"nodes": "10.40.0.0/22", "pods": "10.41.0.0/16", "services": "10.42.0.0/16"},
    }
    raw["tenants"]["research"]["clusters"] = ["fra", "far"]
    return Platform.model_validate(raw)


@pytest.mark.parametrize(
    ("country", "reachability", "reached"),
    [
        ("FR", "connected", ["10.40.0.0/22"]),
        ("US", "connected", []),
        ("FR", "disconnected", []),
    ],
)
def test_pods_reach_another_site_only_where_all_their_data_may_be_processed(
    country: str, reachability: str, reached: list[str]
) -> None:
    assert destinations(_two_sites(country, reachability), "fra", "research") == reached


def test_namespaces_that_clash_are_refused_with_both_paths() -> None:
    raw = deepcopy(FIFTY)
    raw["tenants"]["finance"]["namespaces"] = {"a-b": {}}
    raw["tenants"]["finance-a"] = {**raw["tenants"]["marketing"], "namespaces": {"b": {}}}
    raw["tenants"]["kube"] = {**raw["tenants"]["marketing"], "namespaces": {"system": {}}}
    platform = Platform.model_validate(raw)

    with pytest.raises(tenancy.TenancyError) as raised:
        tenancy.cluster_manifests(platform, "fra")
    assert "tenants.finance-a: namespace 'finance-a-b' is there twice (also tenants.finance)" in str(raised.value)
    assert "tenants.kube: namespace 'kube-system' belongs to the platform" in str(raised.value)


def test_a_cluster_without_kueue_gets_no_queues() -> None:
    manifests = [
        *tenancy.cluster_manifests(fifty(), "fra", queues=False),
        *tenancy.tenant_manifests(fifty(), "fra", "finance", queues=False),
    ]

    assert not [each for each in manifests if each["apiVersion"].startswith("kueue")]
    policies = [each["metadata"]["name"] for each in manifests if each["kind"] == "ValidatingAdmissionPolicy"]
    of_tenants = [name for name in policies if name.startswith("ringfence-tenant-")]
    assert of_tenants == ["ringfence-tenant-placement", "ringfence-tenant-services", "ringfence-tenant-claims"]


@shared_definitions
def test_every_object_of_the_example_passes_its_schema_strictly() -> None:
    platform = fifty()
    manifests = tenancy.cluster_manifests(platform, "fra")
    manifests += [each for name in platform.tenants for each in tenancy.tenant_manifests(platform, "fra", name)]

    assert problems(manifests) == []


@pytest.mark.parametrize(("country", "allowed"), [("DE", True), ("US", False)])
def test_logs_may_be_kept_in_the_clusters_own_store_where_its_classes_may_rest(country: str, allowed: bool) -> None:
    raw = deepcopy(FIFTY)
    raw["sites"]["store"] = {**raw["sites"]["dc"], "country": country}
    raw["clusters"]["fra"]["artefactStore"] = {"bucket": "logs", "site": "store", "endpoint": "s3.acme.example"}
    policies = {each.name: each for each in residency_policies(Platform.model_validate(raw), "fra")}
    [condition] = policies["ringfence-residency-releases"].validations
    assert ("'s3.acme.example'" in condition.expression) is allowed
