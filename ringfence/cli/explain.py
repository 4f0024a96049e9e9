"""`ringfence explain`: what a rule of ours is about, or how to satisfy another tool's rule and keep data at home.

Owns the options, the text and the exit code. Refuses to own what is explained (ringfence.explaining).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import yaml

from ringfence.cli import checkout, console
from ringfence.engine.places import SOURCE_ROOT
from ringfence.errors import UsageError

if TYPE_CHECKING:
    from policy.contract import Contract
    from ringfence.explaining.demands import Choice, Demand
    from ringfence.explaining.own import Explained

NOT_NEEDED = "not needed"
"""What the table says of a demand that can always be met at home."""
_PLATFORM = "ringfence:platform"
_SHOWN = 12
"""Regions in a line for a person; --json has all."""


def explain(
    rule: Annotated[str | None, typer.Argument(help="One of our rules, such as residency-replication.")] = None,
    against: Annotated[
        str | None, typer.Option("--against", help="Another tool's rule, such as checkov:CKV_AWS_144.")
    ] = None,
    data_class: Annotated[str | None, typer.Option("--class", help="The data class that the copy is of.")] = None,
    stack: Annotated[
        str | None, typer.Option("--stack", "-s", help="Take the contract of Pulumi.<stack>.yaml.")
    ] = None,
    contract: Annotated[
        Path | None, typer.Option("--contract", help="A contract; ./ringfence.policy.yaml when there is one.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print it as JSON.")] = False,
) -> None:
    """Explain a rule, or reconcile another tool's. Exit 0 fine, 2 no such rule, class or contract."""
    if (rule is None) == (against is None):
        raise UsageError(
            "name one of our rules (ringfence explain residency-replication), or another tool's with --against "
            "(ringfence explain --against checkov:CKV_AWS_144)"
        )
    checkout.reach("policy")
    if against is not None:
        _reconcile(against, data_class, stack, contract, as_json)
    else:
        _own(rule or "", as_json)


def _own(name: str, as_json: bool) -> None:
    from ringfence.explaining import own

    found = own.explain(name, SOURCE_ROOT)
    if found is None:
        raise UsageError(f"no rule {name!r}. Near: {', '.join(own.near(name))}")
    if as_json:
        plain = {
            "rule": found.id,
            "description": found.description,
            "severity": found.severity,
            "clauses": [{"reference": reference, "summary": summary} for reference, summary in found.clauses],
            "page": found.page,
            "sections": found.sections,
        }
        typer.echo(json.dumps(plain, indent=2, ensure_ascii=False))
        return
    _draw_own(found)


def _draw_own(found: Explained) -> None:
    out = console.out()
    out.print(f"{found.id} ({found.severity}): {found.description}", markup=False, style="bold")
    for reference, summary in found.clauses:
        out.print(f"  {reference}: {summary}", markup=False)
    for heading, text in found.sections.items():
        if heading != "Why":
            out.print(f"\n{heading}", markup=False, style="bold")
            out.print(text, markup=False)
    out.print(f"\nPage: {found.page}", markup=False)


def _reconcile(against: str, data_class: str | None, stack: str | None, contract: Path | None, as_json: bool) -> None:
    from ringfence.explaining import demands

    found = demands.find(against)
    if found is None:
        raise UsageError(f"nothing is known of {against!r}. Near: {', '.join(demands.near(against))}")
    known = _contract(stack, contract)
    if data_class and known is None:
        raise UsageError(
            f"--class {data_class} needs a contract: --stack, --contract, or ringfence.policy.yaml in this folder"
        )
    choices = [demands.choice(found, name, known) for name in _classes(known, data_class)] if known else []
    if as_json:
        typer.echo(json.dumps(_plain(found, choices), indent=2, ensure_ascii=False))
    else:
        _draw(found, choices)


def _classes(contract: Contract, wanted: str | None) -> list[str]:
    if wanted is None:
        return [name for name in contract.data_classes if contract.restricted(name)]
    if wanted not in contract.data_classes:
        raise UsageError(f"--class: the contract has no class {wanted!r}: it has {', '.join(contract.data_classes)}")
    return [wanted]


