"""The variables that make a plain `pulumi` the embedded engine. Owns their names and values, and nothing that
they point at.

Cloud credentials and every other variable of the user stay as they are.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from ringfence.engine.places import SOURCE_ROOT, Places
from ringfence.engine.toolchain import Engine


def variables(
    places: Places, engine: Engine, project_place: Path, inherited: Mapping[str, str] = os.environ
) -> dict[str, str]:
    """The variables to set, with their values. Only PATH is taken from what is already set."""
    return {
        "RINGFENCE_EMBEDDED": "1",
        "RINGFENCE_HOME": str(places.home),
        "RINGFENCE_CACHE": str(places.cache),
        "RINGFENCE_PYTHON": sys.executable,
        "RINGFENCE_SOURCE": str(SOURCE_ROOT),
        "RINGFENCE_PULUMI": str(engine.pulumi),
        "PULUMI_HOME": str(places.pulumi_home),
        "PULUMI_BACKEND_URL": backend_url(project_place),
        "PULUMI_CONFIG_PASSPHRASE_FILE": str(places.passphrase),
        # The passphrase is this machine's, so the salt that goes with it stays in the state and out of committed files.
        "PULUMI_FALLBACK_TO_STATE_SECRETS_MANAGER": "true",
        "PULUMI_SKIP_UPDATE_CHECK": "true",
        "PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION": "true",
        # A plug-in that happens to be on PATH would be used with a warning, and it would call its cloud.
        "PULUMI_IGNORE_AMBIENT_PLUGINS": "true",
        # Programs without a virtual environment of their own run with the Python that has the SDKs.
        "PULUMI_PYTHON_CMD": sys.executable,
        "PATH": _first_on_path(places.launchers, inherited.get("PATH", os.defpath)),
    }


def backend_url(project_place: Path) -> str:
    """The `file://` backend of a project's place. Pulumi takes the rest of the URL as a path, unescaped."""
    return f"file://{project_place / 'state'}"


def shell_exports(values: Mapping[str, str]) -> str:
    """The variables as `export` lines for a POSIX shell; any value is safe in them."""
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in values.items())


def _first_on_path(folder: Path, path: str) -> str:
    rest = [entry for entry in path.split(os.pathsep) if entry and entry != str(folder)]
    return os.pathsep.join([str(folder), *rest])
