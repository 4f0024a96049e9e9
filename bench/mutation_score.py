"""The mutation score, ours and Checkov's side by side, written to docs/mutation-score.md.

    python -m bench.mutation_score [--check]

Both are asked about the same mutants: ours as the engine registers them, Checkov's as a Terraform plan, where a fair
translation is known (bench.rivals.terraform). Checkov is given the benefit of the doubt: any check that passes on the
compliant variant and fails on the mutated resource counts as a refusal, whatever the check is about; ours must name
rule, resource, property and place. `--check` only says whether the page is older than the tables.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date
from importlib import metadata
from pathlib import Path

from bench.rivals.checkov import VERSION, Checkov
from bench.rivals.terraform import Plan
from ringfence.mutation import score
from ringfence.mutation.base import stack
from ringfence.mutation.families import locators
from ringfence.mutation.mutant import Case, Compliant, Mutant

PAGE = Path(__file__).resolve().parents[1] / "docs" / "mutation-score.md"
_UNFAIR = frozenset(
    {"hidden", "environment", "assumed", "config", "nowhere", "provider", "untagged", "unknown-class", "unheard-class"}
)
"""Ways of leaking that a Terraform plan does not show, or that are about our contract."""
_CHUNK = 400
"""Cases in one plan: Checkov's time grows faster than the plan."""


@dataclass
class Rival:
    """What Checkov makes of the mutants."""

    asked: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    rewarded: dict[str, set[str]] = field(default_factory=dict)
    """Mutant to the checks that fail on the compliant variant and pass on the leak."""
    checks: Counter[str] = field(default_factory=Counter)
    """Checks that refused, with how many mutants each."""


def ask(checkov: Checkov, cases: Sequence[Case]) -> Rival:
    """Ask Checkov about every mutant that has a fair translation and a compliant variant to compare with."""
    known = checkov.types()
    twins = {_row(case): case for case in reversed(cases) if isinstance(case, Compliant)}
    mutants = [
        case
        for case in cases
        if isinstance(case, Mutant)
        and case.how not in _UNFAIR
        and _row(case) in twins
        and not locators.by_pattern(case.id)
        and not case.id.startswith(("unread/", "carried/", "providers/"))
    ]
    found = Rival()
    with tempfile.TemporaryDirectory(prefix="ringfence-bench-") as folder:
        for start in range(0, len(mutants), _CHUNK):
            part = mutants[start : start + _CHUNK]
            print(f"bench: checkov: {start} of {len(mutants)} mutants", file=sys.stderr, flush=True)
            _ask_chunk(checkov, part, twins, Plan(known), Path(folder), found)
    return found


def _ask_chunk(
    checkov: Checkov, mutants: Sequence[Mutant], twins: Mapping[str, Case], plan: Plan, folder: Path, found: Rival
) -> None:
    numbers: dict[str, tuple[str, str]] = {}
    for number, mutant in enumerate(mutants):
        name = mutant.expected.resource
        leak = plan.add(2 * number, _own(mutant)).get(name)
        good = plan.add(2 * number + 1, _own(twins[_row(mutant)])).get(name)
        if leak and good:
            numbers[mutant.id] = (leak, good)
    failed: dict[str, set[str]] = {}
    for check, address in checkov.failed(plan.as_json(), folder):
        failed.setdefault(address, set()).add(check)
    for name, (leak, good) in numbers.items():
        found.asked.add(name)
        new = failed.get(leak, set()) - failed.get(good, set())
        gone = failed.get(good, set()) - failed.get(leak, set())
        if new:
            found.refused.add(name)
            found.checks.update(new)
        if gone:
            found.rewarded[name] = gone


def _row(case: Case) -> str:
    """What a mutant and its compliant variant have in common: the row that both come from."""
    return case.id.removesuffix("/before") if case.id.startswith("scenarios/") else case.id.rpartition("/")[0]


