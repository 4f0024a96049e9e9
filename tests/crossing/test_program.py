"""Which files are a program, and how they take their place on the other side."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from ringfence.airgap.manifest import Role
from ringfence.crossing import placing, program
from ringfence.engine.places import Places
from ringfence.engine.project import Project
from ringfence.errors import RingfenceError, UsageError
from tests.support.engine import write_project


def git(folder: Path, *words: str) -> None:
    who = ["-c", "user.name=t", "-c", "user.email=t@acme.example", "-c", "commit.gpgsign=false"]
    env = {**os.environ, "GIT_COMMITTER_DATE": "2026-01-02T03:04:05Z", "GIT_CONFIG_GLOBAL": "/dev/null"}
    subprocess.run(["git", "-C", str(folder), *who, *words], check=True, capture_output=True, env=env)


def project(folder: Path, tmp_path: Path) -> Project:
    write_project(folder, "x = 1", name="shop", stacks={"dev": {}, "prod": {}})
    (folder / "policy").mkdir()
    (folder / "policy" / "PulumiPolicy.yaml").write_text("runtime: python\n")
    (folder / "tests").mkdir()
    (folder / "tests" / "test_x.py").write_text("")
    (folder / ".env").write_text("TOKEN=1\n")
    (folder / "helper.py").write_text("y = 2\n")
    found = Project.containing(folder, Places(tmp_path / "cache", tmp_path / "home"))
    assert found is not None
    return found


def gathered(found: Project) -> dict[str, Role]:
    contents = program.gather(found, "dev", found.root / "policy").contents
    return {content.member.path: content.member.role for content in contents}


EXPECTED = {
    "program/Pulumi.dev.yaml": Role.PROGRAM,
    "program/Pulumi.yaml": Role.PROGRAM,
    "program/__main__.py": Role.PROGRAM,
    "program/helper.py": Role.PROGRAM,
    "program/policy/PulumiPolicy.yaml": Role.POLICY,
}


def test_without_git_all_but_hidden_files_tests_and_other_stacks(tmp_path: Path) -> None:
    assert gathered(project(tmp_path / "p", tmp_path)) == EXPECTED


def test_with_git_what_is_tracked_and_its_time(tmp_path: Path) -> None:
    found = project(tmp_path / "p", tmp_path)
    git(found.root, "init", "-q")
    git(found.root, "add", "Pulumi.yaml", "Pulumi.dev.yaml", "Pulumi.prod.yaml", "__main__.py", "policy")
    git(found.root, "commit", "-qm", "x")
    paths = gathered(found)
    assert paths == {path: role for path, role in EXPECTED.items() if "helper" not in path}
    assert program.gather(found, "dev", None).epoch == 1767323045


def test_inside_somebody_elses_checkout_a_program_is_not_empty(tmp_path: Path) -> None:
    git_root = tmp_path / "other"
    git_root.mkdir()
    git(git_root, "init", "-q")
    (git_root / ".gitignore").write_text("/build/\n")
    git(git_root, "add", ".gitignore")
    git(git_root, "commit", "-qm", "x")
    found = project(git_root / "build" / "p", tmp_path)
    assert gathered(found) == EXPECTED
    assert program.gather(found, "dev", None).epoch is None, "the other checkout's time is not this program's"


def test_a_link_out_of_the_project_is_refused(tmp_path: Path) -> None:
    found = project(tmp_path / "p", tmp_path)
    (found.root / "link.py").symlink_to("/etc/hostname")
    with pytest.raises(RingfenceError, match="leads out of the project"):
        gathered(found)


def test_a_folder_that_no_carry_in_made_is_never_replaced(tmp_path: Path) -> None:
    (tmp_path / "mine").mkdir()
    placing.require_ours(tmp_path / "mine")
    (tmp_path / "mine" / "work.txt").write_text("years of it")
    with pytest.raises(UsageError, match="no carry-in put there"):
        placing.require_ours(tmp_path / "mine")
    placing.require_ours(tmp_path / "new")
