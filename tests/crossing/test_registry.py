"""The registry's client against a real registry: what goes in comes out, every byte is checked, and nothing twice."""

from __future__ import annotations

import hashlib
from collections.abc import Generator
from pathlib import Path

import pytest

from ringfence.crossing import registry as client
from ringfence.crossing.registry import Registry, RegistryError
from tests.support.registry import Running, running

pytestmark = pytest.mark.registry
DATA = bytes(range(256)) * 20_000
DIGEST = f"sha256:{hashlib.sha256(DATA).hexdigest()}"


@pytest.fixture
def source(tmp_path: Path) -> Generator[Running]:
    with running(tmp_path / "registry") as registry:
        yield registry


def pieces() -> list[bytes]:
    return [DATA[at : at + 100_000] for at in range(0, len(DATA), 100_000)]


def test_a_blob_is_sent_once(source: Running, tmp_path: Path) -> None:
    assert source.client.push_blob("a/b", DIGEST, len(DATA), pieces) is True
    assert source.client.push_blob("a/b", DIGEST, len(DATA), pieces) is False
    file = tmp_path / "got"
    assert source.client.fetch("a/b", DIGEST, len(DATA), file) == len(DATA)
    assert file.read_bytes() == DATA
    assert source.client.fetch("a/b", DIGEST, len(DATA), file) == 0


def test_a_fetch_that_was_killed_goes_on_where_it_stopped(source: Running, tmp_path: Path) -> None:
    source.client.push_blob("a/b", DIGEST, len(DATA), pieces)
    (tmp_path / ".got.partial").write_bytes(DATA[:3_000_000])
    came = source.client.fetch("a/b", DIGEST, len(DATA), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA
    assert came in (len(DATA) - 3_000_000, len(DATA)), "the rest, or all of it from a registry that knows no ranges"


def test_a_partial_file_with_other_bytes_is_not_believed(source: Running, tmp_path: Path) -> None:
    source.client.push_blob("a/b", DIGEST, len(DATA), pieces)
    (tmp_path / ".got.partial").write_bytes(b"x" * len(DATA))
    with pytest.raises(RegistryError, match="other bytes"):
        source.client.fetch("a/b", DIGEST, len(DATA), tmp_path / "got")
    assert not (tmp_path / "got").exists()
    source.client.fetch("a/b", DIGEST, len(DATA), tmp_path / "got")
    assert (tmp_path / "got").read_bytes() == DATA, "and the next one begins anew"


def test_bytes_that_are_not_the_digests_are_refused(source: Running, tmp_path: Path) -> None:
    source.client.push_blob("a/b", DIGEST, len(DATA), pieces)
    [stored] = [path for path in source.folder.rglob("*") if path.is_file() and path.stat().st_size == len(DATA)]
    stored.write_bytes(b"y" * len(DATA))
    with pytest.raises(RegistryError):
        source.client.fetch("a/b", DIGEST, len(DATA), tmp_path / "got")
    assert not (tmp_path / "got").exists()


def test_what_is_not_there_is_none_and_who_is_not_there_is_an_error(source: Running) -> None:
    assert source.client.manifest("a/b", "no-such-tag") is None
    assert source.client.has("a/b", "blobs", DIGEST) is False
    source.stop()
    with pytest.raises(RegistryError, match="cannot be reached"):
        source.client.manifest("a/b", "no-such-tag")


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("registry.example", "https://registry.example/v2/a/b/x"),
        ("registry.example/mirror", "https://registry.example/v2/mirror/a/b/x"),
        ("localhost:5000", "http://localhost:5000/v2/a/b/x"),
        ("http://10.0.0.1:5000", "http://10.0.0.1:5000/v2/a/b/x"),
    ],
)
def test_only_this_machine_and_whoever_is_named_so_is_asked_without_tls(address: str, url: str) -> None:
    assert Registry(address, {})._url("a/b", "x") == url


def test_credentials_come_from_the_environment_or_dockers_file(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"auths": {"registry.example": {"auth": "dTpw"}}}')
    assert Registry("registry.example", {"DOCKER_CONFIG": str(tmp_path)})._credentials() == "dTpw"
    own = {"RINGFENCE_REGISTRY_USER": "u", "RINGFENCE_REGISTRY_PASSWORD": "q"}
    assert Registry("registry.example", own)._credentials() == "dTpx"
    assert Registry("registry.example", {"HOME": str(tmp_path)})._credentials() is None


def test_the_media_types_are_those_of_the_specification() -> None:
    assert client.INDEX == "application/vnd.oci.image.index.v1+json"
