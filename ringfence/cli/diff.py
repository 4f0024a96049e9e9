"""`ringfence diff A B`: what changes when bundle B follows bundle A. Owns the options and the list."""

from __future__ import annotations

import json
import os
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from ringfence.airgap import comparing
from ringfence.airgap.comparing import Change
from ringfence.airgap.reading import Bundle
from ringfence.cli import console, sealed
from ringfence.errors import UsageError

_MARKS = {"added": "[green]+[/]", "removed": "[red]-[/]", "changed": "[yellow]~[/]"}


def diff(
    before: Annotated[Path, typer.Argument(help="The earlier bundle.", metavar="A")],
    after: Annotated[Path | None, typer.Argument(help="The later bundle.", metavar="B")] = None,
    running: Annotated[
        Path | None, typer.Option("--running", help="Instead of B: the folder that A would be carried into.")
    ] = None,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="Verify both first, with these public keys.")
    ] = None,
    threshold: Annotated[int | None, typer.Option("--threshold", help="How many of the keys must have signed.")] = None,
    values: Annotated[int, typer.Option("--values", help="How many values of a document to show at most.")] = 10,
    as_json: Annotated[bool, typer.Option("--json", help="Print the changes as JSON.")] = False,
) -> None:
    """Say what changed between two bundles, by role: images, policies, residency, cost; or what a bundle would change
    of what runs here. Exit 0, changed or not."""
    if (after is None) == (running is None):
        raise UsageError("name a second bundle, or --running DIR to compare with what runs there")
    if after is None:
        _against_running(_open(before, trust, threshold), running or Path(), values, as_json)
        return
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


def _against_running(bundle: Bundle, folder: Path, values: int, as_json: bool) -> None:
    from ringfence.crossing import reading, running  # The engine's libraries: two bundles are compared without them.
    from ringfence.crossing.store import Store
    from ringfence.engine.run import Embedded
    from ringfence.engine.summary import name_of, type_of

    stack = str(bundle.manifest.facts["stack"])
    plan = running.plan_of(bundle, Store(sealed.accepted_file().parent))
    state = reading.exported(Embedded.open(os.environ), folder, stack, secrets=False)
    found = running.compare(plan, state)
    if as_json:
        said = [{"urn": each.urn, "step": each.step, "values": list(each.values)} for each in found]
        print(json.dumps({"ok": True, "state": reading.state_digest(state), "changes": said}, indent=2))
        return
    out = console.out()
    name = f"{bundle.manifest.name} sequence {bundle.manifest.sequence}"
    out.print(f"{folder} -> {name}: {len(found)} resources differ", markup=False)
    for each in found:
        mark = _MARKS[{"create": "added", "delete": "removed", "change": "changed"}[each.step]]
        out.print(f"  {mark} {escape(f'{type_of(each.urn)} {name_of(each.urn)}')}")
        for line in each.values[:values]:
            out.print(f"      {line}", markup=False)


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
