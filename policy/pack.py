"""The packs: which rules each has, and the process that serves one to the engine.

Owns: the groups and the server. Refuses to own: the analyzer's answers (policy.analyzer) and the rules.
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Literal

import grpc
from pulumi.runtime.proto import analyzer_pb2_grpc

from policy import partial
from policy.analyzer import Analyzer
from policy.rule import Group, Rule
from policy.rules import ALL

VERSION = "0.1.0"
_LARGEST_MESSAGE = 400 * 1024 * 1024
"""Bytes: Pulumi raises gRPC's limit to this everywhere; a stack is one message."""


Pack = Literal["residency", "supply-chain", "tenancy", "budget"]

_GROUPS: dict[Pack, frozenset[Group]] = {
    "residency": frozenset({"residency", "keys", "backup", "telemetry", "routing", "ai", "control-plane"}),
    "supply-chain": frozenset({"supply-chain"}),
    "tenancy": frozenset({"tenancy"}),
    "budget": frozenset({"budget"}),
}
"""Groups of rules that make up each pack."""


def rules_of(pack: Pack | None = None) -> tuple[Rule, ...]:
    """The rules of one pack with the contract's own, or of all packs."""
    return tuple(rule for rule in ALL if pack is None or rule.group in _GROUPS[pack] | {"contract"})


def serve(name: str, pack: Pack | None = None) -> None:
    """Serve a pack to the engine until it ends the process: print the port, as Pulumi expects of an analyzer."""
    os.environ[partial.VARIABLE] = partial.found(os.environ)
    limits = [("grpc.max_receive_message_length", _LARGEST_MESSAGE), ("grpc.max_send_message_length", _LARGEST_MESSAGE)]
    server = grpc.server(ThreadPoolExecutor(max_workers=4), options=limits)
    # The engine starts a pack in the program's folder.
    analyzer_pb2_grpc.add_AnalyzerServicer_to_server(Analyzer(name, VERSION, rules_of(pack), Path.cwd()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    try:
        server.wait_for_termination()
    except KeyboardInterrupt:
        server.stop(0)
