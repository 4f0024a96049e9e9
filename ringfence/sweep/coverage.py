"""docs/residency-coverage.md, generated: how much of each package is read, called harmless, or not read yet.

Owns the page and its counts. Refuses to own what follows: a property that is not read yet is unproven where it is set.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from ringfence.sweep.candidates import Swept
from ringfence.sweep.tables import HARMLESS, LOCATOR, NOT_YET, Verdict

PAGE = Path(__file__).parents[2] / "docs" / "residency-coverage.md"
Found = Sequence[tuple[Swept, Sequence[Verdict]]]

_HEAD = """# What the residency rules read, and what they do not

Written by `python -m ringfence.sweep --write`; a test holds it. Do not edit.

The sweep walks every input property, nested ones too, of every resource type of the installed SDKs, and of the custom
resources whose definitions it finds. A property whose name, documentation or values say that it could move data or
name a place is a candidate. Each candidate is one of three:

- **locator**: the policy reads where data goes from it (policy/locators.csv, the patterns of policy/reviewed.csv, or a
  rule of its own);
- **harmless**: a reviewed row says why it moves no restricted data over a border;
- **not yet**: nobody has read it. Where it is set on a resource that holds restricted data, it is *unproven*.

A wheel upgrade that brings a candidate which the committed index does not know fails a test.
"""


def counts(found: Found) -> dict[str, dict[str, int]]:
    """For each package: types, properties, candidates, and candidates of each class."""
    out = {}
    for swept, verdicts in found:
        classes = Counter(verdict.classified for verdict in verdicts)
        out[swept.package] = {
            "types": len(swept.types),
            "properties": swept.properties,
            "candidates": len(verdicts),
            LOCATOR: classes[LOCATOR],
            HARMLESS: classes[HARMLESS],
            NOT_YET: classes[NOT_YET],
        }
    return out


def flows(found: Found) -> dict[str, Counter[str]]:
    """For each flow kind: how many properties of each package are read for it."""
    out: dict[str, Counter[str]] = {}
    for swept, verdicts in found:
        for verdict in verdicts:
            if verdict.classified == LOCATOR and verdict.row:
                out.setdefault(verdict.row.flow, Counter())[swept.package] += 1
    return out


def page(found: Found) -> str:
    """The page, as Markdown."""
    names = [f"{swept.package} {swept.version}".strip() for swept, _ in found]
    counted = counts(found)
    columns = ("types", "properties", "candidates", LOCATOR, HARMLESS, NOT_YET)
    parts = [_HEAD, "## By package", ""]
    parts += [f"| package | {' | '.join(columns)} |", f"|---|{'--:|' * len(columns)}"]
    for name, (swept, _) in zip(names, found, strict=True):
        row = counted[swept.package]
        parts.append(f"| {name} | {' | '.join(f'{row[column]:,}' for column in columns)} |")
    packages = [swept.package for swept, _ in found]
    parts += [
        "",
        "## Locators by kind of flow",
        "",
        f"| flow | {' | '.join(packages)} |",
        f"|---|{'--:|' * len(packages)}",
    ]
    for flow, by_package in sorted(flows(found).items()):
        parts.append(f"| {flow} | {' | '.join(f'{by_package[package]:,}' for package in packages)} |")
    parts += ["", *_least_read(found)]
    return "\n".join(parts) + "\n"


def _least_read(found: Found) -> list[str]:
    """The modules with the most candidates that are not read yet."""
    parts = ["## Where most is not read yet", "", "| package | modules (candidates not read yet) |", "|---|---|"]
    for swept, verdicts in found:
        modules = Counter(
            verdict.candidate.type.split(":")[1].partition("/")[0]
            for verdict in verdicts
            if verdict.classified == NOT_YET
        )
        parts.append(
            f"| {swept.package} | {', '.join(f'{name} ({count})' for name, count in modules.most_common(12))} |"
        )
    return parts
