"""What the documentation says is there is there, and what is drawn or written from data is what the data says now."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from urllib.parse import unquote

import pytest

from ringfence.checking import check_file
from ringfence.cli.main import COMMANDS
from tests.support.engine import REPOSITORY

DOCS = REPOSITORY / "docs"
PAGES = [REPOSITORY / "README.md", REPOSITORY / "Pulumi.README.md", *sorted(DOCS.rglob("*.md"))]
DECISIONS = sorted((DOCS / "adr").glob("[0-9]*.md"))

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPOSITORY).as_posix())
every_decision = pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.name)


def script(path: str) -> ModuleType:
    """A script of docs/, as a module."""
    spec = importlib.util.spec_from_file_location(Path(path).stem, DOCS / path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_picture_is_drawn_from_the_reference_platform() -> None:
    draw = script("pictures/draw.py")
    platform = check_file(REPOSITORY / "Pulumi.prod.yaml").platform
    assert platform is not None
    assert draw.PICTURE.read_text(encoding="utf-8") == draw.picture(platform), "run: python docs/pictures/draw.py"


def test_the_tour_of_the_stack_file_has_every_key() -> None:
    tables = script("guides/tables.py")
    text = tables.GUIDE.read_text(encoding="utf-8")
    assert text == tables.filled(text), "run: python docs/guides/tables.py"
    assert sorted(tables.MARK.findall(text)) == sorted(tables.MODELS)


@every_page
def test_links_lead_somewhere(page: Path) -> None:
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+://", target):
            continue
        file, _, anchor = unquote(target).partition("#")
        found = (page.parent / file) if file else page
        if not found.exists() or (anchor and anchor not in anchors(found)):
            broken.append(target)
    assert broken == []


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts make them."""
    headings = re.findall(r"^#+ +(.*)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^a-z0-9 -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def shell_lines(page: Path) -> list[str]:
    """The commands of a page's sh blocks, without comments and continued lines joined."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    joined = "\n".join(blocks).replace("\\\n", " ")
    return [line.split(" #")[0].strip() for line in joined.splitlines() if line.strip() and not line.startswith("#")]


@every_page
def test_commands_that_are_shown_exist(page: Path) -> None:
    makefile = (REPOSITORY / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    for line in shell_lines(page):
        for command in re.findall(r"(?:^|[(;&|/] ?)ringfence ([a-z-]+)", line):
            assert command in COMMANDS, line
        for target in re.findall(r"^make ([a-z-]+)", line):
            assert target in targets, line
        for pack in re.findall(r"--policy-pack (policy\S*)", line):
            assert (REPOSITORY / pack / "PulumiPolicy.yaml").is_file(), line


@every_page
def test_files_that_are_named_exist(page: Path) -> None:
    """`components/x.py` and the like; a placeholder has angle brackets or capitals."""
    named = re.findall(
        r"`((?:components|stacks|policy|ringfence|tests|tools|docs)/[a-z0-9_./-]+)`", page.read_text(encoding="utf-8")
    )
    assert [each for each in named if not (REPOSITORY / each).exists()] == []


def test_the_readme_can_be_read() -> None:
    lines = (REPOSITORY / "README.md").read_text(encoding="utf-8").splitlines()
    assert len(lines) <= 200
    assert "TRANSCRIPT" not in "\n".join(lines)


def test_decisions_are_numbered() -> None:
    assert [page.name[:4] for page in DECISIONS] == [f"{number:04}" for number in range(1, len(DECISIONS) + 1)]
    listed = (DOCS / "adr" / "README.md").read_text(encoding="utf-8")
    assert [page.name for page in DECISIONS if f"({page.name})" not in listed] == []


@every_decision
def test_a_decision_says_what_it_must(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    assert text.startswith(f"# {page.name[:4]}: ")
    for word in ("Owner", "Status", "Date"):
        assert re.search(rf"^- {word}: \S", text, re.MULTILINE), word
    headings = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert headings == ["Goals", "Non-goals", "Decision", "Consequences"]
    assert len(text.splitlines()) <= 70
