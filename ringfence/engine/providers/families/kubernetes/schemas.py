"""Schemas of Kubernetes' own kinds, from the kubernetes-validate wheel (strict).

Owns which version is taken: `RINGFENCE_KUBERNETES_VERSION` (such as 1.34), else the newest bundled one.
"""

from __future__ import annotations

import json
import os
import re
from functools import lru_cache
from importlib import util
from pathlib import Path
from typing import Any

VERSION_VARIABLE = "RINGFENCE_KUBERNETES_VERSION"
_FOLDER = re.compile(r"^v(\d+)\.(\d+)\.\d+-local-strict$")


@lru_cache(maxsize=1)
def schema_folder() -> Path | None:
    """The folder of strict schemas: the newest version not newer than the one asked for."""
    spec = util.find_spec("kubernetes_validate")
    if spec is None or spec.origin is None:
        return None
    found = {}
    for folder in (Path(spec.origin).parent / "kubernetes-json-schema").iterdir():
        match = _FOLDER.match(folder.name)
        if match:
            found[int(match.group(1)), int(match.group(2))] = folder
    wanted = re.match(r"v?(\d+)\.(\d+)", os.environ.get(VERSION_VARIABLE, ""))
    if wanted:
        limit = int(wanted.group(1)), int(wanted.group(2))
        found = {version: folder for version, folder in found.items() if version <= limit}
    return found[max(found)] if found else None


@lru_cache(maxsize=1)
def definitions() -> dict[str, Any]:
    """What the schemas refer to."""
    folder = schema_folder()
    if folder is None:
        return {}
    return json.loads((folder / "_definitions.json").read_bytes())["$defs"]


@lru_cache(maxsize=512)
def schema_of(api_version: str, kind: str) -> dict[str, Any] | None:
    """The strict schema of a built-in kind, or None when the version has none."""
    folder = schema_folder()
    if folder is None:
        return None
    # apps/v1 -> apps-v1, rbac.authorization.k8s.io/v1 -> rbac-v1: the wheel's own file names.
    flat = re.sub(r"^([^./]*)(?:\.[^/]*)?/", r"\1-", api_version)
    path = folder / f"{kind.lower()}-{flat}.json"
    return json.loads(path.read_bytes()) if path.is_file() else None
