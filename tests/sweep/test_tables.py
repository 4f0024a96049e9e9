"""How a candidate gets its class, and what makes a property one."""

from __future__ import annotations

import pytest

from ringfence.sweep.candidates import Candidate, written
from ringfence.sweep.lexicon import why, words
from ringfence.sweep.tables import HARMLESS, LOCATOR, NOT_YET, Reviewed, Row
from ringfence.sweep.walk import Leaf, custom


def verdict(
    path: str,
    *rows: Row,
    kind: str = "text",
    type: str = "aws:s3/bucket:Bucket",
    locators: tuple[Row, ...] = (),
    opaque: tuple[str, ...] = (),
) -> str:
    reviewed = Reviewed(rows, {type: locators}, opaque)
    return reviewed.of([Candidate(type, path, kind, "")])[0].classified


def row(path: str, classified: str, place: str = "", type: str = "aws:*") -> Row:
    return Row(type, path, classified, "", place, "", True)


def test_what_no_row_covers_is_not_yet() -> None:
    assert verdict("a.b", row("a.c", HARMLESS), row("a", HARMLESS)) == NOT_YET


@pytest.mark.parametrize(
    ("pattern", "path", "covers"),
    [
        ("**.bucket", "bucket", True),
        ("**.bucket", "rules[].destination.bucket", True),
        ("**.bucket", "rules[].bucketName", False),
        ("**.bucket", "subbucket", False),
        ("**Bucket", "outputBucket", True),
        ("**Bucket", "a.outputBucket.b", False),
        ("a.**", "a.b.c", True),
        ("a.**", "a", True),
        ("a.**", "ab", False),
        ("*.**.region", "region", False),
        ("*.**.region", "a.region", True),
        ("*Name", "a.clusterName", False),
        ("*Name", "clusterName", True),
        ("**", "a.b", True),
        ("a.*", "a.*", True),
    ],
)
def test_a_pattern_covers_steps_and_never_halves_of_words(pattern: str, path: str, covers: bool) -> None:
    assert (verdict(path, row(pattern, HARMLESS)) == HARMLESS) is covers


def test_the_longer_pattern_counts_and_an_exact_row_before_it() -> None:
    wide, narrow = row("**.bucket", HARMLESS), row("**.destination.bucket", NOT_YET)
    exact = Row("aws:s3/bucket:Bucket", "x.destination.bucket", HARMLESS, reviewed=True)
    assert verdict("x.destination.bucket", narrow, wide) == NOT_YET
    assert verdict("x.destination.bucket", narrow, wide, exact) == HARMLESS
    assert verdict("y.destination.bucket", narrow, wide, exact) == NOT_YET


def test_a_written_locator_counts_before_every_pattern_and_covers_what_is_in_it() -> None:
    written_row = Row("aws:s3/bucket:Bucket", "replication.auto", LOCATOR, "secret", "anywhere")
    assert verdict("replication.auto.key", row("**", HARMLESS), locators=(written_row,)) == LOCATOR
    assert verdict("replication.automatic", row("**", HARMLESS), locators=(written_row,)) == HARMLESS


def test_everything_in_an_opaque_carrier_is_read_by_the_rule_on_carriers() -> None:
    assert verdict("templateUrl", opaque=("aws:s3/bucket:Bucket",)) == LOCATOR
    ack = "kubernetes:s3.services.k8s.aws/v1:Bucket"
    assert verdict("spec.name", type=ack, opaque=("kubernetes:*.services.k8s.aws/",)) == LOCATOR


def test_a_pattern_that_reads_text_says_nothing_of_a_switch() -> None:
    reads = row("**Region", LOCATOR, "region")
    assert (verdict("multiRegion", reads), verdict("multiRegion", reads, kind="switch")) == (LOCATOR, NOT_YET)


@pytest.mark.parametrize(
    ("path", "kind", "prose", "values", "hint"),
    [
        (("kmsKeyArn",), "text", "", (), "name: arn"),
        (("replicas", "[]", "name"), "text", "", (), "parent: replicas"),
        (("tags", "*"), "text", "", (), ""),
        (("size",), "text", "The size.", (), ""),
        (("size",), "text", "Copied to another Region.", (), "documentation: another Region"),
        (("kind",), "text", "", ("Standard_LRS", "Standard_GRS"), "value: Standard_GRS"),
        (("multiRegion",), "switch", "", (), "name: multi"),
        (("bucketEnabled",), "switch", "", (), ""),
        (("replication", "auto"), "object", "", (), ""),
    ],
)
def test_a_name_a_text_or_a_value_makes_a_candidate(path, kind, prose, values, hint) -> None:
    assert why(path, kind, prose, values) == hint


def test_names_fall_into_words() -> None:
    assert words("s3BucketARNPrefix") == {"s3", "bucket", "arn", "prefix"}
    assert words("backup_storage-redundancy") == {"backup", "storage", "redundancy"}


def test_a_schema_of_a_custom_resource_is_walked_without_its_status() -> None:
    schema = {
        "properties": {
            "metadata": {"type": "object"},
            "status": {"properties": {"url": {"type": "string"}}},
            "spec": {
                "properties": {
                    "remotes": {"type": "array", "items": {"properties": {"url": {"type": "string"}}}},
                    "labels": {"additionalProperties": {"type": "string"}},
                    "replicas": {"type": "integer"},
                    "global": {"type": "boolean"},
                    "free": {"x-kubernetes-preserve-unknown-fields": True, "type": "object"},
                }
            },
        }
    }
    assert [(written(leaf.path), leaf.kind) for leaf in custom(schema)] == [
        ("spec.remotes[].url", "text"),
        ("spec.labels.*", "text"),
        ("spec.global", "switch"),
        ("spec.free", "text"),
    ]
    assert Leaf(("a",), "text").values == ()