def _contract(stack: str | None, file: Path | None) -> Contract | None:
    from policy import contract_sources

    try:
        if file is not None:
            if not file.is_file():
                raise UsageError(f"{file}: no such file")
            return contract_sources.read_contract(file)
        config: dict[str, str] = {}
        if stack is not None:
            config = _stack_config(Path(f"Pulumi.{stack}.yaml"))
        found = contract_sources.find(None, config, Path.cwd())
        return found.contract if found else None
    except contract_sources.ContractError as error:
        raise UsageError(str(error)) from error


def _stack_config(path: Path) -> dict[str, str]:
    if not path.is_file():
        raise UsageError(f"{path}: no such file here: go to the project's folder")
    try:
        config = (yaml.safe_load(path.read_text(encoding="utf-8")) or {}).get("config", {})
    except yaml.YAMLError as error:
        raise UsageError(f"{path}: cannot be read: {error}") from error
    platform = config.get(_PLATFORM)
    return {} if platform is None else {_PLATFORM: json.dumps(platform, default=str)}


def _plain(demand: Demand, choices: list[Choice]) -> dict[str, Any]:
    best = _best(choices)
    return {
        "rule": demand.id,
        "demands": demand.demands,
        "leak": demand.leak,
        "ours": demand.ours,
        "satisfiesBoth": demand.both,
        "change": _filled(demand.change, best) if best is None or best.copies else None,
        "otherwise": _filled(demand.otherwise, best),
        "classes": [
            {
                "class": each.data_class,
                "regions": [{"region": one.code, "country": one.country} for one in each.regions],
                "copies": [{"from": home.code, "to": other.code} for home, other in each.copies if home != other],
                "possible": bool(each.copies),
            }
            for each in choices
        ],
        "source": demand.source,
    }


def _best(choices: list[Choice]) -> Choice | None:
    """The first class for which a copy can be made, else the first."""
    return next((each for each in choices if each.copies), choices[0] if choices else None)


def _filled(text: str, choice: Choice | None) -> str:
    """A text with two regions of the contract in it: the first pair of the table of regions that is no same-region
    one."""
    home, other = "<an allowed region>", "<another allowed region>"
    if choice and choice.copies:
        first, second = next(((a, b) for a, b in choice.copies if a != b), choice.copies[0])
        home, other = first.code, second.code
    elif choice and choice.regions:
        home = choice.regions[0].code
    return text.replace("{home}", home).replace("{other}", other)


def _draw(demand: Demand, choices: list[Choice]) -> None:
    out = console.out()
    out.print(demand.id, markup=False, style="bold")
    for label, text in (
        ("It demands", demand.demands),
        ("Followed blindly", demand.leak),
        ("Satisfies both", demand.both),
    ):
        out.print(f"{label}: {text}.", markup=False)
    for each in choices:
        _draw_choice(out, demand, each)
    if not choices:
        out.print("Regions: give a contract (--stack, --contract) and a --class to have them listed.", markup=False)
    best = _best(choices)
    possible = best is None or bool(best.copies)
    if possible:
        out.print("\nThe change:", style="bold")
        out.print(_filled(demand.change, best), markup=False)
    if demand.otherwise != NOT_NEEDED:
        label = "Where that cannot be" if possible else "Instead"
        out.print(f"\n{label}: {_filled(demand.otherwise, best)}", markup=False)
    out.print(f"Our rule: {demand.ours} (ringfence explain {demand.ours}). Source: {demand.source}", markup=False)


def _draw_choice(out: Any, demand: Demand, choice: Choice) -> None:
    names = [f"{each.code} ({each.country})" for each in choice.regions]
    shown = ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")
    out.print(f"\n{choice.data_class} data may rest in: {shown or 'no region of this provider'}.", markup=False)
    pairs = [(home, other) for home, other in choice.copies if home != other]
    if demand.kind == "paired-region":
        text = ", ".join(f"{home.code} -> {other.code} ({other.country})" for home, other in pairs)
        out.print(f"Regions whose pair is allowed too: {text or 'none'}.", markup=False)
    elif not choice.copies:
        out.print("No copy satisfies both.", markup=False)
    elif not pairs:
        out.print("Only one region is allowed: only a copy in the same region satisfies both.", markup=False)
