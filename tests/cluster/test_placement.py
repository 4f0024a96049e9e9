"""A tenant's pod does not pick its node: preview and the API server both say no to the same pod."""

from __future__ import annotations

import pytest

from ringfence.controlplane import Refused
from ringfence.planning.tenancy.residency_rules import TWINS
from tests.cluster.test_residency import said_at_preview
from tests.support.controlplane import Cluster, Manifest, pod

PLACEMENT = "ringfence-tenant-placement"


@pytest.mark.parametrize(
    "spec",
    [
        {"nodeSelector": {"ringfence.dev/site": "aws-virginia"}},
        {"nodeSelector": {"ringfence.dev/pool": "a100-mig"}},
        {"priorityClassName": "system-cluster-critical"},
        {"tolerations": [{"operator": "Exists"}]},
        {"affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": [
            {"matchExpressions": [{"key": "ringfence.dev/pool", "operator": "NotIn", "values": ["l40s"]}]}]}}}},
    ],
)  # fmt: skip
def test_both_say_no_to_a_tenants_pod_on_a_node_of_others(serve_fra: Cluster, spec: Manifest) -> None:
    """Another site's, or another tenant's: the same pod at preview, beside its namespace, and on the API server."""
    home = serve_fra.manifest("Namespace", "finance")
    stays, leaves = placed({"nodeSelector": {"ringfence.dev/pool": "l40s"}}), placed(spec)
    assert TWINS[PLACEMENT] not in [rule for rule, _ in said_at_preview(serve_fra.platform, (home, stays))]
    serve_fra.client.create(stays, dry_run=True)
    assert (TWINS[PLACEMENT], "mandatory") in said_at_preview(serve_fra.platform, (home, leaves))
    with pytest.raises(Refused, match=PLACEMENT):
        serve_fra.client.create(leaves, dry_run=True)


def placed(spec: Manifest) -> Manifest:
    """A pod of finance's that says where it wants to run."""
    made = pod("placed", "finance", "nvidia-l40s", gpus=1)
    return {**made, "spec": {**made["spec"], **spec}}
