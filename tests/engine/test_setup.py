"""What `make setup` installs is pinned, hashed, and names no index; and the script says what to do when it cannot."""

from __future__ import annotations

import importlib.metadata
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.engine import REPOSITORY

FILES = sorted((REPOSITORY / "requirements").glob("*.txt"))


def pins(name: str) -> dict[str, str]:
    text = (REPOSITORY / "requirements" / f"{name}.txt").read_text()
    return dict(re.findall(r"^([a-z0-9-]+)==([^ \\;]+)", text, re.MULTILINE))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_requirement_is_hashed_and_no_index_is_named(file: Path) -> None:
    text = file.read_text()
    entries = re.split(r"\n(?=[a-z])", text)
    named = [entry for entry in entries if not entry.startswith("#")]
    assert named and all("--hash=sha256:" in entry for entry in named)
    assert "://" not in text and "index-url" not in text and "find-links" not in text


def test_the_files_are_one_resolution() -> None:
    everything: dict[str, str] = {}
    for file in FILES:
        for name, version in pins(file.stem).items():
            assert everything.setdefault(name, version) == version, f"{name} differs in {file.name}"


def test_each_cloud_adds_its_sdk_and_nothing_else() -> None:
    base = pins("base").keys()
    assert pins("aws").keys() - base == {"pulumi-aws"}
    assert pins("azure").keys() - base == {"pulumi-azure-native"}
    assert pins("gcp").keys() - base == {"pulumi-gcp"}
    assert not {"pulumi-aws", "pulumi-azure-native", "pulumi-gcp"} & base


def test_what_is_installed_is_what_is_pinned() -> None:
    for name, version in pins("base").items():
        try:
            assert importlib.metadata.version(name) == version
        except importlib.metadata.PackageNotFoundError:
            assert name in ("colorama", "importlib-metadata", "zipp"), f"{name} is only for other platforms or Pythons"


def test_an_unknown_cloud_is_bad_usage() -> None:
    ran = subprocess.run(
        [sys.executable, str(REPOSITORY / "tools" / "setup.py"), "oracle"], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 2
    assert "oracle" in ran.stderr and "aws" in ran.stderr and "Traceback" not in ran.stderr
