"""Open Policy Agent: built from the Go module that tools/opa/go.mod pins, asked about a Terraform plan.

Owns the build, into the cache by version. It is a rival in a measurement, never a dependency.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from ringfence.engine.places import SOURCE_ROOT, Places

_MODULE = "github.com/open-policy-agent/opa"
_SOURCE = SOURCE_ROOT / "tools" / "opa"


@dataclass(frozen=True)
class Opa:
    """A built OPA."""

    binary: Path
    version: str

    @classmethod
    def installed(cls) -> Opa | None:
        """Build it unless it is there. None where there is no Go. Raises CalledProcessError where the build fails."""
        found = re.search(rf"{re.escape(_MODULE)} v(\S+)", (_SOURCE / "go.mod").read_text(encoding="utf-8"))
        if found is None:
            return None
        version = found[1]
        binary = Places.from_environment().cache / "rivals" / f"opa-{version}" / "opa"
        if not binary.is_file():
            if shutil.which("go") is None:
                return None
            print(f"bench: building OPA {version}: some minutes, once", file=sys.stderr, flush=True)
            binary.parent.mkdir(parents=True, exist_ok=True)
            partial = binary.with_suffix(".partial")
            env = {**os.environ, "GOWORK": "off", "CGO_ENABLED": "0"}
            subprocess.run(["go", "build", "-trimpath", "-o", str(partial), _MODULE], cwd=_SOURCE, env=env, check=True)
            partial.replace(binary)
        return cls(binary, version)

    def command(self, policy: Path, plan: Path) -> list[str]:
        """The command line that counts what the policy denies of one plan."""
        return [
            str(self.binary),
            "eval",
            "--format",
            "raw",
            "-d",
            str(policy),
            "-i",
            str(plan),
            "count(data.bench.deny)",
        ]
