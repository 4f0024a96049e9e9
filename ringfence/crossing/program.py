"""The files of a Pulumi program and of its policy pack, as members of a bundle.

Owns: which files belong to it, and that a stack file crosses without its secrets. Refuses to own: what it does.
"""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ringfence.airgap.contents import Content, from_bytes, from_file
from ringfence.airgap.manifest import Role
from ringfence.crossing import layout
from ringfence.engine.project import Project
from ringfence.errors import RingfenceError
from ringfence.rendering import SLOT_PREFIX

_NOT_NEEDED = frozenset({"tests", "bench", ".ci", ".github", ".git", ".venv", "node_modules", "__pycache__"})
"""Top folders that a program does not read when it runs."""
_SECURE = re.compile(r"^(?P<head>\s*(?:-\s*)?[\"']?secure[\"']?:\s*)(?P<value>\S.*)$")
_HOW_KEPT = re.compile(r"^(?:encryptionsalt|secretsprovider|encryptedkey):")


@dataclass(frozen=True)
class Program:
    """A program to carry."""

    contents: list[Content]
    epoch: int | None
    """Seconds since 1970 of the last commit; None outside of git."""
    commit: str | None
    config_slots: dict[str, list[str]]
    """Slots of the stack file's encrypted values, with where they stand."""


def gather(project: Project, stack: str, pack: Path | None) -> Program:
    """The program's files: what git tracks, else all but caches and hidden files; other stacks' files stay here.

    Raises:
        RingfenceError: a link among the files leads out of the project.
    """
    root = project.root.resolve()
    contents: list[Content] = []
    config_slots: dict[str, list[str]] = {}
    tracked = _tracked(root)
    for file in _files(root, tracked):
        name = file.relative_to(root).as_posix()
        if name.split("/")[0] in _NOT_NEEDED or _other_stack(file, project, stack):
            continue
        if file == project.stack_file(stack).resolve():
            text, config_slots = without_secrets(file.read_text(encoding="utf-8-sig"))
            reason = f"configuration of stack {stack}"
            contents.append(from_bytes(f"{layout.PROGRAM}/{name}", Role.PROGRAM, text.encode(), reason))
            continue
        role, reason = _role(file, pack)
        contents.append(from_file(f"{layout.PROGRAM}/{name}", role, file, reason))
    epoch, commit = _commit(root) if tracked else (None, None)
    return Program(contents, epoch, commit, config_slots)


def _tracked(root: Path) -> list[str] | None:
    """What git tracks of the project; None for one that it does not, also inside somebody else's checkout."""
    listed = (_git(root, "ls-files", "-z", "--cached", "--", ".") or "").split("\0")
    is_tracked = any(name in listed for name in ("Pulumi.yaml", "Pulumi.yml", "Pulumi.json"))
    return [name for name in listed if name] if is_tracked else None


def _files(root: Path, tracked: list[str] | None) -> Iterator[Path]:
    if tracked is None:
        walked = (path for path in root.rglob("*") if not {*path.relative_to(root).parts} & _NOT_NEEDED)
        found = [path for path in walked if not any(part.startswith(".") for part in path.relative_to(root).parts)]
    else:
        found = [root / name for name in tracked]
    for path in sorted(found):
        if path.is_symlink() and root not in path.resolve().parents:
            raise RingfenceError(
                f"{path}: a link that leads out of the project cannot cross: put the file itself there"
            )
        if path.is_file() and not path.name.endswith((".pyc", ".swp")):
            yield path


def _other_stack(file: Path, project: Project, stack: str) -> bool:
    """Another stack's file: it says more of other places than this one needs to know."""
    stack_file = re.fullmatch(rf"Pulumi\.(.+){re.escape(project.suffix)}", file.name)
    return bool(stack_file) and file.parent == project.stack_folder.resolve() and stack_file[1] != stack


def _role(file: Path, pack: Path | None) -> tuple[Role, str]:
    if pack is not None and pack.resolve() in file.parents:
        return Role.POLICY, "policy pack: what the plan was judged by"
    return Role.PROGRAM, "the program: what the plan is made by"


def without_secrets(text: str) -> tuple[str, dict[str, list[str]]]:
    """A stack file with a slot for each encrypted value, and without how this machine encrypts.

    A slot is named after the value's key: `config/acme:apiToken`.

    Raises:
        RingfenceError: an encrypted value is written in a way that cannot be told apart.
    """
    names = [f"config/{path}" for path in _secure_paths(_config(text), "")]
    lines, found = [], {}
    for line in text.splitlines():
        if _HOW_KEPT.match(line):
            continue
        secure = _SECURE.match(line)
        if secure and len(found) < len(names):
            name = names[len(found)]
            found[name] = ["stack file"]
            line = f"{secure['head']}{SLOT_PREFIX}{name}"
        lines.append(line)
    if len(found) != len(names):
        raise RingfenceError(
            "the stack file has encrypted values that are not each on a line of their own: `secure: ...`"
        )
    return "\n".join(lines) + "\n", found


def _config(text: str) -> Any:
    try:
        content = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise RingfenceError(f"the stack file is not YAML: {error}") from None
    return content.get("config") or {} if isinstance(content, dict) else {}


def _secure_paths(value: Any, path: str) -> Iterator[str]:
    if isinstance(value, dict):
        if set(value) == {"secure"} and isinstance(value["secure"], str):
            yield path
            return
        for key, item in value.items():
            yield from _secure_paths(item, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from _secure_paths(item, f"{path}[{index}]")


def _commit(root: Path) -> tuple[int | None, str | None]:
    said = _git(root, "log", "-1", "--format=%ct %H")
    if not said:
        return None, None
    seconds, _, commit = said.strip().partition(" ")
    return int(seconds), commit


def _git(root: Path, *arguments: str) -> str | None:
    command = ["git", "-C", str(root), "-c", "core.quotepath=off", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    except OSError:
        return None
    return done.stdout if done.returncode == 0 else None
