"""A small client of the Kubernetes API: objects in and out as plain mappings, and the API server's warnings kept.

Owns: requests, server-side apply with strict validation, discovery of kinds, and acting as somebody else. Refuses to
own: retrying what was refused. It is our own because tests need what common clients hide: the `Warning` headers, the
API server's exact answer, and impersonation request by request.
"""

from __future__ import annotations

import http.client
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import quote, urlencode

from ringfence.errors import RingfenceError

Manifest = dict[str, Any]

FIELD_MANAGER = "ringfence"
_DISCOVERY = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"


class Refused(RingfenceError):
    """The API server said no."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(f"{status} {reason}: {message}")
        self.status, self.reason, self.message = status, reason, message


@dataclass(frozen=True)
class Answer:
    """What the API server answered."""

    status: int
    body: Any
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Kind:
    """How a kind is addressed."""

    path: str
    """Such as `/apis/apps/v1`."""
    plural: str
    namespaced: bool


@dataclass(frozen=True)
class Identity:
    """Who a request is made as. Without a user it is the client's own."""

    user: str | None = None
    groups: tuple[str, ...] = ()


@dataclass
class _Shared:
    host: str
    port: int
    context: ssl.SSLContext
    token: str | None
    local: threading.local = field(default_factory=threading.local)
    connections: list[http.client.HTTPSConnection] = field(default_factory=list)
    kinds: dict[tuple[str, str], Kind] = field(default_factory=dict)


