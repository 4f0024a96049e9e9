"""What a plain command line becomes, with a `pulumi` that only notes what it is asked."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.engine.launcher import CommandLine, plan
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError, UsageError


@pytest.mark.parametrize(
    ("words", "command", "stack"),
    [
        ("preview -s dev", "preview", "dev"),
        ("preview --stack=org/demo/dev --policy-pack policy", "preview", "org/demo/dev"),
        ("-C elsewhere up --stack dev", "up", "dev"),
        ("--color never --logflow preview -sdev", "preview", "dev"),
        ("up -s=dev -- -s other", "up", "dev"),
        ("stack ls", "stack", None),
        ("version", "version", None),
        ("", None, None),
        ("up -s", "up", None),
    ],
)
def test_command_and_stack_are_read_as_pulumi_reads_them(words: str, command: str | None, stack: str | None) -> None:
    line = CommandLine.read(words.split())
    assert (line.command, line.stack) == (command, stack)


@pytest.mark.parametrize("words", ["-c a=b", "--config a=b", "--config=a=b", "--config-file f", "-h", "--help"])
def test_a_config_of_the_users_is_left_to_them(words: str) -> None:
    assert CommandLine.read(["preview", *words.split()]).own_config


@pytest.mark.parametrize("words", ["-d", "--debug", "-yd", "-v=9", "-v 9", "--verbose=3", "--logflow", "--logtostderr"])
def test_whoever_debugs_is_known(words: str) -> None:
    assert CommandLine.read(["preview", "-s", "dev", *words.split()]).debugging


@pytest.mark.parametrize("words", ["preview -s dev --diff", "up --stack=dev --yes --diff", "destroy -y --skip-preview"])
def test_whoever_does_not_is_too(words: str) -> None:
    assert not CommandLine.read(words.split()).debugging


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache", home=tmp_path / "home")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    root.mkdir()
    (root / "Pulumi.yaml").write_text("name: demo\nruntime: python\n")
    (root / "Pulumi.dev.yaml").write_text("config: {}\n")
    return root


STATE = '{"checkpoint": {"latest": {"secrets_providers": {"type": "passphrase", "state": {"salt": "v1:s"}}}}}'


@pytest.fixture
def environment(tmp_path: Path, places: Places, project: Path) -> dict[str, str]:
    """What `ringfence env` would set, around a CLI that makes a stack's state and notes how it was asked to."""
    pulumi = tmp_path / "pulumi"
    pulumi.write_text(
        "#!/bin/sh\n"
        f'echo "$PWD $* pass=$PULUMI_CONFIG_PASSPHRASE" >> {tmp_path}/asked\n'
        '[ "$2" = init ] || exit 1\n'
        'state="${PULUMI_BACKEND_URL#file://}/.pulumi/stacks/demo"\n'
        f'mkdir -p "$state"; echo \'{STATE}\' > "$state/$3.json"\n'
    )
    pulumi.chmod(0o755)
    (places.projects / "none").mkdir(parents=True)
    return {
        "PATH": "/usr/bin:/bin",
        "RINGFENCE_PULUMI": str(pulumi),
        "PULUMI_BACKEND_URL": f"file://{places.projects}/none/state",
        "PULUMI_CONFIG_PASSPHRASE": "theirs",
    }


def asked(tmp_path: Path) -> list[str]:
    file = tmp_path / "asked"
    return file.read_text().splitlines() if file.exists() else []


def test_a_stack_with_a_file_and_no_state_is_initialised_elsewhere(environment, places, project, tmp_path) -> None:
    planned = plan(["preview", "-s", "dev"], environment, project, places)
    place = places.project(project)
    assert planned.arguments[1:] == ["preview", "-s", "dev", "--config-file", str(place / "stacks" / "Pulumi.dev.yaml")]
    assert planned.environment["PULUMI_BACKEND_URL"] == f"file://{place}/state"
    assert "PULUMI_CONFIG_PASSPHRASE" not in planned.environment, "it would be tried before our own"
    [line] = asked(tmp_path)
    assert line.endswith("stack init dev --non-interactive --no-select pass=")
    assert not line.startswith(str(project))
    assert (project / "Pulumi.dev.yaml").read_text() == "config: {}\n"
    plan(["preview", "-s", "dev"], environment, project, places)
    assert len(asked(tmp_path)) == 1, "once is enough"


def test_debug_messages_are_dropped_where_nobody_asked_for_them(environment, places, project) -> None:
    def messages(*words: str, **variables: str) -> str | None:
        planned = plan(["preview", "-s", "dev", *words], {**environment, **variables}, project, places)
        return planned.environment.get("RINGFENCE_DEBUG_MESSAGES")

    assert messages() == "dropped"
    assert messages("--debug") is None
    assert messages(PULUMI_OPTION_VERBOSE="9") is None
    assert messages(RINGFENCE_DEBUG_MESSAGES="kept") == "kept"


def test_the_state_is_written_once_unless_the_user_says_otherwise(environment, places, project) -> None:
    assert plan(["up", "-s", "dev"], environment, project, places).environment["PULUMI_SKIP_CHECKPOINTS"] == "true"
    environment["PULUMI_SKIP_CHECKPOINTS"] = "false"
    assert plan(["up", "-s", "dev"], environment, project, places).environment["PULUMI_SKIP_CHECKPOINTS"] == "false"
    environment["PULUMI_BACKEND_URL"] = "s3://state"
    del environment["PULUMI_SKIP_CHECKPOINTS"]
    theirs = plan(["up", "-s", "dev"], environment, project, places)
    assert "PULUMI_SKIP_CHECKPOINTS" not in theirs.environment, "a real cloud's state is written as it grows"


def test_a_stack_without_a_file_is_not_made_up(environment, places, project, tmp_path) -> None:
    planned = plan(["up", "-s", "tpyo"], environment, project, places)
    assert planned.arguments[1:] == ["up", "-s", "tpyo"]
    assert asked(tmp_path) == []


def test_extra_arguments_go_before_a_double_dash(environment, places, project) -> None:
    planned = plan(["import", "-s", "dev", "--", "x"], environment, project, places)
    assert planned.arguments[1:4] == ["import", "-s", "dev"]
    assert planned.arguments[4] == "--config-file" and planned.arguments[-2:] == ["--", "x"]


def test_other_commands_are_only_pointed_at_the_state(environment, places, project) -> None:
    planned = plan(["stack", "ls"], environment, project, places)
    assert (planned.arguments[1:], planned.embedded) == (["stack", "ls"], False)
    assert planned.environment["PULUMI_BACKEND_URL"] == f"file://{places.project(project)}/state"


def test_a_backend_that_the_user_chose_since_is_theirs(environment, places, project) -> None:
    environment["PULUMI_BACKEND_URL"] = "s3://state"
    planned = plan(["up", "-s", "dev"], environment, project, places)
    assert planned.arguments[1:] == ["up", "-s", "dev"]
    assert planned.environment == environment and not planned.embedded


def test_a_failing_initialisation_is_quoted(environment, places, project, tmp_path) -> None:
    (tmp_path / "pulumi").write_text("#!/bin/sh\necho 'error: disk full' >&2; exit 255\n")
    with pytest.raises(
        RingfenceError, match="stack `dev` of project `demo` could not be initialised: error: disk full"
    ):
        plan(["up", "-s", "dev"], environment, project, places)


def test_without_the_environment_it_says_how_to_get_it(places, project) -> None:
    with pytest.raises(UsageError, match=r'eval "\$\(ringfence env\)"'):
        plan(["up"], {}, project, places)
