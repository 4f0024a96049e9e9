"""The tenancy components: every planned object, parented, named for what it is, in an order that works."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from components.tenancy.queue import ClusterQueues, ClusterQueuesArgs
from components.tenancy.tenant import Tenant, TenantArgs
from ringfence.planning import tenancy
from tests.support.engine import REPOSITORY, EngineRunner, write_project
from tests.support.recording import record
from tests.tenancy.platforms import fifty


def test_a_tenant_registers_every_planned_object_under_itself() -> None:
    args = TenantArgs(platform=fifty(), cluster="fra", tenant="research")
    recording = record(lambda: Tenant("fra-research", args))

    [component] = [urn for urn in recording.resources if "ringfence:index:Tenant::" in urn]
    children = [each for each in recording.resources.values() if each.parent == component]
    planned = tenancy.tenant_manifests(fifty(), "fra", "research")
    assert len(children) == len(planned) == 26
    assert (
        recording.inputs(
            "kubernetes:core/v1:ResourceQuota", "fra-research-resource-quota-research-lab-ringfence-quota"
        )["spec"]["hard"]["requests.nvidia.com/gpu"]
        == "8"
    )
    assert recording.outputs[component] == {
        "namespaces": ["research-lab", "research-notebooks"],
        "queues": ["default", "nvidia-h100-80gb"],
    }


def test_what_is_in_a_namespace_waits_for_it() -> None:
    args = TenantArgs(platform=fifty(), cluster="fra", tenant="finance")
    recording = record(lambda: Tenant("fra-finance", args))

    [namespace] = [urn for urn, each in recording.resources.items() if each.type == "kubernetes:core/v1:Namespace"]
    queue = recording.of("kubernetes:kueue.x-k8s.io/v1beta2:LocalQueue")[
        "fra-finance-local-queue-finance-nvidia-h100-80gb"
    ]
    assert namespace in queue.depends_on


def test_queues_of_a_cluster() -> None:
    args = ClusterQueuesArgs(platform=fifty(), cluster="fra")
    recording = record(lambda: ClusterQueues("fra-queues", args))

    [component] = [urn for urn in recording.resources if "ringfence:index:ClusterQueues::" in urn]
    assert recording.outputs[component] == {
        "queues": [
            "platform.spare.nvidia-h100-80gb",
            "finance.nvidia-h100-80gb",
            "marketing.nvidia-h100-80gb",
            "research.nvidia-h100-80gb",
            "finance.default",
            "marketing.default",
            "research.default",
        ],
        "cohorts": ["nvidia-h100-80gb"],
    }
    priority = recording.inputs(
        "kubernetes:kueue.x-k8s.io/v1beta2:WorkloadPriorityClass",
        "fra-queues-workload-priority-class-ringfence-serving",
    )
    assert priority["value"] == 1000


@pytest.mark.engine
def test_the_real_engine_creates_them_and_then_changes_nothing(engine: EngineRunner, tmp_path: Path) -> None:
    program = f"""
        import sys
        sys.path.insert(0, {str(REPOSITORY)!r})
        import pulumi
        from components.tenancy.queue import ClusterQueues, ClusterQueuesArgs
        from components.tenancy.tenant import Tenant, TenantArgs
        from tests.tenancy.platforms import fifty

        platform = fifty()
        queues = ClusterQueues("fra-queues", ClusterQueuesArgs(platform=platform, cluster="fra"))
        for name in platform.tenants:
            args = TenantArgs(platform=platform, cluster="fra", tenant=name)
            Tenant(f"fra-{{name}}", args, pulumi.ResourceOptions(depends_on=[queues]))
    """
    project = write_project(tmp_path / "demo", textwrap.dedent(program))

    up = engine.up(project, "dev")
    assert up.exit_code == 0, up.diagnostics or up.stderr
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics or again.stderr
