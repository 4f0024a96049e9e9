"""residency-location, residency-untagged-store and contract, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import CONTRACT, UNKNOWN, Given, secret

BUCKET = "aws:s3/bucket:Bucket"
PVC = "kubernetes:core/v1:PersistentVolumeClaim"
PATIENT = {"tags": {"data-class": "patient"}}
LISTED = {"tags": [{"key": "data-class", "value": "patient"}]}


def bucket(inputs: dict[str, Any] | None = None, **more: Any) -> Given:
    return Given(BUCKET, {**PATIENT, **(inputs or {})}, name="scans", **more)


@pytest.mark.parametrize(
    "given",
    [
        bucket({"region": "eu-central-1"}),
        bucket(provider={"region": "eu-west-3"}),
        bucket({"tags": {"data-class": "public"}, "region": "us-east-1"}),
        Given("azure-native:storage:StorageAccount", {**PATIENT, "location": "West Europe"}),
        Given("azure-native_storage_v20240101:storage:StorageAccount", {**PATIENT, "location": "germanywestcentral"}),
        Given("gcp:storage/bucket:Bucket", {"labels": {"data-class": "patient"}, "location": "EUROPE-WEST3"}),
        Given("gcp:compute/disk:Disk", {"labels": {"data-class": "patient"}, "zone": "europe-west4-b"}),
        Given(PVC, {"metadata": {"labels": {"ringfence.dev/data-class": "card"}}}, provider_name="dc-frankfurt"),
        Given(PVC, {"metadata": {"annotations": {"data-class": "card"}}}, provider={"context": "dc-frankfurt"}),
        Given("aws:ec2/instance:Instance", {**PATIENT}, provider={"region": "eu-central-1"}),
        Given("ringfence:index:CloudCluster", {}, provider=None),
    ],
)
def test_data_in_an_allowed_place_is_let_through(ask: Ask, given: Given) -> None:
    assert ask("residency-location", given) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (bucket({"region": "us-east-1"}), "patient data on scans (aws:s3/bucket:Bucket) would rest in US (us-east-1)"),
        (
            bucket(provider={"region": "us-east-1"}, provider_name="us"),
            "would rest in US (us-east-1, from provider us)",
        ),
        (bucket({"tags": {"data-class": "card_patient"}, "region": "eu-west-1"}), "card data on scans"),
        (bucket({"region": "us-east-1-bue-1"}), "would rest in AR"),
        (bucket({"region": secret("us-east-1")}), "would rest in US"),
        (
            Given("azure-native:storage:StorageAccount", {**PATIENT, "location": "uksouth"}),
            "would rest in GB (uksouth)",
        ),
        (
            Given("azure-native_storage_v20240101:storage:StorageAccount", {**PATIENT, "location": "eastus"}),
            "would rest in US (eastus)",
        ),
        (
            Given("gcp:storage/bucket:Bucket", {"labels": {"data-class": "patient"}, "location": "US"}),
            "would rest in US (US)",
        ),
        (
            Given("gcp:bigquery/dataset:Dataset", {"labels": {"data-class": "patient"}}),
            "(US, from the service's default)",
        ),
        (
            Given("gcp:compute/disk:Disk", {"labels": {"data-class": "patient"}, "zone": "us-central1-a"}),
            "would rest in US",
        ),
        (
            Given(PVC, {"metadata": {"labels": {"ringfence.dev/data-class": "card"}}}, provider_name="dc-ohio"),
            "would rest in US (dc-ohio, from the contract)",
        ),
        (
            Given("aws:ec2/instance:Instance", {**PATIENT, "region": "us-west-2"}),
            "would be processed in US (us-west-2)",
        ),
    ],
)
def test_data_in_another_place_is_refused_and_mandatory(ask: Ask, given: Given, words: str) -> None:
    [said] = ask("residency-location", given)
    assert words in said.message
    assert said.level == "mandatory"
    assert "allowed " in said.message and "\nFix: " in said.message
    assert said.message.endswith("See docs/rules/residency-location.md")


@pytest.mark.parametrize(
    "given",
    [
        bucket({"region": UNKNOWN}),
        bucket({"region": f"{UNKNOWN}-1"}),
        bucket({"region": "eu-atlantis-1"}),
        bucket(),
        bucket({"tags": UNKNOWN, "region": "eu-central-1"}),
        bucket({"tags": {"data-class": UNKNOWN}, "region": "eu-central-1"}),
        bucket({"tags": {"data-class": "pateint"}, "region": "eu-central-1"}),
        bucket(provider={"region": UNKNOWN}),
        Given("azure-native:storage:StorageAccount", {**PATIENT, "location": UNKNOWN}),
        Given("azure-native:storage:StorageAccount", {**PATIENT, "resourceGroupName": UNKNOWN}),
        Given("gcp:compute/disk:Disk", {"labels": {"data-class": "patient"}}),
        Given(PVC, {"metadata": {"labels": {"ringfence.dev/data-class": "card"}}}),
    ],
)
def test_what_cannot_be_proven_is_refused_and_stays_mandatory(ask: Ask, given: Given) -> None:
    said = ask("residency-location", given)
    assert {each.level for each in said} == {"mandatory"}
    assert all("not proven: " in each.message for each in said)
    advised = ask("residency-location", given, contract={**CONTRACT, "unproven": "advise"})
    assert {each.level for each in advised} == {"advisory"}


def test_advice_covers_only_what_is_unproven(ask: Ask) -> None:
    [said] = ask("residency-location", bucket({"region": "us-east-1"}), contract={**CONTRACT, "unproven": "advise"})
    assert said.level == "mandatory"


def test_the_environment_can_refuse_but_not_prove(ask: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    [said] = ask("residency-location", bucket())
    assert "would rest in US (us-east-1, from the environment's AWS_REGION)" in said.message
    monkeypatch.setenv("AWS_REGION", "eu-central-1")
    [said] = ask("residency-location", bucket())
    assert "not proven: " in said.message and "can only be assumed" in said.message


def test_the_stack_configuration_places_a_default_provider(ask: Ask) -> None:
    assert ask("residency-location", bucket(), config={"aws:region": "eu-central-1"}) == []


def test_the_graph_places_what_the_value_does_not(ask: Ask) -> None:
    group = Given("azure-native:resources:ResourceGroup", {"location": "westeurope"}, name="group")
    account = Given(
        "azure-native:storage:StorageAccount",
        {**PATIENT, "resourceGroupName": UNKNOWN},
        name="account",
        edges={"resourceGroupName": ["group"]},
    )
    assert ask("residency-location", group, account) == []
    abroad = Given("azure-native:resources:ResourceGroup", {"location": "eastus"}, name="group")
    [said] = ask("residency-location", abroad, account)
    assert (said.resource, said.level) == ("account", "mandatory")
    assert "would rest in US (eastus, from resource group group)" in said.message


@pytest.mark.parametrize(("region", "refused"), [("eu-central-1", False), ("us-east-1", True)])
def test_a_kubernetes_provider_is_where_its_cluster_is(ask: Ask, region: str, refused: bool) -> None:
    cluster = Given("aws:eks/cluster:Cluster", {"region": region}, name="train")
    provider = Given(
        "pulumi:providers:kubernetes", {"kubeconfig": UNKNOWN}, name="train-k8s", edges={"kubeconfig": ["train"]}
    )
    claim = Given(
        PVC,
        {"metadata": {"labels": {"ringfence.dev/data-class": "patient"}}},
        name="claim",
        provider={"kubeconfig": UNKNOWN},
        provider_name="train-k8s",
    )
    claim_urn = claim.provider_urn
    assert claim_urn == "urn:pulumi:prod::demo::pulumi:providers:kubernetes::train-k8s"
    said = ask("residency-location", cluster, provider, claim)
    # The cluster has the class of what it keeps.
    assert [each.resource for each in said] == (["train", "claim"] if refused else [])


def test_a_declared_cluster_is_held_against_the_one_in_the_stack(ask: Ask) -> None:
    for region, count in (("eu-central-1", 0), ("us-east-1", 1)):
        cluster = Given("aws:eks/cluster:Cluster", {"region": region}, name="train")
        provider = Given(
            "pulumi:providers:kubernetes", {"kubeconfig": UNKNOWN}, name="dc-frankfurt", edges={"kubeconfig": ["train"]}
        )
        said = ask("residency-location", cluster, provider)
        assert len(said) == count
        assert all("is declared in DE, and its cluster is in US (us-east-1" in each.message for each in said)


def test_an_owner_s_law_counts_too(ask: Ask) -> None:
    contract = {
        "dataClasses": {"patient": {"rest": ["EU"], "process": ["EU"], "operate": ["EU"], "basis": "x"}},
        "locations": {"kubernetes:a": {"country": "DE", "operator": ["DE", "US"]}, "kubernetes:b": "DE"},
    }
    meta = {"metadata": {"labels": {"ringfence.dev/data-class": "patient"}}}
    [said] = ask("residency-location", Given(PVC, meta, provider_name="a"), contract=contract)
    assert "would be operated under the law of US" in said.message
    assert ask("residency-location", Given(PVC, meta, provider_name="b"), contract=contract) == []
    sovereign = bucket({"region": "eusc-de-east-1"})
    assert "law of US" in ask("residency-location", sovereign, contract=contract)[0].message


def test_a_namespace_names_the_class_of_what_is_in_it(ask: Ask) -> None:
    namespace = Given(
        "kubernetes:core/v1:Namespace",
        {"metadata": {"name": "ward", "labels": {"ringfence.dev/data-class": "patient"}}},
        name="ns",
        provider_name="dc-ohio",
    )
    claim = Given(PVC, {"metadata": {"namespace": "ward"}}, name="claim", provider_name="dc-ohio")
    said = ask("residency-location", namespace, claim)
    assert [(each.resource, "would rest in US" in each.message) for each in said] == [("ns", False), ("claim", True)]
    assert ask("residency-untagged-store", namespace, claim) == []


@pytest.mark.parametrize(
    "given",
    [
        Given(BUCKET, {"region": "eu-central-1"}),
        Given("gcp:storage/bucket:Bucket", {"location": "EU", "labels": {"team": "x"}}),
        Given("azure-native:storage:StorageAccount", {"location": "westeurope"}),
        Given(PVC, {"metadata": {"name": "x"}}, provider_name="dc-frankfurt"),
        Given(PVC, {"metadata": {"namespace": "elsewhere"}}, provider_name="dc-frankfurt"),
    ],
)
def test_a_store_without_a_class_is_refused(ask: Ask, given: Given) -> None:
    [said] = ask("residency-untagged-store", given)
    assert said.level == "mandatory"
    assert ask("residency-location", given) == []
    assert ask("residency-untagged-store", given, contract={**CONTRACT, "defaultDataClass": "patient"}) == []


def test_a_provider_can_tag_for_its_resources(ask: Ask) -> None:
    tags = '{"tags": {"data-class": "patient"}}'
    given = Given(BUCKET, {"region": "us-east-1"}, provider={"defaultTags": tags})
    assert ask("residency-untagged-store", given) == []
    assert "would rest in US" in ask("residency-location", given)[0].message


def test_the_default_class_is_held_against_untagged_stores(ask: Ask) -> None:
    [said] = ask(
        "residency-location",
        Given(BUCKET, {"region": "us-east-1"}),
        contract={**CONTRACT, "defaultDataClass": "patient"},
    )
    assert "patient data" in said.message


def test_without_a_contract_one_message_says_so(ask: Ask) -> None:
    stores = [Given(BUCKET, {"region": "us-east-1"}, name=f"b{n}") for n in range(7)]
    [said] = ask("contract", *stores, contract=None)
    assert said.level == "mandatory"
    assert "b0, b1, b2, b3, b4 and 2 more" in said.message and "ringfence.policy.yaml" in said.message
    assert ask("contract", Given("aws:ec2/vpc:Vpc", {}), contract=None) == []
    assert ask("contract", *stores) == []


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (Given("azure:storage/account:Account", {**PATIENT, "location": "eastus"}), "US (eastus)"),
        (Given("google-native:storage/v1:Bucket", {"labels": {"data-class": "patient"}}), "US (US, from the service's"),
        (Given("aws-native:s3:Bucket", LISTED, provider={"region": "us-east-1"}), "US (us-east-1"),
        (Given("azure-native:documentdb:DatabaseAccount", {**PATIENT, "location": "eastus"}), "US (eastus)"),
        (Given("azure-native:cosmosdb/v20240101:DatabaseAccount", {**PATIENT, "location": "eastus"}), "US (eastus)"),
    ],
)  # fmt: skip
def test_every_package_of_a_cloud_has_the_same_ladder(ask: Ask, given: Given, words: str) -> None:
    assert any(words in said.message for said in ask("residency-location", given))


def test_the_last_step_is_what_the_contract_says_of_a_provider(ask: Ask) -> None:
    given = bucket(provider_name="private")
    [said] = ask("residency-location", given)
    assert "not proven" in said.message
    for key in ("aws:private", given.provider_urn):
        contract = {**CONTRACT, "locations": {key: "DE"}}
        assert ask("residency-location", given, contract=contract) == []


def test_a_universe_of_somebody_else_s_is_not_the_cloud_that_the_tables_know(ask: Ask) -> None:
    given = Given(
        "gcp:storage/bucket:Bucket",
        {"labels": {"data-class": "patient"}, "location": "europe-west3"},
        provider={"universeDomain": "apis.cloud.example"},
        provider_name="sovereign",
    )
    [said] = ask("residency-location", given)
    assert "not proven" in said.message and "who runs the universe 'apis.cloud.example'" in said.message
    assert ask("residency-location", given, contract={**CONTRACT, "locations": {"gcp:sovereign": "DE"}}) == []
