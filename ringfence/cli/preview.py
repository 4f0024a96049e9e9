"""`ringfence preview`: the real engine's preview with the policies on, ending in a summary that a person can
read.

Owns the options, the progress line and the exit code. What it all comes to is `ringfence.engine.summary`'s;
how it is drawn is `preview_text`'s.
"""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Annotated, Any

import typer

from ringfence import checking
from ringfence.cli import console, preview_text
from ringfence.engine import launcher
from ringfence.engine.places import SOURCE_ROOT
from ringfence.engine.project import Project
from ringfence.engine.run import Embedded, Event
from ringfence.engine.summary import Summary, name_of, summarise
from ringfence.errors import UsageError
from ringfence.spec.load import CONFIG_KEY


def preview(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")],
    folder: Annotated[Path, typer.Option("--cwd", "-C", help="The Pulumi project's folder.")] = Path(),
    policy_pack: Annotated[
        Path | None, typer.Option("--policy-pack", help="A policy pack; the project's own `policy`, or ours.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the summary as JSON.")] = False,
) -> None:
    """Preview a stack on the embedded engine with its policies. Exit 0 fine, 1 refused or failed, 2 bad
    config.
    """
    embedded = Embedded.open(os.environ)
    project = Project.containing(folder.resolve(), embedded.places)
    if project is None:
        raise UsageError(f"{folder.resolve()}: no Pulumi.yaml here or above: go to a Pulumi project's folder")
    _check(project.stack_file(stack))
    pack = _pack(policy_pack, project)
    console.note(launcher.NOTICE)
    with console.progress(f"previewing {project.name}/{stack}") as line:
        counting = _Counting(line)
        result = embedded.preview(folder, stack, pack, counting.see)
    summary = summarise(result)
    if as_json:
        print(json.dumps(as_plain(summary, project.name, stack), indent=2, ensure_ascii=False))
    else:
        preview_text.draw(summary, project, stack, pack)
    if not summary.ok:
        raise typer.Exit(1)


class _Counting:
    """Shows how many resources the engine has planned."""

    def __init__(self, line: console.Progress) -> None:
        self._line, self._count = line, 0

    def see(self, event: Event) -> None:
        if "resourcePreEvent" in event:
            self._count += 1
            urn = event["resourcePreEvent"]["metadata"]["urn"]
            self._line.at(f"{self._count} resources, {name_of(urn)}")
        elif "policyLoadEvent" in event:
            self._line.at("loading policies")


def _check(file: Path) -> None:
    """Refuse a stack file of ours that is wrong, in a second and with its lines, before anything is started.

    Raises:
        UsageError: with every finding.
    """
    if not file.is_file() or CONFIG_KEY not in file.read_text(encoding="utf-8", errors="replace"):
        return
    checked = checking.check_file(file)
    if not checked.ok:
        findings = "\n".join(each.as_text() for each in checked.findings)
        raise UsageError(f"{file.name} is not right: nothing was previewed\n{findings}")


def _pack(named: Path | None, project: Project) -> Path | None:
    """The policy pack to use: the one named, the project's own, or ours.

    Raises:
        UsageError: the folder named has no policy pack.
    """
    for pack in (named,) if named else (project.root / "policy", SOURCE_ROOT / "policy"):
        if (pack / "PulumiPolicy.yaml").is_file():
            return pack
    if named:
        raise UsageError(f"{named}: no PulumiPolicy.yaml there: name the folder of a policy pack")
    return None


def as_plain(summary: Summary, project: str, stack: str) -> dict[str, Any]:
    """The summary as plain values for `--json`."""
    parts = [{**dataclasses.asdict(part), "resources": part.resources} for part in summary.parts]
    return {
        "ok": summary.ok,
        "project": project,
        "stack": stack,
        "seconds": summary.seconds,
        "operations": dict(summary.operations),
        "parts": parts,
        "policies": {
            "packs": dict(summary.packs),
            "rules": summary.rules,
            "verdicts": [{**dataclasses.asdict(verdict), "resource": verdict.resource} for verdict in summary.verdicts],
        },
        "errors": summary.errors,
        "warnings": summary.warnings,
        "outputs": dict(summary.outputs),
    }
