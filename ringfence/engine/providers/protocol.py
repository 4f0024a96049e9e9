"""Loads Pulumi's protobuf messages without importing the Pulumi SDK around them.

Importing `pulumi` costs 0.6 s of CPU and the engine starts one provider process for each explicit provider, so the
messages are loaded from the SDK's own files under empty parent modules. Owns that shortcut; nothing else may touch
`sys.modules`.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path


def _stand_in_parents() -> None:
    """Put empty `pulumi` and `pulumi.runtime` packages in place, unless the real SDK is already imported."""
    if "pulumi" in sys.modules:
        return
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the Pulumi SDK is not installed beside ringfence; run `make setup`")
    root = Path(spec.origin).parent
    for name, folder in (
        ("pulumi", root),
        ("pulumi.runtime", root / "runtime"),
        ("pulumi.runtime.proto", root / "runtime" / "proto"),
    ):
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module


_stand_in_parents()

from pulumi.runtime.proto import (  # noqa: E402
    engine_pb2,
    engine_pb2_grpc,
    plugin_pb2,
    provider_pb2,
    provider_pb2_grpc,
    resource_pb2,
    resource_pb2_grpc,
)

__all__ = [
    "engine_pb2",
    "engine_pb2_grpc",
    "plugin_pb2",
    "provider_pb2",
    "provider_pb2_grpc",
    "resource_pb2",
    "resource_pb2_grpc",
]
