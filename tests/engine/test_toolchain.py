"""The order in which a Pulumi CLI is looked for, and what is not good enough."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.engine import build, official, toolchain
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError

WANTED = toolchain.required_version()


@pytest.fixture
def places(tmp_path: Path) -> Places:
    return Places(cache=tmp_path / "cache", home=tmp_path / "home")


def fake(folder: Path, version: str = WANTED, host: bool = True) -> Path:
    """A `pulumi` that says a version, with a language host beside it."""
    folder.mkdir(parents=True, exist_ok=True)
    script(folder / "pulumi", f"echo v{version}")
    if host:
        script(folder / toolchain.LANGUAGE_HOST, "exit 0")
    return folder


def script(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def source(places: Places, *on_path: Path, **env: str) -> tuple[str | None, list[str]]:
    search = toolchain.find(places, {"PATH": ":".join(map(str, on_path)), **env})
    return search.engine.source if search.engine else None, search.passed_over


def test_the_order_is_named_path_official_built(places: Places, tmp_path: Path) -> None:
    on_path = fake(tmp_path / "path")
    named = fake(tmp_path / "named")
    assert source(places) == (None, [])
    fake(places.engine(WANTED, "built"))
    assert source(places)[0] == "built"
    fake(places.engine(WANTED, "official"))
    assert source(places)[0] == "official"
    assert source(places, on_path)[0] == "path"
    assert source(places, on_path, RINGFENCE_PULUMI=str(named / "pulumi"))[0] == "named"


def test_newer_is_good_enough_and_compared_as_numbers(places: Places, tmp_path: Path) -> None:
    assert source(places, fake(tmp_path / "new", "3.1000.0"))[0] == "path"


@pytest.mark.parametrize(
    ("version", "host", "why"),
    [
        ("3.99.0", True, f"version 3.99.0 is older than {WANTED}"),
        (WANTED, False, "no pulumi-language-python beside it"),
        ("banana", True, "`pulumi version` gives no version"),
    ],
)
def test_what_is_passed_over_is_said(places: Places, tmp_path: Path, version: str, host: bool, why: str) -> None:
    folder = fake(tmp_path / "path", version, host)
    good = fake(tmp_path / "later")
    engine, passed_over = source(places, folder, good)
    assert engine == "path", "the next one on PATH is looked at"
    assert passed_over == [f"{folder / 'pulumi'}: {why}"]


def test_our_own_launcher_on_path_is_not_taken_for_pulumi(places: Places) -> None:
    fake(places.launchers)
    assert source(places, places.launchers) == (None, [])


def test_a_symlinked_pulumi_has_its_host_where_it_really_is(places: Places, tmp_path: Path) -> None:
    real = fake(tmp_path / "Cellar")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "pulumi").symlink_to(real / "pulumi")
    search = toolchain.find(places, {"PATH": str(tmp_path / "bin")})
    assert search.engine and search.engine.pulumi == real / "pulumi"


def test_ensure_downloads_before_it_builds(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(build, "build", lambda *_: pytest.fail("a release was there"))
    monkeypatch.setattr(official, "download", lambda version, target, say: fake(target) and None)
    assert toolchain.ensure(places, said.append, {"PATH": ""}).source == "official"
    assert toolchain.ensure(places, said.append, {"PATH": ""}).source == "official", "the second time it is found"


def test_ensure_builds_when_offline_and_says_why(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    said: list[str] = []
    monkeypatch.setattr(official, "download", lambda *_: "download failed: no route")
    monkeypatch.setattr(build, "build", lambda version, target, say: fake(target, host=False))
    engine = toolchain.ensure(places, said.append, {"PATH": ""})
    assert (engine.source, engine.version) == ("built", WANTED)
    assert (engine.pulumi.parent / toolchain.LANGUAGE_HOST).is_file(), "a CLI that we build gets our language host"
    assert said == [f"no official Pulumi {WANTED} (download failed: no route): building it from Go modules"]


def test_a_build_that_does_not_run_is_an_error(places: Places, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "download", lambda *_: "offline")
    monkeypatch.setattr(build, "build", lambda version, target, say: fake(target, "banana"))
    with pytest.raises(RingfenceError, match="gives no version"):
        toolchain.ensure(places, lambda _: None, {"PATH": ""})


def test_the_source_that_is_pinned_is_the_sdk_that_is_pinned() -> None:
    assert build.pinned_version() == WANTED
