"""Watches objects of a kind as they change, each change as soon as the API server says it.

Owns: the stream. Refuses to own: what a change means. A watch that the server ends is begun again where it stopped.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import threading
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from ringfence.controlplane.client import Client

Manifest = dict[str, Any]


class Watch:
    """Calls `changed(how, thing)` for each change of a kind, from now on, on a thread of its own, until it is closed.

    `how` is ADDED, MODIFIED or DELETED.
    """

    def __init__(self, client: Client, api_version: str, kind: str, changed: Callable[[str, Manifest], None]) -> None:
        found = client.kind(api_version, kind)
        self._client, self._path, self._changed = client, f"{found.path}/{found.plural}", changed
        self._version = client.request("GET", self._path, query={"limit": "1"}).body["metadata"]["resourceVersion"]
        self._closed = threading.Event()
        self._connection: http.client.HTTPSConnection | None = None
        self._thread = threading.Thread(target=self._run, name=f"watch-{kind}", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop watching, also where nothing changes any more."""
        self._closed.set()
        sock = self._connection.sock if self._connection is not None else None
        if sock is not None:
            # Closing would wait for the thread's read to end, and that for the next change, up to its time limit.
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=5)

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._stream()
            except (OSError, http.client.HTTPException, ValueError, AttributeError):
                # The server or close() ended it: AttributeError is http.client's word for a socket closed beneath it.
                self._closed.wait(0.2)

    def _stream(self) -> None:
        self._connection = self._client.connection()
        query = {"watch": "true", "resourceVersion": self._version, "allowWatchBookmarks": "true"}
        headers = dict(self._client.headers("application/json", "application/json"))
        try:
            self._connection.request("GET", f"{self._path}?{urlencode(query)}", headers=headers)
            if not self._closed.is_set():
                self._follow(self._connection.getresponse())
        finally:
            self._connection.close()

    def _follow(self, response: http.client.HTTPResponse) -> None:
        for line in response:
            event = json.loads(line)
            self._version = event["object"].get("metadata", {}).get("resourceVersion", self._version)
            if event["type"] in ("ADDED", "MODIFIED", "DELETED"):
                self._changed(event["type"], event["object"])
