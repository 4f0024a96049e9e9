"""A registry of images and other OCI artefacts, over HTTP: the few calls that carrying needs.

Owns: the calls of the OCI distribution specification 1.1, that every byte is hashed as it comes, and that a transfer
goes on where it stopped. Refuses to own: which artefacts (artefacts.py, pushing.py). Credentials come from the
environment (RINGFENCE_REGISTRY_USER, RINGFENCE_REGISTRY_PASSWORD) or Docker's config.json, never from a command line.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Any

from ringfence.airgap.contents import CHUNK
from ringfence.errors import RingfenceError

INDEX = "application/vnd.oci.image.index.v1+json"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
INDEXES = (INDEX, DOCKER_LIST)
_ACCEPT = ", ".join((INDEX, MANIFEST, DOCKER_LIST, DOCKER_MANIFEST))
_LARGEST_MANIFEST = 16 << 20
_TIMEOUT = 60  # seconds without a byte
_TRIES = 4
_CHALLENGE = re.compile(r'(\w+)="([^"]*)"')


class RegistryError(RingfenceError):
    """A registry that cannot be reached, does not have something, or says something else than it promised."""


@dataclass
class Registry:
    """One registry, by host and an optional folder in it: `registry.example`, `localhost:5000/mirror`."""

    address: str
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)
    _tokens: dict[str, str] = field(default_factory=dict, repr=False)

    @property
    def _host(self) -> str:
        return self.address.removeprefix("http://").removeprefix("https://").split("/")[0]

    @property
    def _plain(self) -> bool:
        """Whether it is asked without TLS: only this machine is, and whoever is named so."""
        here = self._host.rsplit(":", 1)[0] in ("localhost", "127.0.0.1", "[::1]")
        return self.address.startswith("http://") or (here and not self.address.startswith("https://"))

    def _url(self, path: str, rest: str) -> str:
        folder = "/".join(self.address.removeprefix("http://").removeprefix("https://").strip("/").split("/")[1:])
        whole = f"{folder}/{path}" if folder else path
        return f"{'http' if self._plain else 'https'}://{self._host}/v2/{whole}/{rest}"

    def manifest(self, path: str, reference: str) -> tuple[bytes, str] | None:
        """A manifest by tag or digest, with its media type; None where the registry has none.

        Raises:
            RegistryError: the registry cannot be reached, or answers with other bytes than the digest names.
        """
        answer = self._ask("GET", path, self._url(path, f"manifests/{reference}"), {"Accept": _ACCEPT}, missing=True)
        if answer is None:
            return None
        with answer:
            data = answer.read(_LARGEST_MANIFEST + 1)
            media = answer.headers.get("Content-Type", "").split(";")[0]
        if len(data) > _LARGEST_MANIFEST:
            raise RegistryError(
                f"{self.address}/{path}:{reference}: a manifest of more than {_LARGEST_MANIFEST:,} bytes"
            )
        if reference.startswith("sha256:") and _digest(data) != reference:
            raise RegistryError(f"{self.address}/{path}@{reference}: the registry sent other bytes")
        return data, media or json.loads(data).get("mediaType", MANIFEST)

    def has(self, path: str, kind: str, reference: str) -> bool:
        """Whether a blob (`blobs`) or a manifest (`manifests`) is there."""
        answer = self._ask("HEAD", path, self._url(path, f"{kind}/{reference}"), {"Accept": _ACCEPT}, missing=True)
        if answer is not None:
            answer.close()
        return answer is not None

    def fetch(self, path: str, digest: str, size: int, to: Path) -> int:
        """Put a blob into a file, whole or not at all; how many bytes had to come. What came before a kill is kept.

        Raises:
            RegistryError: it cannot be had, or is not what its digest says.
        """
        if to.is_file() and to.stat().st_size == size:
            return 0
        partial = to.with_name(f".{to.name}.partial")
        to.parent.mkdir(parents=True, exist_ok=True)
        came = 0
        for attempt in range(_TRIES):
            try:
                came += self._continue(path, digest, size, partial)
                break
            except (OSError, HTTPException, RegistryError) as error:
                if attempt + 1 == _TRIES or isinstance(error, RegistryError):
                    raise RegistryError(f"{self.address}/{path}@{digest}: {error}") from None
        if _file_digest(partial) != digest:
            partial.unlink()
            raise RegistryError(f"{self.address}/{path}@{digest}: the registry sent other bytes")
        partial.replace(to)
        return came

    def _continue(self, path: str, digest: str, size: int, partial: Path) -> int:
        have = partial.stat().st_size if partial.is_file() else 0
        if have >= size:
            if have > size:
                partial.unlink()
                have = 0
            elif size:
                return 0
        headers = {"Range": f"bytes={have}-{size - 1}"} if have else {}
        answer = self._ask("GET", path, self._url(path, f"blobs/{digest}"), headers)
        assert answer is not None
        came = 0
        with answer, partial.open("ab" if have and answer.status == 206 else "wb") as stream:
            while chunk := answer.read(CHUNK):
                stream.write(chunk)
                came += len(chunk)
                if came > size:
                    break
        if partial.stat().st_size < size:
            raise OSError(f"{partial.stat().st_size:,} of {size:,} bytes came")
        return came

    def push_blob(self, path: str, digest: str, size: int, chunks: Callable[[], Iterable[bytes]]) -> bool:
        """Put a blob there, unless it is there; whether it had to be sent."""
        if self.has(path, "blobs", digest):
            return False
        started = self._ask("POST", path, self._url(path, "blobs/uploads/"), {"Content-Length": "0"})
        assert started is not None
        with started:
            where = urllib.parse.urljoin(started.url, started.headers["Location"])
        joined = f"{where}{'&' if '?' in where else '?'}digest={urllib.parse.quote(digest)}"
        headers = {"Content-Type": "application/octet-stream", "Content-Length": str(size)}
        answer = self._ask("PUT", path, joined, headers, body=chunks)
        assert answer is not None
        answer.close()
        return True

    def borrow(self, path: str, digest: str, size: int, source: str) -> None:
        """Let a repository have a blob that another one of this registry has: the registry mounts it, or it goes
        through here.
        """
        if not self.mount(path, digest, source):
            self.push_blob(path, digest, size, lambda: self.chunks(source, digest))

    def chunks(self, path: str, digest: str) -> Iterator[bytes]:
        """The bytes of a blob, as they come: whoever takes them has to check them."""
        answer = self._ask("GET", path, self._url(path, f"blobs/{digest}"), {})
        assert answer is not None
        with answer:
            while chunk := answer.read(CHUNK):
                yield chunk

    def mount(self, path: str, digest: str, source: str) -> bool:
        """Have the registry use a blob of one of its other repositories; whether it did."""
        query = urllib.parse.urlencode({"mount": digest, "from": source})
        self._tokens.pop(path, None)  # One for both repositories is needed: the registry says so when it is asked bare.
        answer = self._ask("POST", path, self._url(path, f"blobs/uploads/?{query}"), {"Content-Length": "0"})
        assert answer is not None
        with answer:
            return answer.status == 201

    def push_manifest(self, path: str, reference: str, data: bytes, media: str) -> None:
        """Put a manifest there under a tag or its digest."""
        headers = {"Content-Type": media, "Content-Length": str(len(data))}
        answer = self._ask("PUT", path, self._url(path, f"manifests/{reference}"), headers, body=lambda: [data])
        assert answer is not None
        answer.close()

    def _ask(
        self,
        method: str,
        path: str,
        url: str,
        headers: Mapping[str, str],
        *,
        body: Callable[[], Iterable[bytes]] | None = None,
        missing: bool = False,
    ) -> HTTPResponse | None:
        """An answer; None for 404 where something may be missing."""
        for authorised in (False, True):
            # Given at once: a body that is set later takes the length away, and strict registries want one.
            data = None if body is None else iter(body())
            sent = {"User-Agent": "ringfence", **headers}
            request = urllib.request.Request(url, data, sent, method=method)
            if path in self._tokens:
                # Blobs may be kept elsewhere: the token must not follow a redirect there.
                request.add_unredirected_header("Authorization", self._tokens[path])
            try:
                return urllib.request.urlopen(request, timeout=_TIMEOUT)
            except urllib.error.HTTPError as error:
                with error:
                    if error.code == 404 and missing:
                        return None
                    if error.code == 401 and not authorised:
                        self._tokens[path] = self._token(error.headers.get("WWW-Authenticate", ""))
                        continue
                    said = error.read(500).decode(errors="replace").strip()
                raise RegistryError(f"{method} {url}: HTTP {error.code} {said}") from None
            except (urllib.error.URLError, TimeoutError) as error:
                raise RegistryError(f"{self.address} cannot be reached: {getattr(error, 'reason', error)}") from None
        raise RegistryError(f"{method} {url}: the registry does not accept its own token")

    def _token(self, challenge: str) -> str:
        """What to send as Authorization after a registry has asked for it."""
        kind, _, rest = challenge.partition(" ")
        own = self._credentials()
        if kind.lower() == "basic" and own:
            return f"Basic {own}"
        asked = dict(_CHALLENGE.findall(rest))
        if kind.lower() != "bearer" or "realm" not in asked:
            raise RegistryError(f"{self.address} asks for credentials: set RINGFENCE_REGISTRY_USER and _PASSWORD")
        if own and not self._plain and not asked["realm"].startswith("https://"):
            raise RegistryError(f"{self.address} wants the password at {asked['realm']}, unencrypted: it is not sent")
        query = urllib.parse.urlencode({key: asked[key] for key in ("service", "scope") if key in asked})
        request = urllib.request.Request(f"{asked['realm']}?{query}")
        if own:
            request.add_header("Authorization", f"Basic {own}")
        try:
            with urllib.request.urlopen(request, timeout=_TIMEOUT) as answer:
                said: dict[str, Any] = json.loads(answer.read(_LARGEST_MANIFEST))
        except (OSError, ValueError) as error:
            if isinstance(error, urllib.error.HTTPError):
                error.close()
            raise RegistryError(f"{self.address}: no token from {asked['realm']}: {error}") from None
        return f"Bearer {said.get('token') or said.get('access_token')}"

    def _credentials(self) -> str | None:
        """User and password in base64, or None."""
        user, password = (self.environment.get(f"RINGFENCE_REGISTRY_{word}") for word in ("USER", "PASSWORD"))
        if user and password:
            return base64.b64encode(f"{user}:{password}".encode()).decode()
        home = self.environment.get("DOCKER_CONFIG") or str(Path(self.environment.get("HOME", "/"), ".docker"))
        try:
            auths = json.loads(Path(home, "config.json").read_text(encoding="utf-8"))["auths"]
            return auths[self._host]["auth"]
        except (OSError, ValueError, KeyError, TypeError):
            return None


def chunks_of(file: Path) -> Iterator[bytes]:
    """A file's bytes."""
    with file.open("rb") as stream:
        while chunk := stream.read(CHUNK):
            yield chunk


def _digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _file_digest(file: Path) -> str:
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
