"""`ringfence mutate`: plant every known leak, one at a time, into compliant stacks, and count the refusals.

Owns the options, the table and the exit code. Refuses to own the mutants (ringfence.mutation).
"""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.table import Table

from ringfence.cli import checkout, console
from ringfence.errors import UsageError

PROVIDERS = ("aws", "azure-native", "gcp", "kubernetes")
_SHOWN = 40
"""Misses that are shown to a person; --json has all of them."""


def mutate(
    every: Annotated[bool, typer.Option("--all", help="Every row of every table, not a sample of each kind.")] = False,
    provider: Annotated[list[str] | None, typer.Option("--provider", help=f"Only {', '.join(PROVIDERS)}.")] = None,
    flow: Annotated[list[str] | None, typer.Option("--flow", help="Only one kind of flow: replica, backup ...")] = None,
    only: Annotated[str, typer.Option("--only", help="Only cases whose name has this text; says what was said.")] = "",
    engine: Annotated[int, typer.Option("--engine", help="Also run this many through the real engine.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="Print the score as JSON.")] = False,
) -> None:
    """Plant known leaks into compliant stacks and count the refusals. Exit 0 all refused, 1 not all, 2 bad usage."""
    unknown = set(provider or ()) - set(PROVIDERS)
    if unknown:
        raise UsageError(f"--provider: no such provider: {', '.join(sorted(unknown))}: allowed {', '.join(PROVIDERS)}")
    checkout.reach("policy")
    from ringfence.mutation import score

    cases = score.select(score.every_case(), every=every, providers=provider or (), flows=flow or (), only=only)
    if not cases:
        raise UsageError("no such mutant: see --provider, --flow and --only; `ringfence mutate --all --json` names all")
    with console.progress(f"planting {len(cases)} cases") as line:
        found = score.run(cases, lambda done: line.at(f"{done} of {len(cases)}"))
    on_engine = None
    if engine:
        from ringfence.mutation import on_engine as runner

        with console.progress(f"{engine} of them on the real engine") as line:
            on_engine = runner.run(cases, engine, lambda done: line.at(f"{done} of {engine}"))
    if as_json:
        typer.echo(json.dumps(as_plain(found, on_engine), indent=2, ensure_ascii=False))
    else:
        _draw(found, on_engine, talkative=bool(only))
    if not found.whole or (on_engine and not on_engine.whole):
        raise typer.Exit(1)


def as_plain(found: Any, on_engine: Any = None) -> dict[str, Any]:
    """The score as plain values: totals, a row for each provider and flow, and every miss with what was said."""
    plain: dict[str, Any] = {
        "ok": found.whole and (on_engine is None or on_engine.whole),
        "total": _tally(found.tally()),
        "rows": [{"provider": provider, "flow": flow, **_tally(tally)} for provider, flow, tally in _rows(found)],
        "uncovered": list(found.uncovered),
        "missed": [_outcome(each) for each in found.bad],
    }
    if on_engine is not None:
        plain["engine"] = {**_tally(on_engine.tally()), "missed": [_outcome(each) for each in on_engine.bad]}
    return plain


def _tally(tally: Any) -> dict[str, Any]:
    return {
        "planted": tally.planted,
        "refused": tally.killed,
        "misplaced": tally.misplaced,
        "survived": tally.survived,
        "percent": round(tally.percent, 2),
        "compliant": tally.compliant,
        "compliantRefused": tally.accused,
    }


def _outcome(outcome: Any) -> dict[str, Any]:
    said = [{"rule": each.rule, "level": each.level, "resource": each.resource, "message": each.message}
            for each in outcome.said]  # fmt: skip
    expected = getattr(outcome.case, "expected", None)
    wanted = expected and {
        "rules": sorted(expected.rules),
        "resource": expected.resource,
        "path": expected.path,
        "places": list(expected.places),
    }
    return {"id": outcome.case.id, "fate": outcome.fate.value, "expected": wanted, "said": said}


def _rows(found: Any) -> list[tuple[str, str, Any]]:
    kinds = sorted({(each.case.provider, each.case.flow) for each in found.outcomes})
    return [
        (provider, flow, found.tally(lambda case, p=provider, f=flow: (case.provider, case.flow) == (p, f)))
        for provider, flow in kinds
    ]


def _draw(found: Any, on_engine: Any, *, talkative: bool) -> None:
    out = console.out()
    table = Table(box=None, pad_edge=False)
    for title in ("provider", "flow"):
        table.add_column(title)
    for title in ("leaks", "refused, right path", "wrong path", "not refused", "compliant", "refused"):
        table.add_column(title, justify="right")
    for provider, flow, tally in _rows(found):
        table.add_row(provider, flow, *_cells(tally))
    table.add_section()
    table.add_row("all", "", *_cells(found.tally()), style="bold")
    out.print(table)
    for each in found.bad[:_SHOWN]:
        _miss(out, each, talkative)
    if len(found.bad) > _SHOWN:
        out.print(f"and {len(found.bad) - _SHOWN} more: --json has all of them")
    for reader in found.uncovered:
        out.print(f"not covered: no values are known for the place reader {reader!r}", markup=False)
    total = found.tally()
    out.print(
        f"{total.killed} of {total.planted} leaks refused with the right path ({total.percent:.1f} %), "
        f"{total.accused} of {total.compliant} compliant stacks refused",
        markup=False,
    )
    if on_engine is not None:
        tally = on_engine.tally()
        out.print(f"on the real engine: {tally.killed} of {tally.planted} leaks refused with the right path, "
                  f"{tally.accused} of {tally.compliant} compliant stacks refused", markup=False)  # fmt: skip
        for each in on_engine.bad:
            _miss(out, each, talkative=True)


def _miss(out: Any, outcome: Any, talkative: bool) -> None:
    out.print(f"{outcome.fate.value}: {outcome.case.id}", markup=False)
    for said in outcome.said if talkative else outcome.said[:1] if outcome.fate.value != "survived" else ():
        out.print(f"    {said.resource}: {said.message.partition(chr(10))[2] or said.message}", markup=False)


def _cells(tally: Any) -> list[str]:
    return [
        str(number) if number else "-"
        for number in (
            tally.planted, tally.killed, tally.misplaced, tally.survived, tally.compliant, tally.accused,
        )
    ]  # fmt: skip
