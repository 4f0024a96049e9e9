"""A tenant that tries to break out: every attempt is refused or bounded, and the neighbours' work goes on.

The attacker is an administrator of marketing, the most that any tenant has. A neighbour's job runs all the while.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from copy import deepcopy
from typing import Any

import pytest

from ringfence.controlplane import Client, Refused
from tests.support.controlplane import KUEUE, PRIORITY, QUEUE, Cluster, Manifest, job, pod

HOME, UNIT = "marketing", "nvidia-l40s"


@pytest.fixture
def attacker(serve_fra: Cluster) -> Client:
    """An administrator of marketing."""
    return serve_fra.acting_as("mallory@marketing", "marketing-ai-leads", "marketing-ai")


@pytest.fixture
def neighbour(serve_fra: Cluster) -> Generator[None]:
    """A job of finance's that has to be running before and after, undisturbed."""
    finance = serve_fra.acting_as("user@finance", "finance-ai")
    finance.create(job("steady", "finance", UNIT, pods=2, gpus=4))
    serve_fra.settled(lambda: serve_fra.gpus("finance") == 8, "the neighbour's job runs")
    before = {each["metadata"]["uid"] for each in serve_fra.running("finance")}
    yield
    assert {each["metadata"]["uid"] for each in serve_fra.running("finance")} == before, "the neighbour was disturbed"


def changed(change: Callable[[Manifest], Any]) -> Manifest:
    """An ordinary pod with one thing changed."""
    made = deepcopy(pod("attempt", HOME, UNIT, gpus=1))
    change(made)
    return made


def spec(**fields: Any) -> Callable[[Manifest], Any]:
    return lambda made: made["spec"].update(fields)


def container(**fields: Any) -> Callable[[Manifest], Any]:
    return lambda made: made["spec"]["containers"][0].update(fields)


