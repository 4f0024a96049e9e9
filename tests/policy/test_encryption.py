"""residency-encryption and residency-key, through the real analyzer."""

from __future__ import annotations

from typing import Any

import pytest

from tests.policy.conftest import Ask
from tests.policy.harness import UNKNOWN, Given

EU = {"region": "eu-central-1"}
TAGS = {"tags": {"data-class": "patient"}}
LABELS = {"labels": {"data-class": "patient"}}
VOLUME = "aws:ebs/volume:Volume"
GCS = "gcp:storage/bucket:Bucket"
KEY_ARN = "arn:aws:kms:{}:123456789012:key/1"
KEY_NAME = "projects/p/locations/{}/keyRings/r/cryptoKeys/k"
CONFIG = "aws:s3/bucketServerSideEncryptionConfiguration:BucketServerSideEncryptionConfiguration"


def volume(**more: Any) -> Given:
    return Given(VOLUME, {**TAGS, **more}, name="disk", provider=EU)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (volume(encrypted=True, kmsKeyId=KEY_ARN.format("eu-central-1")), None),
        (volume(encrypted=True, kmsKeyId=UNKNOWN), None),
        (Given(VOLUME, {"tags": {"data-class": "public"}}, provider=EU), None),
        (volume(kmsKeyId=KEY_ARN.format("eu-central-1")), "without encryption: encrypted is not set"),
        (volume(encrypted=False), "encrypted is False"),
        (volume(encrypted=True), "under the provider's own key: kmsKeyId is not set"),
        (Given(GCS, {**LABELS, "location": "europe-west3"}), "encryption.defaultKmsKeyName is not set"),
        (Given("aws:s3/bucket:Bucket", {**TAGS}, provider=EU), "under the provider's own key"),
    ],
)
def test_restricted_stores_name_their_key(ask: Ask, given: Given, words: str | None) -> None:
    said = ask("keys-encryption", given)
    assert [each.level for each in said] == (["mandatory"] if words else [])
    assert all(words in each.message for each in said if words)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (volume(kmsKeyId=KEY_ARN.format("eu-west-1")), None),
        (volume(kmsKeyId="alias/mine"), None),
        (volume(kmsKeyId=KEY_ARN.format("us-east-1")), "would rest in US (us-east-1)"),
        (volume(kmsKeyId=UNKNOWN), "not proven: "),
        (
            Given(
                GCS, {**LABELS, "location": "EU", "encryption": {"defaultKmsKeyName": KEY_NAME.format("europe-west4")}}
            ),
            None,
        ),
        (
            Given(GCS, {**LABELS, "location": "EU", "encryption": {"defaultKmsKeyName": KEY_NAME.format("us-east1")}}),
            "would rest in US (us-east1)",
        ),
        (
            Given(GCS, {**LABELS, "location": "EU", "encryption": {"defaultKmsKeyName": KEY_NAME.format("europe")}}),
            None,
        ),
        (
            Given(GCS, {**LABELS, "location": "EU", "encryption": {"defaultKmsKeyName": KEY_NAME.format("eur5")}}),
            "would rest in GB",
        ),
    ],
)
def test_a_key_is_where_its_data_may_rest(ask: Ask, given: Given, words: str | None) -> None:
    said = ask("keys-location", given)
    assert [each.level for each in said] == (["mandatory"] if words else [])
    assert all(words in each.message for each in said if words)


def bucket_with_key(region: str) -> list[Given]:
    key = Given("aws:kms/key:Key", {"region": region}, name="key", provider=EU)
    bucket = Given("aws:s3/bucket:Bucket", {**TAGS}, name="scans", provider=EU)
    rule = {"applyServerSideEncryptionByDefault": {"sseAlgorithm": "aws:kms", "kmsMasterKeyId": UNKNOWN}}
    inputs = {"bucket": UNKNOWN, "rules": [rule]}
    return [key, bucket, Given(CONFIG, inputs, name="sse", provider=EU, edges={"bucket": ["scans"], "rules": ["key"]})]


def test_the_key_of_a_bucket_is_found_by_its_edge(ask: Ask) -> None:
    assert ask("keys-encryption", *bucket_with_key("eu-central-1")) == []
    assert ask("keys-location", *bucket_with_key("eu-central-1")) == []
    [said] = ask("keys-location", *bucket_with_key("us-east-1"))
    assert (
        "the key of patient data on scans" in said.message and "would rest in US (us-east-1, from key)" in said.message
    )


def test_a_google_key_is_where_its_ring_is(ask: Ask) -> None:
    for location, count in (("europe-west3", 0), ("us-east1", 1)):
        ring = Given("gcp:kms/keyRing:KeyRing", {"location": location}, name="ring")
        key = Given("gcp:kms/cryptoKey:CryptoKey", {"keyRing": UNKNOWN}, name="key", edges={"keyRing": ["ring"]})
        inputs = {**LABELS, "location": "EU", "encryption": {"defaultKmsKeyName": UNKNOWN}}
        bucket = Given(GCS, inputs, name="scans", edges={"encryption": ["key"]})
        said = [each for each in ask("keys-location", ring, key, bucket) if each.resource == "scans"]
        assert len(said) == count


def test_an_access_log_bucket_may_use_the_keys_of_s3(ask: Ask) -> None:
    log = Given("aws:s3/bucket:Bucket", {**TAGS}, name="log", provider=EU)
    logging = Given(
        "aws:s3/bucketLogging:BucketLogging", {"targetBucket": UNKNOWN}, name="l", edges={"targetBucket": ["log"]}
    )
    assert ask("keys-encryption", log, logging) == []


def test_a_replica_key_abroad_is_refused(ask: Ask) -> None:
    [said] = ask(
        "keys-location",
        Given(
            "aws:kms/replicaKey:ReplicaKey",
            {**TAGS, "primaryKeyArn": KEY_ARN.format("eu-west-1"), "region": "us-east-1"},
        ),
    )
    assert "would rest in US" in said.message
