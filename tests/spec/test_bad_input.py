"""Thirty-odd ways to get a stack file wrong: each gives a clear message with its line, and exit 2, never a traceback.

What this does not prove: that every wrong file is refused. It proves the kinds of mistake that people make.
"""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from ringfence.cli.check import check

REPO = Path(__file__).resolve().parents[2]
GOOD = (REPO / "Pulumi.dev.yaml").read_text()
APP = typer.Typer()
APP.command()(check)


def edited(old: str, new: str) -> bytes:
    """The good file with its first `old` replaced."""
    assert old in GOOD, old
    return GOOD.replace(old, new, 1).encode()


def line_of(text: str) -> int:
    """The line of the good file where `text` first stands."""
    return GOOD[: GOOD.index(text)].count("\n") + 1


BAD: dict[str, tuple[bytes, list[str]]] = {
    "empty": (b"", ["the file is empty"]),
    "only-a-comment": (b"# nothing\n", ["the file is empty"]),
    "a-list": (b"- config\n", ["a stack file is a mapping"]),
    "a-scalar": (b"hello", ["a stack file is a mapping"]),
    "binary": (bytes(range(256)), ["not"]),
    "not-utf-8": (b"config:\n  a: \xff\xfe\n", ["not UTF-8 text", ":2:"]),
    "broken-yaml": (b"config:\n  a: [1, 2\n", ["not valid YAML"]),
    "tab-indent": (b"config:\n\tringfence:platform: {}\n", ["not valid YAML"]),
    "no-config": (b"confg:\n  ringfence:platform: {}\n", ["'config' must be a mapping", "confg"]),
    "config-is-a-list": (b"config: [1]\n", ["'config' must be a mapping"]),
    "key-misspelt": (b"config:\n  ringfence:platfrom: {}\n", ["'ringfence:platform' is missing", "ringfence:platfrom"]),
    "platform-null": (b"config:\n  ringfence:platform:\n", ["the platform is empty"]),
    "platform-a-list": (b"config:\n  ringfence:platform: [1]\n", ["mapping"]),
    "duplicate-key": (edited("    owner:", "    name: again\n    owner:"), ["'name' is given twice"]),
    "merge-key": (edited("    owner:", "    <<: {a: 1}\n    owner:"), ["merge keys"]),
    "alias-cycle": (b"config: &a\n  ringfence:platform: *a\n", ["an alias contains itself"]),
    "alias-bomb": (
        b"a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n"
        + b"".join(b"a%d: &a%d [%s]\n" % (i, i, b",".join([b"*a%d" % (i - 1)] * 10)) for i in range(1, 8)),
        ["aliases repeat so much"],
    ),
    "too-deep": (b"config: " + b"[" * 500 + b"]" * 500, ["deep"]),
    "huge": (b"# " + b"x" * 5_000_000, ["too large"]),
    "unknown-key": (
        edited("costCenter:", "costCentre:"),
        ["'costCentre' is not a key here", "did you mean 'costCenter'"],
    ),
    "wrong-type": (
        edited("retentionYears: 10", "retentionYears: ten"),
        ["dataClasses.patient.retentionYears", "'ten'"],
    ),
    "number-as-text": (edited("nodes: 3", 'nodes: "3"'), ["valid integer"]),
    "negative": (edited("monthlyUsd: 90000", "monthlyUsd: -1"), ["budget.monthlyUsd", "greater than or equal to 0"]),
    "infinite": (edited("monthlyUsd: 90000", "monthlyUsd: .inf"), ["budget.monthlyUsd"]),
    "norway": (edited("country: DE", "country: Norway"), ["ISO 3166-1 alpha-2"]),
    "bad-enum": (edited("environment: dev", "environment: staging"), ["'staging' is not allowed", "'dev' or 'prod'"]),
    "bad-kind": (edited("kind: edge", "kind: egde"), ["'egde' is not allowed", "did you mean 'edge'"]),
    "missing-kind": (edited("        kind: edge\n", ""), ["'kind' is missing", "cloud, datacentre, edge"]),
    "dangling-site": (
        edited("site: aws-frankfurt", "site: aws-frankfrut"),
        ["no site named", "did you mean 'aws-frankfurt'"],
    ),
    "dangling-cluster": (edited("managementCluster: mgmt-fra", "managementCluster: mgmt"), ["no cluster named 'mgmt'"]),
    "dangling-class": (edited("promptClasses: [patient]", "promptClasses: [pateint]"), ["did you mean 'patient'"]),
    "unicode-name": (edited("scan-reader:", "scan-reader-Ω:"), ["models", "is not spelled as it must be"]),
    "bidi-name": (edited("scans:", '"sc\\u202eans":'), ["datasets"]),
    "lineage-cycle": (
        edited("lineage: {trainedOn: [scans]}", "lineage: {fineTunedFrom: [scan-reader-small]}"),
        ["goes round in a circle", "scan-reader -> scan-reader-small"],
    ),
    "host-bits": (edited("10.36.0.0/22", "10.36.0.9/22"), ["did you mean '10.36.0.0/22'"]),
    "overlap": (edited("pods: 10.37.0.0/16", "pods: 10.33.0.0/16"), ["overlaps 10.33.0.0/16", "the next free one"]),
    "mtu": (edited("mtu: 8950", "mtu: 9000"), ["vxlan adds 50", "at most 8950"]),
    "unknown-region": (edited("region: eu-central-1", "region: eu-centrl-1"), ["did you mean 'eu-central-1'"]),
    "unknown-accelerator": (edited("nvidia-l40s", "nvidia-l40"), ["is not a known accelerator", "nvidia-l40s"]),
    "mig-layout": (
        edited(
            "            fabric: efa", "            sharing: {kind: mig, layout: {1g.10gb: 8}}\n            fabric: efa"
        ),
        ["cannot take this layout"],
    ),
    "guarantees": (edited("l40s: {guaranteed: 2", "l40s: {guaranteed: 5"), ["add up to 9", "at most 8 together"]),
    "wrong-country": (edited("rest: [EU]", "rest: [FR]"), ["patient data of dataset scans", "would rest in DE", "FR"]),
    "unknown-group": (edited("rest: [EU]", "rest: [Mordor]"), ["Mordor"]),
    "push-to-disconnected": (edited("        delivery: pull\n", ""), ["nobody can push to clinic-mainz"]),
    "unknown-add-on": (edited("          cert-manager: {}", "          cert-manger: {}"), ["cert-manager"]),
    "does-not-fit": (edited("parametersBillions: 8\n", "parametersBillions: 800\n"), ["models.scan-reader"]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_file_is_explained_and_refused(name: str, tmp_path: Path) -> None:
    raw, expected = BAD[name]
    file = tmp_path / "Pulumi.bad.yaml"
    file.write_bytes(raw)
    result = CliRunner().invoke(APP, [str(file)])
    assert result.exit_code == 2, result.output
    assert "Traceback" not in result.output
    assert f"{file}:" in result.output
    for fragment in expected:
        assert fragment in result.output


def test_good_file_passes() -> None:
    result = CliRunner().invoke(APP, [str(REPO / "Pulumi.dev.yaml")])
    assert (result.exit_code, "0 errors" in result.output) == (0, True), result.output


def test_missing_file_is_bad_usage(tmp_path: Path) -> None:
    result = CliRunner().invoke(APP, [str(tmp_path / "none.yaml")])
    assert (result.exit_code, "there is no file" in result.output) == (2, True)


def test_all_findings_come_at_once_in_the_order_of_the_file(tmp_path: Path) -> None:
    text = GOOD.replace("environment: dev", "environment: test").replace("retentionYears: 10", "retentionYears: ten")
    file = tmp_path / "Pulumi.bad.yaml"
    file.write_text(text)
    lines = [line for line in CliRunner().invoke(APP, [str(file)]).output.splitlines() if line.startswith(str(file))]
    assert [int(line.split(":")[1]) for line in lines] == [line_of("environment: dev"), line_of("retentionYears: 10")]
