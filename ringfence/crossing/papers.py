"""What people and later checks need beside the artefacts: verdicts, bill, tables with their dates, locks, docs.

Owns: their spelling in a bundle. Refuses to own: every figure in them.
"""

from __future__ import annotations

import dataclasses
from decimal import Decimal
from importlib.resources import files
from pathlib import Path
from typing import Any

from ringfence import checking
from ringfence.airgap.contents import Content, from_bytes, from_file
from ringfence.airgap.manifest import Role
from ringfence.crossing import layout
from ringfence.crossing.canonical import canonical_bytes, plain
from ringfence.crossing.reading import Reading
from ringfence.engine.places import SOURCE_ROOT
from ringfence.planning.bill import bill
from ringfence.spec.load import CONFIG_KEY

_LOCKS = ("requirements.txt", "uv.lock", "poetry.lock", "Pipfile.lock", "requirements", "tools")


def json_content(path: str, role: Role, value: Any, reason: str) -> Content:
    """A member of canonical JSON."""
    return from_bytes(path, role, canonical_bytes(plain(value)) + b"\n", reason)


def stack_contents(reading: Reading) -> list[Content]:
    """State, plan, verdicts and transfer record of the stack."""
    verdicts = [
        {**dataclasses.asdict(verdict), "resource": verdict.resource}
        for verdict in sorted(reading.summary.verdicts, key=lambda each: (each.rule, each.urn, each.message))
    ]
    said = {"packs": dict(reading.summary.packs), "rules": reading.summary.rules, "verdicts": verdicts}
    plan = {"digest": reading.plan_digest, "resources": reading.plan}
    record = reading.transfers
    why = "which class of data is where, who runs that, and what goes there on which basis: GDPR Art. 30(1)"
    return [
        *([json_content(layout.TRANSFERS, Role.RESIDENCY, record, why)] if record is not None else []),
        json_content(layout.STATE, Role.STATE, reading.state.state, "state of the stack, its secrets as slots"),
        json_content(layout.PLAN, Role.PLAN, plan, "what applying the program leads to: both sides must agree"),
        json_content(layout.VERDICTS, Role.VERDICTS, said, "what the policies said of the plan"),
    ]


def bill_contents(stack_file: Path) -> list[Content]:
    """The bill, for a stack that declares a platform; nothing for another program's."""
    if CONFIG_KEY not in stack_file.read_text(encoding="utf-8", errors="replace"):
        return []
    platform = checking.check_file(stack_file).platform
    if platform is None:
        return []
    made = bill(platform)
    rows = [
        {key: str(value) if isinstance(value, Decimal) else value for key, value in dataclasses.asdict(row).items()}
        for row in made.rows
    ]
    totals = {"usdLow": str(made.usd_low), "usdHigh": str(made.usd_high), "unpriced": len(made.unpriced)}
    said = {"unit": "USD/month", "totals": totals, "rows": rows}
    return [json_content(layout.BILL, Role.BILL, said, "node pools in USD/month, as priced when this was built")]


def table_contents() -> list[Content]:
    """The dated tables that verdicts and bill rest on."""
    folder = Path(str(files("ringfence.facts")))
    tables = sorted(path for path in folder.iterdir() if path.suffix in (".csv", ".yaml"))
    reason = "facts that verdicts and bill rest on, with dates and sources in the rows"
    return [from_file(f"{layout.TABLES}/{path.name}", Role.TABLES, path, reason) for path in tables]


def docs_contents() -> list[Content]:
    """What the operator of the other side reads, where this is a checkout that has it."""
    pages = ("guides/airgap.md", "rules-of-carry.md")
    found = [(page, SOURCE_ROOT / "docs" / page) for page in pages if (SOURCE_ROOT / "docs" / page).is_file()]
    return [
        from_file(f"{layout.DOCS}/{page}", Role.DOCS, file, "how to check and carry this in") for page, file in found
    ]


def lock_contents(program: list[Content]) -> list[Content]:
    """The locks are files of the program: named again as what they are, from the same bytes."""
    made = []
    for content in program:
        name = content.member.path.removeprefix(f"{layout.PROGRAM}/")
        if name.split("/")[0] in _LOCKS and name.endswith((".txt", ".lock", ".mod", ".sum", ".in")):
            member = content.member.model_copy(
                update={"path": f"{layout.LOCK}/{name}", "role": Role.LOCK, "reason": "pins what the program runs with"}
            )
            made.append(Content(member, content.source))
    return made
