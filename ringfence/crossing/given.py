"""The values that the high side puts into slots: from a file of its own, or a folder with a file for each.

Owns: reading them, and which are missing. They stay in memory. Refuses to own: where a slot stands (slots.py,
ringfence.rendering.slots).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import yaml

from ringfence.errors import RingfenceError, UsageError


def read(source: Path | None) -> dict[str, Any]:
    """Values by slot: a YAML or JSON mapping, or a folder of files named after the slots, percent-encoded.

    Raises:
        UsageError: it is neither, or may be read by everybody on the machine.
    """
    if source is None:
        return {}
    try:
        if source.is_dir():
            files = sorted(path for path in source.iterdir() if path.is_file())
            return {path.name: _private(path).read_text(encoding="utf-8").removesuffix("\n") for path in files}
        content = yaml.safe_load(_private(source).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, yaml.YAMLError) as error:
        raise UsageError(f"{source}: cannot be read: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{source}: a mapping of slots to values is needed")
    return {str(name): value for name, value in content.items()}


def _private(file: Path) -> Path:
    if file.stat().st_mode & 0o077:
        raise UsageError(f"{file}: others may read it, and it holds secrets: chmod 600 {file}")
    return file


def chosen(values: dict[str, Any], slots: Iterable[str]) -> dict[str, Any]:
    """The values of these slots.

    Raises:
        RingfenceError: some have none; all of them are named.
    """
    found = {name: values.get(name, values.get(quote(name, safe=""))) for name in slots}
    missing = sorted(name for name, value in found.items() if value is None)
    if missing:
        listed = "\n  ".join(missing)
        raise RingfenceError(
            f"{len(missing)} slots have no value: put them into a file and name it, --slots FILE\n  {listed}"
        )
    return found
