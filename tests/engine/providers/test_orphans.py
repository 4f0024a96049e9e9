"""A provider whose engine was killed ends by itself: nothing is left behind on the user's machine."""

from __future__ import annotations

import os
import subprocess
import sys
import time

ENGINE = """
import subprocess, sys, time
provider = subprocess.Popen([sys.executable, "-m", "ringfence.engine.providers", "random"], stdout=subprocess.PIPE)
provider.stdout.readline()
print(provider.pid, flush=True)
time.sleep(600)
"""


def test_a_provider_ends_after_its_engine_was_killed() -> None:
    engine = subprocess.Popen([sys.executable, "-c", ENGINE], stdout=subprocess.PIPE, text=True)
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
