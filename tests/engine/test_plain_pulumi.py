"""What a user does: `eval "$(ringfence env)"`, then plain `pulumi`, in any project's folder."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from ringfence.engine.launcher import NOTICE
from tests.support.engine import REPOSITORY, EngineRunner, write_project

pytestmark = pytest.mark.engine

PROGRAM = """
    import pulumi, pulumi_random
    pet = pulumi_random.RandomPet("pet", length=pulumi.Config().get_int("length") or 2)
    token = pulumi_random.RandomPassword("token", length=20)
    pulumi.export("pet", pet.id)
"""


def shell(engine: EngineRunner, folder: Path, script: str, *wrapper: str) -> subprocess.CompletedProcess[str]:
    """Run a script in a shell that has evaluated `ringfence env`, in `folder`, as a user with no other Pulumi would."""
    command = f"{shlex.quote(sys.executable)} -c 'from ringfence.cli.main import run; run([\"env\"])'"
    values = {**engine.embedded.inherited, "PYTHONPATH": str(REPOSITORY)}
    return subprocess.run(
        [*wrapper, "sh", "-ec", f'eval "$({command})"; unset PYTHONPATH; cd {shlex.quote(str(folder))}; {script}'],
        env=values,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def committed(folder: Path) -> Path:
    """The folder as a git repository with everything in it committed."""
    git = ["git", "-c", "user.name=t", "-c", "user.email=t@example.org"]
    for words in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "all"]):
        subprocess.run([*git, *words], cwd=folder, check=True)
    return folder


def test_a_whole_life_leaves_the_users_files_alone(engine: EngineRunner, tmp_path: Path) -> None:
    folder = committed(write_project(tmp_path / "of somebody's", PROGRAM))
    (folder / "sub").mkdir()
    ran = shell(
        engine,
        folder / "sub",
        "pulumi preview -s dev; pulumi up -s dev --yes; pulumi preview -s dev --expect-no-changes;"
        "pulumi refresh -s dev --yes; pulumi stack output -s dev --show-secrets; pulumi destroy -s dev --yes;"
        "git status --porcelain",
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "3 unchanged" in ran.stdout
    assert ran.stdout.endswith("pulumi stack rm dev`.\n"), "git has nothing to say"
    assert ran.stderr == f"{NOTICE}\n" * 5, "one notice a command on the stack, and no warning of any kind"
    assert "warning" not in ran.stdout


def test_projects_of_one_name_do_not_meet(engine: EngineRunner, tmp_path: Path) -> None:
    ours = write_project(tmp_path / "a" / "demo", PROGRAM)
    theirs = write_project(tmp_path / "b" / "demo", PROGRAM)
    ran = shell(engine, ours, f"pulumi up -s dev --yes --skip-preview; cd {theirs}; pulumi preview -s dev")
    assert ran.returncode == 0, ran.stderr
    assert "+ 3 to create" in ran.stdout


def test_secrets_are_encrypted_in_the_state(engine: EngineRunner, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "p", PROGRAM, stacks={"dev": {"demo:length": 3}})
    script = "pulumi up -s dev --yes --skip-preview; pulumi config set --secret token hunter2-hunter2 -s dev;"
    ran = shell(engine, folder, script + "pulumi preview -s dev; pulumi config get token -s dev")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert ran.stdout.endswith("hunter2-hunter2\n")
    own = (folder / "Pulumi.dev.yaml").read_text()
    assert "secure: v1:" in own and "hunter2" not in own
    written = [file for file in engine.embedded.places.home.rglob("*") if file.is_file()]
    assert not [file for file in written if b"hunter2" in file.read_bytes()]
    state = engine.embedded.places.project(folder) / "state" / ".pulumi" / "stacks" / "demo" / "dev.json"
    assert '"ciphertext"' in state.read_text()


def test_a_stack_that_is_selected_needs_no_flag(engine: EngineRunner, tmp_path: Path) -> None:
    folder = committed(write_project(tmp_path, PROGRAM))
    ran = shell(
        engine, folder, "pulumi preview -s dev; pulumi stack select dev; pulumi preview; git status --porcelain"
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("+ 3 to create") == 2 and "Pulumi.dev.yaml" not in ran.stdout


def test_a_typo_in_a_stack_is_pulumis_error(engine: EngineRunner, tmp_path: Path) -> None:
    ran = shell(engine, write_project(tmp_path, PROGRAM), "pulumi preview -s dve")
    assert ran.returncode != 0
    assert "no stack named 'dve' found" in ran.stderr


def test_it_needs_no_network(engine: EngineRunner, tmp_path: Path) -> None:
    alone = ["unshare", "--net", "--map-root-user"]
    if subprocess.run([*alone, "true"], capture_output=True, check=False).returncode:
        pytest.skip("no network namespaces here")
    folder = write_project(tmp_path, PROGRAM)
    ran = shell(engine, folder, "ip link set lo up; pulumi up -s dev --yes --skip-preview", *alone)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "+ 3 created" in ran.stdout


@pytest.mark.skipif(not hasattr(os, "setsid"), reason="needs process groups")
def test_the_sdks_own_messages_are_there_for_whoever_asks(engine: EngineRunner, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "project", PROGRAM)
    shown = {
        name: shell(engine, folder, f"{before} pulumi preview -s dev {flags}").stdout
        for name, before, flags in [
            ("asked", "", "--debug"),
            ("not asked", "", ""),
            ("plain", "RINGFENCE_PLAIN_SDK=1", "--debug"),
        ]
    }
    told = {
        name: "resource registration prepared: ty=random:index/randomPet:RandomPet" in said
        for name, said in shown.items()
    }
    assert told == {"asked": True, "not asked": False, "plain": True}
    assert all("+ 3 to create" in said for said in shown.values()), "what is planned stays the same"


def test_an_interrupt_reaches_pulumi(engine: EngineRunner, tmp_path: Path) -> None:
    folder = write_project(tmp_path, "import time\nprint('started', flush=True)\ntime.sleep(60)\n")
    values = engine.variables(folder)
    launcher = engine.embedded.places.launchers / "pulumi"
    started = subprocess.Popen(
        [launcher, "preview", "-s", "dev", "--non-interactive"],
        cwd=folder,
        env=values,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    assert started.stdout is not None
    for line in started.stdout:
        if "started" in line:
            os.killpg(started.pid, 2)
            break
    rest = started.stdout.read()
    started.stdout.close()
    assert started.wait(timeout=30) != 0
    assert "Traceback" not in rest
