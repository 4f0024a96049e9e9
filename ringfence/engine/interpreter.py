"""Which Python runs a program, and what is installed for it. Owns the `virtualenv` option of Pulumi's Python
runtime.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

from google.protobuf import json_format

_VERSION = "import platform; print(platform.python_version())"

_DISTRIBUTIONS = """
import importlib.metadata, json
print(json.dumps(sorted((d.metadata["Name"], d.version) for d in importlib.metadata.distributions())))
"""

_PLUGINS = """
import json, pathlib, sys
for folder in map(pathlib.Path, sys.path):
    for file in folder.glob("pulumi_*/pulumi-plugin.json") if folder.is_dir() else ():
        about = json.loads(file.read_text())
        if about.get("resource") is False:
            continue
        name = about.get("name") or file.parent.name.removeprefix("pulumi_").replace("_", "-")
        print(json.dumps({"name": name, "version": about.get("version") or "", "server": about.get("server") or ""}))
"""


def find(info) -> Path:
    """The Python for a program, plug-in or policy pack.

    In this order: the environment that the `virtualenv` option names, relative to the root folder;
    `PULUMI_PYTHON_CMD`; the Python that runs us. An environment that is named but not there is no reason to
    fail an offline preview.
    """
    environment = _named_environment(info)
    python = _python_of(environment) if environment else None
    if python:
        return python
    command = os.environ.get("PULUMI_PYTHON_CMD")
    found = shutil.which(command) if command else None
    return Path(found or sys.executable)


def missing_environment(info) -> Path | None:
    """The environment that the `virtualenv` option names, if there is none: whoever runs the program says so."""
    environment = _named_environment(info)
    return environment if environment and not _python_of(environment) else None


def _named_environment(info) -> Path | None:
    named = json_format.MessageToDict(info.options).get("virtualenv")
    return Path(info.root_directory, named) if named else None


def _python_of(environment: Path) -> Path | None:
    candidates = (environment / "bin" / "python", environment / "Scripts" / "python.exe")
    return next((python for python in candidates if python.exists()), None)


@cache
def version(python: Path) -> str:
    """The version of that Python, such as `3.11.7`."""
    return _ask(python, _VERSION).strip()


@cache
def distributions(python: Path) -> tuple[tuple[str, str], ...]:
    """Name and version of each distribution that is installed for that Python."""
    return tuple((name, number) for name, number in json.loads(_ask(python, _DISTRIBUTIONS)))


def required_plugins(python: Path) -> list[dict[str, str]]:
    """Name, version and server of the plug-in of each Pulumi SDK that is installed for that Python."""
    return [json.loads(line) for line in _ask(python, _PLUGINS).splitlines()]


def _ask(python: Path, code: str) -> str:
    # From a folder with no modules of the program in it; `-P` would say the same, but Python 3.10 does not know it.
    return subprocess.run(
        [str(python), "-c", code],
        cwd=python.parent,
        capture_output=True,
        text=True,
        check=True,
        stdin=subprocess.DEVNULL,
    ).stdout
