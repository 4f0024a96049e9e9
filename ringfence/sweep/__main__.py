"""`python -m ringfence.sweep`: what is classified, what is not, and what a pattern matches.

Owns the command line. Refuses to own any decision: those are rows of policy/reviewed.csv and policy/locators.csv.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter

from ringfence.sweep import coverage, index
from ringfence.sweep.candidates import SWEPT, Swept, sweep, sweep_custom
from ringfence.sweep.tables import NOT_YET, Reviewed, Verdict


def main() -> int:
    """Exit codes: 0 fine, 1 the committed files are not what the sweep finds, 2 bad usage."""
    parser = argparse.ArgumentParser(prog="python -m ringfence.sweep", description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write policy/swept and docs/residency-coverage.md")
    parser.add_argument("--package", choices=(*SWEPT, "custom"), action="append", help="look at one package only")
    parser.add_argument("--rows", action="store_true", help="print how many candidates each reviewed row matches")
    parser.add_argument("--row", metavar="TEXT", help="print every candidate of the rows whose type or path holds TEXT")
    parser.add_argument("--not-yet", action="store_true", help="print the candidates that no row covers")
    parser.add_argument("--json", action="store_true", help="counts as JSON")
    options = parser.parse_args()
    found = everything(options.package)
    if options.write:
        return write(found)
    if options.rows:
        print_rows(found)
    elif options.row or options.not_yet:
        print_candidates(found, options.row)
    elif options.json:
        print(json.dumps(coverage.counts(found), indent=2))
    else:
        print(coverage.page(found))
    return 0


def everything(packages: list[str] | None = None) -> list[tuple[Swept, list[Verdict]]]:
    """Sweep and classify. Custom resources are left out where no folder of definitions is found."""
    reviewed = Reviewed.read()
    swept = [sweep(package) for package in SWEPT if not packages or package in packages]
    custom = sweep_custom() if not packages or "custom" in packages else None
    return [(each, reviewed.of(each.candidates)) for each in (*swept, *([custom] if custom else []))]


def write(found: list[tuple[Swept, list[Verdict]]]) -> int:
    """Write all that is derived."""
    index.FOLDER.mkdir(exist_ok=True)
    for swept, verdicts in found:
        index.path_of(swept.package).write_text(index.lines(swept, verdicts), encoding="utf-8")
    every = [verdict for _, verdicts in found for verdict in verdicts]
    (index.FOLDER / index.LOCATORS).write_text(index.located(every), encoding="utf-8")
    coverage.PAGE.write_text(coverage.page(found), encoding="utf-8")
    print(f"sweep: wrote {index.FOLDER.name}/ and {coverage.PAGE.name}", file=sys.stderr)
    return 0


def print_rows(found: list[tuple[Swept, list[Verdict]]]) -> None:
    """How many candidates each row has; a row with none is dead."""
    counted = Counter(verdict.row for _, verdicts in found for verdict in verdicts if verdict.row)
    for row in Reviewed.read().rows:
        print(f"{counted[row]:6} {row.classified:8} {row.type} {row.path} {row.flow} {row.place}")


def print_candidates(found: list[tuple[Swept, list[Verdict]]], text: str | None) -> None:
    """One candidate on a line: type, path, what made it one."""
    for _, verdicts in found:
        for verdict in verdicts:
            row, each = verdict.row, verdict.candidate
            wanted = text in f"{row.type} {row.path}" if text and row else verdict.classified == NOT_YET and not text
            if wanted:
                print(f"{each.type}\t{each.path}\t{each.kind}\t{each.hint}")


if __name__ == "__main__":
    sys.exit(main())
