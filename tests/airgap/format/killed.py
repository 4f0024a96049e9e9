"""Builds a bundle over and over, killed each time at another point as by a power cut, and then finishes it.

A script, run by test_building.py: it forks, which a test process with threads should not. Prints one line of JSON.
"""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sys
from pathlib import Path

from ringfence.airgap import building
from ringfence.airgap.leaks import LeakWatch
from tests.support.bundles import contents, planned, sealer

CHUNK = 4096


class Doomed:
    """Stands before the system calls of a build and ends the process at one of them."""

    def __init__(self, calls: int, rng: random.Random) -> None:
        self.left, self.rng = calls, rng
        self.pwrite, self.fsync, self.rename, self.truncate = os.pwrite, os.fsync, Path.rename, os.ftruncate

    def die(self, before: object = None) -> None:
        self.left -= 1
        if self.left <= 0:
            os.kill(os.getpid(), signal.SIGKILL)

    def write(self, descriptor: int, data: memoryview, at: int) -> int:
        if self.left <= 1 and len(data) > 1:
            self.pwrite(descriptor, data[: self.rng.randrange(len(data))], at)  # half of it reaches the disk
        self.die()
        return self.pwrite(descriptor, data, at)

    def install(self) -> None:
        def fsync(descriptor: int) -> None:
            self.die()
            self.fsync(descriptor)

        def rename(path: Path, target: Path) -> Path:
            self.die()
            return self.rename(path, target)

        def truncate(descriptor: int, size: int) -> None:
            self.die()
            self.truncate(descriptor, size)

        for owner, name, call in (
            (os, "pwrite", self.write),
            (os, "fsync", fsync),
            (os, "ftruncate", truncate),
            (Path, "rename", rename),
        ):
            setattr(owner, name, call)


def build(folder: Path) -> building.Built:
    """The bundle, in small writes."""
    items = contents(3, size=40_000)
    return building.build(planned(items), items, folder, [sealer()], watch=LeakWatch({"db": "hunter2-secret"}))


def main(root: Path, times: int) -> None:
    setattr(building, "CHUNK", CHUNK)  # noqa: B010 - it is a constant to the type checker
    rng = random.Random(50)
    reference = build(root / "reference")
    wanted = reference.file.read_bytes()
    calls = counted(root / "counted")
    killed = kept = early = 0
    for turn in range(times):
        folder = root / f"turn{turn}"
        for _ in range(rng.choice((1, 1, 2, 3))):
            child = os.fork()
            if child == 0:
                Doomed(rng.randint(1, calls), rng).install()
                build(folder)
                os._exit(0)
            killed += os.waitpid(child, 0)[1] == signal.SIGKILL
            final = folder / reference.file.name
            early += final.exists() and final.read_bytes() != wanted
        finished = build(folder)
        kept += finished.kept > 0
        assert finished.file.read_bytes() == wanted, turn
        assert [each.name for each in folder.iterdir()] == [reference.file.name], turn
        shutil.rmtree(folder)
    print(json.dumps({"killed": killed, "kept": kept, "early": early, "calls": calls}))


def counted(folder: Path) -> int:
    """How many system calls a build makes, so that a kill may come at each of them."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        doomed = Doomed(1 << 30, random.Random(0))
        doomed.install()
        build(folder)
        os.write(write, str((1 << 30) - doomed.left).encode())
        os._exit(0)
    os.waitpid(child, 0)
    return int(os.read(read, 20))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
