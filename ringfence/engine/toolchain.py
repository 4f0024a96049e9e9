"""The Pulumi CLI of the embedded engine: the one on PATH, else the official release, else one built from Go
modules.

Owns the order, what is new enough, and the cache that built things live in. `official` downloads, `build`
compiles. Finding never changes anything; only `ensure` does.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version as installed_version
from pathlib import Path
from typing import Literal

from ringfence.engine import build, official
from ringfence.engine.home import launcher_script
from ringfence.engine.places import Places, machine
from ringfence.errors import RingfenceError
from ringfence.files import one_at_a_time, write_whole

Source = Literal["named", "path", "official", "built"]
Say = Callable[[str], None]

LANGUAGE_HOST = "pulumi-language-python"


@dataclass(frozen=True)
class Engine:
    """A Pulumi CLI with a Python language host beside it."""

    pulumi: Path
    version: str
    source: Source
    """`named` by RINGFENCE_PULUMI, found on `path`, an `official` release in our cache, or `built` by us."""


@dataclass
class Search:
    """What was found, and why anything else was not taken: `ringfence doctor` prints it."""

    engine: Engine | None = None
    passed_over: list[str] = field(default_factory=list)


def required_version() -> str:
    """The oldest CLI that will do, and the one that is downloaded or built: the version of the installed SDK."""
    return installed_version("pulumi")


def find(places: Places, env: Mapping[str, str] = os.environ) -> Search:
    """Look for a CLI, in order: the one that RINGFENCE_PULUMI names, PATH, the cache. Downloads and builds
    nothing.
    """
    search = Search()
    named = env.get("RINGFENCE_PULUMI")
    if named:
        _consider(search, Path(named), "named")
    for folder in env.get("PATH", "").split(os.pathsep):
        if search.engine is None and folder and Path(folder) != places.launchers:
            _consider(search, Path(folder, "pulumi"), "path")
    for source in ("official", "built"):
        if search.engine is None:
            _consider(search, places.engine(required_version(), source) / "pulumi", source)
    return search


def _consider(search: Search, pulumi: Path, source: Source) -> None:
    """Take `pulumi` if it is there, new enough, and has its language host; else say why not."""
    if not pulumi.is_file() or not os.access(pulumi, os.X_OK):
        if source == "named":
            search.passed_over.append(f"{pulumi} (RINGFENCE_PULUMI): not an executable file")
        return
    version = version_of(pulumi)
    if version is None:
        search.passed_over.append(f"{pulumi}: `pulumi version` gives no version")
    elif _key(version) < _key(required_version()):
        search.passed_over.append(f"{pulumi}: version {version} is older than {required_version()}")
    elif not (pulumi.resolve().parent / LANGUAGE_HOST).is_file():
        search.passed_over.append(f"{pulumi}: no {LANGUAGE_HOST} beside it")
    else:
        search.engine = Engine(pulumi.resolve(), version, source)


def version_of(pulumi: Path) -> str | None:
    """What `pulumi version` says, without the `v`; None when it does not run or says something else."""
    try:
        said = subprocess.run(
            [str(pulumi), "version"],
            env={**os.environ, "PULUMI_SKIP_UPDATE_CHECK": "true"},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
            stdin=subprocess.DEVNULL,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.fullmatch(r"v?(\d+\.\d+\.\d+)(?:[-+].*)?", said.stdout.strip())
    return found.group(1) if found and said.returncode == 0 else None


def _key(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


def ensure(places: Places, say: Say, env: Mapping[str, str] = os.environ) -> Engine:
    """Find a CLI, else download it, else build it. One process at a time; the others wait and find what it
    made.

    Raises:
        RingfenceError: there is none, it cannot be downloaded, and it cannot be built. The message says what
        to do.
    """
    found = find(places, env)
    if found.engine:
        return found.engine
    for reason in found.passed_over:
        say(f"passed over {reason}")
    version = required_version()
    lock = places.cache / "pulumi" / f".v{version}-{machine()}.lock"
    with one_at_a_time(lock, waiting=lambda: say("another set-up is fetching Pulumi: waiting for it")):
        again = find(places, env)
        return again.engine or _fetch(places, version, say)


def _fetch(places: Places, version: str, say: Say) -> Engine:
    target = places.engine(version, "official")
    refused = official.download(version, target, say)
    if refused is None:
        return _made(target, "official")
    say(f"no official Pulumi {version} ({refused}): building it from Go modules")
    target = places.engine(version, "built")
    build.build(version, target, say)
    write_whole(target / LANGUAGE_HOST, launcher_script("ringfence.engine.language_host"), mode=0o755)
    return _made(target, "built")


def _made(target: Path, source: Source) -> Engine:
    search = Search()
    _consider(search, target / "pulumi", source)
    if search.engine is None:
        raise RingfenceError(f"the Pulumi CLI in {target} does not work: {'; '.join(search.passed_over)}")
    return search.engine
