"""What served an engine that was killed ends by itself: nothing is left behind on the user's machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

ENGINE = """
import subprocess, sys, time
provider = subprocess.Popen([sys.executable, "-m", *sys.argv[1:]], stdout=subprocess.PIPE)
provider.stdout.readline()
print(provider.pid, flush=True)
time.sleep(600)
"""


@pytest.mark.parametrize("words", ["ringfence.engine.providers random", "ringfence.engine.language_host 127.0.0.1:9"])
def test_it_ends_after_its_engine_was_killed(words: str) -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, *words.split()], stdout=subprocess.PIPE, text=True)
    assert engine.stdout is not None
    provider = int(engine.stdout.readline())
    assert alive(provider)
    engine.kill()
    engine.wait()
    engine.stdout.close()
    deadline = time.monotonic() + 60
    while alive(provider):
        assert time.monotonic() < deadline, "it waits for an engine that is gone"
        time.sleep(0.2)


def alive(pid: int) -> bool:
    """Whether a process runs; one that ended and that nobody has asked about does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(status.strip()) and not status.strip().startswith("Z")
