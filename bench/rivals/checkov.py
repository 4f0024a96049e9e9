"""Checkov: installed by version into a folder of its own in the cache, asked about a Terraform plan.

Owns the installation and the reading of its report. It is a rival in a measurement, never a dependency.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ringfence.engine.places import Places

VERSION = "3.3.30"
_TYPES = """
import json
from checkov.common.checks_infra.registry import get_graph_checks_registry
from checkov.terraform.checks.resource.registry import resource_registry
import checkov.terraform.checks.resource
graph = get_graph_checks_registry("terraform")
graph.load_checks()
found = set(resource_registry.checks)
for check in graph.checks:
    found |= set(check.resource_types or [])
print("\\n" + json.dumps(sorted(found)))
"""


@dataclass(frozen=True)
class Checkov:
    """An installed Checkov."""

    folder: Path

    @classmethod
    def installed(cls) -> Checkov:
        """Install it with pip unless it is there. Raises CalledProcessError where no package index can be reached."""
        folder = Places.from_environment().cache / "rivals" / f"checkov-{VERSION}"
        if not (folder / "bin" / "checkov").is_file():
            print(f"bench: installing checkov {VERSION}", file=sys.stderr, flush=True)
            subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
            subprocess.run(
                [folder / "bin" / "python", "-m", "pip", "install", "--quiet", f"checkov=={VERSION}"], check=True
            )
        return cls(folder)

    def types(self) -> frozenset[str]:
        """Every Terraform resource type that some check of it looks at."""
        ran = subprocess.run([self.folder / "bin" / "python", "-c", _TYPES], capture_output=True, text=True, check=True)
        return frozenset(json.loads(ran.stdout.strip().splitlines()[-1]))

    def failed(self, plan: Mapping[str, Any], folder: Path) -> set[tuple[str, str]]:
        """(check, address) of every check that fails on a plan, with all built-in checks."""
        file = folder / "plan.json"
        file.write_text(json.dumps(plan), encoding="utf-8")
        ran = subprocess.run(self.command(file), capture_output=True, text=True, check=False)
        try:
            report = json.loads(ran.stdout)
        except json.JSONDecodeError as error:
            raise RuntimeError(f"checkov said no JSON: {ran.stdout[-400:]}{ran.stderr[-2000:]}") from error
        reports = report if isinstance(report, list) else [report]
        return {
            (each["check_id"], each["resource"])
            for one in reports
            for each in one.get("results", {}).get("failed_checks", [])
        }

    def command(self, file: Path, *extra: str) -> list[str]:
        """The command line that asks about one plan."""
        return [
            str(self.folder / "bin" / "checkov"), "-f", str(file), "--framework", "terraform_plan", "-o", "json",
            "--compact", "--quiet", "--skip-download", *extra,
        ]  # fmt: skip
