"""Programs that carrying uses where they are: Helm to render charts, and a registry for tests and the demo.

Owns: which, at which pinned version, and where they are kept. Refuses to own: how Go builds them.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ringfence.engine.places import SOURCE_ROOT, Places
from ringfence.errors import RingfenceError
from ringfence.files import one_at_a_time


@dataclass(frozen=True)
class Tool:
    """A Go program."""

    folder: str
    """Below tools/: its go.mod pins it."""
    module: str
    package: str
    takes: str


TOOLS = {
    "helm": Tool("helm", "helm.sh/helm/v4", "helm.sh/helm/v4/cmd/helm", "about three minutes on two cores"),
    "crane": Tool(
        "registry",
        "github.com/google/go-containerregistry",
        "github.com/google/go-containerregistry/cmd/crane",
        "about ten seconds",
    ),
}


def kept(name: str, places: Places) -> Path | None:
    """The tool, if it is on PATH, named by RINGFENCE_<NAME>, or in our cache."""
    for candidate in (os.environ.get(f"RINGFENCE_{name.upper()}"), shutil.which(name), str(_target(name, places))):
        if candidate and Path(candidate).is_file() and os.access(candidate, os.X_OK):
            return Path(candidate)
    return None


def ensure(name: str, places: Places, say: Callable[[str], None]) -> Path:
    """The tool, built if it is not there.

    Raises:
        RingfenceError: there is no Go, no checkout with the pinned source, or the compiler failed.
    """
    found = kept(name, places)
    if found:
        return found
    tool, target = TOOLS[name], _target(name, places)
    folder = SOURCE_ROOT / "tools" / tool.folder
    if shutil.which("go") is None or not (folder / "go.mod").is_file():
        raise RingfenceError(f"{name} is not on PATH, and it takes Go and a checkout to build it")
    with one_at_a_time(target.with_name(f".{target.parent.name}.lock")):
        if not target.is_file():
            say(f"building {name} with Go: {tool.takes}")
            _build(tool, folder, target)
    return target


def _target(name: str, places: Places) -> Path:
    return places.cache / "tools" / f"{name}-{version(name)}" / name


def version(name: str) -> str:
    """The version that is pinned; `unpinned` outside of a checkout."""
    file = SOURCE_ROOT / "tools" / TOOLS[name].folder / "go.mod"
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    found = re.search(rf"{re.escape(TOOLS[name].module)} (v\S+)", text)
    return found.group(1) if found else "unpinned"


def _build(tool: Tool, folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".build-") as scratch:
        binary = Path(scratch, target.name)
        command = ["go", "build", "-trimpath", "-ldflags", "-s -w", "-o", str(binary), tool.package]
        env = {**os.environ, "GOWORK": "off", "CGO_ENABLED": "0"}
        done = subprocess.run(
            command, cwd=folder, env=env, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
        if done.returncode != 0:
            raise RingfenceError(f"building {target.name} failed:\n  " + "\n  ".join(done.stderr.splitlines()[-10:]))
        binary.replace(target)
