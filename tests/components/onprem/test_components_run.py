"""HostedControlPlane and BareMetalPool on the real engine: what is registered, under which names, in which order."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY, EngineRunner, write_project

PROGRAM = f"""
    import sys
    sys.path.insert(0, {str(REPOSITORY)!r})

    import pulumi
    import pulumi_kubernetes as kubernetes

    from components.onprem.bare_metal import BareMetalPool, BareMetalPoolArgs
    from components.onprem.hosted_control_plane import HostedControlPlane, HostedControlPlaneArgs
    from tests.components.onprem.examples import TAGS, cluster_spec

    mgmt = kubernetes.Provider("mgmt", cluster_identifier="mgmt")
    opts = pulumi.ResourceOptions(providers=[mgmt])
    cluster = cluster_spec()
    args = HostedControlPlaneArgs(cluster_name="onprem-a", cluster=cluster, tags=TAGS)
    plane = HostedControlPlane("onprem-a", args, opts)
    BareMetalPool(
        "onprem-a-gpu",
        BareMetalPoolArgs(cluster_name="onprem-a", cluster=cluster, pool_name="gpu", site="dc-fra", tags=TAGS),
        pulumi.ResourceOptions(providers=[mgmt], depends_on=[plane]),
    )
    pulumi.export("endpoint", plane.endpoint)
    pulumi.export("secret", plane.kubeconfig_secret)
"""


def short(urn: str) -> str:
    """`type::name` of a URN, with the parents' types left out."""
    kind, name = urn.split("::")[2:]
    return f"{kind.split('$')[-1]}::{name}"


@pytest.mark.engine
def test_hosted_cluster_previews_comes_up_and_stays(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, PROGRAM)
    preview = engine.run_preview(project, "dev")
    assert preview.exit_code == 0, preview.diagnostics + preview.stderr
    created = {short(urn) for urn, operation in preview.operations.items() if operation == "create"}
    plane, pool = "ringfence:index:HostedControlPlane::onprem-a", "ringfence:index:BareMetalPool::onprem-a-gpu"
    assert {plane, pool} <= created
    assert created >= {
        "kubernetes:core/v1:Namespace::onprem-a-namespace-onprem-a",
        "kubernetes:core/v1:ResourceQuota::onprem-a-resource-quota-onprem-a-control-plane",
        "kubernetes:networking.k8s.io/v1:NetworkPolicy::onprem-a-network-policy-onprem-a-default-deny",
        "kubernetes:cluster.x-k8s.io/v1beta2:Cluster::onprem-a-cluster-onprem-a-onprem-a",
        "kubernetes:metal3.io/v1alpha1:BareMetalHost::onprem-a-gpu-bare-metal-host-onprem-a-gpu-1",
        "kubernetes:metal3.io/v1alpha1:BareMetalHost::onprem-a-gpu-bare-metal-host-onprem-a-gpu-2",
        "kubernetes:infrastructure.cluster.x-k8s.io/v1beta2:Metal3MachineTemplate::onprem-a-gpu-metal3machinetemplate",
        "kubernetes:cluster.x-k8s.io/v1beta2:MachineDeployment::onprem-a-gpu-machine-deployment-onprem-a-onprem-a-gpu",
    }
    up = engine.up(project, "dev")
    assert up.exit_code == 0, up.diagnostics + up.stderr
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics + again.stderr
    assert again.outputs["endpoint"] == "https://10.0.1.70:6443"
    assert again.outputs["secret"] == "onprem-a-kubeconfig"
