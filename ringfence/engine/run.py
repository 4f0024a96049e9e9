"""Runs a Pulumi command on the embedded engine and hands over what the engine says, as events.

Owns the process and the reading of its event stream (Pulumi's `apitype.EngineEvent`, one JSON object a line).
It never reads text that was made for people, and decides nothing: `ringfence preview`, the tests and the
review do.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from ringfence.engine import environment, home, launcher, toolchain
from ringfence.engine.places import Places
from ringfence.engine.project import Project
from ringfence.errors import RingfenceError, UsageError

Event = dict[str, Any]
OnEvent = Callable[[Event], None]

# Pulumi marks what JSON has no type for with these (sdk/go/common/resource/sig).
_SIGNATURE = "4dabf18193072939515e22adb298388d"
_SECRET = "1b47061264138c4ac30d75fd1eb44270"


@dataclass(frozen=True)
class Result:
    """How a command ended, and what the engine said while it ran."""

    exit_code: int
    """Pulumi's own: 0 when it did what it was asked to."""
    events: list[Event] = field(repr=False)
    """Every engine event but debug messages, in order."""
    stdout: str = field(repr=False)
    """What was not an event: the text of commands that print none."""
    stderr: str = field(repr=False)

    def of(self, kind: str) -> Iterator[dict[str, Any]]:
        """The contents of the events of one kind, such as `policyEvent`."""
        return (event[kind] for event in self.events if kind in event)

    @property
    def violations(self) -> list[dict[str, Any]]:
        """The policy violations: `policyName`, `enforcementLevel`, `resourceUrn`, `message`, and more."""
        return list(self.of("policyEvent"))

    @property
    def diagnostics(self) -> str:
        """What the program, the providers and the engine said, a message after another, and what Pulumi
        printed besides.
        """
        said = "".join(event.get("prefix", "") + event["message"] for event in self.of("diagnosticEvent"))
        return said + self.stderr

    @property
    def operations(self) -> dict[str, str]:
        """What is done with each resource, by URN: `create`, `same`, `update`, `replace`, `delete`, ...

        A replacement has several steps; `replace` stands for all of them.
        """
        found: dict[str, str] = {}
        for event in self.of("resourcePreEvent"):
            step = event["metadata"]
            if found.get(step["urn"]) != "replace":
                found[step["urn"]] = step["op"]
        return found

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """The planned state of each resource, by URN: `type`, `inputs`, `outputs`, `parent`, `provider`, ..."""
        found = {}
        for kind in ("resourcePreEvent", "resOutputsEvent"):
            for event in self.of(kind):
                new = event["metadata"].get("new")
                if new:
                    found[event["metadata"]["urn"]] = new
        return found

    @property
    def outputs(self) -> dict[str, Any]:
        """The stack's outputs; a secret is `[secret]`, and what is not known yet is Pulumi's placeholder."""
        stacks = [new for new in self.resources.values() if new["type"] == "pulumi:pulumi:Stack"]
        return _without_secrets(stacks[0]["outputs"]) if stacks else {}


def _without_secrets(value: Any) -> Any:
    """The value with each secret, of which the engine shows no more than a marker, as `[secret]`."""
    if isinstance(value, dict):
        if value.get(_SIGNATURE) == _SECRET:
            return "[secret]"
        return {key: _without_secrets(item) for key, item in value.items()}
    return [_without_secrets(item) for item in value] if isinstance(value, list) else value


