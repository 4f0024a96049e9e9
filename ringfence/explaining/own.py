"""Our own rules as `ringfence explain` tells them: from the rule's page and the cited clauses.

Owns reading docs/rules. Refuses to own what the pages say.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from policy.rules import ALL
from ringfence.facts import frameworks


@dataclass(frozen=True)
class Explained:
    """One rule of ours."""

    id: str
    description: str
    severity: str
    clauses: tuple[tuple[str, str], ...]
    """(reference, summary) of each clause."""
    page: str
    """The page's path in the repository."""
    sections: dict[str, str]
    """The page's sections by heading, as Markdown."""


def explain(name: str, root: Path) -> Explained | None:
    """The rule, or None where there is none of that name. `root` is the checkout."""
    rule = next((each for each in ALL if each.id == name.strip().casefold()), None)
    if rule is None:
        return None
    clauses = [found for each in rule.clauses if (found := frameworks.clause(each)) is not None]
    return Explained(
        rule.id,
        rule.description,
        str(rule.severity.value),
        tuple((each.reference, each.summary) for each in clauses),
        rule.page,
        _sections((root / rule.page).read_text(encoding="utf-8")),
    )


def near(name: str) -> list[str]:
    """Rules that may have been meant; every rule when nothing is near."""
    ids = [each.id for each in ALL]
    wanted = name.strip().casefold()
    holding = [each for each in ids if wanted and wanted in each]
    return holding or difflib.get_close_matches(wanted, ids, n=5, cutoff=0.5) or ids


def _sections(text: str) -> dict[str, str]:
    parts = text.split("\n## ")[1:]
    return {part.partition("\n")[0].strip(): part.partition("\n")[2].strip() for part in parts}
