"""Add-ons on the real engine, with the plan-only Kubernetes provider that knows the kinds."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY, EngineRunner, engine, write_project  # noqa: F401 - a fixture
from tests.support.kubernetes import shared_definitions

PROGRAM = f"""
    import sys
    sys.path.insert(0, {str(REPOSITORY)!r})
    import pulumi
    import pulumi_kubernetes as kubernetes
    from components.addons.catalogue import VALUES
    from components.addons.install import Target
    from components.addons.stack import AddOns, AddOnsArgs
    from ringfence.planning.addons import plan_add_ons
    from ringfence.spec.cluster import AddOnOverride
    from tests.addons.contexts import DATACENTRE, EDGE

    names = {{
        "push": ["cilium", "rook-ceph-cluster", "kube-prometheus-stack", "gpu-operator", "network-operator", "kueue",
                 "kserve-llmisvc", "ai-gateway", "mlflow", "airflow", "opencost", "velero", "kubeflow-pipelines"],
        "pull": ["cilium", "gpu-operator", "kserve-localmodel", "loki", "zot", "flux2", "opencost"],
    }}
    for delivery, context in (("push", DATACENTRE), ("pull", EDGE)):
        provider = kubernetes.Provider(delivery, kubeconfig="{{}}")
        plan = plan_add_ons(context, dict.fromkeys(names[delivery], AddOnOverride()), VALUES)
        target = Target(cluster=context.cluster, delivery=delivery, registry=context.registry, labels={{"a/b": "c"}})
        AddOns(context.cluster, AddOnsArgs(plan=plan, target=target), pulumi.ResourceOptions(providers=[provider]))
"""


@pytest.mark.engine
@shared_definitions
def test_both_deliveries_preview_come_up_and_stay(engine: EngineRunner, tmp_path: Path) -> None:  # noqa: F811
    project = write_project(tmp_path / "addons", PROGRAM)
    preview = engine.run_preview(project, "dev")
    assert preview.exit_code == 0, preview.diagnostics
    kinds = Counter(urn.split("::")[2].rsplit("$", 1)[-1] for urn in preview.operations)
    assert kinds["kubernetes:helm.sh/v3:Release"] > 20
    assert kinds["kubernetes:helm.toolkit.fluxcd.io/v2:HelmRelease"] > 8
    assert kinds["kubernetes:mellanox.com/v1alpha1:NicClusterPolicy"] == 1
    assert engine.up(project, "dev").exit_code == 0
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics
