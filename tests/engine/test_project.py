"""Which file the engine reads: the user's own is never written to, and no salt of one machine is committed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from ringfence.engine.places import Places
from ringfence.engine.project import Project
from ringfence.errors import UsageError

SALT = "v1:abc+/=:v1:def:ghi=="


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache", home=tmp_path / "home")


def project(tmp_path: Path, places: Places, text: str = "name: demo\nruntime: python\n") -> Project:
    root = tmp_path / "project"
    root.mkdir(exist_ok=True)
    (root / "Pulumi.yaml").write_text(text)
    found = Project.containing(root, places)
    assert found is not None
    return found


def initialised(found: Project, stack: str = "dev") -> None:
    state = found.state_file(stack)
    state.parent.mkdir(parents=True, exist_ok=True)
    latest = {"manifest": {}, "secrets_providers": {"type": "passphrase", "state": {"salt": SALT}}, "resources": []}
    checkpoint = {"version": 3, "checkpoint": {"stack": "x", "latest": latest}}
    state.write_text(json.dumps(checkpoint, indent=1))


def test_it_is_found_from_a_folder_within(tmp_path: Path, places: Places) -> None:
    found = project(tmp_path, places)
    (found.root / "a" / "b").mkdir(parents=True)
    inner = Project.containing(found.root / "a" / "b", places)
    assert inner == found
    assert Project.containing(tmp_path, places) is None


def test_stack_files_may_live_in_a_folder_of_their_own(tmp_path: Path, places: Places) -> None:
    found = project(tmp_path, places, "name: demo\nruntime: python\nstackConfigDir: stacks\n")
    assert found.stack_file("dev") == found.root / "stacks" / "Pulumi.dev.yaml"


@pytest.mark.parametrize(("text", "why"), [("a: [", "not valid YAML"), ("runtime: python\n", "`name` is missing")])
def test_a_project_file_that_is_wrong_says_where(tmp_path: Path, places: Places, text: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as raised:
        project(tmp_path, places, text)
    assert str(tmp_path / "project" / "Pulumi.yaml") in str(raised.value)


def test_two_projects_of_one_name_have_state_apart(places: Places, tmp_path: Path) -> None:
    ours, theirs = tmp_path / "a" / "demo", tmp_path / "b" / "demo"
    assert places.project(ours) != places.project(theirs)
    assert places.project(ours).name.startswith("demo-")


def test_the_copy_is_the_file_and_the_salt(tmp_path: Path, places: Places) -> None:
    found = project(tmp_path, places)
    initialised(found)
    own = found.stack_file("dev")
    own.write_text("# mine\nconfig:\n  demo:size: 3\n")
    copy = found.private_copy("dev")
    assert copy is not None and copy.read_text() == f"# mine\nencryptionsalt: {SALT}\nconfig:\n  demo:size: 3\n"
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not copy.is_relative_to(found.root)
    assert own.read_text() == "# mine\nconfig:\n  demo:size: 3\n"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "# nothing yet\n",
        "config:\n  a:b: 1",
        "---\nconfig:\n  a:b: 1\n",
        "# first\n\n%YAML 1.1\n--- # start\n# second\nconfig: {}\n",
        '{"config": {"a:b": [1, "x"]}}\n',
        "# flow\n{config: {}}\n",
        "\ufeffconfig:\n  a:b: |\n    text\n    encryptionsalt: not a key\n",
    ],
)
def test_the_copy_says_what_the_file_says(tmp_path: Path, places: Places, text: str) -> None:
    found = project(tmp_path, places)
    initialised(found)
    found.stack_file("dev").write_text(text)
    copy = found.private_copy("dev")
    assert copy is not None
    own = yaml.safe_load(text.removeprefix("\ufeff")) or {}
    assert yaml.safe_load(copy.read_text()) == {"encryptionsalt": SALT, **own}


@pytest.mark.parametrize(
    "line", ["encryptionsalt: v1:other:v1:x:y", "secretsprovider: awskms://key", "encryptedkey: abc"]
)
def test_a_key_of_somebody_else_is_replaced_if_it_keeps_no_secret(tmp_path: Path, places: Places, line: str) -> None:
    found = project(tmp_path, places)
    initialised(found)
    found.stack_file("dev").write_text(f"{line}\nconfig:\n  demo:secretsprovider: stays\n")
    copy = found.private_copy("dev")
    assert copy is not None
    assert copy.read_text() == f"encryptionsalt: {SALT}\nconfig:\n  demo:secretsprovider: stays\n"
    assert found.secrets_lines("dev") == ""


@pytest.mark.parametrize("secure", ["    secure: v1:abc", "    - secure: v1:abc", '    "secure": v1:abc'])
def test_a_key_that_keeps_secrets_is_kept(tmp_path: Path, places: Places, secure: str) -> None:
    found = project(tmp_path, places)
    initialised(found)
    found.stack_file("dev").write_text(f"encryptionsalt: v1:other\nconfig:\n  demo:token:\n{secure}\n")
    assert found.private_copy("dev") is None, "the engine reads the user's file, with the user's passphrase"
    assert found.secrets_lines("dev") == "encryptionsalt: v1:other\n"


def test_no_state_or_no_file_means_no_copy(tmp_path: Path, places: Places) -> None:
    found = project(tmp_path, places)
    assert found.private_copy("dev") is None
    initialised(found)
    assert found.private_copy("dev") is None
