"""Builds the Pulumi CLI from the Go modules that `tools/go.mod` pins. Owns the compiler's command line and
its progress.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

from ringfence.engine.places import SOURCE_ROOT
from ringfence.errors import RingfenceError

MODULE = "github.com/pulumi/pulumi/pkg/v3"
_VERSION_VARIABLE = "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version"
_SECONDS_A_REPORT = 20


def pinned_version(tools: Path = SOURCE_ROOT / "tools") -> str | None:
    """The version of the Pulumi CLI in `tools/go.mod`; None outside a checkout."""
    file = tools / "go.mod"
    found = re.search(rf"{re.escape(MODULE)} v(\d+\.\d+\.\d+)", file.read_text()) if file.is_file() else None
    return found.group(1) if found else None


def build(version: str, target: Path, say: Callable[[str], None], tools: Path = SOURCE_ROOT / "tools") -> None:
    """Build `pulumi` into the folder `target`. A build that is killed leaves nothing there.

    Raises:
        RingfenceError: there is no Go, no pinned source for this version, or the compiler failed.
    """
    _check(version, tools)
    target.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target, prefix=".build-") as scratch:
        binary = Path(scratch, "pulumi")
        command = ["go", "build", "-trimpath", "-v", "-o", str(binary)]
        command += ["-ldflags", f"-s -w -X {_VERSION_VARIABLE}=v{version}", f"{MODULE}/cmd/pulumi"]
        # The modules are pinned by tools/go.sum; a go.work above, or a vendor folder, is not part of them.
        env = {**os.environ, "GOWORK": "off", "CGO_ENABLED": os.environ.get("CGO_ENABLED", "0")}
        with (
            _reporting(say) as seen,
            subprocess.Popen(
                command, cwd=tools, env=env, text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
            ) as process,
        ):
            last = _follow(process, seen)
        if process.returncode != 0:
            raise RingfenceError("building Pulumi failed:\n  " + "\n  ".join(last))
        binary.replace(target / "pulumi")


def _check(version: str, tools: Path) -> None:
    pinned = pinned_version(tools)
    if pinned != version:
        raise RingfenceError(
            f"Pulumi {version} is needed and {tools / 'go.mod'} has {pinned or 'none'}: "
            f"install Pulumi {version} or newer from https://www.pulumi.com/docs/iac/download-install/"
        )
    if shutil.which("go") is None:
        raise RingfenceError(
            "Pulumi can be neither found, downloaded nor built: install Pulumi "
            f"{version} or newer (https://www.pulumi.com/docs/iac/download-install/), or Go (https://go.dev/dl/), "
            "and run `make setup` again"
        )


def _follow(process: subprocess.Popen[str], seen: list[int]) -> list[str]:
    """Count what the compiler names, and keep its last lines for an error."""
    last: list[str] = []
    for line in process.stderr or ():
        seen[0] += 1
        last = [*last[-19:], line.rstrip()]
    process.wait()
    return last


@contextmanager
def _reporting(say: Callable[[str], None]) -> Generator[list[int]]:
    """Say every so often how far the build is: the compiler is silent for minutes."""
    seen, done, start = [0], threading.Event(), time.monotonic()

    def report() -> None:
        while not done.wait(_SECONDS_A_REPORT):
            say(f"building Pulumi: {seen[0]} packages and downloads so far, {time.monotonic() - start:.0f} s")

    say("building Pulumi with Go: about five minutes on two cores, once for this version")
    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
