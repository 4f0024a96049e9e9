"""Applies a bundle's manifests to a real API server of its own: `python apply_bundle.py BUNDLE KEY.pub`, prints JSON.

Every slot is filled with a made-up value of the right kind, as the high side would with its own.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from ringfence.airgap import keys, verification
from ringfence.airgap.manifest import Role
from ringfence.airgap.source import FileSource
from ringfence.controlplane import plane
from ringfence.controlplane.applying import apply_all
from ringfence.engine.places import Places
from ringfence.rendering import fill

_VALUES: dict[str, Any] = {
    "text": "x",
    "base64": "eA==",
    "text-map": {"password": "x"},
    "base64-map": {"password": "eA=="},
}


def main() -> None:
    """Verify, fill, apply."""
    bundle = verification.verify(
        FileSource(Path(sys.argv[1])), verification.Trust.of([keys.load_public(Path(sys.argv[2]))])
    )
    manifests: list[dict[str, Any]] = []
    values: dict[str, Any] = {}
    for member in bundle.manifest.members:
        if member.role is Role.MANIFESTS and member.path.endswith("objects.yaml"):
            manifests += [each for each in yaml.safe_load_all(bundle.read(member.path)) if each]
        if member.path.endswith("slots.json") and member.role is Role.MANIFESTS:
            listed = json.loads(bundle.read(member.path))["slots"]
            values |= {slot["name"]: _VALUES[slot["encoding"]] for slot in listed}
    with plane.start(Places.from_environment(), lambda text: print(text, file=sys.stderr), plane.ALONE) as up:
        applied = apply_all(up.client, [fill(each, values) for each in manifests])
    print(json.dumps([{"key": each.key, "refusal": each.refusal, "served": each.served} for each in applied]))


if __name__ == "__main__":
    main()
