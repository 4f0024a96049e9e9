"""A preview of a part of the stack is not proven: the engine says nothing of it, so the command line is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from policy import partial
from ringfence.engine import launcher
from ringfence.mutation import drive
from ringfence.mutation.base import stack
from tests.support.engine import REPOSITORY, EngineRunner

PROGRAM = """
import pulumi
import pulumi_random as random

random.RandomPet("kept")
random.RandomPet("left")
"""


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ("preview --stack prod", ""),
        ("preview --target urn:x", "--target"),
        ("up -s prod --target=urn:x --target-dependents", "--target"),
        ("up -t urn:x", "--target"),
        ("up -turn:x", "--target"),
        ("up --exclude urn:x", "--exclude"),
        ("up --target-replace urn:x", "--target-replace"),
        ("preview -- --target", ""),
        ("config set --target yes", ""),
        ("up --tracing x --config-file t", ""),
    ],
)
def test_the_flag_is_read_as_pulumi_reads_it(line: str, flag: str) -> None:
    assert partial.flag_in(line.split()) == flag
    assert partial.found({}, lambda: [["python"], ["/usr/bin/pulumi", *line.split()]]) == flag
    assert partial.found({}, lambda: [["make", *line.split()]]) == ""
    assert partial.found({partial.VARIABLE: "--target"}, list) == "--target"


def test_the_processes_above_are_read_where_the_system_shows_them(tmp_path: Path) -> None:
    for process, parent, line in (("self", "7", b""), ("7", "3", b"python\0-m\0policy\0"), ("3", "0", b"pulumi\0up\0")):
        (tmp_path / process).mkdir()
        (tmp_path / process / "status").write_text(f"Name:\tx\nPPid:\t{parent}\n")
        (tmp_path / process / "cmdline").write_bytes(line)
    assert partial.command_lines(root=tmp_path) == [["python", "-m", "policy"], ["pulumi", "up"]]
    assert partial.command_lines(root=tmp_path / "nowhere") == []


def test_a_part_of_the_stack_is_not_proven() -> None:
    assert drive.ask(stack("aws")) == ()
    [said] = drive.ask(replace(stack("aws"), environment={partial.VARIABLE: "--target"}))
    assert (said.rule, said.level) == ("residency-partial", "mandatory")
    assert "not proven: only a part of the stack is planned (--target)" in said.message
    assert "Fix: preview the whole stack, without --target." in said.message


@pytest.mark.engine
@pytest.mark.parametrize("by", ["launcher", "process"])
def test_a_target_on_the_real_engine_is_refused(
    by: str, engine: EngineRunner, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if by == "process":
        if not Path("/proc/self/status").is_file():
            pytest.skip("this system shows no command lines in /proc")
        monkeypatch.setattr(launcher, "_PARTIAL", ())
    (tmp_path / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (tmp_path / "Pulumi.dev.yaml").write_text("config: {}\n")
    (tmp_path / "__main__.py").write_text(PROGRAM)
    contract = "dataClasses: {public: {rest: [any], process: [any], basis: x}}\ndefaultDataClass: public\n"
    (tmp_path / "ringfence.policy.yaml").write_text(contract)
    pack = REPOSITORY / "policy"
    assert engine.run_preview(tmp_path, "dev", pack).violations == []
    one = "urn:pulumi:dev::demo::random:index/randomPet:RandomPet::kept"
    found = engine.run_preview(tmp_path, "dev", pack, None, "--target", one)
    assert [each["policyName"] for each in found.violations] == ["residency-partial"]
    assert found.exit_code != 0
