"""Children end with whoever started them: politely, at an error, at Ctrl-C, and when the starter is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from ringfence.controlplane.processes import Processes, free_ports
from ringfence.errors import RingfenceError

STARTER = """
    import sys, time
    from pathlib import Path
    from ringfence.controlplane.processes import Processes
    children = Processes(Path(sys.argv[1]))
    children.start("sleeper", ["sleep", "300"], Path(sys.argv[1]))
    print(children.identities()["sleeper"], flush=True)
    sys.stdin.readline()
    {then}
"""


def alive(identity: int) -> bool:
    try:
        os.kill(identity, 0)
        return Path(f"/proc/{identity}/stat").read_text().split()[2] != "Z" if Path("/proc").is_dir() else True
    except (ProcessLookupError, FileNotFoundError):
        return False


def gone(identity: int, seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while alive(identity) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not alive(identity)


def starter(folder: Path, then: str) -> tuple[subprocess.Popen[str], int]:
    """A process that starts a child, and the child's id."""
    code = textwrap.dedent(STARTER).format(then=then)
    command = [sys.executable, "-c", code, str(folder)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdout and process.stdin
    child = int(process.stdout.readline())
    assert alive(child)
    process.stdin.write("go on\n")
    process.stdin.close()
    return process, child


def finish(process: subprocess.Popen[str]) -> None:
    process.wait(60)
    assert process.stdout
    process.stdout.close()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_no_child_outlives_a_starter_that_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    if number != signal.SIGINT and not sys.platform.startswith("linux"):
        pytest.skip("only Linux ends the children of a process that was ended before it could")
    process, child = starter(tmp_path, "time.sleep(300)")
    process.send_signal(number)
    finish(process)
    assert gone(child)


def test_no_child_outlives_a_starter_that_forgets_it(tmp_path: Path) -> None:
    process, child = starter(tmp_path, "pass")
    finish(process)
    assert gone(child)


def test_a_child_that_ends_by_itself_is_told_of_with_its_last_words(tmp_path: Path) -> None:
    children = Processes(tmp_path)
    children.start("talker", ["sh", "-c", "echo no such flag >&2; exit 3"], tmp_path)
    with pytest.raises(RingfenceError, match=r"talker ended by itself \(3\):\nno such flag"):
        children.wait_until(lambda: False, "never", 10)
    children.stop()


def test_waiting_ends(tmp_path: Path) -> None:
    children = Processes(tmp_path)
    children.start("sleeper", ["sleep", "300"], tmp_path)
    with pytest.raises(RingfenceError, match=r"the moon: not within 0 s\nsleeper:"):
        children.wait_until(lambda: False, "the moon", 0.2)
    [identity] = children.identities().values()
    children.stop()
    assert not alive(identity)


def test_a_child_that_does_not_listen_is_ended_all_the_same(tmp_path: Path) -> None:
    children = Processes(tmp_path)
    children.start("deaf", ["sh", "-c", "trap '' TERM; echo up; while :; do sleep 0.1; done"], tmp_path)
    children.wait_until(lambda: "up" in children.tail("deaf", 5), "it is up", 10)
    [identity] = children.identities().values()
    children.stop()
    assert not alive(identity)


def test_free_ports_are_all_different() -> None:
    assert len(set(free_ports(20))) == 20
