"""Programs that carrying uses where they are: Helm to render charts, and a registry for tests and the demo.

Owns: which, at which pinned version, and where they are kept. Refuses to own: how Go builds them.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ringfence.engine import golang
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
    if not golang.available() or not (folder / "go.mod").is_file():
        raise RingfenceError(f"{name} is not on PATH, and it takes Go and a checkout to build it")
    with one_at_a_time(target.with_name(f".{target.parent.name}.lock")):
        if not target.is_file():
            golang.compile_program(folder, tool.package, target, say, called=name, takes=tool.takes)
    return target


def _target(name: str, places: Places) -> Path:
    return places.cache / "tools" / f"{name}-{version(name)}" / name


def version(name: str) -> str:
    """The version that is pinned; `unpinned` outside of a checkout."""
    return f"v{golang.pinned(SOURCE_ROOT / 'tools' / TOOLS[name].folder, TOOLS[name].module) or 'unpinned'}"
