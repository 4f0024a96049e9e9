"""Building with a compiler that we made up: what is asked of it, and what is left when it fails."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from ringfence.engine import build
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
