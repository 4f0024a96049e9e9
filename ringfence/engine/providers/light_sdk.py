"""Makes Pulumi's protobuf messages importable without the Pulumi SDK around them.

Importing `pulumi` costs 0.6 s of CPU, and the engine starts a provider process for each explicit provider of a
program. So a provider process puts empty packages in place of `pulumi` and `pulumi.runtime`, from which only the
messages are loaded. Only the provider's own process may do this: nothing of the SDK works there afterwards.
"""

from __future__ import annotations

import importlib.util
import sys
import types
from pathlib import Path


def stand_in_for_the_sdk() -> None:
    """Put the empty packages in place. Raises ModuleNotFoundError where the SDK is not installed."""
    spec = importlib.util.find_spec("pulumi")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the Pulumi SDK is not installed beside ringfence: run `make setup`")
    root = Path(spec.origin).parent
    for name, folder in (("pulumi", root), ("pulumi.runtime", root / "runtime")):
        module = types.ModuleType(name)
        module.__path__ = [str(folder)]
        sys.modules[name] = module
    # The SDK's own package file imports every message there is; a provider needs a third of them.
    proto = types.ModuleType("pulumi.runtime.proto")
    proto.__path__ = [str(root / "runtime" / "proto")]
    sys.modules["pulumi.runtime.proto"] = proto
