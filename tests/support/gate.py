"""A strict door before a registry: TLS by an authority of its own, and passwords or tokens for each repository.

It speaks the protocols of RFC 7617 and of the distribution project's token server, and passes what is allowed on to a
real registry.
"""

from __future__ import annotations

import base64
import datetime
import http.client
import json
import re
import ssl
import threading
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

USER, PASSWORD = "carrier", "a-password-of-the-test"
_OWN = "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()


@dataclass
class Door:
    """What a test may look at, and change."""

    port: int = 0
    authority: Path = Path()
    tokens: bool = False
    mounts: bool = True
    """Whether one repository may take a blob of another one without it being sent."""
    held: set[str] = field(default_factory=set)
    """Repository and digest of each blob that came in by here: no repository has another one's."""
    asked: list[str] = field(default_factory=list)
    """Method, path and scheme of authorisation of each request."""

    @property
    def address(self) -> str:
        return f"https://localhost:{self.port}"


class _Handler(BaseHTTPRequestHandler):
    door: Door
    backend: int
    protocol_version = "HTTP/1.1"

    def answer(self) -> None:
        given = self.headers.get("Authorization", "")
        self.door.asked.append(f"{self.command} {self.path} {given.partition(' ')[0]}")
        if "Transfer-Encoding" in self.headers:
            return self.say(411, {"Connection": "close"})
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        where = urlsplit(self.path)
        if where.path == "/token":
            scope = " ".join(parse_qs(where.query).get("scope", []))
            made = json.dumps({"token": base64.b64encode(scope.encode()).decode()}).encode()
            return self.say(200 if given == _OWN else 401, {}, made)
        if not self.door.tokens:
            return self.passed(body) if given == _OWN else self.say(401, {"WWW-Authenticate": 'Basic realm="door"'})
        needed = self.needed(where.path, parse_qs(where.query))
        held = base64.b64decode(given.removeprefix("Bearer ")).decode().split() if given.startswith("Bearer ") else []
        optional = "from=" in where.query and held[:1] == needed[:1]
        if set(needed) <= set(held) or optional:
            return self.passed(body, mount=set(needed) <= set(held))
        realm = f'Bearer realm="{self.door.address}/token",service="door",scope="{" ".join(needed)}"'
        return self.say(401, {"WWW-Authenticate": realm})

    def needed(self, path: str, query: dict[str, list[str]]) -> list[str]:
        found = re.fullmatch(r"/v2/(.+)/(?:blobs|manifests)/.*", path)
        repository = found[1] if found else ""
        action = "pull" if self.command in ("GET", "HEAD") else "pull,push"
        return [f"repository:{repository}:{action}", *(f"repository:{each}:pull" for each in query.get("from", []))]

    def passed(self, body: bytes, mount: bool = True) -> None:
        path = self.path if mount and self.door.mounts else re.sub(r"\?mount=.*", "", self.path)
        blob = re.fullmatch(r"/v2/(.+)/blobs/(sha256:[0-9a-f]{64})", self.path)
        if self.command == "HEAD" and blob and f"{blob[1]} {blob[2]}" not in self.door.held:
            return self.say(404, {})
        wanted = parse_qs(urlsplit(path).query)
        if "mount" in wanted and f"{wanted['from'][0]} {wanted['mount'][0]}" in self.door.held:
            # The registry behind keeps blobs for all repositories together, and knows no mounting.
            self.door.held.add(f"{path.removeprefix('/v2/').partition('/blobs/')[0]} {wanted['mount'][0]}")
            return self.say(201, {})
        asked = http.client.HTTPConnection("127.0.0.1", self.backend, timeout=60)
        headers = {name: value for name, value in self.headers.items() if name not in ("Authorization", "Host")}
        asked.request(self.command, path, body, headers)
        with asked.getresponse() as came:
            put = re.fullmatch(r"/v2/(.+)/blobs/uploads/.*?digest=([^&]+).*", path)
            if came.status == 201 and put:
                self.door.held.add(f"{put[1]} {unquote(put[2])}")
            kept = {name: value for name, value in came.getheaders() if name not in ("Transfer-Encoding", "Date")}
            self.say(came.status, kept, came.read())
        asked.close()

    def say(self, status: int, headers: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        for name, value in ({"Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = answer

    def log_message(self, *_: object) -> None:  # ty: ignore[incompatible-method-override]
        return


class _Server(ThreadingHTTPServer):
    daemon_threads = False  # They are waited for: what is left open would be found in a later test.

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def finish_request(self, request: Any, client_address: Any) -> None:
        with suppress(ssl.SSLError, ConnectionError):  # Somebody who does not trust us goes away.
            request.settimeout(60)
            with self.context.wrap_socket(request, server_side=True) as secure:
                self.RequestHandlerClass(secure, client_address, self)


@contextmanager
def gate(folder: Path, backend: int, *, tokens: bool = False) -> Generator[Door]:
    """A door before the registry at a port of this machine, for the block."""
    folder.mkdir(parents=True, exist_ok=True)
    certificate, key = _certificate(folder)
    door = Door(authority=certificate, tokens=tokens)
    handler = type("Handler", (_Handler,), {"door": door, "backend": backend})
    server = _Server(("127.0.0.1", 0), handler)
    server.context.load_cert_chain(certificate, key)
    door.port = server.server_port
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield door
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _certificate(folder: Path) -> tuple[Path, Path]:
    """An authority that is its own server: nobody else knows it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=2))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    certificate, private = folder / "door.crt", folder / "door.key"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )  # fmt: skip
    return certificate, private