@dataclass(frozen=True)
class Embedded:
    """The embedded engine, ready to run: where it keeps things, which CLI, and the variables around it."""

    places: Places
    engine: toolchain.Engine
    inherited: Mapping[str, str]

    @classmethod
    def open(cls, inherited: Mapping[str, str]) -> Embedded:
        """Find the CLI and make the private home.

        Raises:
            RingfenceError: no CLI was found; `make setup` gets one.
        """
        places = Places.from_environment(inherited)
        found = toolchain.find(places, inherited)
        if found.engine is None:
            reasons = "".join(f"\n  passed over {reason}" for reason in found.passed_over)
            raise RingfenceError(f"no Pulumi CLI: run `make setup`, which finds, downloads or builds one{reasons}")
        home.prepare(places)
        return cls(places, found.engine, inherited)

    def variables(self, folder: Path) -> dict[str, str]:
        """What `ringfence env` prints for `folder`."""
        project = Project.containing(folder.resolve(), self.places)
        place = project.place if project else self.places.project(None)
        return environment.variables(self.places, self.engine, place, self.inherited)

    def initialise(self, folder: Path, stack: str) -> None:
        """Make the stack, with secrets of this machine's passphrase, if it has no state yet: before an import.

        Raises:
            UsageError: no project, or no file for the stack.
        """
        project = self._project(folder, stack)
        project.backend.mkdir(parents=True, exist_ok=True)
        values = {**self.inherited, **self.variables(folder)}
        launcher.ready(stack, str(self.engine.pulumi), values, project)

    def run(
        self, arguments: Sequence[str], folder: Path, on_event: OnEvent | None = None, given: str | None = None
    ) -> Result:
        """Run `pulumi ARGUMENTS` in `folder` without a terminal, calling `on_event` as the engine speaks.

        Pass `--json` for events (`preview`, `up`, `refresh` and `destroy` have it). `given` is standard input: what is
        secret goes this way.
        """
        values = {**self.inherited, **self.variables(folder), "PULUMI_ENABLE_STREAMING_JSON_PREVIEW": "true"}
        planned = launcher.plan([*arguments, "--non-interactive"], values, folder.resolve(), self.places)
        with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
            with subprocess.Popen(
                planned.arguments,
                cwd=folder,
                env=planned.environment,
                stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                encoding="utf-8",
            ) as process:
                if process.stdin:
                    threading.Thread(target=_give, args=(process.stdin, given), daemon=True).start()
                events, text = _read(process.stdout or (), on_event)
            errors.seek(0)
            return Result(process.returncode, events, text, errors.read())

    def preview(
        self, folder: Path, stack: str, pack: Path | None = None, on_event: OnEvent | None = None, *extra: str
    ) -> Result:
        """`pulumi preview -s STACK`, with a policy pack if one is given.

        Raises:
            UsageError: the project has no file for the stack.
        """
        self._project(folder, stack)
        packs = ["--policy-pack", str(pack.resolve())] if pack else []
        return self.run(["preview", "-s", stack, "--json", *packs, *extra], folder, on_event)

    def _project(self, folder: Path, stack: str) -> Project:
        project = Project.containing(folder.resolve(), self.places)
        if project is None:
            raise UsageError(f"{folder}: no Pulumi.yaml here or above: go to a Pulumi project's folder")
        if not project.stack_file(stack).is_file():
            known = sorted(stacks(project))
            raise UsageError(f"{project.stack_file(stack)}: no such file. Stacks here: {', '.join(known) or 'none'}")
        return project


def _give(stream: IO[str], text: str | None) -> None:
    """Write standard input from a thread of its own: the process may speak before it has read all of it."""
    with contextlib.suppress(BrokenPipeError), stream:
        stream.write(text or "")


def stacks(project: Project) -> list[str]:
    """The stacks that have a file in the project."""
    files = project.stack_folder.glob(f"Pulumi.*{project.suffix}")
    return [file.name.removeprefix("Pulumi.").removesuffix(project.suffix) for file in files]


def _read(lines: Iterator[str] | Sequence[str], on_event: OnEvent | None) -> tuple[list[Event], str]:
    events: list[Event] = []
    text: list[str] = []
    for line in lines:
        event = _event(line)
        if event is None:
            text.append(line)
            continue
        if event.get("diagnosticEvent", {}).get("severity") == "debug":
            continue
        events.append(event)
        if on_event:
            on_event(event)
    return events, "".join(text)


def _event(line: str) -> Event | None:
    if not line.startswith('{"sequence":'):
        return None
    return json.loads(line)
