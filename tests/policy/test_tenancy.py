"""tenancy-gpu-quota, tenancy-guarantee and tenancy-placement, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given

SHARED = {
    **CONTRACT,
    "tenants": {
        "finance": {"dc-frankfurt": {"namespaces": ["finance"], "guaranteed": {"nvidia.com/gpu": 10}}},
        "marketing": {"dc-frankfurt": {"namespaces": ["marketing"], "guaranteed": {"nvidia.com/gpu": 15}}},
    },
    "capacity": {"dc-frankfurt": {"nvidia.com/gpu": 50}, "dc-dry": {}},
}
FRA = {"provider_name": "dc-frankfurt"}


def namespace(name: str, tenant: str | None = None, provider: str = "dc-frankfurt") -> Given:
    labels = {"ringfence.dev/tenant": tenant} if tenant else {}
    meta = {"metadata": {"name": name, "labels": labels}}
    return Given("kubernetes:core/v1:Namespace", meta, name=f"{provider}-{name}", provider_name=provider)


def quota(space: str, hard: Any, provider: str = "dc-frankfurt") -> Given:
    inputs = {"metadata": {"name": "quota", "namespace": space}, "spec": {"hard": hard}}
    return Given("kubernetes:core/v1:ResourceQuota", inputs, name=f"{provider}-{space}-quota", provider_name=provider)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([namespace("finance"), quota("finance", {"requests.nvidia.com/gpu": "10"})], None),
        ([namespace("x", "x"), quota("x", {"requests.nvidia.com/mig-1g.10gb": 0})], None),
        ([namespace("kube-system")], None),
        ([namespace("finance", "finance", "dc-dry")], None),
        ([namespace("finance")], "has no quota on accelerators"),
        ([namespace("x", "x")], "of tenant x has no quota on accelerators"),
        ([namespace("finance"), quota("finance", {"requests.cpu": "10"})], "has no quota"),
        ([namespace("finance"), quota("finance", {"requests.nvidia.com/gpu": "10"}, "dc-ohio")], "has no quota"),
        ([namespace("finance"), quota("finance", UNKNOWN)], "not proven: "),
        ([namespace("finance"), quota("finance", {"requests.nvidia.com/gpu": UNKNOWN})], "not proven: "),
    ],
)
def test_every_tenant_namespace_has_a_quota(ask: Ask, given: list[Given], words: str | None) -> None:
    said = ask("tenancy-gpu-quota", *given, contract=SHARED)
    assert [each.level for each in said] == (["mandatory"] if words else [])
    assert all(words in each.message for each in said if words)


def queue(
    name: str, tenant: str | None, nominal: Any, provider: str = "dc-frankfurt", version: str = "v1beta2"
) -> Given:
    labels = {"ringfence.dev/tenant": tenant} if tenant else {}
    resources = [{"name": "cpu", "nominalQuota": "900"}, {"name": "nvidia.com/gpu", "nominalQuota": nominal}]
    spec = {"resourceGroups": [{"coveredResources": [], "flavors": [{"name": "h100", "resources": resources}]}]}
    inputs = {"metadata": {"name": name, "labels": labels}, "spec": spec}
    return Given(f"kubernetes:kueue.x-k8s.io/{version}:ClusterQueue", inputs, name=name, provider_name=provider)


@pytest.mark.parametrize("version", ["v1beta1", "v1beta2"])
def test_promises_that_fit_are_let_through(ask: Ask, version: str) -> None:
    queues = [queue("f", "finance", "10", version=version), queue("m", "marketing", 15), queue("spare", None, "25")]
    assert ask("tenancy-guarantee", *queues, contract=SHARED) == []


@pytest.mark.parametrize(
    ("finance", "spare", "words"),
    [
        ("60", "0", "cluster dc-frankfurt guarantees 75 nvidia.com/gpu and has 50"),
        ("10", "26", "cluster dc-frankfurt guarantees 51 nvidia.com/gpu and has 50"),
        ("9", "0", "on cluster dc-frankfurt finance was promised 10 nvidia.com/gpu and its queues guarantee 9"),
        ("12", "0", "finance was promised 10 nvidia.com/gpu and its queues guarantee 12"),
        (UNKNOWN, "0", "not proven: how many nvidia.com/gpu f"),
    ],
)
def test_broken_promises_are_refused(ask: Ask, finance: str, spare: str, words: str) -> None:
    queues = [queue("f", "finance", finance), queue("m", "marketing", "15"), queue("spare", None, spare)]
    said = ask("tenancy-guarantee", *queues, contract=SHARED)
    assert any(words in each.message for each in said)
    assert {each.level for each in said} == {"mandatory"}


def test_a_cluster_without_a_capacity_is_not_proven(ask: Ask) -> None:
    [said] = ask("tenancy-guarantee", queue("f", "finance", "1", "dc-ohio"), contract=SHARED)
    assert "not proven: the capacity of cluster dc-ohio is not in the contract" in said.message


def workload(spec: Any, space: str = "finance", tenant: str | None = None, kind: str = "core/v1:Pod") -> Given:
    labels = {"ringfence.dev/tenant": tenant} if tenant else {}
    whole = spec if kind.endswith(":Pod") else {"template": {"spec": spec}}
    inputs = {"metadata": {"name": "w", "namespace": space, "labels": labels}, "spec": whole}
    return Given(f"kubernetes:{kind}", inputs, name="w", provider_name="dc-frankfurt")


def permitting(pools: str) -> Given:
    made = namespace("finance", "finance")
    made.inputs["metadata"]["annotations"] = {"ringfence.dev/pools": pools, "ringfence.dev/tolerations": "gpu=h100"}
    return made


def bound(*terms: Any) -> dict[str, Any]:
    required = {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": list(terms)}}
    return {"affinity": {"nodeAffinity": required}}


POOL = "ringfence.dev/pool"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ([workload({"nodeSelector": {POOL: "h100"}})], None),
        ([permitting("h100,l40s"), workload({"nodeSelector": {POOL: "h100"}})], None),
        ([permitting("h100"), workload({"tolerations": [{"key": "gpu", "value": "h100"}]})], None),
        ([workload({"nodeSelector": {"kubernetes.io/hostname": "a"}}, "kube-system")], None),
        ([workload({}, kind="batch/v1:Job")], None),
        ([workload({"priorityClassName": "ringfence-batch", "schedulerName": "default-scheduler"})], None),
        ([workload({"nodeSelector": {"kubernetes.io/hostname": "a"}})], "selects nodes by kubernetes.io/hostname"),
        ([workload({"nodeSelector": {"ringfence.dev/site": "x"}}, "lab", "research")], "by ringfence.dev/site"),
        ([workload({"nodeSelector": {"ringfence.dev/site": "x"}}, kind="batch/v1:Job")], "by ringfence.dev/site"),
        ([permitting("l40s"), workload({"nodeSelector": {POOL: "h100"}})], "goes beyond the pools"),
        ([workload(bound({"matchExpressions": [{"key": POOL, "operator": "NotIn", "values": ["x"]}]}))], "goes beyond"),
        ([workload(bound({"matchFields": [{"key": "metadata.name"}]}))], "selects nodes by metadata.name"),
        ([workload({"nodeName": "fra-h100-1"})], "names its node"),
        ([workload({"schedulerName": "mine"})], "names a scheduler"),
        ([workload({"priorityClassName": "system-node-critical"})], "has a priority"),
        ([workload({"tolerations": [{"operator": "Exists"}]})], "tolerates taints"),
        ([permitting("h100"), workload({"tolerations": [{"key": "gpu", "value": "l40s"}]})], "tolerates taints"),
        ([workload({"nodeSelector": UNKNOWN})], "not proven: "),
        ([workload(bound(UNKNOWN))], "not proven: "),
    ],
)
def test_a_tenants_pod_does_not_pick_its_node(ask: Ask, given: list[Given], words: str | None) -> None:
    said = ask("tenancy-placement", *given, contract=SHARED)
    assert [each.level for each in said] == (["mandatory"] if words else [])
    assert all(words in each.message for each in said if words)
