"""The `pulumi` that `ringfence env` puts on PATH: it prepares one thing or two and becomes the real Pulumi
CLI.

Owns what a plain command line needs from us: the state of the project that the command runs in, a stack that
exists, the private copy of its file, and the notice that no cloud is called. It adds nothing else and reads
no output: it is replaced by the CLI (`exec`), so signals, streams and exit codes are Pulumi's own. It starts
with every command, so it imports little.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from ringfence.engine.places import Places
from ringfence.engine.project import Project
from ringfence.errors import RingfenceError, UsageError
from ringfence.files import one_at_a_time

NOTICE = "ringfence: embedded engine, plan-only providers: no cloud is called"

_OPERATIONS = frozenset({"preview", "pre", "up", "update", "refresh", "destroy", "down", "dn", "import", "watch"})
"""The commands that run a program or change a stack and read the stack's file through `--config-file`."""

_FLAGS_WITH_VALUE = frozenset(
    {
        "-C",
        "--cwd",
        "--color",
        "-v",
        "--verbose",
        "--tracing",
        "--profiling",
        "--memprofilerate",
        "--otel-traces",
        "--tracing-header",
    }
)
"""Pulumi's global flags that take a value: they may stand before the command."""

_PARTIAL = ("--target", "--target-replace", "--exclude")
"""Flags with which Pulumi plans a part of the stack only; `-t` is short for the first."""

_DEBUGGING = ("--debug", "--verbose", "--logflow", "--logtostderr")
"""Pulumi's flags that show messages of severity debug, or log them. `-d` and `-v` are the first two."""


@dataclass(frozen=True)
class CommandLine:
    """What matters to us in the arguments of `pulumi`."""

    command: str | None
    stack: str | None
    folder: str | None
    own_config: bool
    """The user names a config file, or changes the stack's: then theirs is used, and written to."""
    debugging: bool
    """Somebody may want to see messages of severity debug."""

    @classmethod
    def read(cls, arguments: Sequence[str]) -> CommandLine:
        """Read the arguments as Pulumi would, as far as we need to."""
        command = None
        for index, argument in enumerate(arguments):
            if argument == "--":
                break
            if not argument.startswith("-"):
                if index and arguments[index - 1] in _FLAGS_WITH_VALUE:
                    continue
                command = argument
                break
        return cls(
            command=command,
            stack=_value(arguments, "-s", "--stack"),
            folder=_value(arguments, "-C", "--cwd"),
            own_config=_value(arguments, "-c", "--config") is not None
            or _value(arguments, None, "--config-file") is not None
            or "-h" in arguments
            or "--help" in arguments,
            debugging=any(_debugs(argument) for argument in arguments),
        )


def _debugs(argument: str) -> bool:
    """Whether an argument may be one of `_DEBUGGING`. Short flags can be joined, so `-sdev` is taken for one too."""
    if argument.startswith("--"):
        return argument.split("=", 1)[0] in _DEBUGGING
    return argument.startswith("-") and not {"d", "v"}.isdisjoint(argument)


def _value(arguments: Sequence[str], short: str | None, long: str) -> str | None:
    for index, argument in enumerate(arguments):
        if argument == "--":
            return None
        if argument in (short, long):
            return arguments[index + 1] if index + 1 < len(arguments) else None
        if argument.startswith(f"{long}="):
            return argument.removeprefix(f"{long}=")
        if short and argument.startswith(short) and not argument.startswith("--"):
            return argument.removeprefix(short).removeprefix("=")
    return None


@dataclass(frozen=True)
class Plan:
    """What to become: the CLI's arguments (the first is the CLI) and its environment."""

    arguments: list[str]
    environment: dict[str, str]
    embedded: bool
    """Whether this command works on an embedded stack, so that the notice is due."""


