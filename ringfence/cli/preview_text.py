"""The summary of a preview as text for a person. Owns its layout and words, and no figure in it."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from rich.console import Console
from rich.markup import escape

from ringfence.cli import console
from ringfence.engine.project import Project
from ringfence.engine.summary import Part, Summary, Verdict

_ADVICE_SHOWN = 10
_WORDS = {
    "create": "to create",
    "update": "to update",
    "replace": "to replace",
    "delete": "to delete",
    "same": "unchanged",
}


def draw(summary: Summary, project: Project, stack: str, pack: Path | None) -> None:
    """Print the summary: what is planned where, what the policies say, the errors, the figures, the next
    command.
    """
    out = console.out()
    out.print(f"\n[bold]{escape(project.name)}/{escape(stack)}[/], previewed on the embedded engine")
    if summary.parts:
        out.print()
        for line in _table(summary.parts, out.width):
            out.print(line, soft_wrap=True)
    _policies(out, summary, pack)
    for error in summary.errors:
        out.print(f"\n[bold red]error:[/] {escape(error)}")
    for warning in summary.warnings:
        out.print(f"\n[yellow]warning:[/] {escape(warning)}")
    _money(out, summary)
    out.print(f"\n[bold]{_verdict(summary)}[/]  {_figures(summary)}")
    out.print(f"Next: [cyan]{escape(_next(summary, stack, project, pack))}[/]", soft_wrap=True)


def _table(parts: list[Part], width: int) -> Iterator[str]:
    """A line for each part, beneath its site; the kinds take what the line has left, and are cut there."""
    rows = [(part, part.type, part.name, str(part.resources)) for part in parts]
    wide = [max(len(row[column]) for row in rows) for column in (1, 2, 3)]
    for site, members in groupby(rows, key=lambda row: (row[0].site, row[0].jurisdiction)):
        yield f"[bold]{escape(_place(*site))}[/]"
        for part, kind, name, count in members:
            line = f"  {kind:<{wide[0]}}  {name:<{wide[1]}}  {count:>{wide[2]}}  "
            yield escape(line) + f"[dim]{escape(_cut(_kinds(part), width - len(line)))}[/]"


def _place(site: str | None, jurisdiction: str | None) -> str:
    if site is None:
        return "no site"
    return f"{site} ({jurisdiction})" if jurisdiction else site


def _kinds(part: Part) -> str:
    return ", ".join(f"{kind} {count}" if count > 1 else kind for kind, count in part.kinds.items())


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 3, 0)].rpartition(",")[0] + " ..."


def _policies(out: Console, summary: Summary, pack: Path | None) -> None:
    if pack is None:
        out.print("\n[yellow]No policy pack was found: nothing was held against a policy[/]")
        return
    packs = ", ".join(f"{name} {version}".strip() for name, version in summary.packs.items())
    if summary.packs:
        out.print(f"\nPolicies: {escape(packs)}, {summary.rules} rule{'s' * (summary.rules != 1)}")
    for verdict in summary.refusals:
        _say(out, "[bold red]refused[/]", verdict)
    for verdict in summary.advice[:_ADVICE_SHOWN]:
        _say(out, "[yellow]advice[/] ", verdict)
    if len(summary.advice) > _ADVICE_SHOWN:
        out.print(f"  ... and {len(summary.advice) - _ADVICE_SHOWN} more pieces of advice (--json has them all)")


def _say(out: Console, word: str, verdict: Verdict) -> None:
    out.print(f"  {word} [bold]{escape(verdict.rule)}[/]  {escape(verdict.resource)}")
    for line in verdict.message.splitlines():
        out.print(f"          {escape(line)}")


def _money(out: Console, summary: Summary) -> None:
    """The bill that a program of ours exports."""
    bill = summary.outputs.get("bill")
    if not isinstance(bill, dict) or not {"usdPerMonthLow", "usdPerMonthHigh", "budgetUsdPerMonth"} <= bill.keys():
        return
    line = f"\nNode pools: {bill['usdPerMonthLow']:,.0f} to {bill['usdPerMonthHigh']:,.0f} USD/month"
    if isinstance(bill["budgetUsdPerMonth"], int | float):
        line += f", budget {bill['budgetUsdPerMonth']:,.0f}"
    if bill.get("unpriced"):
        line += f"; not priced: {len(bill['unpriced'])} pools"
    out.print(line)


def _verdict(summary: Summary) -> str:
    if summary.ok:
        return "[green]Fine.[/]"
    return "[red]Refused.[/]" if summary.refusals else "[red]Failed.[/]"


def _figures(summary: Summary) -> str:
    said = [f"{count} {_WORDS.get(operation, operation)}" for operation, count in summary.operations.items()]
    said += [f"{len(summary.refusals)} refused"] if summary.refusals else []
    said += [f"{len(summary.advice)} advised"] if summary.advice else []
    return ", ".join([*said, f"{summary.seconds} s"])


def _next(summary: Summary, stack: str, project: Project, pack: Path | None) -> str:
    if not summary.ok:
        what = "follow the fixes above" if summary.refusals else "mend the errors above"
        return f"{what}, then `ringfence preview -s {shlex.quote(stack)}`"
    relative = pack and (pack.relative_to(project.root) if pack.is_relative_to(project.root) else pack)
    packs = f" --policy-pack {shlex.quote(str(relative))}" if relative else ""
    return f'eval "$(ringfence env)" && pulumi up -s {shlex.quote(stack)}{packs}'
