"""One line to the user, once, through the engine's own log.

Owns the connection back to the engine. A notice never fails a request.
"""

from __future__ import annotations

import threading

import grpc

from ringfence.engine.providers.protocol import engine_pb2, engine_pb2_grpc


class Notices:
    """Sends each notice once per provider instance."""

    def __init__(self, package: str) -> None:
        self.address = ""
        self._package = package
        self._sent: set[str] = set()
        self._lock = threading.Lock()
        self._stub: engine_pb2_grpc.EngineStub | None = None

    def once(self, key: str, message: str) -> None:
        """Log `<key>: <message>` as information, unless this instance already did."""
        with self._lock:
            if key in self._sent:
                return
            self._sent.add(key)
            if not self.address:
                return
            if self._stub is None:
                self._stub = engine_pb2_grpc.EngineStub(grpc.insecure_channel(self.address))
        request = engine_pb2.LogRequest(severity=engine_pb2.INFO, message=f"plan-only {key}: {message}")
        try:
            self._stub.Log(request, timeout=5)
        except grpc.RpcError:
            return