def _own(case: Case) -> list:
    """The resources that a case adds to the compliant stack."""
    base = {each.name for each in stack(case.provider).resources} if not case.id.startswith("scenarios/") else set()
    return [each for each in case.program.resources if each.name not in base]


_INDEPENDENCE = (
    "**What 100 % means.** Most leaks are made of the same tables that the rules read (decision 0012), so the score is",
    "partly so by construction: it shows that every row does what it says, by every way that its reader can be led",
    "abroad, through the engine's own messages, and that nothing compliant is refused with it. It does not show that",
    "the tables are complete. Independent of the tables are: the sweep of every property of the installed SDKs, which",
    "says what nobody has read (docs/residency-coverage.md, and the `unreviewed` rows below); the scenarios that are",
    "written by hand (ringfence/mutation/data/leaks.yaml); the three programs of other people's in tests/foreign; and",
    "Checkov on the same leaks, below.",
    "",
)


def page(ours: score.Score, rival: Rival, patterns: int, left_out: int = 0) -> str:
    """The page. `left_out` leaks of pattern rows are only named."""
    total = ours.tally()
    both = ours.tally(lambda case: case.id in rival.asked)
    lines = [
        "# Mutation score",
        "",
        "`ringfence mutate --all` plants every known leak, one at a time, into stacks of every provider that have",
        "none, and asks the rules. A leak counts as refused only when a mandatory refusal names the right rule,",
        "resource, property and place. CI runs all of them (tests/mutation/test_score.py). Generated by",
        "`python -m bench.mutation_score`; do not edit.",
        "",
        *_INDEPENDENCE,
        f"{patterns} of the leaks are of rows that a pattern of policy/reviewed.csv matched: one leak and one",
        "compliant variant of each property.",
        *([f"They are not counted here: this page was made without them ({left_out})."] if left_out else []),
        "",
        f"Date: {date.today().isoformat()}. Ringfence {metadata.version('ringfence')} at {_commit()}; "
        f"Checkov {VERSION} with all its built-in Terraform checks.",
        "",
        "| provider | flow | leaks | refused, right path | wrong path | not refused | compliant stacks | refused |",
        "|---|---|--:|--:|--:|--:|--:|--:|",
    ]
    kinds = sorted({(each.case.provider, each.case.flow) for each in ours.outcomes})
    for provider, flow in kinds:
        tally = ours.tally(lambda case, p=provider, f=flow: (case.provider, case.flow) == (p, f))
        lines.append(f"| {provider} | {flow} | {_row_of(tally)} |")
    lines += [f"| **all** | | {_row_of(total)} |", "", *_beside(ours, rival, both), *_missed(ours)]
    return "\n".join(lines) + "\n"


def _row_of(tally: score.Tally) -> str:
    numbers = (tally.planted, tally.killed, tally.misplaced, tally.survived, tally.compliant, tally.accused)
    return " | ".join(str(number) for number in numbers)