@dataclass(frozen=True)
class Client:
    """Talks to one API server. Safe for many threads; each has a connection of its own."""

    _shared: _Shared
    identity: Identity = Identity()

    @classmethod
    def to(cls, host: str, port: int, certificates: str, token: str | None) -> Client:
        """A client of `https://host:port` that trusts the certificates in a file. No token is nobody in particular."""
        context = ssl.create_default_context(cafile=certificates)
        return cls(_Shared(host, port, context, token))

    def acting_as(self, user: str, *groups: str) -> Client:
        """The same client as somebody else. `system:authenticated` is a group of everybody who is known."""
        return replace(self, identity=Identity(user, (*groups, "system:authenticated")))

    def anonymous(self) -> Client:
        """A client that says nothing of who it is."""
        shared = self._shared
        return Client(replace(shared, token=None, local=threading.local()))

    def close(self) -> None:
        """Close every connection of this client and of those that were made from it."""
        for connection in self._shared.connections:
            connection.close()
        self._shared.connections.clear()

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        query: Mapping[str, str] | None = None,
        content: str = "application/json",
        accept: str = "application/json",
    ) -> Answer:
        """One request; raises Refused for an answer of 400 and above."""
        target = path + (f"?{urlencode(query)}" if query else "")
        data = None if body is None else json.dumps(body).encode()
        response, raw = self._send(method, target, data, self.headers(content, accept))
        kind = response.headers.get_content_type()
        answer = json.loads(raw) if raw and kind == "application/json" else raw.decode(errors="replace")
        if response.status >= 400:
            said = answer if isinstance(answer, dict) else {"message": answer}
            raise Refused(response.status, str(said.get("reason") or response.reason), str(said.get("message", "")))
        return Answer(response.status, answer, _warnings(response.headers.get_all("Warning") or ()))

    def headers(self, content: str, accept: str) -> list[tuple[str, str]]:
        """What each request says of itself: who it is made by, in which form it speaks and is spoken to."""
        headers = [("Content-Type", content), ("Accept", accept)]
        if self._shared.token:
            headers.append(("Authorization", f"Bearer {self._shared.token}"))
        if self.identity.user:
            headers.append(("Impersonate-User", self.identity.user))
            headers += [("Impersonate-Group", group) for group in self.identity.groups]
        return headers

    def _send(
        self, method: str, target: str, data: bytes | None, headers: Iterable[tuple[str, str]]
    ) -> tuple[http.client.HTTPResponse, bytes]:
        """Over the thread's own connection; once more over a new one where the server has closed it."""
        for fresh in (False, True):
            connection = self._connection(fresh)
            try:
                connection.putrequest(method, target, skip_accept_encoding=True)
                for name, value in headers:
                    connection.putheader(name, value)
                connection.putheader("Content-Length", str(len(data or b"")))
                connection.endheaders(data)
                response = connection.getresponse()
                return response, response.read()
            except (http.client.HTTPException, ConnectionError, ssl.SSLError):
                connection.close()
                if fresh:
                    raise
        raise AssertionError("the loop returns or raises")

    def _connection(self, fresh: bool) -> http.client.HTTPSConnection:
        shared = self._shared
        known = getattr(shared.local, "connection", None)
        if known is None or fresh:
            known = self.connection()
            shared.local.connection = known
            shared.connections.append(known)
        return known

    def connection(self) -> http.client.HTTPSConnection:
        """A new connection of nobody else's, for what takes one to itself, such as a watch."""
        shared = self._shared
        return http.client.HTTPSConnection(shared.host, shared.port, context=shared.context, timeout=60)

    def kind(self, api_version: str, kind: str) -> Kind:
        """How a kind is addressed; raises RingfenceError for one that the API server does not serve."""
        key = (api_version, kind)
        if key not in self._shared.kinds:
            for root in ("/api", "/apis"):
                listed = replace(self, identity=Identity()).request("GET", root, accept=_DISCOVERY).body
                self._shared.kinds.update(_discovered(listed))
        try:
            return self._shared.kinds[key]
        except KeyError:
            raise RingfenceError(f"the API server does not serve {kind} of {api_version}") from None

    def path(self, manifest: Mapping[str, Any]) -> str:
        """Where an object is."""
        metadata = manifest["metadata"]
        found = self.kind(manifest["apiVersion"], manifest["kind"])
        return f"{_collection(found, metadata.get('namespace'))}/{quote(metadata['name'], safe=':')}"

    def apply(
        self, manifest: Mapping[str, Any], *, strict: bool = True, dry_run: bool = False, manager: str = FIELD_MANAGER
    ) -> Answer:
        """Server-side apply. Strict: an unknown or doubled field is an error, not a warning."""
        query = {"fieldManager": manager, "force": "true", "fieldValidation": "Strict" if strict else "Warn"}
        query |= {"dryRun": "All"} if dry_run else {}
        path = self.path(manifest)
        return self.request("PATCH", path, manifest, query=query, content="application/apply-patch+yaml")

    def create(self, manifest: Mapping[str, Any], *, dry_run: bool = False) -> Manifest:
        """Create an object."""
        query = {"fieldManager": FIELD_MANAGER, "fieldValidation": "Strict"} | ({"dryRun": "All"} if dry_run else {})
        found = self.kind(manifest["apiVersion"], manifest["kind"])
        place = _collection(found, manifest["metadata"].get("namespace"))
        return self.request("POST", place, manifest, query=query).body

    def get(self, api_version: str, kind: str, name: str, namespace: str | None = None) -> Manifest:
        """Read an object."""
        return self.request("GET", f"{_collection(self.kind(api_version, kind), namespace)}/{quote(name)}").body

    def items(self, api_version: str, kind: str, namespace: str | None = None, labels: str = "") -> list[Manifest]:
        """Read all objects of a kind, or those of a namespace. `labels` is a selector."""
        query = {"labelSelector": labels} if labels else None
        return self.request("GET", _collection(self.kind(api_version, kind), namespace), query=query).body["items"]

    def patch(self, manifest: Mapping[str, Any], change: Any, *, part: str = "") -> Manifest:
        """Merge a change into an object, or into a part of it such as `status`."""
        path = self.path(manifest) + (f"/{part}" if part else "")
        return self.request("PATCH", path, change, content="application/merge-patch+json").body

    def discard(self, manifest: Mapping[str, Any]) -> None:
        """Delete an object at once, if it is still there."""
        try:
            self.delete(manifest, now=True)
        except Refused as refusal:
            if refusal.status != 404:
                raise

    def delete(self, manifest: Mapping[str, Any], *, now: bool = False) -> None:
        """Delete an object, with what it owns. `now` waits for no grace."""
        options: Manifest = {"propagationPolicy": "Background"} | ({"gracePeriodSeconds": 0} if now else {})
        self.request("DELETE", self.path(manifest), options)

    def wait(self, ready: Callable[[], Any], what: str, seconds: float = 120) -> Any:
        """What `ready` returns once it is true; raises RingfenceError when the time is over. A refusal is not yet."""
        deadline = time.monotonic() + seconds
        while True:
            said: Any = None
            try:
                if found := ready():
                    return found
            except Refused as refusal:
                said = refusal
            if time.monotonic() > deadline:
                raise RingfenceError(f"{what}: not within {seconds:.0f} s" + (f" ({said})" if said else ""))
            time.sleep(0.1)


def _collection(kind: Kind, namespace: str | None) -> str:
    within = f"/namespaces/{quote(namespace)}" if kind.namespaced and namespace else ""
    return f"{kind.path}{within}/{kind.plural}"


def _discovered(listed: Mapping[str, Any]) -> dict[tuple[str, str], Kind]:
    found: dict[tuple[str, str], Kind] = {}
    for group in listed["items"]:
        name = group["metadata"].get("name", "")
        for version in group["versions"]:
            api_version = f"{name}/{version['version']}" if name else version["version"]
            root = f"/apis/{api_version}" if name else f"/api/{api_version}"
            for resource in version.get("resources", ()):
                kind = resource["responseKind"].get("kind")
                found[(api_version, kind)] = Kind(root, resource["resource"], resource["scope"] == "Namespaced")
    return found


def _warnings(headers: Iterable[str]) -> tuple[str, ...]:
    """`299 - "text"` as the text."""
    return tuple(line.partition('"')[2].rstrip('"') for line in headers)
