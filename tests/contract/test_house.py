"""The rules of the house that a machine can check: small rooms, no lost test, nothing that belongs to one machine."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY

FILE_LINES, FUNCTION_LINES = 300, 60


@cache
def committed() -> tuple[Path, ...]:
    """Every file that is committed, or would be by `git add .`."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )
    files = (REPOSITORY / line for line in listed.stdout.splitlines())
    return tuple(file for file in sorted(files) if file.is_file())


def python_files() -> list[Path]:
    """The committed Python files."""
    return [file for file in committed() if file.suffix == ".py"]


def shown(file: Path) -> str:
    """A file's path from the top of the tree."""
    return file.relative_to(REPOSITORY).as_posix()


def test_every_file_with_a_test_is_collected() -> None:
    """A folder that pytest passes over, or a name that it does not look for, hides tests that all seem to pass."""
    written = {
        shown(file)
        for file in python_files()
        if shown(file).startswith("tests/")
        and not shown(file).startswith("tests/support/")  # shows tests in its docstrings
        and re.search(r"^\s*(async )?def test_", file.read_text(encoding="utf-8"), re.MULTILINE)
    }
    listed = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:xdist"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert listed.returncode == 0, listed.stdout[-2000:]
    collected = {line.partition("::")[0] for line in listed.stdout.splitlines() if "::" in line}
    assert sorted(written - collected) == []


def test_every_module_says_what_it_owns() -> None:
    silent = [
        shown(file)
        for file in python_files()
        if not ast.get_docstring(ast.parse(file.read_bytes())) and not _is_empty_mark_of_a_test_folder(file)
    ]
    assert silent == []


def _is_empty_mark_of_a_test_folder(file: Path) -> bool:
    return shown(file).startswith("tests/") and file.name == "__init__.py" and not file.read_bytes().strip()


def test_files_are_short() -> None:
    lengths = {shown(file): len(file.read_text(encoding="utf-8").splitlines()) for file in python_files()}
    assert {name: lines for name, lines in lengths.items() if lines >= FILE_LINES} == {}


def test_functions_are_short() -> None:
    long = {
        f"{shown(file)}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for file in python_files()
        for node in ast.walk(ast.parse(file.read_bytes()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert {name: lines for name, lines in long.items() if lines > FUNCTION_LINES} == {}


# A pattern does not find itself, and the examples below are in pieces: this file is searched too.
PACKAGE_REGISTRIES = re.compile(
    r"\b(pypi|pythonhosted|proxy\.golang|sum\.golang|npmjs|yarnpkg|crates|rubygems)\.(org|com|io)\b"
)
MACHINE_PATHS = re.compile(r"(?<![\w.$}>-])/(work|tmp/boot|home/(?!kubernetes)\w+|Users/\w+|root)(/|\b)(?!\.)")
TEXT_LIMIT = 4_000_000


def naming(pattern: re.Pattern[str]) -> list[str]:
    """`file:line: what` for each place that a pattern is found in committed text."""
    found = []
    for file in committed():
        raw = file.read_bytes()[:TEXT_LIMIT]
        if b"\0" in raw:
            continue
        for number, line in enumerate(raw.decode("utf-8", "replace").splitlines(), start=1):
            found += [f"{shown(file)}:{number}: {match[0]}" for match in pattern.finditer(line)]
    return found


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is the installer's business: another network has another mirror."""
    assert naming(PACKAGE_REGISTRIES) == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert naming(MACHINE_PATHS) == []


@pytest.mark.parametrize(
    ("pattern", "pieces"),
    [
        (PACKAGE_REGISTRIES, ("https://files.", "pythonhosted", ".org/x")),
        (PACKAGE_REGISTRIES, ("GOPROXY=https://proxy.", "golang", ".org")),
        (MACHINE_PATHS, ('Path("/', "work", '/main")')),
        (MACHINE_PATHS, ("/", "root", "/.venv/bin/python")),
        (MACHINE_PATHS, ("cd /", "home", "/someone/project")),
    ],
)
def test_a_registry_and_a_path_are_found(pattern: re.Pattern[str], pieces: tuple[str, ...]) -> None:
    assert pattern.search("".join(pieces))


def test_no_lock_file_is_committed() -> None:
    """They write index and file URLs; requirements/*.txt have versions and hashes, and no place."""
    locks = {"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "package-lock.json", "yarn.lock"}
    assert [shown(file) for file in committed() if file.name in locks] == []
    requirements = [file for file in committed() if file.suffix == ".txt" and file.parent.name == "requirements"]
    assert requirements
    for file in requirements:
        text = file.read_text(encoding="utf-8")
        assert "://" not in text
        assert not re.search(r"^\s*(-i|--index-url|--extra-index-url|--find-links)\b", text, re.MULTILINE)
        assert "--hash=sha256:" in text
