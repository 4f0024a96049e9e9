"""What the sweep writes for the policy pack: which properties of which type nobody has read yet.

Owns the files policy/swept/*.txt (one line for each type: the type, a tab, its paths) and policy/swept/locators.csv
(the pattern locators of policy/reviewed.csv, one row for each property that they match). Both are written, not edited.
`policy.tables` reads them. Refuses to own what is in them.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from pathlib import Path

from ringfence.sweep.candidates import Swept
from ringfence.sweep.tables import LOCATOR, NOT_YET, POLICY, Verdict

FOLDER = POLICY / "swept"
LOCATORS = "locators.csv"
_HEADER = "type,path,flow,place"


def lines(swept: Swept, verdicts: Iterable[Verdict]) -> str:
    """The index of one package, as text."""
    paths: dict[str, list[str]] = {token: [] for token in swept.types}
    for verdict in verdicts:
        if verdict.classified == NOT_YET:
            paths[verdict.candidate.type].append(verdict.candidate.path)
    name = f"{swept.package} {swept.version}".strip()
    head = f"# {name}: what no locator reads and nobody called harmless, by type. Written by the sweep.\n"
    return head + "".join(f"{token}\t{' '.join(sorted(paths[token]))}\n" for token in swept.types)


def located(verdicts: Iterable[Verdict]) -> str:
    """The rows of the pattern locators, as a table."""
    out = io.StringIO()
    out.write(
        "# Pattern locators of policy/reviewed.csv, one row for each property that they match. Written by the sweep.\n"
    )
    out.write(f"{_HEADER}\n")
    for verdict in verdicts:
        row = verdict.row
        if verdict.classified == LOCATOR and row and is_pattern_locator(row.place) and row.reviewed:
            out.write(f"{verdict.candidate.type},{verdict.candidate.path},{row.flow},{row.place}\n")
    return out.getvalue()


def is_pattern_locator(place: str) -> bool:
    """Whether a row's reader is one of policy/flows.py: not read elsewhere, and no helper of another row."""
    return bool(place) and place not in ("ladder", "helper") and not place.startswith("rule:")


def path_of(package: str, folder: Path = FOLDER) -> Path:
    """Where a package's index is."""
    return folder / f"{package}.txt"
