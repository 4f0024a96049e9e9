"""Building with a compiler that we made up: what is asked of it, and what is left when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ringfence.engine import build, golang
from ringfence.errors import RingfenceError

VERSION = "3.259.0"


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "go.mod").write_text(f"module m\nrequire {build.MODULE} v{VERSION}\n")
    return tmp_path / "tools"


def compiler(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, body: str) -> None:
    (tmp_path / "bin").mkdir()
    go = tmp_path / "bin" / "go"
    go.write_text(f"#!/bin/sh\n{body}\n")
    go.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")


def test_the_version_is_linked_in_and_the_binary_appears(tmp_path, tools, monkeypatch) -> None:
    compiler(
        tmp_path, monkeypatch, f'echo "$@" > {tmp_path}/asked; while [ "$1" != -o ]; do shift; done; echo hi > "$2"'
    )
    build.build(VERSION, tmp_path / "target", lambda _: None, tools)
    assert (tmp_path / "target" / "pulumi").read_text() == "hi\n"
    assert os.listdir(tmp_path / "target") == ["pulumi"], "no scratch is left"
    asked = (tmp_path / "asked").read_text()
    assert f"version.Version=v{VERSION}" in asked
    assert asked.strip().endswith("github.com/pulumi/pulumi/pkg/v3/cmd/pulumi")


def test_a_failing_compiler_leaves_nothing_and_is_quoted(tmp_path, tools, monkeypatch) -> None:
    half = 'while [ "$1" != -o ]; do shift; done; echo half > "$2"'
    compiler(tmp_path, monkeypatch, f"{half}; echo 'verifying module: checksum mismatch' >&2; exit 1")
    with pytest.raises(RingfenceError, match="checksum mismatch"):
        build.build(VERSION, tmp_path / "target", lambda _: None, tools)
    assert os.listdir(tmp_path / "target") == []


def test_no_compiler_says_what_to_install(tmp_path, tools, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RingfenceError, match=r"or Go \(https://go.dev/dl/\), and run `make setup` again"):
        build.build(VERSION, tmp_path / "target", lambda _: None, tools)


def test_another_version_than_the_pinned_one_is_not_built(tmp_path, tools) -> None:
    with pytest.raises(RingfenceError, match=r"Pulumi 9.9.9 is needed and .*go.mod has 3.259.0"):
        build.build("9.9.9", tmp_path / "target", lambda _: None, tools)


def test_a_module_is_edited_in_a_copy_that_the_compiler_is_given(tmp_path: Path, monkeypatch) -> None:
    """Go is told of the copy by a go.mod of its own; the pinned module stays as it was."""
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.go").write_text('const place = "/etc/x"\n')
    (module / "main.go").chmod(0o444)
    tools = tmp_path / "pinned"
    tools.mkdir()
    (tools / "go.mod").write_text("module m\nrequire example.com/thing v1.2.3\n")
    (tools / "go.sum").write_text("sums\n")
    said = '{"Dir": "%s"}' % module  # noqa: UP031 - braces of JSON
    keep = f'for a; do case $a in -modfile=*) cp -r "$(dirname "${{a#-modfile=}}")" {tmp_path}/seen;; esac; done'
    compiler(
        tmp_path,
        monkeypatch,
        f"if [ \"$1\" = mod ]; then echo '{said}'; exit; fi; {keep}; "
        'while [ "$1" != -o ]; do shift; done; echo hi > "$2"',
    )
    golang.compile_program(
        tools, "example.com/thing", tmp_path / "out" / "thing", lambda _: None, called="thing", takes="no time",
        edits={"example.com/thing/main.go": ('"/etc/x"', "os.Getenv(`X`)")},
    )  # fmt: skip
    assert (tmp_path / "seen" / "module-0" / "main.go").read_text() == "const place = os.Getenv(`X`)\n"
    assert "replace example.com/thing => " in (tmp_path / "seen" / "go.mod").read_text()
    assert (tmp_path / "seen" / "go.sum").read_text() == "sums\n"
    assert (module / "main.go").read_text() == 'const place = "/etc/x"\n'
    assert os.listdir(tmp_path / "out") == ["thing"]


def test_an_edit_that_finds_nothing_any_more_is_refused(tmp_path: Path, monkeypatch) -> None:
    module = tmp_path / "module"
    module.mkdir()
    (module / "main.go").write_text("nothing\n")
    (tmp_path / "go.mod").write_text("module m\nrequire example.com/thing v1.2.3\n")
    compiler(tmp_path, monkeypatch, f'echo \'{{"Dir": "{module}"}}\'')
    with pytest.raises(RingfenceError, match="has no 'old' any more"):
        golang.compile_program(
            tmp_path, "example.com/thing", tmp_path / "out" / "thing", lambda _: None, called="thing", takes="no time",
            edits={"example.com/thing/main.go": ("old", "new")},
        )  # fmt: skip
