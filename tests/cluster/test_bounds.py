"""What a tenant's quota and limits refuse, and that the refusal names them: a person has to know whom to ask."""

from __future__ import annotations

import pytest

from ringfence.controlplane import Client, Refused
from tests.support.controlplane import Cluster, Manifest, pod

QUOTA, LIMITS = "ringfence-quota", "ringfence-limits"
NAMESPACE = "finance"
UNIT = "nvidia-l40s"


@pytest.fixture
def finance(serve_fra: Cluster) -> Client:
    """A user of finance."""
    return serve_fra.acting_as("user@finance", "finance-ai")


def hard(cluster: Cluster) -> dict[str, str]:
    """The quota as the stack set it."""
    return cluster.manifest("ResourceQuota", QUOTA, NAMESPACE)["spec"]["hard"]


def claim(name: str, size: str, storage_class: str | None = "block") -> Manifest:
    spec: Manifest = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    spec |= {"storageClassName": storage_class} if storage_class is not None else {}
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec}


def service(name: str, **spec: object) -> Manifest:
    ports = [{"port": 80}]
    metadata = {"name": name, "namespace": NAMESPACE}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": {"ports": ports, **spec}}


def test_one_device_more_than_the_quota_is_refused_by_name(serve_fra: Cluster, finance: Client) -> None:
    """36: twenty L40S and sixteen H100, the most that finance may hold on this cluster."""
    limit = int(hard(serve_fra)["requests.nvidia.com/gpu"])
    assert limit == 36
    for number in range(limit // 9):
        finance.create(pod(f"nine-{number}", NAMESPACE, UNIT, gpus=9))
    with pytest.raises(Refused) as refused:
        finance.create(pod("one-more", NAMESPACE, UNIT, gpus=1))
    assert refused.value.status == 403
    assert f"exceeded quota: {QUOTA}" in refused.value.message
    assert "requests.nvidia.com/gpu=1" in refused.value.message
    assert "limited: requests.nvidia.com/gpu=36" in refused.value.message


def test_devices_that_are_given_back_can_be_had_again(serve_fra: Cluster, finance: Client) -> None:
    all_of_them = pod("all", NAMESPACE, UNIT, gpus=36)
    finance.create(all_of_them)
    with pytest.raises(Refused, match=QUOTA):
        finance.create(pod("again", NAMESPACE, UNIT, gpus=36))
    finance.delete(all_of_them, now=True)

    def taken() -> bool:
        finance.create(pod("again", NAMESPACE, UNIT, gpus=36))
        return True

    serve_fra.client.wait(taken, "the devices are free again")


def test_a_pod_without_limits_is_refused_rather_than_guessed_at(finance: Client) -> None:
    bare = pod("bare", NAMESPACE)
    del bare["spec"]["containers"][0]["resources"]["limits"]
    with pytest.raises(Refused) as refused:
        finance.create(bare)
    assert f"failed quota: {QUOTA}: must specify limits.memory for: main" in refused.value.message


def test_a_load_balancer_needs_a_permit(finance: Client) -> None:
    with pytest.raises(
        Refused, match=f"exceeded quota: {QUOTA}.*services.loadbalancers=1.*limited: services.loadbalancers=0"
    ):
        finance.create(service("outside", type="LoadBalancer"))


def test_a_node_port_is_never_given(finance: Client) -> None:
    with pytest.raises(Refused, match=f"exceeded quota: {QUOTA}.*services.nodeports"):
        finance.create(service("outside", type="NodePort"))
    finance.delete(finance.create(service("inside")) | {"apiVersion": "v1", "kind": "Service"})


def test_an_oversized_claim_is_refused(serve_fra: Cluster, finance: Client) -> None:
    [bound] = [
        each["max"]["storage"]
        for each in serve_fra.manifest("LimitRange", LIMITS, NAMESPACE)["spec"]["limits"]
        if each["type"] == "PersistentVolumeClaim"
    ]
    with pytest.raises(Refused, match=f"maximum storage usage per PersistentVolumeClaim is {bound}"):
        finance.create(claim("huge", "100Ti"))
    finance.create(claim("fits", "10Gi"))


def test_claims_together_are_bounded_too(serve_fra: Cluster, finance: Client) -> None:
    """Each is as large as one may be; their number is not what stops them."""
    limits = serve_fra.manifest("LimitRange", LIMITS, NAMESPACE)["spec"]["limits"]
    [largest] = [each["max"]["storage"] for each in limits if each["type"] == "PersistentVolumeClaim"]
    with pytest.raises(Refused, match=f"exceeded quota: {QUOTA}.*requests.storage"):
        for number in range(50):
            finance.create(claim(f"part-{number}", largest))


def test_the_system_disk_of_a_node_is_not_a_tenants(finance: Client) -> None:
    greedy = pod("greedy", NAMESPACE)
    greedy["spec"]["containers"][0]["resources"]["limits"]["ephemeral-storage"] = "900Gi"
    with pytest.raises(Refused, match="maximum ephemeral-storage usage per Container is 200Gi"):
        finance.create(greedy)


def test_a_tenant_sees_its_bounds_and_cannot_move_them(serve_fra: Cluster, finance: Client) -> None:
    quota = finance.get("v1", "ResourceQuota", QUOTA, NAMESPACE)
    assert quota["status"]["hard"]["requests.nvidia.com/gpu"] == "36"
    for who in (finance, serve_fra.acting_as("lead@finance", "finance-ai-leads")):
        with pytest.raises(Refused, match="forbidden"):
            who.patch({"apiVersion": "v1", "kind": "ResourceQuota", **quota}, {"spec": {"hard": {"pods": "100000"}}})
        with pytest.raises(Refused, match="forbidden"):
            who.delete({"apiVersion": "v1", "kind": "ResourceQuota", **quota})
