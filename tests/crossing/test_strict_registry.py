"""A registry that wants TLS by its own authority, and a password or tokens: everything goes through, no word leaks."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Generator
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.crossing import export
from ringfence.crossing.export import Order
from ringfence.crossing.registry import Registry, RegistryError
from ringfence.crossing.sources import Artefacts
from ringfence.engine.places import SOURCE_ROOT
from tests.crossing.sides import SPARE, say, sides
from tests.support.engine import write_project
from tests.support.gate import PASSWORD, USER, Door, gate
from tests.support.registry import Running, running

pytestmark = pytest.mark.registry
DATA = b"weights" * 50_000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def behind(tmp_path: Path) -> Generator[Running]:
    with running(tmp_path / "registry") as registry:
        yield registry


@pytest.fixture(params=[False, True], ids=["password", "tokens"])
def door(
    request: pytest.FixtureRequest, tmp_path: Path, behind: Running, monkeypatch: pytest.MonkeyPatch
) -> Generator[Door]:
    with gate(tmp_path / "door", behind.port, tokens=request.param) as door:
        monkeypatch.setenv("SSL_CERT_FILE", str(door.authority))
        yield door


def docker_config(folder: Path, door: Door) -> Path:
    folder.mkdir(exist_ok=True)
    auth = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    (folder / "config.json").write_text(json.dumps({"auths": {f"localhost:{door.port}": {"auth": auth}}}))
    return folder


def test_what_goes_in_comes_out_by_a_password_in_dockers_file(door: Door, tmp_path: Path) -> None:
    client = Registry(door.address, {"DOCKER_CONFIG": str(docker_config(tmp_path / "docker", door))})
    assert client.push_blob("a/b", DIGEST, len(DATA), lambda: [DATA]) is True
    assert client.fetch("a/b", DIGEST, len(DATA), tmp_path / "got") == len(DATA)
    assert (tmp_path / "got").read_bytes() == DATA
    assert PASSWORD not in repr(client)


@pytest.mark.parametrize("mounts", [True, False])
def test_a_blob_of_another_repository_is_mounted_or_goes_through_here(door: Door, mounts: bool) -> None:
    door.mounts = mounts
    client = Registry(door.address, {"RINGFENCE_REGISTRY_USER": USER, "RINGFENCE_REGISTRY_PASSWORD": PASSWORD})
    client.push_blob("a/b", DIGEST, len(DATA), lambda: [DATA])
    door.asked.clear()
    client.borrow("c/d", DIGEST, len(DATA), "a/b")
    assert client.has("c/d", "blobs", DIGEST)
    assert any(each.startswith("PUT") for each in door.asked) is not mounts


def test_without_a_password_or_with_a_wrong_one_nothing_comes(door: Door, tmp_path: Path) -> None:
    for own in ({}, {"RINGFENCE_REGISTRY_USER": USER, "RINGFENCE_REGISTRY_PASSWORD": "another"}):
        with pytest.raises(RegistryError) as refused:
            Registry(door.address, {"HOME": str(tmp_path), **own}).manifest("a/b", "1")
        assert "another" not in str(refused.value)


def test_a_door_that_nobody_vouches_for_gets_no_password(
    behind: Running, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE", raising=False)
    own = {"RINGFENCE_REGISTRY_USER": USER, "RINGFENCE_REGISTRY_PASSWORD": PASSWORD}
    with gate(tmp_path / "door", behind.port) as door:
        with pytest.raises(RegistryError, match="certificate"):
            Registry(door.address, own).manifest("a/b", "1")
        assert door.asked == []


@pytest.mark.engine
def test_a_bundle_is_filled_and_carried_in_through_such_doors(door: Door, behind: Running, tmp_path: Path) -> None:
    docker = docker_config(tmp_path / "docker", door)
    low, _ = sides(tmp_path, write_project(tmp_path / "low-project", SPARE, name="shop"))
    behind.image("web:1", b"first")
    low.up()
    order = Order(folder=low.folder, stack="dev", sequence=1, registry=door.address)
    places = replace(low.runner.embedded.places, cache=tmp_path / "cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("DOCKER_CONFIG", str(docker))
        gathered = export.gather(low.runner.embedded, order, say, [Artefacts(places)])
    built = export.seal(order, gathered, low.out, [low.sealer])
    assert PASSWORD.encode() not in built.file.read_bytes()
    (tmp_path / "slots.json").touch(0o600)
    (tmp_path / "slots.json").write_text(json.dumps({"kubernetes/berlin/inputs.kubeconfig": "of this side"}))
    words = ["carry-in", str(built.file), "--trust", str(tmp_path / "key.pub"), "--slots", str(tmp_path / "slots.json")]
    words += ["--registry", f"{door.address}/high", "--into", str(tmp_path / "site"), "--yes", "--json"]
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RINGFENCE_"))}
    home = {"RINGFENCE_HOME": str(tmp_path / "high"), "PYTHONPATH": str(SOURCE_ROOT), "DOCKER_CONFIG": str(docker)}
    done = subprocess.run(
        [sys.executable, "-c", "from ringfence.cli.main import run; run()", *words],
        cwd=tmp_path, env={**kept, **home}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert Registry(f"{behind.address}/high", {}).manifest("web", "1") is not None
    assert PASSWORD not in done.stdout + done.stderr
