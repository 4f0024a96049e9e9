"""EdgeSite, ModelCache and ManagementCluster on the real engine."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.support.engine import REPOSITORY, EngineRunner, write_project

PROGRAM = f"""
    import sys
    sys.path.insert(0, {str(REPOSITORY)!r})

    import pulumi
    import pulumi_kubernetes as kubernetes

    from components.edge.model_cache import ModelCache, ModelCacheArgs
    from components.edge.site import EdgeSite
    from components.onprem.management import ManagementCluster, ManagementClusterArgs
    from tests.components.edge import examples as edge
    from tests.components.onprem import examples as onprem

    box = kubernetes.Provider("box", cluster_identifier="box")
    args = edge.arguments()
    made = EdgeSite("clinic-mainz", args, pulumi.ResourceOptions(providers=[box]))
    after = pulumi.ResourceOptions(providers=[box], depends_on=[made])
    cache = ModelCache("clinic-mainz-models", ModelCacheArgs(site=args, models=(edge.MODEL,)), after)
    mgmt = kubernetes.Provider("mgmt", cluster_identifier="mgmt")
    management = ManagementCluster(
        "mgmt",
        ManagementClusterArgs(
            cluster_name="mgmt", cluster=onprem.management_spec(), hosted=onprem.both_hosted(), tags=onprem.TAGS
        ),
        pulumi.ResourceOptions(providers=[mgmt]),
    )
    pulumi.export("k0sctl", made.k0sctl)
    pulumi.export("registry", made.registry)
    pulumi.export("models", cache.uris)
    pulumi.export("load", management.hosted_load)
"""


@pytest.mark.engine
def test_an_edge_site_and_a_management_cluster_come_up_and_stay(engine: EngineRunner, tmp_path: Path) -> None:
    project = write_project(tmp_path, PROGRAM)
    up = engine.up(project, "dev")
    assert up.exit_code == 0, up.diagnostics + up.stderr
    again = engine.run_preview(project, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics + again.stderr
    assert again.outputs["registry"] == "registry.mainz.example"
    assert again.outputs["models"] == {"scan-reader": "pvc://model-cache/scan-reader"}
    assert yaml.safe_load(again.outputs["k0sctl"])["kind"] == "Cluster"
    assert again.outputs["load"] == {"millicpus": 7500, "mebibytes": 37536, "storageGib": 42}
    parents = {urn.split("::")[2].split("$")[0] for urn in again.resources if "kubernetes:" in urn}
    assert parents == {
        "ringfence:index:EdgeSite",
        "ringfence:index:ModelCache",
        "ringfence:index:ManagementCluster",
        "pulumi:providers:kubernetes",
    }
