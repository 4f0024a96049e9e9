"""What add-ons may do in AWS: a role for each that needs one, and no more than its work."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from components.addons.catalogue import VALUES
from components.addons.karpenter import eks_name, node_role, objects
from components.cloud.aws_add_on_access import AwsAddOnAccess, AwsAddOnAccessArgs, statements_of
from ringfence.facts.addons import add_on_rows
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import plan_add_ons
from ringfence.planning.labels import Tags
from ringfence.spec.cluster import AddOnOverride
from ringfence.spec.site import CloudSite
from tests.addons.contexts import AWS
from tests.support.recording import record

SITE = CloudSite(kind="cloud", provider="aws", region="eu-central-1", account="111122223333")
TAGS = Tags(platform="acme", environment="prod", site="aws", jurisdiction="DE", cost_center="cc")
OWN = replace(AWS, artefacts=replace(AWS.artefacts, credentials=None) if AWS.artefacts else None)


def arguments(*names: str, context: AddOnContext = OWN) -> AwsAddOnAccessArgs:
    plan = plan_add_ons(context, dict.fromkeys(names, AddOnOverride()), VALUES)
    return AwsAddOnAccessArgs(cluster_name="acme-aws-train", site=SITE, plan=plan, tags=TAGS)


def allowed(args: AwsAddOnAccessArgs, access: Any) -> list[dict[str, Any]]:
    return [s for s in statements_of(args, access) if s["Effect"] == "Allow"]


def test_each_add_on_that_acts_in_aws_has_a_role_and_no_other_has() -> None:
    args = arguments("velero", "karpenter", "external-secrets", "mlflow", "keda")
    recording = record(lambda: AwsAddOnAccess("aws-train-add-on-access", args))
    pods = recording.of("aws:eks/podIdentityAssociation:PodIdentityAssociation")
    assert {(p.inputs["namespace"], p.inputs["serviceAccount"]) for p in pods.values()} == {
        ("velero", "velero-server"),
        ("kube-system", "karpenter"),
        ("external-secrets", "external-secrets"),
        ("mlflow", "mlflow"),
    }
    assert len(recording.of("aws:iam/role:Role")) == 4


def test_karpenter_hears_of_interruptions() -> None:
    recording = record(lambda: AwsAddOnAccess("a", arguments("karpenter")))
    [queue] = recording.of("aws:sqs/queue:Queue").values()
    settings = plan_add_ons(OWN, {"karpenter": AddOnOverride()}, VALUES)["karpenter"].values["settings"]
    assert queue.inputs["name"] == settings["interruptionQueue"] == settings["clusterName"] == "acme-aws-train"
    assert queue.inputs["sqsManagedSseEnabled"] is True
    patterns = [
        json.loads(r.inputs["eventPattern"]) for r in recording.of("aws:cloudwatch/eventRule:EventRule").values()
    ]
    assert sorted(p["detail-type"][0] for p in patterns) == [
        "AWS Health Event",
        "EC2 Instance Rebalance Recommendation",
        "EC2 Instance State-change Notification",
        "EC2 Spot Instance Interruption Warning",
    ]


def test_no_queue_without_karpenter() -> None:
    recording = record(lambda: AwsAddOnAccess("a", arguments("cluster-autoscaler")))
    assert recording.of("aws:sqs/queue:Queue") == {}


def test_karpenter_starts_and_stops_only_what_bears_the_clusters_tag() -> None:
    tag = "kubernetes.io/cluster/acme-aws-train"
    for statement in allowed(arguments("karpenter"), "machines"):
        actions = [statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"]
        made = any("instance/" in arn for arn in statement["Resource"] if isinstance(statement["Resource"], list))
        if "ec2:TerminateInstances" in actions:
            assert statement["Condition"] == {"StringEquals": {f"aws:ResourceTag/{tag}": "owned"}}
        if "ec2:RunInstances" in actions and made:
            assert statement["Condition"] == {"StringEquals": {f"aws:RequestTag/{tag}": "owned"}}


def test_karpenter_passes_one_role_only_and_it_is_the_nodes() -> None:
    [passed] = [s for s in allowed(arguments("karpenter"), "machines") if s["Action"] == "iam:PassRole"]
    assert passed["Resource"] == f"arn:aws:iam::111122223333:role/{node_role(OWN)}"
    plan = plan_add_ons(OWN, {"karpenter": AddOnOverride()}, VALUES)
    machine = next(m for m in objects(plan.context) if m["kind"] == "EC2NodeClass")
    assert machine["spec"]["role"] == node_role(OWN) == "acme-aws-train-node"
    assert machine["spec"]["subnetSelectorTerms"] == [{"tags": {"Name": "aws-train-nodes-*"}}]


def test_autoscaler_changes_only_its_own_clusters_groups() -> None:
    args = arguments("cluster-autoscaler")
    [change] = [s for s in allowed(args, "node-groups") if "Condition" in s]
    assert change["Condition"] == {
        "StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{eks_name(OWN)}": "owned"}
    }
    values = args.plan["cluster-autoscaler"].values
    assert values["autoDiscovery"] == {"clusterName": eks_name(OWN)}
    assert values["rbac"]["serviceAccount"]["name"] == "cluster-autoscaler"


def test_buckets_are_named_never_all() -> None:
    for access, bucket in (("backups", "backups"), ("artefacts", "artefacts")):
        resources = [r for s in allowed(arguments("velero", "mlflow"), access) for r in [s["Resource"]]]
        assert resources[:2] == [f"arn:aws:s3:::{bucket}", f"arn:aws:s3:::{bucket}/*"]


def test_a_bucket_with_keys_of_its_own_needs_no_role() -> None:
    assert statements_of(arguments("mlflow", context=AWS), "artefacts") == []


def test_secrets_are_the_platforms() -> None:
    [read] = allowed(arguments("external-secrets"), "secrets")
    assert read["Condition"] == {"StringEquals": {"aws:ResourceTag/platform": "acme"}}


def test_every_kind_of_access_is_known() -> None:
    needed = {row.cloud_identity.access for row in add_on_rows().values() if row.cloud_identity}
    assert needed == {"backups", "artefacts", "node-groups", "machines", "secrets"}
