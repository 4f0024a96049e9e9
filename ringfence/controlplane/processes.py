"""Child processes that never outlive the process that started them.

Owns: starting, watching and ending them, and their logs. Refuses to own: what they are.
"""

from __future__ import annotations

import atexit
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path

from ringfence.errors import RingfenceError

_PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>
_SECONDS_TO_END = 5


class Processes:
    """Some children, with a log each in one folder. They end in the opposite order of their start: with `stop`, at the
    interpreter's exit, and, on Linux, when this process is killed.
    """

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._running: dict[str, subprocess.Popen[bytes]] = {}
        self._owner = os.getpid()
        finish = weakref.WeakMethod(self.stop)
        self._at_exit = lambda: (method := finish()) and method()
        atexit.register(self._at_exit)

    def start(self, name: str, command: Sequence[str | Path], folder: Path, env: dict[str, str] | None = None) -> None:
        """Start a child in `folder`; what it says goes to `<name>.log`. It gets no terminal: Ctrl-C reaches us only."""
        self._logs.mkdir(parents=True, exist_ok=True)
        with (self._logs / f"{name}.log").open("ab") as log:
            self._running[name] = subprocess.Popen(
                [str(word) for word in command],
                cwd=folder,
                env=env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=_die_with_parent(),
            )

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Return once `ready` says so.

        Raises:
            RingfenceError: a child has ended, or the time is over; the message has the end of its log.
        """
        deadline = time.monotonic() + seconds
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                tails = "".join(f"\n{name}: {self.tail(name, 4)}" for name in self._running)
                raise RingfenceError(f"{what}: not within {seconds:.0f} s{tails}")
            time.sleep(0.05)

    def check(self) -> None:
        """Raises RingfenceError if a child has ended by itself."""
        for name, process in self._running.items():
            if process.poll() is not None:
                raise RingfenceError(f"{name} ended by itself ({process.returncode}):\n{self.tail(name, 12)}")

    def tail(self, name: str, lines: int) -> str:
        """The end of a child's log."""
        with contextlib.suppress(OSError):
            return "\n".join((self._logs / f"{name}.log").read_text(errors="replace").splitlines()[-lines:])
        return ""

    def identities(self) -> dict[str, int]:
        """Name to process id of each child that is there."""
        return {name: process.pid for name, process in self._running.items() if process.poll() is None}

    def stop(self) -> None:
        """End all children, first politely. Does nothing in a process that was forked off the one that started them."""
        if os.getpid() != self._owner:
            return
        for process in reversed(self._running.values()):
            _signal(process, signal.SIGTERM)
        deadline = time.monotonic() + _SECONDS_TO_END
        for process in reversed(self._running.values()):
            try:
                process.wait(timeout=max(0.0, deadline - time.monotonic()))
            except subprocess.TimeoutExpired:
                _signal(process, signal.SIGKILL)
                process.wait()
        self._running.clear()
        atexit.unregister(self._at_exit)


def _signal(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """To the whole group: a child may have children."""
    if process.poll() is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _die_with_parent() -> Callable[[], None] | None:
    """What makes the kernel end a child whose parent died, however it died. Only Linux has it."""
    if not sys.platform.startswith("linux"):
        return None
    library = ctypes.CDLL(None, use_errno=True)
    parent = os.getpid()

    def arrange() -> None:
        library.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def free_ports(count: int) -> list[int]:
    """Ports of loopback that nobody has now. All are held until all are found, so no two are the same."""
    held = [socket.socket() for _ in range(count)]
    try:
        for each in held:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in held]
    finally:
        for each in held:
            each.close()
