"""Fifty devices that four tenants share: the real scheduler and Kueue do with them what the stack file says.

serve-fra has 50 L40S: finance is guaranteed 10 and may have 20, marketing is guaranteed 15, workplace 5, research
nothing, but it may have whatever is idle, at twice the weight. Each claim is checked on pods that run.
"""

from __future__ import annotations

from tests.support.controlplane import Cluster, Manifest, job

UNIT = "nvidia-l40s"
USERS = {
    "finance": "finance-ai",
    "marketing": "marketing-ai",
    "research": "research",
    "workplace": "all-employees",
}


def submit(cluster: Cluster, tenant: str, count: int, gpus: int = 1, name: str = "train") -> list[Manifest]:
    """Jobs of one pod each, created by a user of the tenant."""
    client = cluster.acting_as(f"user@{tenant}", USERS[tenant])
    [namespace] = [each for each in cluster.namespaces(tenant) if not each.endswith("-models")]
    jobs = [job(f"{name}-{number}", namespace, UNIT, gpus=gpus) for number in range(1, count + 1)]
    for each in jobs:
        client.create(each)
    return jobs


def pending(cluster: Cluster, tenant: str) -> list[str]:
    """What Kueue says of each workload that waits."""
    return [
        condition["message"]
        for workload in cluster.workloads(tenant)
        for condition in workload["status"].get("conditions", ())
        if condition["type"] == "QuotaReserved" and condition["status"] == "False"
    ]


def test_a_maximum_holds_while_everything_else_is_idle(serve_fra: Cluster) -> None:
    submit(serve_fra, "finance", 21)
    serve_fra.settled(lambda: serve_fra.gpus("finance") == 20, "finance holds its maximum", still=4)
    [message] = pending(serve_fra, "finance")
    assert "nvidia.com/gpu" in message and "l40s" in message, message


def test_an_idle_guarantee_is_lent_and_comes_back_within_seconds(serve_fra: Cluster) -> None:
    submit(serve_fra, "research", 50)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research borrows everything", 90)
    mine = submit(serve_fra, "marketing", 15)
    seconds = serve_fra.settled(
        lambda: (serve_fra.gpus("marketing"), serve_fra.gpus("research")) == (15, 35), "marketing has its guarantee", 90
    )
    assert seconds < 60
    evicted = [
        condition["reason"]
        for workload in serve_fra.workloads("research")
        for condition in workload["status"].get("conditions", ())
        if condition["type"] == "Preempted" and condition["status"] == "True"
    ]
    assert len(evicted) >= 15, "research gave back by preemption"
    for each in mine:
        serve_fra.client.delete(each, now=True)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research has back what it lent itself", 90)


def test_what_nobody_was_guaranteed_is_shared_by_weight(serve_fra: Cluster) -> None:
    """35 devices are above marketing's guarantee: research's weight of 2 against 1 leaves them 23 to 12, give or take
    the device at which taking one more would turn the order round."""
    submit(serve_fra, "research", 50)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research borrows everything", 90)
    submit(serve_fra, "marketing", 50)
    serve_fra.settled(
        lambda: (
            serve_fra.gpus("research") + serve_fra.gpus("marketing") == 50 and 22 <= serve_fra.gpus("research") <= 25
        ),
        "the weights hold",
        120,
        still=5,
    )


def test_every_guarantee_is_met_while_all_ask_for_everything(serve_fra: Cluster) -> None:
    for tenant in ("research", "finance", "workplace", "marketing"):
        submit(serve_fra, tenant, 50 if tenant == "research" else 25)

    def met() -> bool:
        held = {tenant: serve_fra.gpus(tenant) for tenant in USERS}
        return (
            sum(held.values()) == 50
            and 10 <= held["finance"] <= 20
            and held["marketing"] >= 15
            and held["workplace"] >= 5
        )

    serve_fra.settled(met, "all guarantees at once", 120, still=5)


def test_a_gang_that_is_too_big_waits_and_lets_others_pass(serve_fra: Cluster) -> None:
    """21 pods of a gang can never start for finance, whose maximum is 20: none of them does, and the next job runs."""
    client = serve_fra.acting_as("user@finance", USERS["finance"])
    client.create(job("gang", "finance", UNIT, pods=21, gpus=1))
    client.create(job("small", "finance", UNIT, gpus=2))
    serve_fra.settled(lambda: serve_fra.gpus("finance") == 2, "the small one runs", 60, still=4)
    assert [each["metadata"]["labels"]["batch.kubernetes.io/job-name"] for each in serve_fra.running("finance")] == [
        "small"
    ]
