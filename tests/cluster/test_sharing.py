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
    """Twenty devices, in four jobs; the one that asks for the twenty-first waits."""
    submit(serve_fra, "finance", 4, gpus=5)
    serve_fra.settled(lambda: serve_fra.gpus("finance") == 20, "finance holds its maximum")
    submit(serve_fra, "finance", 1, gpus=1, name="one-more")
    serve_fra.settled(lambda: len(pending(serve_fra, "finance")) == 1, "the twenty-first waits", still=4)
    [message] = pending(serve_fra, "finance")
    assert "insufficient unused quota for nvidia.com/gpu in flavor l40s, 1 more needed" in message, message
    assert serve_fra.gpus("finance") == 20


def test_an_idle_guarantee_is_lent_and_comes_back_by_preemption(serve_fra: Cluster) -> None:
    submit(serve_fra, "research", 10, gpus=5)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research borrows everything")
    mine = submit(serve_fra, "marketing", 3, gpus=5)
    serve_fra.settled(
        lambda: (serve_fra.gpus("marketing"), serve_fra.gpus("research")) == (15, 35), "marketing has its guarantee"
    )
    evicted = [
        workload["metadata"]["name"]
        for workload in serve_fra.workloads("research")
        for condition in workload["status"].get("conditions", ())
        if condition["type"] == "Preempted" and condition["status"] == "True"
    ]
    assert len(evicted) == 3, "research gave back what it had borrowed, and no more"
    for each in mine:
        serve_fra.client.discard(each)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research has back what it had")


def test_what_nobody_was_guaranteed_is_shared_by_weight(serve_fra: Cluster) -> None:
    """35 devices are above marketing's guarantee. Research's weight of 2 against 1 leaves it twice as many of them, to
    the nearest job: 20 or 25 for research, and marketing has the rest on top of its 15.
    """
    submit(serve_fra, "research", 10, gpus=5)
    serve_fra.settled(lambda: serve_fra.gpus("research") == 50, "research borrows everything")
    submit(serve_fra, "marketing", 10, gpus=5)

    def shared() -> bool:
        held = serve_fra.gpus("research"), serve_fra.gpus("marketing")
        return sum(held) == 50 and held[0] in (20, 25)

    serve_fra.settled(shared, "the weights hold", still=5)


def test_every_guarantee_is_met_while_all_ask_for_everything(serve_fra: Cluster) -> None:
    for tenant in ("research", "finance", "workplace", "marketing"):
        submit(serve_fra, tenant, 6, gpus=5)

    def met() -> bool:
        held = {tenant: serve_fra.gpus(tenant) for tenant in USERS}
        least = {"finance": 10, "marketing": 15, "workplace": 5}
        return (
            sum(held.values()) == 50
            and held["finance"] <= 20
            and all(held[tenant] >= devices for tenant, devices in least.items())
        )

    serve_fra.settled(met, "all guarantees at once", still=5)


def test_a_gang_that_is_too_big_waits_and_lets_others_pass(serve_fra: Cluster) -> None:
    """Five pods of five devices can never start for finance, whose maximum is 20: none does, and the next job runs."""
    client = serve_fra.acting_as("user@finance", USERS["finance"])
    client.create(job("gang", "finance", UNIT, pods=5, gpus=5))
    client.create(job("small", "finance", UNIT, gpus=2))
    serve_fra.settled(lambda: serve_fra.gpus("finance") == 2, "the small one runs", still=4)
    running = [each["metadata"]["labels"]["batch.kubernetes.io/job-name"] for each in serve_fra.running("finance")]
    assert running == ["small"]
