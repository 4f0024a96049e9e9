"""A real OCI registry (`crane registry serve`), and small images, charts and weights to put into it.

Mark a test that uses it with `@pytest.mark.registry`: it needs Go once, to build the pinned registry.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import socket
import subprocess
import tarfile
import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml

from ringfence.crossing import charts, tools
from ringfence.crossing.registry import INDEX, MANIFEST, Registry
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError

IMAGE_CONFIG = "application/vnd.oci.image.config.v1+json"
TAR = "application/vnd.oci.image.layer.v1.tar+gzip"
WEIGHTS = "application/vnd.acme.weights.v1"


@dataclass
class Running:
    """A registry that listens on this machine, and keeps what it has in a folder."""

    program: Path
    folder: Path
    port: int = 0
    process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    @property
    def address(self) -> str:
        """Host and port."""
        return f"localhost:{self.port}"

    @property
    def client(self) -> Registry:
        """To put things in and look at them."""
        return Registry(self.address, {})

    def start(self) -> Running:
        """Listen; on the port that it had before, if it had one."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        command = [
            str(self.program),
            "registry",
            "serve",
            "--address",
            f"127.0.0.1:{self.port}",
            "--disk",
            str(self.folder),
        ]
        self.process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return self
            time.sleep(0.02)
        raise AssertionError("the registry does not listen")

    def stop(self) -> None:
        """Stop listening: whoever asks gets no answer."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process = None

    def image(self, name: str, content: bytes, platforms: tuple[str, ...] = ("linux/amd64",)) -> str:
        """Put an image there, with an index where it has several platforms; its digest."""
        path, _, tag = name.partition(":")
        made: list[dict[str, Any]] = []
        for platform in platforms:
            system, architecture = platform.split("/")
            layer = _tar({"content": content + platform.encode()})
            config = {"os": system, "architecture": architecture, "rootfs": {"type": "layers", "diff_ids": []}}
            manifest = self._put(path, IMAGE_CONFIG, json.dumps(config).encode(), [(TAR, layer)])
            made.append({**manifest, "platform": {"os": system, "architecture": architecture}})
        if len(made) == 1:
            data, _ = self.client.manifest(path, made[0]["digest"]) or (b"", "")
            self.client.push_manifest(path, tag, data, MANIFEST)
            return made[0]["digest"]
        data = json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": made}).encode()
        self.client.push_manifest(path, tag, data, INDEX)
        return _digest(data)

    def chart(self, name: str, files: Mapping[str, Any]) -> None:
        """Put a chart there: `files` are its files, mappings as YAML."""
        path, _, tag = name.partition(":")
        chart = path.split("/")[-1]
        texts = {f"{chart}/{file}": v if isinstance(v, str) else yaml.safe_dump(v) for file, v in files.items()}
        layer = _tar({file: text.encode() for file, text in texts.items()})
        manifest = self._put(path, charts.CONFIG, json.dumps(files["Chart.yaml"]).encode(), [(charts.LAYER, layer)])
        data, _ = self.client.manifest(path, manifest["digest"]) or (b"", "")
        self.client.push_manifest(path, tag, data, MANIFEST)

    def weights(self, name: str, content: bytes) -> None:
        """Put the weights of a model there."""
        path, _, tag = name.partition(":")
        manifest = self._put(path, "application/vnd.oci.empty.v1+json", b"{}", [(WEIGHTS, content)])
        data, _ = self.client.manifest(path, manifest["digest"]) or (b"", "")
        self.client.push_manifest(path, tag, data, MANIFEST)

    def _put(self, path: str, media: str, config: bytes, layers: list[tuple[str, bytes]]) -> dict[str, Any]:
        described = []
        for kind, data in [(media, config), *layers]:
            self.client.push_blob(path, _digest(data), len(data), lambda data=data: [data])
            described.append({"mediaType": kind, "digest": _digest(data), "size": len(data)})
        said = {"schemaVersion": 2, "mediaType": MANIFEST, "config": described[0], "layers": described[1:]}
        manifest = json.dumps(said).encode()
        self.client.push_manifest(path, _digest(manifest), manifest, MANIFEST)
        return {"mediaType": MANIFEST, "digest": _digest(manifest), "size": len(manifest)}


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _tar(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with gzip.GzipFile(fileobj=stream, mode="wb", mtime=0) as packed, tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
    return stream.getvalue()


def free_port() -> int:
    """A port of this machine that nobody listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def program() -> Path:
    """The registry's program; the test is skipped where it can be neither found nor built."""
    try:
        return tools.ensure("crane", Places.from_environment(), lambda _: None)
    except RingfenceError as error:
        pytest.skip(f"no registry: {error}")


@contextmanager
def running(folder: Path) -> Generator[Running]:
    """A registry for the block."""
    registry = Running(program(), folder).start()
    try:
        yield registry
    finally:
        registry.stop()
