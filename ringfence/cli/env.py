"""`ringfence env`: the shell exports of the embedded engine. Owns the options; `ringfence.engine.environment`
the values.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringfence.cli import console
from ringfence.engine.environment import shell_exports
from ringfence.engine.run import Embedded


def env(as_json: Annotated[bool, typer.Option("--json", help="Print a JSON object instead.")] = False) -> None:
    """Print exports that make a plain `pulumi` the embedded engine: eval "$(ringfence env)".

    They hold in every Pulumi project's folder: each project has state of its own, and a stack that has a file
    and no state is initialised when it is first used. Nothing is written into a project's folder.
    """
    values = Embedded.open(os.environ).variables(Path.cwd())
    if as_json:
        print(json.dumps(values, indent=2, ensure_ascii=False))
        return
    print(shell_exports(values), end="")
    if sys.stdout.isatty():
        console.note('To use them: eval "$(ringfence env)"')
