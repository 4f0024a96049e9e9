"""`ringfence doctor`: which parts are there, where each came from, and the command that gets the others.

Owns the list of parts. It changes nothing: not even the private home is made.
"""

from __future__ import annotations

import dataclasses
import json
import os
import platform
import shutil
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ringfence.cli import console
from ringfence.engine import home, toolchain
from ringfence.engine.build import pinned_version
from ringfence.engine.places import SOURCE_ROOT, Places
from ringfence.engine.project import Project
from ringfence.engine.run import stacks

_FROM = {
    "named": "named by RINGFENCE_PULUMI",
    "path": "on PATH",
    "official": "official release, in the cache",
    "built": "built from tools/go.mod, in the cache",
}


@dataclass(frozen=True)
class Part:
    """One thing that Ringfence needs or can use."""

    name: str
    state: str
    """`ok`, `missing` (something does not work without it) or `optional` (not there, and not needed for
    everything).
    """
    detail: str
    fix: str = ""
    """The command that gets it."""


def doctor(as_json: Annotated[bool, typer.Option("--json", help="Print the parts as JSON.")] = False) -> None:
    """Say which parts are there, where they came from, and what to do about the others. Exit 1 when one is
    missing.
    """
    found = list(parts(Places.from_environment(), Path.cwd()))
    healthy = all(part.state != "missing" for part in found)
    if as_json:
        listed = [dataclasses.asdict(part) for part in found]
        print(json.dumps({"ok": healthy, "parts": listed}, indent=2, ensure_ascii=False))
    else:
        _draw(found)
    if not healthy:
        raise typer.Exit(1)


def _draw(found: list[Part]) -> None:
    out = console.out()
    wide = max(len(part.name) for part in found)
    marks = {"ok": "[green]ok[/]      ", "missing": "[bold red]missing[/] ", "optional": "[yellow]optional[/]"}
    for part in found:
        out.print(f"{marks[part.state]}  {escape(part.name):<{wide}}  {escape(part.detail)}")
        if part.fix:
            out.print(f"{'':<{wide + 12}}fix: [cyan]{escape(part.fix)}[/]")


def parts(places: Places, folder: Path) -> Iterator[Part]:
    """Every part, in the order in which they are needed."""
    yield Part("Python", "ok", f"{platform.python_version()}, {sys.executable}")
    yield Part("ringfence", "ok", f"{_installed('ringfence') or 'not installed'}, from {SOURCE_ROOT}")
    yield _engine(places)
    yield from _sdks()
    yield _home(places)
    yield from _project(places, folder)
    yield from _overrides()


def _engine(places: Places) -> Part:
    search = toolchain.find(places)
    if search.engine:
        where = _FROM[search.engine.source]
        return Part("Pulumi CLI", "ok", f"{search.engine.version}, {where}: {search.engine.pulumi}")
    wanted = toolchain.required_version()
    reasons = "".join(f"; passed over {reason}" for reason in search.passed_over)
    can_build = pinned_version() == wanted and shutil.which("go")
    otherwise = "" if can_build else "; it can be downloaded, but not built: Go is not on PATH, or this is no checkout"
    return Part("Pulumi CLI", "missing", f"none of {wanted} or newer{reasons}{otherwise}", "make setup")


def _sdks() -> Iterator[Part]:
    found = home.installed_packages()
    for package, distribution in home.PACKAGES.items():
        if package in found:
            yield Part(distribution, "ok", f"{found[package]}, with a plan-only provider")
        elif package in home.EXTRAS:
            extra = home.EXTRAS[package]
            yield Part(
                distribution,
                "optional",
                f"not installed: stacks with {extra} need it",
                f'make setup EXTRAS="{_with(extra, found)}"',
            )
        else:
            yield Part(distribution, "missing", "not installed", "make setup")


def _with(extra: str, found: Mapping[str, str]) -> str:
    """The extras to ask for: this one and those installed, for set-up installs what it is asked for and no more."""
    return " ".join(name for package, name in home.EXTRAS.items() if package in found or name == extra)


def _home(places: Places) -> Part:
    if not places.passphrase.exists():
        return Part("private home", "optional", f"{places.home}: not made yet; the first command makes it")
    mode = places.passphrase.stat().st_mode & 0o777
    if mode & 0o077:
        detail = f"{places.passphrase} can be read by others (mode {mode:o})"
        return Part("private home", "missing", detail, f"chmod 600 {places.passphrase}")
    return Part("private home", "ok", str(places.home))


def _project(places: Places, folder: Path) -> Iterator[Part]:
    project = Project.containing(folder.resolve(), places)
    if project is None:
        yield Part("project", "optional", f"no Pulumi.yaml in {folder.resolve()} or above")
        return
    named = ", ".join(sorted(stacks(project))) or "no stack files"
    yield Part("project", "ok", f"{project.name}, {project.root}: {named}; state in {project.backend}")


def _overrides() -> Iterator[Part]:
    """Variables of the user that change what the engine does."""
    backend = os.environ.get("PULUMI_BACKEND_URL", "")
    if backend and not os.environ.get("RINGFENCE_EMBEDDED"):
        detail = f"PULUMI_BACKEND_URL is {backend}: a plain `pulumi` uses it, `ringfence preview` does not"
        yield Part("environment", "optional", detail, 'eval "$(ringfence env)"')


def _installed(distribution: str) -> str | None:
    try:
        return version(distribution)
    except PackageNotFoundError:
        return None