EVERY = {"operator": "Exists"}
RESTRICTED = "violates PodSecurity"
PODS: dict[str, tuple[Callable[[Manifest], Any], str]] = {
    "privileged": (container(securityContext={"privileged": True}), RESTRICTED),
    "as root": (spec(securityContext={"runAsUser": 0}), RESTRICTED),
    "a host path": (spec(volumes=[{"name": "root", "hostPath": {"path": "/"}}]), RESTRICTED),
    "the host's network": (spec(hostNetwork=True), RESTRICTED),
    "the host's processes": (spec(hostPID=True), RESTRICTED),
    "a host port": (container(ports=[{"containerPort": 80, "hostPort": 80}]), RESTRICTED),
    "more capabilities": (
        container(
            securityContext={
                "allowPrivilegeEscalation": False,
                "capabilities": {"add": ["SYS_ADMIN"], "drop": ["ALL"]},
            }
        ),
        RESTRICTED,
    ),
    "no seccomp": (
        spec(securityContext={"runAsNonRoot": True, "seccompProfile": {"type": "Unconfined"}}),
        RESTRICTED,
    ),
    "another's pool": (spec(nodeSelector={"ringfence.dev/pool": "h100"}), "a pool of which its tenant has no share"),
    "another's machine": (spec(nodeSelector={"kubernetes.io/hostname": "fra-h100-1"}), "may select nodes by"),
    "another site's node": (spec(nodeSelector={"ringfence.dev/site": "dc-paris"}), "may select nodes by"),
    "an affinity to another's pool": (
        spec(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "ringfence.dev/pool", "operator": "In", "values": ["h100"]}]}]}}}),
        "affinity goes beyond",
    ),
    "an affinity to anything but its own": (
        spec(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "ringfence.dev/pool", "operator": "NotIn", "values": ["l40s"]}]}]}}}),
        "affinity goes beyond",
    ),
    "an affinity by field": (
        spec(affinity={"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["fra-h100-1"]}]}]}}}),
        "affinity goes beyond",
    ),
    "a toleration of everything": (spec(tolerations=[EVERY]), "a toleration without a key"),
    "a toleration of control planes": (
        spec(tolerations=[{"key": "node-role.kubernetes.io/control-plane", **EVERY}]), "is not of the tenant's pools"),
    "a node by name": (spec(nodeName="fra-h100-1"), "until all schedulingGates have been cleared"),
    "a scheduler of its own": (spec(schedulerName="mine"), "only the default scheduler"),
    "a system priority": (spec(priorityClassName="system-node-critical"), "priority class"),
}  # fmt: skip


@pytest.mark.parametrize("attempt", PODS)
def test_no_pod_breaks_out(serve_fra: Cluster, attacker: Client, attempt: str) -> None:
    change, expected = PODS[attempt]
    with pytest.raises(Refused) as refused:
        attacker.create(changed(change))
    assert expected in refused.value.message, refused.value.message


@pytest.mark.parametrize("attempt", [name for name, (_, said) in PODS.items() if said == RESTRICTED])
def test_a_jobs_pods_break_out_no_better(serve_fra: Cluster, attacker: Client, attempt: str) -> None:
    """A Job is taken, because its pods are what is checked: none of them ever comes to be."""
    made = job("smuggler", HOME, UNIT, gpus=1)
    template = changed(PODS[attempt][0])["spec"]
    made["spec"]["template"]["spec"] = template
    mine = attacker.create(made)["metadata"]["uid"]

    def refused() -> bool:
        events = [each for each in serve_fra.client.items("v1", "Event", HOME) if each["involvedObject"]["uid"] == mine]
        return any(each["reason"] == "FailedCreate" and RESTRICTED in each["message"] for each in events)

    serve_fra.client.wait(refused, "the controller is refused the pod")
    assert serve_fra.running(HOME) == []


def test_nothing_of_the_cluster_is_theirs_to_make(serve_fra: Cluster, attacker: Client) -> None:
    rbac, admission = "rbac.authorization.k8s.io/v1", "admissionregistration.k8s.io/v1"
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"}
    subjects = [{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "mallory@marketing"}]
    attempts: list[Manifest] = [
        {"apiVersion": rbac, "kind": "ClusterRoleBinding", "metadata": {"name": "mine"}, "roleRef": role,
         "subjects": subjects},
        {"apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "mine", "namespace": HOME}, "roleRef": role,
         "subjects": subjects},
        {"apiVersion": rbac, "kind": "RoleBinding", "metadata": {"name": "mine", "namespace": "finance"},
         "roleRef": role, "subjects": subjects},
        {"apiVersion": admission, "kind": "MutatingWebhookConfiguration", "metadata": {"name": "mine"}, "webhooks": []},
        {"apiVersion": admission, "kind": "ValidatingWebhookConfiguration", "metadata": {"name": "mine"},
         "webhooks": []},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {
            "name": "finance-too", "labels": {"ringfence.dev/tenant": "finance"}}},
        {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "mine"}, "spec": {
            "capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/"}}},
        {"apiVersion": "networking.k8s.io/v1", "kind": "NetworkPolicy", "metadata": {"name": "open", "namespace": HOME},
         "spec": {"podSelector": {}, "policyTypes": ["Egress"], "egress": [{}]}},
        {"apiVersion": KUEUE, "kind": "ClusterQueue", "metadata": {"name": "mine"}, "spec": {"cohortName": UNIT}},
        {"apiVersion": KUEUE, "kind": "LocalQueue", "metadata": {"name": "mine", "namespace": HOME},
         "spec": {"clusterQueue": f"finance.{UNIT}"}},
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": {"name": "mine"}, "value": 100000},
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(Refused) as refused:
            attacker.create(attempt)
        assert refused.value.status == 403 and "mallory@marketing" in refused.value.message, refused.value.message


BOUNDS = (
    "ResourceQuota",
    "LimitRange",
    "NetworkPolicy",
    "LocalQueue",
    "RoleBinding",
    "ClusterQueue",
    "ResourceFlavor",
    "Namespace",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
)


def test_what_bounds_them_cannot_be_taken_away(serve_fra: Cluster, attacker: Client) -> None:
    kept = [
        each
        for each in serve_fra.rendered.manifests
        if each["kind"] in BOUNDS
        and (each["metadata"].get("namespace", HOME) == HOME)
    ]  # fmt: skip
    assert {each["kind"] for each in kept} >= {"ResourceQuota", "NetworkPolicy", "LocalQueue", "ClusterQueue"}
    for each in kept:
        with pytest.raises(Refused) as refused:
            attacker.delete(each)
        assert refused.value.status == 403
        with pytest.raises(Refused) as refused:
            attacker.patch(each, {"metadata": {"labels": {"ringfence.dev/tenant": "finance"}}})
        assert refused.value.status == 403


