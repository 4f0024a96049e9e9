"""`ringfence diff A B`: what changes when bundle B follows bundle A. Owns the options and the list."""

from __future__ import annotations

import json
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ringfence.airgap import comparing
from ringfence.airgap.comparing import Change
from ringfence.airgap.reading import Bundle
from ringfence.cli import console, sealed

_MARKS = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}


def diff(
    before: Annotated[Path, typer.Argument(help="The earlier bundle.", metavar="A")],
    after: Annotated[Path, typer.Argument(help="The later bundle.", metavar="B")],
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="Verify both first, with these public keys.")
    ] = None,
    threshold: Annotated[int | None, typer.Option("--threshold", help="How many of the keys must have signed.")] = None,
    values: Annotated[int, typer.Option("--values", help="How many values of a document to show at most.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """Say what changed between two bundles, by role: images, policies, residency, cost. Exit 0, changed or not."""
    opened = [_open(file, trust, threshold) for file in (before, after)]
    changes = comparing.compare(*opened)
    new = comparing.new_bytes(opened[0].manifest, opened[1].manifest)
    if as_json:
        said = {
            "ok": True,
            "verified": bool(trust),
            "before": opened[0].manifest.digest,
            "after": opened[1].manifest.digest,
            "newBytes": new,
            "changes": [change.as_json() for change in changes],
        }
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    _draw(opened, changes, new, values)


def _open(file: Path, trust: list[Path] | None, threshold: int | None) -> Bundle:
    if not trust:
        console.note(f"{file.name} is not verified: add --trust FILE.pub")
        return sealed.open_unverified(file)
    with sealed.meter(f"verifying {file.name}") as progress:
        return sealed.open_verified([file], sealed.trust(trust, threshold), progress)


def _draw(opened: list[Bundle], changes: list[Change], new: int, values: int) -> None:
    out = console.out()
    names = [f"{each.manifest.name} sequence {each.manifest.sequence}" for each in opened]
    out.print(f"{names[0]} -> {names[1]}: {len(changes)} changes, {sealed.shown(new)} new", markup=False)
    for role, group in groupby(changes, key=lambda change: change.role):
        out.print(f"[bold]{role.value}[/]")
        for change in group:
            member = change.after or change.before
            assert member is not None
            out.print(f"  {_MARKS[change.kind]} {escape(change.what)}  ({sealed.shown(member.size)})")
            for line in change.values[:values]:
                out.print(f"      {line}", markup=False)
            if len(change.values) > values:
                out.print(f"      and {len(change.values) - values} more; --values shows them, --json all")
