"""Every shipped table says where it is from and since when, keeps its shape, and loads fast without a cloud SDK."""

from __future__ import annotations

import subprocess
import sys
from datetime import date

import pytest

from ringfence.facts import _tables
from ringfence.facts._tables import BrokenTable, table, table_names

FACTS = (
    "regions jurisdictions accelerators instances prices models kubernetes endpoints frameworks".split()  # noqa: SIM905
)


def test_every_table_is_listed() -> None:
    assert table_names() == (
        "accelerators",
        "adequacy",
        "azure_pairs",
        "clauses",
        "country_groups",
        "electricity",
        "endpoints",
        "instances",
        "kubernetes",
        "mig_profiles",
        "model_cards",
        "multi_regions",
        "owned_hardware",
        "partitions",
        "precisions",
        "prices",
        "regions",
        "retention",
    )


@pytest.mark.parametrize("name", table_names())
def test_a_table_has_sources_a_date_and_rows(name: str) -> None:
    found = table(name)
    assert found.rows
    assert all(len(source) > 10 for source in found.sources)
    assert date(2026, 1, 1) <= found.as_of <= date(2026, 12, 31)


@pytest.mark.parametrize("name", table_names())
def test_no_row_is_written_twice(name: str) -> None:
    rows = [tuple(row.values()) for row in table(name).rows]
    assert len(rows) == len(set(rows))


# Tables whose `source` cells are keys that the header explains; the others write the source out in the row.
@pytest.mark.parametrize("name", ["regions", "instances", "prices", "accelerators", "owned_hardware", "electricity"])
def test_a_source_key_is_explained_in_the_header(name: str) -> None:
    found = table(name)
    explained = {source.split(" = ", 1)[0] for source in found.sources if " = " in source}
    used = {key for row in found.rows for key in row["source"].split()}
    assert used <= explained


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("# as-of: 2026-01-01\na,b\n1,2\n", "source"),
        ("# source: somebody, somewhere\na,b\n1,2\n", "as-of"),
        ("# source: s\n# as-of: 2026-01-01\na,b\n1\n", "row 1"),
        ("# source: s\n# as-of: 2026-01-01\na,b\n1,2\n3,4,5\n", "row 2"),
    ],
)
def test_a_broken_table_is_refused(tmp_path, monkeypatch, text: str, message: str) -> None:
    (tmp_path / "broken.csv").write_text(text, encoding="utf-8")
    monkeypatch.setattr(_tables, "_FOLDER", tmp_path)
    with pytest.raises(BrokenTable, match=message):
        table.__wrapped__("broken")


def test_an_empty_cell_is_none_and_never_zero() -> None:
    assert (_tables.number(""), _tables.whole(""), _tables.text(""), _tables.day("")) == (None,) * 4


def test_all_facts_load_without_a_cloud_sdk_pydantic_or_yaml() -> None:
    program = (
        f"import sys; from ringfence.facts import {', '.join(FACTS)}\n"
        "from ringfence.facts._tables import table, table_names\n"
        "[table(name) for name in table_names()]\n"
        "heavy = {'pulumi', 'pulumi_aws', 'pulumi_kubernetes', 'pydantic', 'yaml', 'jsonschema'}\n"
        "print(sorted(heavy & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stdout, done.stderr) == (0, "[]\n", "")
