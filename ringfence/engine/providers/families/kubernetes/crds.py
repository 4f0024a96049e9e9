"""Schemas of custom resources, from folders of CustomResourceDefinition files.

Owns where they are looked for: `RINGFENCE_CRDS` (a path list), else `crds` in the project and `../shared/data/crds`
beside it or beside Ringfence. A file holds one definition or many. Parsed schemas are kept on disk, keyed by the
file's size and time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

from ringfence.engine.places import Places

FOLDERS_VARIABLE = "RINGFENCE_CRDS"
_KIND = re.compile(r"^    kind: (\w+)\s*$", re.MULTILINE)
_GROUP = re.compile(r"^  group: (\S+)\s*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class CustomKind:
    """One kind of one file: its schemas by served version, and whether it is namespaced."""

    kind: str
    group: str
    namespaced: bool
    versions: dict[str, dict[str, Any]]


def folders() -> list[Path]:
    """The folders that exist, in the order in which they are searched."""
    given = os.environ.get(FOLDERS_VARIABLE)
    if given is not None:
        return [Path(item) for item in given.split(os.pathsep) if item and Path(item).is_dir()]
    source = Path(os.environ.get("RINGFENCE_SOURCE") or Path(__file__).parents[5])
    candidates = [Path.cwd() / "crds", Path.cwd().parent / "shared/data/crds", source.parent / "shared/data/crds"]
    return [path for path in dict.fromkeys(candidates) if path.is_dir()]


class Definitions:
    """Finds and loads definitions on first use; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._files: dict[str, list[Path]] | None = None
        self._kinds: dict[tuple[str, str], CustomKind | None] = {}

    def kind(self, group: str, kind: str) -> CustomKind | None:
        """The definition of a kind, or None when no folder has one."""
        key = (group, kind)
        with self._lock:
            if key not in self._kinds:
                self._kinds[key] = self._find(group, kind)
            return self._kinds[key]

    def kinds_of(self, group: str) -> list[str]:
        """The kinds that the folders know of a group, for a suggestion."""
        with self._lock:
            files = self._of_group(group)
        return sorted({kind for path in files for kind in _declared(path)[1]})

    def every(self) -> Iterator[CustomKind]:
        """Every definition of every folder; of two of one kind, the first that is found."""
        seen = set()
        for folder in folders():
            for path in sorted(folder.rglob("*.y*ml")):
                for found in _load(path) if _declared(path)[1] else ():
                    if (found.group, found.kind) not in seen:
                        seen.add((found.group, found.kind))
                        yield found

    def _find(self, group: str, kind: str) -> CustomKind | None:
        for path in self._of_group(group):
            if kind in _declared(path)[1]:
                for found in _load(path):
                    if (found.group, found.kind) == (group, kind):
                        return found
        return None

    def _of_group(self, group: str) -> list[Path]:
        if self._files is None:
            self._files = {}
            for folder in folders():
                for path in sorted(folder.rglob("*.y*ml")):
                    # `<plural>.<group>.yaml` says its group; any other name has to be looked into.
                    named = path.stem.partition(".")[2]
                    for name in [named] if named else _declared(path)[0]:
                        self._files.setdefault(name, []).append(path)
        return self._files.get(group, [])


@lru_cache(maxsize=2048)
def _declared(path: Path) -> tuple[frozenset[str], frozenset[str]]:
    """Groups and kinds that a file names, without parsing it."""
    text = path.read_text(encoding="utf-8")
    return frozenset(_GROUP.findall(text)), frozenset(_KIND.findall(text))


def _load(path: Path) -> list[CustomKind]:
    stat = path.stat()
    digest = hashlib.sha256(f"{path}:{stat.st_size}:{stat.st_mtime_ns}".encode()).hexdigest()[:24]
    cached = _cache_folder() / f"{digest}.json"
    try:
        return [CustomKind(**item) for item in json.loads(cached.read_bytes())]
    except (OSError, ValueError, TypeError):
        kinds = _parse(path)
    _keep(cached, kinds)
    return kinds


def _keep(cached: Path, kinds: list[CustomKind]) -> None:
    rows = [
        {"kind": item.kind, "group": item.group, "namespaced": item.namespaced, "versions": item.versions}
        for item in kinds
    ]
    try:
        cached.parent.mkdir(parents=True, exist_ok=True)
        temporary = cached.with_suffix(f".{os.getpid()}")
        temporary.write_text(json.dumps(rows), encoding="utf-8")
        temporary.replace(cached)
    except OSError:
        return  # A cache that cannot be written only costs time.


def _parse(path: Path) -> list[CustomKind]:
    import yaml

    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    kinds = []
    for document in yaml.load_all(path.read_text(encoding="utf-8"), Loader=loader):
        if not isinstance(document, dict) or document.get("kind") != "CustomResourceDefinition":
            continue
        spec = document["spec"]
        versions = {
            version["name"]: _without_prose(version["schema"]["openAPIV3Schema"])
            for version in spec["versions"]
            if version.get("served") and version.get("schema")
        }
        namespaced = spec.get("scope") == "Namespaced"
        kinds.append(CustomKind(spec["names"]["kind"], spec["group"], namespaced, versions))
    return kinds


def _without_prose(schema: Any) -> Any:
    if isinstance(schema, list):
        return [_without_prose(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: _without_prose(item) for key, item in schema.items() if key != "description" or not isinstance(item, str)
    }


def _cache_folder() -> Path:
    return Places.from_environment().cache / "crds"
