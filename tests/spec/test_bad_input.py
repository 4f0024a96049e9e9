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
    "utf-16": (GOOD.encode("utf-16"), ["UTF-16", "save it as UTF-8"]),
    "utf-16-without-a-mark": (GOOD.encode("utf-16-be"), ["U+0000", "UTF-16"]),
    "nul": (b"config:\n  a: \0\n", ["U+0000 may not stand", ":2:6:"]),
    "escape": (b"config:\n  a: \x1b[31m\n", ["U+001B may not stand", ":2:6:"]),
    "latin-1": (GOOD.replace("city: Frankfurt", "city: K\xf6ln").encode("latin-1"), ["not UTF-8 text: byte 0xf6"]),
    "deep-enough-to-crash-a-parser": (b"[" * 100_000, ["nested more than 60 levels deep", ":1:61:"]),
    "deep-mappings": (b"config: " + b"{a: " * 5_000, ["nested more than 60 levels deep"]),
    "fifty-megabytes": (b"config:\n" + b"  a: b\n" * 7_500_000, ["too large"]),
    "python-tag": (
        b"config: !!python/object/apply:os.system [id]\n",
        ["the tag !!python", "is not supported", ":1:9:"],
    ),
    "own-tag": (b"config:\n  ringfence:platform: !Foo {a: 1}\n", ["the tag !Foo is not supported"]),
    "binary-tag": (b"config:\n  ringfence:platform: !!binary aGVsbG8=\n", ["the tag !!binary is not supported"]),
    "two-documents": (GOOD.encode() + b"---\nconfig: {}\n", ["second document"]),
    "undefined-alias": (b"config: *nothing\n", ["undefined alias"]),
    "key-that-is-a-list": (b"? [a, b]\n: c\n", ["a key must be plain text"]),
    "endless-number": (edited("retentionYears: 10", "retentionYears: " + "9" * 5000), ["cannot be read", "..."]),
    "number-too-large-for-json": (edited("sizeGib: 300", "sizeGib: 9007199254740993"), ["9007199254740991"]),
    "encrypted-value": (edited("owner: platform-team@acme.example", "owner: {secure: v1:abc}"), ["an encrypted value"]),
    "encrypted-platform": (b"config:\n  ringfence:platform: {secure: v1:abc}\n", ["an encrypted value", ":2:3:"]),
    "version-without-quotes": (edited('"1.35"', "1.30"), ["is a number to YAML", "put it in quotes"]),
    "version-that-nobody-offers": (edited('"1.35"', '"1.12"'), ["eks is not known to offer 1.12", "1.31, 1.32"]),
    "country-in-small-letters": (edited("country: DE", "country: de"), ["did you mean 'DE'"]),
    "group-named-like-a-country": (
        edited("    dataClasses:", "    groups: {DE: [US]}\n    dataClasses:"),
        ["groups.DE"],
    ),
    "group-named-like-another": (edited("    dataClasses:", "    groups: {EU: [US]}\n    dataClasses:"), ["built-in"]),
    "groups-in-a-circle": (
        edited("    dataClasses:", "    groups: {AAA: [BBB], BBB: [AAA]}\n    dataClasses:"),
        ["contains itself: AAA -> BBB -> AAA"],
    ),
    "group-of-nobody": (
        edited("    dataClasses:", "    groups: {AAA: []}\n    dataClasses:"),
        ["at least one is needed"],
    ),
    "parent-of-itself": (edited("parent: dc-frankfurt", "parent: clinic-mainz"), ["clinic-mainz -> clinic-mainz"]),
    "host-of-itself": (
        edited("managementCluster: mgmt-fra", "managementCluster: serve-fra"),
        ["goes round in a circle"],
    ),
    "fallback-to-itself": (
        edited("        demand: {tokens", "        fallbacks: [{model: scan-reader}]\n        demand: {tokens"),
        ["models.scan-reader.fallbacks", "scan-reader -> scan-reader"],
    ),
    "more-nodes-than-a-cluster-takes": (
        edited("nodes: 1\n", "nodes: 9007199254740991\n"),
        ["less than or equal to 5000"],
    ),
    "a-model-of-1e300": (edited("parametersBillions: 8\n", "parametersBillions: 1.0e300\n"), ["less than or equal to"]),
    "an-address-that-is-no": (edited("address: 10.32.0.10", "address: false"), ["is not an address such as"]),
    "password-in-a-url": (
        edited("source: oci://registry.fra", "source: oci://admin:calvin@registry.fra"),
        ["'oci://...@registry.fra", "without a user or password"],
    ),
    "password-of-a-controller": (
        edited("redfish-virtualmedia+https://10.39.0.11", "redfish-virtualmedia+https://admin:calvin@10.39.0.11"),
        ["https://...@10.39.0.11", "without a password"],
    ),
    "driver-that-nobody-has": (edited("redfish-virtualmedia+https", "telnet"), ["'telnet://10.39.0.11", "redfish"]),
    "schedule-of-letters": (
        edited("{site: aws-frankfurt}", "{site: aws-frankfurt, schedule: a b c d e}"),
        ["no minute"],
    ),
    "schedule-past-midnight": (
        edited("{site: aws-frankfurt}", "{site: aws-frankfurt, schedule: 0 24 * * *}"),
        ["'24' is no hour of a schedule: 0 to 23"],
    ),
    "schedule-too-short": (edited("{site: aws-frankfurt}", "{site: aws-frankfurt, schedule: 0 2 * *}"), ["4 fields"]),
    "account-of-another-cloud": (edited('"123456789012"', "acme-ai-prod"), ["no account of aws", "twelve digits"]),
    "cost-centre-of-symbols": (edited('costCenter: "4711"', 'costCenter: "@@@"'), ["costCenter", "such as 4711"]),
    "nobodys-group": (edited("admins: [research-leads]", 'admins: [""]'), ["admins[0]", "at least 1 character"]),
    "classes-too-long-for-a-label": (
        GOOD.replace("patient", "p" * 40).replace("telemetry", "t" * 40).encode(),
        ["error[name-too-long]: clusters.clinic-mainz", "do not fit in a label of 63", "shorter names"],
    ),
    "namespace-too-long": (
        GOOD.replace("clinic:\n", "c" * 40 + ":\n        namespaces: {" + "n" * 30 + ": {}}\n", 1)
        .replace("[research, clinic]", f"[research, {'c' * 40}]")
        .replace("tenant: clinic", "tenant: " + "c" * 40)
        .encode(),
        ["71 characters", "take 8 characters away"],
    ),
    "a-gang-larger-than-its-share": (
        edited("a100: {maximum: 16}", "a100: {maximum: 16, largestGang: 17}"),
        ["gang-over-share", "tenants.research.quotas.train-fra.a100.largestGang", "at most 16"],
    ),
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
    assert "calvin" not in result.output, "a message says no password"
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
