"""Go programs and modules, built and fetched from the pinned `go.mod` files under `tools/`.

Owns the compiler's command line, its progress, and that a build which is killed leaves nothing. Refuses to own what is
built (`build`, `ringfence.controlplane.parts`) and where it is kept.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from ringfence.errors import RingfenceError

Say = Callable[[str], None]

_SECONDS_A_REPORT = 20


def pinned(folder: Path, module: str) -> str | None:
    """The version, without its `v`, that the `go.mod` in `folder` has of `module`; None where it has none."""
    file = folder / "go.mod"
    found = re.search(rf"{re.escape(module)} v(\S+)", file.read_text(encoding="utf-8")) if file.is_file() else None
    return found.group(1) if found else None


def available() -> bool:
    """Whether there is a Go compiler on PATH."""
    return shutil.which("go") is not None


def compile_program(
    folder: Path,
    package: str,
    target: Path,
    say: Say,
    *,
    called: str,
    takes: str,
    link: str = "",
    edits: Mapping[str, tuple[str, str]] | None = None,
) -> None:
    """Build `package` with the modules pinned in `folder`, into the file `target`.

    Args:
        called: What the program is called in messages.
        takes: How long it takes, in words, said once at the beginning.
        link: More arguments for the linker.
        edits: `<module>/<file>` to a text in it and what stands there instead: for a program that can be told
            something only by changing it. The module is built from a copy that is thrown away.

    Raises:
        RingfenceError: the compiler failed; the message has its last lines.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        binary = Path(scratch, target.name)
        command = ["go", "build", "-trimpath", "-v", "-o", str(binary), "-ldflags", f"-s -w {link}".strip()]
        command += [*_edited(folder, edits or {}, Path(scratch)), package]
        with (
            _reporting(say, called, takes) as seen,
            subprocess.Popen(
                command, cwd=folder, env=_environment(), text=True, stderr=subprocess.PIPE, stdin=subprocess.DEVNULL
            ) as process,
        ):
            last = _follow(process, seen)
        if process.returncode != 0:
            raise RingfenceError(f"building {called} failed:\n  " + "\n  ".join(last))
        binary.replace(target)


def _edited(folder: Path, edits: Mapping[str, tuple[str, str]], scratch: Path) -> list[str]:
    """Arguments with which Go takes edited copies of modules, made in `scratch`, instead of the pinned ones."""
    if not edits:
        return []
    replaced: dict[str, Path] = {}
    for number, (place, (old, new)) in enumerate(edits.items()):
        module, file = _split(folder, place)
        if module not in replaced:
            copy = scratch / f"module-{number}"
            copy_tree(module_folder(folder, module), copy)
            replaced[module] = copy
        source = replaced[module] / file
        text = source.read_text(encoding="utf-8")
        if old not in text:
            raise RingfenceError(f"{place} has no {old!r} any more: look at what it does now, and change the edit")
        source.write_text(text.replace(old, new), encoding="utf-8")
    lines = [f"replace {module} => {copy}\n" for module, copy in replaced.items()]
    (scratch / "go.mod").write_text((folder / "go.mod").read_text(encoding="utf-8") + "\n" + "".join(lines))
    shutil.copyfile(folder / "go.sum", scratch / "go.sum")
    return ["-mod=mod", f"-modfile={scratch / 'go.mod'}"]


def _split(folder: Path, place: str) -> tuple[str, str]:
    """A `<module>/<file>` in two: the module is what the go.mod pins."""
    parts = place.split("/")
    for end in range(len(parts) - 1, 0, -1):
        module = "/".join(parts[:end])
        if pinned(folder, module):
            return module, "/".join(parts[end:])
    raise RingfenceError(f"{folder / 'go.mod'} pins no module of {place}")


def copy_tree(source: Path, target: Path) -> None:
    """Copy a folder so that it can be changed and removed: Go keeps modules read-only."""
    shutil.copytree(source, target, copy_function=shutil.copyfile)
    for each in (target, *target.rglob("*")):
        each.chmod(0o755 if each.is_dir() else 0o644)


def module_folder(folder: Path, module: str) -> Path:
    """Where Go keeps the sources of a module pinned in `folder`, fetched first if they are not there.

    Raises:
        RingfenceError: it is not pinned there, or cannot be fetched.
    """
    version = pinned(folder, module)
    if version is None:
        raise RingfenceError(f"{folder / 'go.mod'} does not pin {module}")
    done = subprocess.run(
        ["go", "mod", "download", "-json", f"{module}@v{version}"],
        cwd=folder, env=_environment(), capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        said = json.loads(done.stdout)
    except json.JSONDecodeError:
        said = {"Error": done.stderr.strip()}
    if "Dir" not in said:
        raise RingfenceError(f"{module} v{version} cannot be fetched: {said.get('Error', 'no reason given')}")
    return Path(said["Dir"])


def _environment() -> dict[str, str]:
    """The modules are pinned by each folder's go.sum; a go.work above, or a vendor folder, is not part of them."""
    return {**os.environ, "GOWORK": "off", "CGO_ENABLED": os.environ.get("CGO_ENABLED", "0")}


def _follow(process: subprocess.Popen[str], seen: list[int]) -> list[str]:
    """Count what the compiler names, and keep its last lines for an error."""
    last: list[str] = []
    for line in process.stderr or ():
        seen[0] += 1
        last = [*last[-19:], line.rstrip()]
    process.wait()
    return last


@contextmanager
def _reporting(say: Say, called: str, takes: str) -> Generator[list[int]]:
    """Say every so often how far the build is: the compiler is silent for minutes."""
    seen, done, start = [0], threading.Event(), time.monotonic()

    def report() -> None:
        while not done.wait(_SECONDS_A_REPORT):
            say(f"building {called}: {seen[0]} packages and downloads so far, {time.monotonic() - start:.0f} s")

    say(f"building {called} with Go: {takes}")
    thread = threading.Thread(target=report, daemon=True)
    thread.start()
    try:
        yield seen
    finally:
        done.set()
        thread.join()
