"""What `ringfence check` calls feasible never starves a guarantee: platforms and job mixes that nobody chose, on the
real scheduler and Kueue.

A tenant starves where one of its jobs waits although it would fit into what the tenant is guaranteed. Whoever is first
may take everything that it can; the others then have to get back what is theirs. The sample is small, for each example
takes seconds, and always the same, so that it does not decide by luck whether a change may land.
"""

from __future__ import annotations

from collections.abc import Generator
from copy import deepcopy
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from components.addons import kueue
from ringfence.controlplane import ControlPlane, plane
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError
from ringfence.planning import checks
from ringfence.planning.capacity import tenant_shares
from ringfence.planning.cluster_context import add_on_context
from ringfence.simulation import running
from ringfence.spec import Platform
from tests.support.controlplane import KUEUE, job, say, settled
from tests.tenancy.platforms import FIFTY, GPU_MACHINES, fifty

UNIT = "nvidia-h100-80gb"
JOB = "batch.kubernetes.io/job-name"


@dataclass(frozen=True)
class Plan:
    """A platform, and what its tenants ask for."""

    platform: Platform
    order: tuple[str, ...]
    """Who asks first."""
    asked: dict[str, list[int]]
    """Tenant to the pods of each of its jobs. They start together."""
    devices: int
    """Of each pod."""


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Two to five machines of some devices, three tenants with guarantees and maxima, and jobs of equal pods.

    Pods of one size leave no gaps on a machine, so what is free can be had.
    """
    raw = deepcopy(FIFTY)
    cluster = raw["clusters"]["fra"]
    cluster["controlPlane"]["address"] = "10.36.0.10"
    pool = cluster["pools"]["h100"]
    pool |= {"image": "https://images.acme.example/node.raw", "imageChecksum": f"sha256:{'a' * 64}"}
    devices = draw(st.sampled_from((1, 2, 4)), label="devices of a pod")
    machines, per_machine = draw(st.integers(2, 5)), devices * draw(st.integers(1, 8 // devices))
    pool["machines"] = dict(list(GPU_MACHINES.items())[:machines])
    pool["acceleratorsPerNode"] = per_machine
    all_pods = machines * per_machine // devices
    asked = {}
    for name, tenant in raw["tenants"].items():
        guaranteed = draw(st.integers(0, all_pods // 2)) * devices
        maximum = draw(st.integers(max(guaranteed, devices), machines * per_machine))
        asked[name] = draw(st.lists(st.integers(1, max(guaranteed // devices, 1)), min_size=2, max_size=5))
        quota = {"guaranteed": guaranteed, "maximum": maximum, "largestGang": max(asked[name]) * devices}
        tenant |= {"quotas": {"fra": {"h100": quota}}, "weight": draw(st.sampled_from((1, 2, 5)))}
    order = draw(st.permutations(list(asked)))
    return Plan(Platform.model_validate(raw), tuple(order), asked, devices)


@pytest.fixture(scope="module")
def bare(places: Places) -> Generator[ControlPlane]:
    """A control plane with Kueue as the stack configures it, and nothing on it."""
    with plane.start(places, say, (*plane.WHOLE, "kueue")) as made:
        made.add_kueue(kueue.configuration(add_on_context(fifty(), "fra")))
        yield made


@given(plans())
@settings(
    max_examples=5,
    derandomize=True,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
def test_no_plan_that_is_called_feasible_starves_a_guarantee(bare: ControlPlane, plan: Plan) -> None:
    assume(not [each for each in checks.check(plan.platform) if each.severity == "error"])
    assume(sum(share.guaranteed > 0 for share in tenant_shares(plan.platform, "fra")) >= 2)
    try:
        running.prepare(bare.client, plan.platform, "fra", "declared", {(name, UNIT) for name in plan.asked})
        first, *others = plan.order
        submit(bare, plan, first)
        # It borrows whatever it may while nobody else asks.
        settled(bare, lambda: held(bare, plan, first), f"{first} has something", still=1)
        for tenant in others:
            submit(bare, plan, tenant)
        try:
            settled(bare, lambda: not starving(bare, plan), "no guarantee starves", still=2)
        except RingfenceError as late:
            raise AssertionError(told(bare, plan)) from late
    finally:
        clear(bare)


def submit(bare: ControlPlane, plan: Plan, tenant: str) -> None:
    for index, pods in enumerate(plan.asked[tenant]):
        made = job(f"{tenant}-{index}", tenant, UNIT, pods=pods, gpus=plan.devices, cpu="100m", memory="64Mi")
        bare.client.create(made)


def held(bare: ControlPlane, plan: Plan, tenant: str) -> dict[str, int]:
    """Job to the devices that it holds; only those of which every pod runs."""
    pods: dict[str, int] = {}
    for each in bare.client.items("v1", "Pod", tenant):
        if each["status"].get("phase") == "Running" and "deletionTimestamp" not in each["metadata"]:
            name = each["metadata"]["labels"][JOB]
            pods[name] = pods.get(name, 0) + 1
    wanted = {f"{tenant}-{index}": count for index, count in enumerate(plan.asked[tenant])}
    return {name: count * plan.devices for name, count in pods.items() if count == wanted[name]}


def starving(bare: ControlPlane, plan: Plan) -> list[str]:
    """Jobs that wait although they would fit into what their tenant is guaranteed."""
    found = []
    for share in tenant_shares(plan.platform, "fra"):
        mine = held(bare, plan, share.tenant)
        for index, pods in enumerate(plan.asked[share.tenant]):
            name = f"{share.tenant}-{index}"
            if name not in mine and sum(mine.values()) + pods * plan.devices <= share.guaranteed:
                found.append(name)
    return found


def told(bare: ControlPlane, plan: Plan) -> str:
    """Who has what, who starves, and what Kueue and the scheduler say of it."""
    lines = [f"starving: {starving(bare, plan)}, {plan.devices} devices a pod, in order {plan.order}"]
    for share in tenant_shares(plan.platform, "fra"):
        has, asked = held(bare, plan, share.tenant), plan.asked[share.tenant]
        lines.append(f"{share.tenant}: {share.guaranteed} to {share.maximum}, asked {asked}, has {has}")
    for each in bare.client.items(KUEUE, "Workload"):
        said = [f"{one['type']} {one['status']} {one['message']}" for one in each["status"].get("conditions", ())]
        lines.append(f"{each['metadata']['name']}: {'; '.join(said)}")
    for each in bare.client.items("v1", "Pod"):
        spec, state = each["spec"], each["status"].get("phase")
        gates = [one["name"] for one in spec.get("schedulingGates", ())]
        lines.append(f"{each['metadata']['name']}: {state} {spec.get('nodeName')} {gates}")
    return "\n".join(lines)


def clear(bare: ControlPlane) -> None:
    for api_version, kind in (("batch/v1", "Job"), ("v1", "Pod"), ("v1", "Node")):
        for each in bare.client.items(api_version, kind):
            bare.client.discard({"apiVersion": api_version, "kind": kind, **each})
    bare.client.wait(
        lambda: not bare.client.items("v1", "Pod") and not bare.client.items(KUEUE, "Workload"), "the example is gone"
    )
