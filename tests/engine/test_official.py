"""Downloading a release from a server of our own: it is used only if its checksum is the published one."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
import threading
from collections.abc import Generator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from ringfence.engine import official

ARCHIVE = "pulumi-v1.2.3-linux-x64.tar.gz"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def served(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """A folder that is what the release server serves."""
    folder = tmp_path / "served"
    folder.mkdir()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(folder)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    monkeypatch.setattr(official, "BASE", f"http://127.0.0.1:{server.server_port}")
    monkeypatch.setattr(official.sys, "platform", "linux")
    monkeypatch.setattr(official.platform, "machine", lambda: "x86_64")
    yield folder
    server.shutdown()
    server.server_close()
    thread.join()


def release(folder: Path, members: dict[str, str], checksum: str | None = None) -> None:
    data = io.BytesIO()
    with tarfile.open(fileobj=data, mode="w:gz") as archive:
        for name, content in members.items():
            info = tarfile.TarInfo(name)
            info.size, info.mode = len(content), 0o755
            archive.addfile(info, io.BytesIO(content.encode()))
    (folder / ARCHIVE).write_bytes(data.getvalue())
    digest = checksum or hashlib.sha256(data.getvalue()).hexdigest()
    (folder / "pulumi-1.2.3-checksums.txt").write_text(f"{'0' * 64}  other.tar.gz\n{digest}  {ARCHIVE}\n")


def test_a_release_that_matches_is_unpacked(served: Path, tmp_path: Path) -> None:
    release(served, {"pulumi/pulumi": "cli", "pulumi/pulumi-language-python": "host"})
    assert official.download("1.2.3", tmp_path / "target", lambda _: None) is None
    assert sorted(os.listdir(tmp_path / "target")) == ["pulumi", "pulumi-language-python"]
    assert os.access(tmp_path / "target" / "pulumi", os.X_OK)


@pytest.mark.parametrize(
    ("members", "checksum", "why"),
    [
        ({"pulumi/pulumi": "evil"}, "f" * 64, f"{ARCHIVE} does not match its published checksum"),
        ({"pulumi/readme": "x"}, None, f"{ARCHIVE} holds no pulumi/pulumi"),
        ({"../../outside": "x"}, None, "download failed"),
    ],
)
def test_a_release_that_does_not_is_refused(served: Path, tmp_path: Path, members, checksum, why: str) -> None:
    release(served, members, checksum)
    refused = official.download("1.2.3", tmp_path / "a" / "target", lambda _: None)
    assert refused is not None and refused.startswith(why)
    assert not (tmp_path / "a" / "target").exists()
    assert not (tmp_path / "outside").exists() and os.listdir(tmp_path / "a") == []


def test_no_release_for_this_platform_is_a_reason(served: Path, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(official.platform, "machine", lambda: "s390x")
    assert official.download("1.2.3", tmp_path / "t", lambda _: None) == "none is published for linux on s390x"


def test_no_network_is_a_reason_and_quick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(official, "BASE", "http://127.0.0.1:9")
    refused = official.download("1.2.3", tmp_path / "t", lambda _: None)
    assert refused is not None and refused.startswith("download failed: ")
