"""`ringfence preview` on small projects: what a person and a program read, and how it exits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence.cli import main
from tests.support.engine import EngineRunner, write_project

PROGRAM = """
    import pulumi, pulumi_random
    pulumi_random.RandomPet("pet", length=pulumi.Config().require_int("length"))
"""
PACK = """
from pulumi_policy import EnforcementLevel, PolicyPack, ResourceValidationPolicy

def short(args, report):
    if args.props.get("length", 0) > 3:
        report(f"names of {args.props['length']:.0f} words are too long. Fix: say 3")

PolicyPack("house", [ResourceValidationPolicy("short-names", "Names are short", short, EnforcementLevel.MANDATORY)])
"""


@pytest.fixture
def project(engine: EngineRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = write_project(
        tmp_path, PROGRAM, stacks={"small": {"demo:length": 2}, "large": {"demo:length": 9}, "broken": {}}
    )
    (folder / "policy").mkdir()
    (folder / "policy" / "PulumiPolicy.yaml").write_text("runtime: python\nname: house\nversion: 1.0.0\n")
    (folder / "policy" / "__main__.py").write_text(PACK)
    monkeypatch.chdir(folder)
    for name, value in engine.embedded.inherited.items():
        monkeypatch.setenv(name, value)
    return folder


def ended(*words: str) -> int:
    try:
        main.run(words)
    except SystemExit as exit:
        return int(exit.code or 0)
    return 0


@pytest.mark.engine
def test_a_fine_preview_ends_in_a_summary_and_the_next_command(project: Path, capsys) -> None:
    assert ended("preview", "-s", "small") == 0
    said = capsys.readouterr()
    assert said.err == "ringfence: embedded engine, plan-only providers: no cloud is called\npreviewing demo/small\n"
    assert "Policies: house 1.0.0, 1 rule\n" in said.out
    assert "  RandomPet  pet  1  RandomPet" in said.out
    assert "Fine.  2 to create" in said.out
    assert said.out.endswith('Next: eval "$(ringfence env)" && pulumi up -s small --policy-pack policy\n')


@pytest.mark.engine
def test_a_refused_preview_names_rule_resource_and_remedy(project: Path, capsys) -> None:
    assert ended("preview", "-s", "large") == 1
    out = capsys.readouterr().out
    assert "refused short-names  random:index/randomPet:RandomPet pet\n" in out
    assert "names of 9 words are too long. Fix: say 3\n" in out
    assert "Refused." in out and "follow the fixes above, then `ringfence preview -s large`" in out


@pytest.mark.engine
def test_a_failed_preview_as_json(project: Path, capsys) -> None:
    assert ended("preview", "-s", "broken", "--json") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["ok"] is False and told["policies"]["packs"] == {"house": "1.0.0"}
    [error] = told["errors"]
    assert "demo:length" in error


@pytest.mark.engine
def test_a_stack_without_a_file_is_bad_usage_and_names_those_with_one(project: Path, capsys) -> None:
    assert ended("preview", "-s", "smal") == 2
    assert "Stacks here: broken, large, small" in capsys.readouterr().err


@pytest.mark.engine
def test_a_wrong_stack_file_of_ours_is_told_before_anything_starts(project: Path, capsys) -> None:
    (project / "Pulumi.small.yaml").write_text("config:\n  ringfence:platform:\n    name: 3\n    sties: {}\n")
    assert ended("preview", "-s", "small") == 2
    said = capsys.readouterr()
    assert said.out == "" and "Pulumi.small.yaml:4:5: error" in said.err and "sites" in said.err
    assert "previewing" not in said.err


@pytest.mark.engine
def test_outside_a_project_it_says_where_to_go(engine: EngineRunner, tmp_path: Path, monkeypatch, capsys) -> None:
    for name, value in engine.embedded.inherited.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    assert ended("preview", "-s", "dev") == 2
    assert "go to a Pulumi project's folder" in capsys.readouterr().err