def test_a_queue_of_anothers_cohort_is_out_of_reach(serve_fra: Cluster, attacker: Client) -> None:
    """Naming a queue that is not there leaves the job waiting; being in another's namespace is refused outright."""
    attacker.create(job("elsewhere", HOME, f"finance.{UNIT}", gpus=1))
    with pytest.raises(Refused, match="forbidden"):
        attacker.create(job("elsewhere", "finance", UNIT, gpus=1))
    serve_fra.settled(lambda: serve_fra.gpus(HOME) == 0, "nothing runs", still=4)


def test_devices_without_a_queue_are_never_had(serve_fra: Cluster, attacker: Client) -> None:
    """Kueue puts what names no queue into the default one, which has CPU and memory only: it waits for ever."""
    made = attacker.create(changed(lambda made: made["metadata"].update(labels={})))
    assert made["metadata"]["labels"][QUEUE] == "default"
    assert {"name": "kueue.x-k8s.io/admission"} in made["spec"]["schedulingGates"]
    serve_fra.settled(lambda: serve_fra.gpus(HOME) == 0, "it does not run", still=5)
    with pytest.raises(Refused, match="only Kueue lets a waiting pod start"):
        attacker.patch({"apiVersion": "v1", "kind": "Pod", **made}, {"spec": {"schedulingGates": None}})


def test_a_job_cannot_leave_its_queue(serve_fra: Cluster, attacker: Client) -> None:
    made = job("leaver", HOME, UNIT, gpus=20)
    made["spec"]["suspend"] = True
    attacker.create(made)
    with pytest.raises(Refused, match="cannot leave its queue"):
        attacker.patch(made, {"metadata": {"labels": {QUEUE: None}}})


@pytest.mark.usefixtures("neighbour")
def test_a_high_priority_takes_nothing_from_the_neighbours(serve_fra: Cluster, attacker: Client) -> None:
    """A priority orders a tenant's own work: it does not reach into another's guarantee."""
    for number in range(10):
        made = job(f"urgent-{number}", HOME, UNIT, gpus=5)
        made["metadata"]["labels"][PRIORITY] = "ringfence-serving"
        attacker.create(made)
    serve_fra.settled(lambda: serve_fra.gpus(HOME) == 40, "marketing has all that fits beside it", still=4)
    assert serve_fra.gpus("finance") == 8


@pytest.mark.usefixtures("neighbour")
def test_a_flood_is_bounded_and_others_do_not_notice(serve_fra: Cluster, attacker: Client) -> None:
    """Large ConfigMaps until nothing is taken any more: a namespace keeps no more than 200."""
    payload = "x" * (1024 * 128)

    def flood(number: int) -> str | None:
        body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"flood-{number}", "namespace": HOME}}
        try:
            attacker.create({**body, "data": {"x": payload}})
        except Refused as refused:
            return refused.message
        return None

    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(flood, range(220)))
    there = serve_fra.client.items("v1", "ConfigMap", HOME)
    kept = [each for each in there if each["metadata"]["name"].startswith("flood-")]
    for each in kept:
        serve_fra.client.delete({"apiVersion": "v1", "kind": "ConfigMap", **each})
    assert len(kept) <= 200
    refused = [answer for answer in answers if answer]
    assert refused and all("exceeded quota: ringfence-quota" in each for each in refused)
    finance = serve_fra.acting_as("user@finance", "finance-ai")
    finance.create(pod("unharmed", "finance"))


@pytest.mark.usefixtures("neighbour")
def test_a_thousand_pods_stop_at_the_quota(serve_fra: Cluster, attacker: Client) -> None:
    limit = int(serve_fra.manifest("ResourceQuota", "ringfence-quota", HOME)["spec"]["hard"]["pods"])
    attacker.create(job("swarm", HOME, UNIT, pods=limit + 50, gpus=0, cpu="10m", memory="8Mi"))
    serve_fra.settled(lambda: len(serve_fra.client.items("v1", "Pod", HOME)) <= limit, "bounded", still=5)


def test_an_accounts_token_gives_an_administrator_nothing_more(serve_fra: Cluster, attacker: Client) -> None:
    """An administrator may mint tokens of the namespace's accounts; they hold no rights beyond its own."""
    path = f"/api/v1/namespaces/{HOME}/serviceaccounts/default/token"
    body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    assert attacker.request("POST", path, body).status == 201
    with pytest.raises(Refused, match="forbidden"):
        attacker.request("POST", path.replace(HOME, "kube-system"), body)
