"""What the sweep wrote is what it finds now: a wheel that brings a new candidate, or a changed table, fails here."""

from __future__ import annotations

from functools import cache

import pytest

from policy.readers import PLACES
from policy.rules.copies import RULE_OF
from ringfence.sweep import coverage, index
from ringfence.sweep.candidates import CUSTOM, SWEPT, Swept, sweep, sweep_custom
from ringfence.sweep.tables import HARMLESS, LOCATOR, NOT_YET, Reviewed, Verdict, read_rows

WRITE = (
    "read what is new, give it a row in policy/reviewed.csv or locators.csv, then: python -m ringfence.sweep --write"
)
REVIEWED = Reviewed.read()
ROWS = read_rows(index.FOLDER.parent / "reviewed.csv")


@cache
def found(package: str) -> tuple[Swept, list[Verdict]]:
    swept = sweep_custom() if package == CUSTOM else sweep(package)
    if swept is None:
        pytest.skip("no folder of custom resource definitions is there")
    return swept, REVIEWED.of(swept.candidates)


every_package = pytest.mark.parametrize(
    "package", [*SWEPT, pytest.param(CUSTOM, marks=pytest.mark.shared)], ids=lambda package: package
)


@every_package
def test_every_candidate_is_classified_in_the_committed_index(package: str) -> None:
    swept, verdicts = found(package)
    committed = index.path_of(package).read_text(encoding="utf-8").splitlines()
    now = index.lines(swept, verdicts).splitlines()
    new = sorted(set(now[1:]) - set(committed[1:]))
    gone = sorted(set(committed[1:]) - set(now[1:]))
    assert (new[:10], gone[:10]) == ([], []), WRITE
    assert now[0] == committed[0], WRITE


@every_package
def test_the_pattern_locators_are_those_of_the_table(package: str) -> None:
    _, verdicts = found(package)
    types = {verdict.candidate.type for verdict in verdicts}
    committed = (index.FOLDER / index.LOCATORS).read_text(encoding="utf-8").splitlines()
    assert [row for row in committed if row.partition(",")[0] in types] == index.located(verdicts).splitlines()[2:], (
        WRITE
    )


@pytest.mark.parametrize("package", SWEPT)
def test_the_page_counts_what_is_there(package: str) -> None:
    """One package's line of the table: the whole page also has custom resources, which are not everywhere."""
    swept, verdicts = found(package)
    row = coverage.page([(swept, verdicts)]).partition("|---")[2].splitlines()[1]
    assert row in coverage.PAGE.read_text(encoding="utf-8"), WRITE


@pytest.mark.shared
def test_the_page_is_the_one_that_the_sweep_writes() -> None:
    assert coverage.PAGE.read_text(encoding="utf-8") == coverage.page([found(name) for name in (*SWEPT, CUSTOM)]), WRITE


@pytest.mark.shared
def test_no_pattern_is_dead() -> None:
    """A pattern that decides nothing was not reviewed against anything."""
    deciding = {verdict.row for name in (*SWEPT, CUSTOM) for verdict in found(name)[1] if verdict.row}
    dead = []
    for row in ROWS:
        ours = [each for each in deciding if each.reviewed and (each.why, each.place) == (row["why"], row["place"])]
        dead += [path for path in row["path"].split() if path not in {each.path for each in ours}]
        dead += [token for token in row["type"].split() if token not in {each.type for each in ours}]
    assert dead == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row['class']} {row['type'][:30]} {row['path'][:30]}")
def test_a_reviewed_row_says_what_its_class_needs(row: dict[str, str]) -> None:
    assert row["class"] in (LOCATOR, HARMLESS, NOT_YET)
    if row["class"] == LOCATOR:
        assert row["flow"] in RULE_OF
        assert row["place"] in PLACES or row["place"] == "ladder" or row["place"].startswith("rule:")
    else:
        assert len(row["why"]) > 15
        assert (row["flow"], row["place"]) == ("", "")


def test_the_committed_files_stay_small() -> None:
    assert sum(path.stat().st_size for path in index.FOLDER.iterdir()) < 3_000_000
