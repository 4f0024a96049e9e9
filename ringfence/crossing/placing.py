"""Puts a program where it runs from: all of it at once, and nothing beside it.

Owns: the folder of the project on the high side. The new one is made beside it and takes its place by two renames; a
run that was killed between them is put right by the next. Refuses to own: which program.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

from ringfence.airgap.manifest import Manifest
from ringfence.crossing import layout
from ringfence.crossing.store import Store
from ringfence.errors import UsageError
from ringfence.files import write_whole

MARK = ".ringfence-carried"
"""In a folder that we made: the digest of the bundle it came from. We replace no other folder."""
_STAYS = (".venv",)


def require_ours(folder: Path) -> None:
    """Refuse to replace a folder that no bundle was placed in.

    Raises:
        UsageError: it is there, has files, and is not ours.
    """
    if folder.exists() and not (folder / MARK).is_file() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(
            f"{folder}: there is something that no carry-in put there: name an empty or a new folder (--into)"
        )


def placed(folder: Path) -> str | None:
    """The digest of the bundle whose program is in the folder."""
    try:
        return (folder / MARK).read_text(encoding="utf-8").strip()
    except OSError:
        return None


def place(store: Store, manifest: Manifest, folder: Path, replaced: Mapping[str, bytes] | None = None) -> None:
    """Make `folder` hold the program of a bundle, and nothing else but its virtual environment.

    `replaced` are files with other bytes than the bundle's: the stack file with its slots filled.
    """
    require_ours(folder)
    new, old = (folder.with_name(f".{folder.name}.{word}") for word in ("new", "old"))
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    for member in manifest.members:
        top, _, name = member.path.partition("/")
        if top != layout.PROGRAM:
            continue
        target = new / name
        target.parent.mkdir(parents=True, exist_ok=True)
        data = (replaced or {}).get(member.path)
        target.write_bytes(store.read(manifest, member.path) if data is None else data)
    write_whole(new / MARK, manifest.digest + "\n", mode=0o644)
    if old.exists() and not folder.exists():
        old.rename(folder)  # Killed between the two renames: the old one is still the one that stays.
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        for name in _STAYS:
            if (folder / name).exists():
                (folder / name).rename(new / name)
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)