def plan(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, places: Places) -> Plan:
    """Decide how to run `pulumi ARGUMENTS` in `folder`; initialise the stack if it has a file and no state.

    Raises:
        UsageError: the environment is not that of `ringfence env`, or the project file cannot be read.
        RingfenceError: the stack could not be initialised.
    """
    line = CommandLine.read(arguments)
    values = dict(environment)
    pulumi = values.get("RINGFENCE_PULUMI")
    if not pulumi:
        raise UsageError('RINGFENCE_PULUMI is not set: run eval "$(ringfence env)" first')
    project = Project.containing((folder / (line.folder or ".")).resolve(), places)
    if project is None or not _is_ours(values, places):
        return Plan([pulumi, *arguments], values, embedded=False)
    project.backend.mkdir(parents=True, exist_ok=True)
    values["PULUMI_BACKEND_URL"] = f"file://{project.backend}"
    if line.command not in _OPERATIONS:
        return Plan([pulumi, *arguments], values, embedded=False)
    chosen = line.stack or values.get("PULUMI_STACK") or _selected_stack(pulumi, values, project)
    copy = ready(chosen.rsplit("/", 1)[-1], pulumi, values, project) if chosen else None
    extra = [] if line.own_config or copy is None else ["--config-file", str(copy)]
    if copy is not None:
        values.pop("PULUMI_CONFIG_PASSPHRASE", None)  # It would win over our file, and it is another stack's.
    # The cloud SDKs are large: compiled once, outside the tree, also where the shell turns bytecode off.
    values.pop("PYTHONDONTWRITEBYTECODE", None)
    values.setdefault("PYTHONPYCACHEPREFIX", str(places.cache / "bytecode"))
    asked = {f"PULUMI_OPTION_{flag.lstrip('-').upper()}" for flag in _DEBUGGING}
    if not line.debugging and asked.isdisjoint(values):
        values.setdefault("RINGFENCE_DEBUG_MESSAGES", "dropped")  # Nobody would see them, and each is waited for.
    # The whole state would be written anew after each resource; an `up` that is killed has made nothing that is lost.
    values.setdefault("PULUMI_SKIP_CHECKPOINTS", "true")
    if any(each.partition("=")[0] in _PARTIAL or each[:2] == "-t" for each in arguments):
        values["RINGFENCE_PARTIAL"] = "--target"  # The engine tells no policy: policy/partial.py.
    values.setdefault("GOGC", "400")  # The engine spends a sixth of its time on garbage otherwise.
    return Plan([pulumi, *_inserted(arguments, extra)], values, embedded=True)


def _inserted(arguments: Sequence[str], extra: list[str]) -> list[str]:
    """The arguments with `extra` at the end, but before a `--`."""
    end = arguments.index("--") if "--" in arguments else len(arguments)
    return [*arguments[:end], *extra, *arguments[end:]]


def _is_ours(environment: Mapping[str, str], places: Places) -> bool:
    """Whether the backend is the embedded one, and not one that the user has set since."""
    url = environment.get("PULUMI_BACKEND_URL", "")
    return url.startswith(f"file://{places.projects}/")


def _selected_stack(pulumi: str, environment: Mapping[str, str], project: Project) -> str | None:
    shown = subprocess.run(
        [pulumi, "stack", "--show-name", "--non-interactive"],
        cwd=project.root,
        env=dict(environment),
        capture_output=True,
        text=True,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return shown.stdout.strip() or None if shown.returncode == 0 else None


def ready(stack: str, pulumi: str, environment: Mapping[str, str], project: Project) -> Path | None:
    """Initialise the stack if it has a file and no state, and write the private copy of its file."""
    with one_at_a_time(project.place / ".lock"):
        if project.stack_file(stack).is_file() and not project.state_file(stack).exists():
            _initialise(stack, pulumi, environment, project)
        project.reach_neighbours()
        return project.private_copy(stack)


def _initialise(stack: str, pulumi: str, environment: Mapping[str, str], project: Project) -> None:
    """Initialise the stack from an empty folder, so that the salt is written there and not into the user's
    file.
    """
    with tempfile.TemporaryDirectory(dir=project.place) as scratch:
        Path(scratch, "Pulumi.yaml").write_text(f"name: {project.name}\nruntime: python\n", encoding="utf-8")
        lines = project.secrets_lines(stack)
        if lines:
            Path(scratch, f"Pulumi.{stack}.yaml").write_text(lines, encoding="utf-8")
        values = dict(environment)
        if not lines:
            values.pop("PULUMI_CONFIG_PASSPHRASE", None)
        done = subprocess.run(
            [pulumi, "stack", "init", stack, "--non-interactive", "--no-select"],
            cwd=scratch,
            env=values,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()
        raise RingfenceError(f"stack `{stack}` of project `{project.name}` could not be initialised: {said}")


def main() -> int:
    """Become the Pulumi CLI. Returns only when that is not possible."""
    try:
        planned = plan(sys.argv[1:], os.environ, Path.cwd(), Places.from_environment())
    except RingfenceError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_code
    if planned.embedded:
        print(NOTICE, file=sys.stderr, flush=True)
    try:
        os.execve(planned.arguments[0], planned.arguments, planned.environment)
    except OSError as error:
        print(f"error: {planned.arguments[0]}: {error.strerror}: run `make setup`", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
