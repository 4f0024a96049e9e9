"""Carries a bundle in over and over, cut off each time at another step, and then finishes it: `doomed.py TASK.json`.

A step is whatever the command does to the world: a file opened for writing, renamed or removed, a folder made, a
process started, a connection made (Python's audit events), and each event that comes from the engine. So a point is
named by what the command was doing, and how busy the machine is decides nothing. Either the whole process tree is
killed there, as by a power cut, or the disk is filled there. Prints one line of JSON. A script, for it forks.
"""

from __future__ import annotations

import ctypes
import json
import os
import random
import signal
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.airgap.accepted import Accepted
from ringfence.cli import carry_in  # noqa: F401 - loaded before the fork, so that each child need not
from ringfence.cli.main import run
from ringfence.crossing import carrying
from ringfence.engine import run as engine

CHANGES = {"os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.truncate", "os.chmod"}
STARTS = {"subprocess.Popen", "socket.connect"}
PHASES = ("verifying", "keeping", "pushing", "pushed", "placing", "importing", "previewing", "applying", "recording")
_SUBREAPER = 36  # PR_SET_CHILD_SUBREAPER, <sys/prctl.h>

Point = tuple[int, int]
"""Phase and step within it."""


@dataclass
class Steps:
    """Counts what the command does, and acts once, at the first step that is not before a point."""

    at: Point | None = None
    act: Callable[[], None] | None = None
    phase: int = 0
    index: int = 0
    seen: list[tuple[int, int, str]] = field(default_factory=list)
    busy: bool = False

    def step(self, what: str) -> None:
        if self.busy:
            return
        self.index += 1
        self.seen.append((self.phase, self.index, what))
        if self.at is not None and (self.phase, self.index) >= self.at and self.act:
            self.at, self.busy = None, True
            self.act()
            self.busy = False

    def enter(self, text: str) -> None:
        phase = next((number for number, name in enumerate(PHASES) if text.startswith(name)), self.phase)
        if phase > self.phase:
            self.phase, self.index = phase, 0

    def hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event in CHANGES or event in STARTS or (event == "open" and _writes(arguments)):
            self.step(event)

    def install(self) -> None:
        """Watch this process from now on."""
        stage, apply, record, read = carrying.stage, carrying.apply, Accepted.record, engine._read

        def heard(say: carrying.Say) -> carrying.Say:
            return lambda text: (self.enter(text), say(text))[1]

        def recorded(accepted: Accepted, manifest: Any) -> None:
            self.enter("recording")
            record(accepted, manifest)

        def lines(stream: Any) -> Iterator[str]:
            for line in stream:
                if line.startswith('{"sequence":'):
                    self.step("engine")
                yield line

        for owner, name, made in (
            (carrying, "stage", lambda place, bundle, say: stage(place, bundle, heard(say))),
            (carrying, "apply", lambda place, staged, say, **more: apply(place, staged, heard(say), **more)),
            (Accepted, "record", recorded),
            (engine, "_read", lambda stream, on_event: read(lines(stream), on_event)),
        ):
            setattr(owner, name, made)
        sys.addaudithook(self.hook)


def _writes(arguments: tuple[Any, ...]) -> bool:
    file, mode, flags = arguments
    if isinstance(file, str) and file.startswith(("/proc/", "/dev/")):
        return False
    return bool({*(mode or "")} & {*"wax+"}) or bool((flags or 0) & (os.O_WRONLY | os.O_RDWR))


def carried(task: dict[str, Any], site: str, steps: Steps, report: Path | None = None) -> int:
    """One run of the command in a process of its own; its wait status, once every process that it started is gone."""
    root, log = Path(task["root"]), Path(task["logs"], site)
    child = os.fork()
    if child == 0:
        os.setsid()
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        terminal = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        os.dup2(terminal, 1)
        os.dup2(terminal, 2)
        os.environ |= {"RINGFENCE_HOME": str(root / site / "home"), "TMPDIR": str(root / site / "tmp")}
        steps.install()
        code = 70
        try:
            run([word.replace("SITE", site).replace("ROOT", str(root)) for word in task["words"]])
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else 1
        finally:
            steps.busy = True
            if report:
                report.write_text(json.dumps(steps.seen))
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(code)
    status = os.waitpid(child, 0)[1]
    _end_orphans()
    return status


def said(task: dict[str, Any], site: str) -> str:
    """What the last run for a site printed."""
    return Path(task["logs"], site).read_text()


def _end_orphans() -> None:
    """What a killed command started has come to us (we are its subreaper): end it as a power cut does."""
    while True:
        listed = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        for each in listed:
            os.kill(int(each), signal.SIGKILL)
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            return


def calm(task: dict[str, Any]) -> list[tuple[int, int, str]]:
    """A run that nothing happens to: every step of it."""
    site, report = _site(task, "calm"), Path(task["root"], "steps.json")
    assert carried(task, site, Steps(), report) == 0, said(task, site)
    return [tuple(each) for each in json.loads(report.read_text())]


def _site(task: dict[str, Any], name: str) -> str:
    Path(task["root"], name, "tmp").mkdir(parents=True)
    return name


def killed(task: dict[str, Any]) -> dict[str, Any]:
    """Kill at random points, in order on a few sites, each run going on from what the one before it left."""
    steps, rng = calm(task), random.Random(task["seed"])
    points = [(phase, index) for phase, index, _ in steps]
    chosen = rng.sample(points, task["times"])
    outcome: list[tuple[int, int]] = []
    sites = [_site(task, f"site{number}") for number in range(task["sites"])]
    for number, site in enumerate(sites):
        for point in sorted(chosen[number :: len(sites)]):
            status = carried(task, site, Steps(point, lambda: os.killpg(0, signal.SIGKILL)))
            assert os.WIFSIGNALED(status), (point, said(task, site))
            outcome.append(point)
        assert carried(task, site, Steps()) == 0, said(task, site)
    at = {PHASES[phase]: sum(point[0] == phase for point in outcome) for phase in range(len(PHASES))}
    return {"killed": len(outcome), "steps": len(steps), "at": at, "sites": sites}


def filled(task: dict[str, Any]) -> dict[str, Any]:
    """Fill the disk at the first step of each phase, look how the run ends, make room, and go on into the next one."""
    phases, site, ballast = sorted({phase for phase, _, _ in calm(task)}), _site(task, "full"), Path(task["root"], "x")
    ends: dict[str, Any] = {}
    for phase in phases:
        status = carried(task, site, Steps((phase, 1), lambda: _fill(ballast)))
        assert ballast.is_file(), (PHASES[phase], said(task, site))
        ends[PHASES[phase]] = {"code": os.waitstatus_to_exitcode(status), "said": said(task, site)}
        ballast.unlink()
    assert carried(task, site, Steps()) == 0, said(task, site)
    return {"ends": ends, "sites": [site]}


def _fill(ballast: Path) -> None:
    with ballast.open("wb", buffering=0) as stream:
        for size in (1 << 20, 4096, 1):
            try:
                while True:
                    stream.write(b"\0" * size)
            except OSError:
                continue


def main() -> None:
    task = json.loads(Path(sys.argv[1]).read_text())
    ctypes.CDLL(None).prctl(_SUBREAPER, 1, 0, 0, 0)
    print(json.dumps({"killed": killed, "filled": filled}[task["what"]](task)))


if __name__ == "__main__":
    main()