def _beside(ours: score.Score, rival: Rival, both: score.Tally) -> list[str]:
    planted = {each.case.id: each.case for each in ours.outcomes if isinstance(each.case, Mutant)}
    lines = [
        "## Beside Checkov",
        "",
        f"{len(rival.asked)} of the {len(planted)} leaks are also told to Checkov as a Terraform plan: those of types",
        "that some check of Checkov's looks at, of AWS and Google Cloud by the rules of the Terraform bridge, of Azure",
        "by hand (bench/rivals/terraform.py). Kubernetes objects have no fair translation, nor has what only Pulumi",
        "knows: the graph of providers, ignoreChanges, the stack's configuration, the contract's classes. Rows that a",
        "pattern of policy/reviewed.csv matched are thousands alike and are told to ours alone. Checkov is",
        "given the benefit of the doubt: any check that passes on the compliant variant and fails on the leaking",
        "resource counts, whatever the check is about.",
        "",
        "| provider | flow | told to both | Ringfence, right path | Checkov, any new failure | Checkov asks for it |",
        "|---|---|--:|--:|--:|--:|",
    ]
    kinds = sorted({(planted[name].provider, planted[name].flow) for name in rival.asked})
    for provider, flow in kinds:
        names = {name for name in rival.asked if (planted[name].provider, planted[name].flow) == (provider, flow)}
        tally = ours.tally(lambda case, names=names: case.id in names)
        lines.append(
            f"| {provider} | {flow} | {len(names)} | {tally.killed} | {len(names & rival.refused)} "
            f"| {len(names & rival.rewarded.keys())} |"
        )
    share = 100 * len(rival.refused) / len(rival.asked) if rival.asked else 0.0
    lines += [
        f"| **all** | | {len(rival.asked)} | {both.killed} ({both.percent:.1f} %) "
        f"| {len(rival.refused)} ({share:.1f} %) | {len(rival.rewarded)} |",
        "",
        "*Checkov asks for it*: a check that fails on the compliant variant and passes once the data leaves: "
        + (_counted(_rewarding(rival)) or "none")
        + ".",
        "`ringfence explain --against checkov:ID` says how to satisfy both.",
        "",
        f"The checks that refused most: {_counted(_most(rival.checks)) or 'none'}.",
        "They are about encryption and exposure; no built-in check of Checkov's reads a place.",
        "",
    ]
    return lines


def _counted(checks: list[tuple[str, int]]) -> str:
    return "; ".join(f"{check} ({count})" for check, count in checks)


def _rewarding(rival: Rival) -> list[tuple[str, int]]:
    return _most(Counter(check for checks in rival.rewarded.values() for check in checks))


def _most(counted: Counter[str]) -> list[tuple[str, int]]:
    """The twelve counted most; those counted equally by their name, so that the page is the same each time."""
    return sorted(counted.items(), key=lambda each: (-each[1], each[0]))[:12]


def _missed(ours: score.Score) -> list[str]:
    if ours.whole:
        return ["Nothing is missed.", ""]
    lines = ["## Missed", "", *(f"- {each.fate.value}: `{each.case.id}`" for each in ours.bad[:200])]
    return [*lines, *(f"- no values for the reader `{each}`" for each in ours.uncovered), ""]


def _commit() -> str:
    ran = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"], cwd=PAGE.parent, capture_output=True, text=True, check=False
    )
    return ran.stdout.strip() or "an unknown commit"


def main() -> int:
    """Write the page. Exit 1 when a leak is missed or a compliant stack refused."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--check", action="store_true", help="only say whether the page has as many leaks as the tables"
    )
    parser.add_argument(
        "--written", action="store_true", help="leave out the rows that a pattern of the review matched"
    )
    options = parser.parse_args()
    cases = score.select(score.every_case(), every=True)
    patterns = sum(locators.by_pattern(case.id) for case in cases if isinstance(case, Mutant))
    if options.written:
        cases = [case for case in cases if not locators.by_pattern(case.id)]
    if options.check:
        count = sum(isinstance(case, Mutant) for case in cases)
        fresh = f"| **all** | | {count} |" in PAGE.read_text(encoding="utf-8")
        print(f"{PAGE.name} is {'as new as' if fresh else 'older than'} the tables: {count} leaks")
        return 0 if fresh else 1
    checkov = Checkov.installed()
    with ThreadPoolExecutor(1) as beside:
        asked = beside.submit(ask, checkov, cases)
        ours = score.run(cases)
        rival = asked.result()
    PAGE.write_text(page(ours, rival, patterns, patterns if options.written else 0), encoding="utf-8")
    tally = ours.tally()
    print(f"wrote {PAGE.name}: {tally.killed} of {tally.planted}, Checkov {len(rival.refused)} of {len(rival.asked)}")
    return 0 if ours.whole else 1


if __name__ == "__main__":
    sys.exit(main())
