"""Downloads the official Pulumi release, verified against its published checksums. Runs no script from the
network.
"""

from __future__ import annotations

import hashlib
import os
import platform
import shutil
import sys
import tarfile
import tempfile
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

BASE = "https://get.pulumi.com/releases/sdk"
"""Where Pulumi publishes its releases and their checksums (the `downloads` and `checksums` of
data/versions.json in pulumi/docs, read 2026-11-22)."""

_SECONDS_TO_ANSWER = 5
_BLOCK = 1 << 20
_BLOCKS_A_REPORT = 25
_ARCHITECTURES = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}


def download(version: str, target: Path, say: Callable[[str], None]) -> str | None:
    """Put the release `version` into the folder `target`, whole or not at all.

    Returns:
        None when it is there; else why it is not, in a few words. Being offline is no error: there is another
        way.
    """
    architecture = _ARCHITECTURES.get(platform.machine().lower())
    if sys.platform not in ("linux", "darwin") or architecture is None:
        return f"none is published for {sys.platform} on {platform.machine()}"
    archive = f"pulumi-v{version}-{sys.platform}-{architecture}.tar.gz"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".download-") as scratch:
        try:
            expected = _expected(version, archive)
            if expected is None:
                return f"{archive} is not among the published checksums"
            if _fetch(archive, Path(scratch, archive), say) != expected:
                return f"{archive} does not match its published checksum"
            with tarfile.open(Path(scratch, archive)) as content:
                content.extractall(scratch, filter="data")
        except (OSError, tarfile.TarError) as error:
            return f"download failed: {getattr(error, 'reason', error)}"
        unpacked = Path(scratch, "pulumi")
        if not os.access(unpacked / "pulumi", os.X_OK):
            return f"{archive} holds no pulumi/pulumi"
        shutil.rmtree(target, ignore_errors=True)
        unpacked.replace(target)
    return None


def _expected(version: str, archive: str) -> str | None:
    with urllib.request.urlopen(f"{BASE}/pulumi-{version}-checksums.txt", timeout=_SECONDS_TO_ANSWER) as answer:
        lines = answer.read().decode("ascii", "replace").splitlines()
    rows = (line.split() for line in lines)
    return next((row[0] for row in rows if len(row) == 2 and row[1].lstrip("*") == archive), None)


def _fetch(archive: str, file: Path, say: Callable[[str], None]) -> str:
    """Download the archive into `file`, saying how far it is, and return its SHA-256."""
    digest = hashlib.sha256()
    with (
        urllib.request.urlopen(f"{BASE}/{archive}", timeout=_SECONDS_TO_ANSWER) as answer,
        file.open("wb") as out,
    ):
        total = int(answer.headers.get("Content-Length") or 0)
        for count, block in enumerate(iter(lambda: answer.read(_BLOCK), b""), start=1):
            digest.update(block)
            out.write(block)
            if count % _BLOCKS_A_REPORT == 0:
                of = f" of {total // _BLOCK}" if total else ""
                say(f"downloading Pulumi: {count}{of} MiB")
    return digest.hexdigest()
