"""Classes follow the data along edges, the path is told hop by hop, and only a declared step ends a class."""

from __future__ import annotations

from typing import Any

from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given

EU, US = {"region": "eu-central-1"}, {"region": "us-east-1"}
PATIENT = {"tags": {"data-class": "patient"}}
PUBLIC = {"tags": {"data-class": "public"}}
BUCKET = "aws:s3/bucket:Bucket"
POD_LABELS = {"ringfence.dev/data-class": "patient"}


def path(message: str) -> str:
    return next(line for line in message.splitlines() if line.startswith("Path: "))


def replication(copy_tags: dict[str, Any], copy_region: dict[str, str] = US) -> list[Given]:
    return [
        Given(BUCKET, PATIENT, name="scans", provider=EU),
        Given(BUCKET, copy_tags, name="copy", provider=copy_region, provider_name="other"),
        Given(
            "aws:s3/bucketReplicationConfig:BucketReplicationConfig",
            {"bucket": UNKNOWN, "rules": [{"destination": {"bucket": UNKNOWN}}]},
            name="config",
            provider=EU,
            edges={"bucket": ["scans"], "rules": ["copy"]},
        ),
    ]


def test_a_copy_has_the_class_of_its_source_whatever_its_tag_says(ask: Ask) -> None:
    [said] = ask("residency-location", *replication(PUBLIC))
    assert (said.resource, said.level) == ("copy", "mandatory")
    assert path(said.message) == (
        "Path: scans (aws:s3/bucket:Bucket) in DE (eu-central-1, from provider default) -> "
        "replica by rules[0].destination.bucket of config (aws:s3/bucketReplicationConfig:BucketReplicationConfig) -> "
        "copy (aws:s3/bucket:Bucket) in US (us-east-1, from provider other)."
    )
    assert ask("residency-location", *replication(PUBLIC, {"region": "eu-west-1"})) == []


def test_the_flow_itself_is_refused_with_the_same_path(ask: Ask) -> None:
    [said] = ask("residency-replication", *replication(PUBLIC))
    assert said.resource == "config"
    assert path(said.message).startswith("Path: scans (aws:s3/bucket:Bucket) in DE")
    assert path(said.message).endswith("-> copy (aws:s3/bucket:Bucket) in US (us-east-1, from copy).")


def test_a_class_follows_several_hops_with_nothing_known_but_edges(ask: Ask) -> None:
    stack = [
        Given("aws:rds/instance:Instance", PATIENT, name="db", provider=EU),
        Given(
            "aws:rds/snapshot:Snapshot",
            {"dbInstanceIdentifier": UNKNOWN, **PUBLIC},
            name="snap",
            provider=EU,
            edges={"dbInstanceIdentifier": ["db"]},
        ),
        Given(
            "aws:rds/instance:Instance",
            {"snapshotIdentifier": UNKNOWN, **PUBLIC},
            name="dev",
            provider=US,
            provider_name="us",
            edges={"snapshotIdentifier": ["snap"]},
        ),
    ]
    [said] = ask("residency-location", *stack)
    assert said.resource == "dev"
    assert path(said.message) == (
        "Path: db (aws:rds/instance:Instance) in DE (eu-central-1, from provider default) -> "
        "snapshot by dbInstanceIdentifier of snap -> snap (aws:rds/snapshot:Snapshot) in DE (eu-central-1, from "
        "provider default) -> restore by snapshotIdentifier of dev -> dev (aws:rds/instance:Instance) in US "
        "(us-east-1, from provider us)."
    )


def fine_tuned() -> list[Given]:
    return [
        Given(BUCKET, {**PATIENT, "bucket": "notes"}, name="notes", provider=EU),
        Given(BUCKET, {**PUBLIC, "bucket": "weights"}, name="weights", provider=US, provider_name="us"),
        Given(
            "aws:bedrock/customModel:CustomModel",
            {
                **PUBLIC,
                "trainingDataConfig": {"s3Uri": "s3://notes/train"},
                "outputDataConfig": {"s3Uri": "s3://weights/out"},
            },
            name="tuned",
            provider=EU,
        ),
    ]


def test_a_fine_tuned_model_has_the_class_of_what_it_was_trained_on(ask: Ask) -> None:
    [said] = ask("residency-location", *fine_tuned())
    assert said.resource == "weights"
    assert "notes (aws:s3/bucket:Bucket)" in path(said.message) and "-> fine-tuning by " in path(said.message)


def test_a_declared_de_identification_ends_the_class_and_nothing_else(ask: Ask) -> None:
    step = {"resource": "aws:bedrock/customModel:CustomModel::tuned", "class": "patient", "who": "dpo", "why": "k = 20"}
    contract = {**CONTRACT, "deidentified": [step]}
    assert ask("residency-location", *fine_tuned(), contract=contract) == []
    other = {**CONTRACT, "deidentified": [{**step, "class": "card"}]}
    assert len(ask("residency-location", *fine_tuned(), contract=other)) == 1


def test_a_cluster_has_the_classes_of_what_it_runs_and_mounts(ask: Ask) -> None:
    provider = Given(
        "pulumi:providers:kubernetes", {"kubeconfig": UNKNOWN}, name="train-k8s", edges={"kubeconfig": ["train"]}
    )
    claim = Given(
        "kubernetes:core/v1:PersistentVolumeClaim",
        {"metadata": {"name": "data", "namespace": "ward", "labels": POD_LABELS}},
        name="claim",
        provider_name="train-k8s",
    )
    volumes = [{"name": "v", "persistentVolumeClaim": {"claimName": "data"}}]
    job = Given(
        "kubernetes:batch/v1:Job",
        {"metadata": {"name": "job", "namespace": "ward"}, "spec": {"template": {"spec": {"volumes": volumes}}}},
        name="job",
        provider_name="train-k8s",
    )
    cluster = Given("aws:eks/cluster:Cluster", US, name="train")
    pool = Given(
        "aws:eks/nodeGroup:NodeGroup", {**US, "clusterName": UNKNOWN}, name="pool", edges={"clusterName": ["train"]}
    )
    said = ask("residency-location", cluster, pool, provider, claim, job)
    assert {each.resource for each in said} == {"claim", "job", "train", "pool"}
    [of_pool] = [each for each in said if each.resource == "pool"]
    assert "would be processed in US" in of_pool.message
    assert " -> runs on by kubeconfig of train-k8s (pulumi:providers:kubernetes) -> train (" in path(of_pool.message)


def test_request_logs_have_the_class_of_what_was_asked(ask: Ask) -> None:
    endpoint = Given(
        "aws:sagemaker/endpointConfiguration:EndpointConfiguration",
        {**PATIENT, "dataCaptureConfig": {"destinationS3Uri": "s3://captured/x"}},
        name="endpoint",
        provider=EU,
    )
    bucket = Given(BUCKET, {**PUBLIC, "bucket": "captured"}, name="captured", provider=US, provider_name="us")
    [said] = ask("residency-location", endpoint, bucket)
    assert "-> request log by dataCaptureConfig.destinationS3Uri of endpoint -> captured" in path(said.message)


def test_circles_end(ask: Ask) -> None:
    def table(name: str, source: str) -> Given:
        inputs = {**PATIENT, "restoreSourceTableArn": UNKNOWN}
        edges = {"restoreSourceTableArn": [source]}
        return Given("aws:dynamodb/table:Table", inputs, name=name, provider=EU, edges=edges)

    assert ask("residency-location", table("a", "b"), table("b", "a")) == []
