"""What the high side does so that its secrets are its own: configuration encrypted anew, and no trace of a plain value.

Owns: the stack file's slots, backups of states, and what a killed engine leaves behind (locks, pending operations).
Refuses to own: the state's slots (slots.py).
"""

from __future__ import annotations

import json
import os
import re
import socket
from pathlib import Path
from typing import Any

from ringfence.airgap.manifest import Manifest
from ringfence.crossing import given, layout
from ringfence.crossing.store import Store
from ringfence.engine.project import Project
from ringfence.engine.run import Embedded
from ringfence.errors import RingfenceError
from ringfence.rendering import SLOT_PREFIX

_SLOT_LINE = re.compile(rf"^(?P<indent>\s*)(?P<head>.*?)[\"']?secure[\"']?:\s*{SLOT_PREFIX}(?P<name>\S+)\s*$")


def config_slots(manifest: Manifest) -> list[str]:
    """The slots of the stack file."""
    return [name for name in manifest.facts["slots"] if name.startswith("config/")]


def program_files(store: Store, manifest: Manifest, values: dict[str, Any]) -> dict[str, bytes]:
    """The stack file as it is placed: without its encrypted values, which the engine writes itself. Says early which
    values are missing.

    Raises:
        RingfenceError: a slot of the configuration has no value.
    """
    names = config_slots(manifest)
    if not names:
        return {}
    given.chosen(values, names)
    path = _stack_file(manifest)
    lines = store.read(manifest, path).decode().splitlines()
    kept: list[str] = []
    for line in lines:
        if _SLOT_LINE.match(line):
            if kept and kept[-1].rstrip().endswith(":"):
                kept[-1] = f'{kept[-1].rstrip()} ""'
            continue
        kept.append(line)
    return {path: ("\n".join(kept) + "\n").encode()}


def _stack_file(manifest: Manifest) -> str:
    name = f"Pulumi.{manifest.facts['stack']}."
    found = [m.path for m in manifest.members if m.path.startswith(f"{layout.PROGRAM}/") and f"/{name}" in m.path]
    if len(found) != 1:
        raise RingfenceError(f"the bundle has {len(found)} stack files {name}*, and one is needed")
    return found[0]


def encrypt_config(
    embedded: Embedded, folder: Path, stack: str, store: Store, manifest: Manifest, values: dict[str, Any]
) -> None:
    """Give the engine each secret of the configuration, through standard input, to encrypt with this side's passphrase.

    Raises:
        RingfenceError: the engine refused.
    """
    for name, value in given.chosen(values, config_slots(manifest)).items():
        key = name.removeprefix("config/")
        arguments = ["config", "set", "-s", stack, "--path", "--secret", key]
        result = embedded.run(arguments, folder, given=str(value))
        if result.exit_code != 0:
            raise RingfenceError(f"{key}: the engine did not take it: {result.diagnostics.strip()}")


def _backend(embedded: Embedded, folder: Path) -> Path | None:
    project = Project.containing(folder.resolve(), embedded.places)
    return project.backend / ".pulumi" if project else None


def scrub_backups(embedded: Embedded, folder: Path, stack: str) -> None:
    """Remove what the backend keeps of states before an import: they may hold what another passphrase encrypted."""
    backend = _backend(embedded, folder)
    if backend is None:
        return
    for pattern in (f"stacks/**/{stack}.json.bak", f"backups/**/{stack}/*", f"backups/**/{stack}.*"):
        for file in backend.glob(pattern):
            if file.is_file():
                file.unlink()


def break_stale_locks(embedded: Embedded, folder: Path, stack: str) -> None:
    """Remove the lock of an engine that was killed on this machine; one that lives keeps it. What an engine had begun
    to write as its lock, and never wrote, goes too: no engine starts while there is any such file.

    Raises:
        RingfenceError: an engine is at work on the stack.
    """
    backend = _backend(embedded, folder)
    for file in sorted(backend.glob(f"locks/**/{stack}/*.json*")) if backend else ():
        try:
            said = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            said = {}
        pid = said.get("pid")
        if said.get("hostname") not in (None, socket.gethostname()):
            raise RingfenceError(f"{stack} is locked by another machine, {said.get('hostname')}: see {file}")
        if isinstance(pid, int) and _alive(pid):
            raise RingfenceError(f"an engine is at work on {stack} (process {pid}): wait for it to end")
        file.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def clear_interrupted(embedded: Embedded, folder: Path, stack: str) -> None:
    """After an update that went well, forget operations that an earlier, killed one had begun: with plan-only providers
    nothing was made that nobody knows of.

    Raises:
        RingfenceError: the engine refused.
    """
    found = embedded.run(["stack", "export", "-s", stack], folder)
    state = json.loads(found.stdout)
    if not state["deployment"].get("pending_operations"):
        return
    state["deployment"]["pending_operations"] = []
    result = embedded.run(["stack", "import", "-s", stack], folder, given=json.dumps(state))
    if result.exit_code != 0:
        raise RingfenceError(f"interrupted operations cannot be cleared: {result.diagnostics.strip()}")
