"""`ringfence check`: everything that is wrong with stack files or Helm values, all at once, in under a second.

Owns: the options and the exit code. Refuses to own: the checks, and anything that needs the engine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ringfence import checking
from ringfence.errors import UsageError


def check(
    files: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Stack files, or Helm values files with --charts. All stack files here when none is named."
        ),
    ] = None,
    stack: Annotated[list[str] | None, typer.Option("--stack", "-s", help="Check Pulumi.<stack>.yaml.")] = None,
    charts: Annotated[
        Path | None, typer.Option("--charts", help="Folder of charts to hold add-on and Helm values against.")
    ] = None,
    chart: Annotated[str | None, typer.Option("--chart", help="The chart a values file is for.")] = None,
    queues: Annotated[
        Path | None, typer.Option("--queues", help="Kueue manifests: can what they say ever schedule?")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option("--cluster", help="With --queues and --stack: hold them against its nodes.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="The stack file before a change: what will a new layout evict?")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print findings as JSON.")] = False,
) -> None:
    """Check stack files: types, names, networks, capacity, residency. Exit 0 fine, 2 something is wrong."""
    if chart is not None and charts is None:
        raise UsageError("--chart says which chart a values file is for: say with --charts where the charts are")
    if queues is not None:
        _report([_queues(queues, stack, cluster)], as_json)
        return
    wanted = [*(files or []), *(Path(f"Pulumi.{name}.yaml") for name in stack or [])] or checking.stack_files(
        Path.cwd()
    )
    if not wanted:
        typer.echo("no stack file with 'ringfence:platform' is here: name one, or change into the project", err=True)
        raise typer.Exit(2)
    if base is not None and len(wanted) != 1:
        raise UsageError(f"--base is held against one stack file, not {len(wanted)}: name it, or say --stack")
    checked = [_one(file, charts, chart) for file in wanted]
    if base is not None:
        checked[0].findings += _evictions(wanted[0], checked[0], base)
    _report(checked, as_json)


def _report(checked: list[checking.Checked], as_json: bool) -> None:
    """Print every finding, and exit with 2 where one is an error."""
    located = [each for one in checked for each in one.findings]
    if as_json:
        files_json = [
            {"file": one.file, "ok": one.ok, "findings": [each.as_json() for each in one.findings]} for one in checked
        ]
        typer.echo(
            json.dumps({"ok": all(one.ok for one in checked), "files": files_json}, indent=2, ensure_ascii=False)
        )
    else:
        for each in located:
            typer.echo(each.as_text())
        typer.echo(checking.summary(checked))
    if not all(one.ok for one in checked):
        raise typer.Exit(2)


def _evictions(file: Path, checked: checking.Checked, base: Path) -> list[checking.Located]:
    """What the change from the base to the file evicts, each where the file causes it."""
    from ringfence.planning.capacity import CapacityError
    from ringfence.planning.evictions import findings
    from ringfence.spec.source import read_file

    before = checking.check_file(base)
    if before.platform is None:
        lines = "\n".join(each.as_text() for each in before.findings)
        raise UsageError(f"--base: {base} is no stack file that can be compared with:\n{lines}")
    if checked.platform is None:
        return []
    try:
        return checking.locate(read_file(file), findings(before.platform, checked.platform))
    except CapacityError as error:
        raise UsageError(f"--base: what {base} or {file} offers is not known: {error}") from None


def _queues(file: Path, stacks: list[str] | None, cluster: str | None) -> checking.Checked:
    """A file of queues, against the nodes of a stack's cluster where both are named."""
    if (cluster is None) != (not stacks) or len(stacks or ()) > 1:
        raise UsageError("--queues takes one --stack together with a --cluster, or neither")
    from ringfence.cli import queue_checking

    if not stacks:
        return queue_checking.check_queues(file)
    checked = checking.check_file(Path(f"Pulumi.{stacks[0]}.yaml"))
    return queue_checking.check_queues(file, checked.platform, cluster) if checked.platform else checked


def _one(file: Path, charts: Path | None, chart: str | None) -> checking.Checked:
    if charts is None:
        return checking.check_file(file)
    from ringfence.cli import chart_checking

    return chart_checking.check_with_charts(file, charts, chart)
