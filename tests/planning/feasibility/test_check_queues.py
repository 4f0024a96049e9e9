"""`ringfence check --queues`: anybody's Kueue manifests, each problem at its object, and exit 2 where there is one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner, Result

from ringfence.cli.check import check
from ringfence.errors import UsageError
from tests.support.engine import REPOSITORY

APP = typer.Typer()
APP.command()(check)

TWICE = """\
apiVersion: kueue.x-k8s.io/v1beta2
kind: Cohort
metadata: {name: org}
spec:
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: l40s, resources: [{name: nvidia.com/gpu, nominalQuota: 10}]}]
---
apiVersion: kueue.x-k8s.io/v1beta1
kind: ClusterQueue
metadata: {name: team}
spec:
  cohort: org
  resourceGroups:
  - coveredResources: [nvidia.com/gpu]
    flavors: [{name: l40s, resources: [{name: nvidia.com/gpu, nominalQuota: 45}]}]
"""


def checked(tmp_path: Path, text: str, *words: str) -> Result:
    file = tmp_path / "queues.yaml"
    file.write_text(text, encoding="utf-8")
    return CliRunner().invoke(APP, ["--queues", str(file), *words])


def test_by_themselves_they_may_be_meant(tmp_path: Path) -> None:
    assert (checked(tmp_path, TWICE).exit_code, "0 errors" in checked(tmp_path, TWICE).output) == (0, True)


def test_with_the_nodes_they_are_too_many(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    result = checked(tmp_path, TWICE, "-s", "prod", "--cluster", "serve-fra", "--json")
    assert result.exit_code == 2
    [finding] = json.loads(result.output)["files"][0]["findings"]
    assert (finding["code"], finding["line"]) == ("quota-counted-twice", 3)
    assert finding["message"].endswith("55 together, and the nodes have 50")
    assert finding["suggestion"] == "set the cohort's own nominalQuota to 5"


def test_a_list_is_as_good_as_its_items(tmp_path: Path) -> None:
    first, _, second = TWICE.partition("---\n")
    items = "".join("- " + part.replace("\n", "\n  ").rstrip() + "\n" for part in (first, second))
    listed = f"apiVersion: v1\nkind: List\nitems:\n{items}".replace("nominalQuota: 45", "nominalQuota: 10")
    assert "quota-counted-twice" in checked(tmp_path, listed).output


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "there is no ClusterQueue"),
        ("a: [1", ":1:"),
        ("- 1\n", "there is no ClusterQueue"),
        ("apiVersion: v1\nkind: ConfigMap\n", "there is no ClusterQueue"),
        (TWICE.replace("nominalQuota: 45", "nominalQuota: lots"), "'lots' is not a quantity"),
        (TWICE.replace("nominalQuota: 45", "borrowingLimit: 45"), "nominalQuota is missing"),
        (
            TWICE.replace("resourceGroups:\n  - covered", "resourceGroups:\n    covered", 1),
            "must be a list of mappings",
        ),
        (TWICE.replace("metadata: {name: team}", "metadata: team"), "a ClusterQueue: metadata must be a mapping"),
        (TWICE.replace("spec:\n  cohort: org\n", "spec: [1]\nother:\n"), "ClusterQueue team: spec must be a mapping"),
    ],
)
def test_a_file_that_cannot_be_judged_says_why(tmp_path: Path, text: str, said: str) -> None:
    result = checked(tmp_path, text)
    assert said in result.output
    assert isinstance(result.exception, SystemExit | None), result.exception


@pytest.mark.parametrize(
    "words", [("-s", "prod"), ("--cluster", "serve-fra"), ("-s", "a", "-s", "b", "--cluster", "c")]
)
def test_a_stack_and_a_cluster_go_together(tmp_path: Path, words: tuple[str, ...]) -> None:
    assert isinstance(checked(tmp_path, TWICE, *words).exception, UsageError)


def test_a_cluster_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(REPOSITORY)
    error = checked(tmp_path, TWICE, "-s", "prod", "--cluster", "serve-fr").exception
    assert isinstance(error, UsageError)
    assert "did you mean 'serve-fra'" in str(error)
