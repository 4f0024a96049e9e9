"""The high side as a process of its own in a network namespace that has no route: `python highside.py STEPS.json`.

Starts a registry there, runs the commands of STEPS.json one after another, and prints as JSON what came of each, and
how many connections to anywhere else were tried: the kernel counts what it finds no route for.
"""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

from ringfence.crossing.isolation import attempts, loopback_up


def try_to_leave() -> None:
    """One attempt of ours, to see that it is counted."""
    with socket.socket() as probe:
        probe.settimeout(1)
        probe.connect_ex(("192.0.2.1", 443))


def main() -> None:
    """Run the steps."""
    said = json.loads(Path(sys.argv[1]).read_text())
    loopback_up()
    before = attempts()
    try_to_leave()
    counted = attempts() - before
    registry = subprocess.Popen(said["registry"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        time.sleep(0.5)
        start = attempts()
        done = []
        for step in said["steps"]:
            result = subprocess.run(step, capture_output=True, text=True, check=False, env=os.environ)
            done.append({"code": result.returncode, "out": result.stdout, "err": result.stderr})
            if result.returncode != 0:
                break
        left = attempts() - start
    finally:
        registry.kill()
        registry.wait()
    print(json.dumps({"counted": counted, "attempts": left, "steps": done}))


if __name__ == "__main__":
    main()
