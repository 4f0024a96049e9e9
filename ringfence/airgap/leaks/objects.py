"""Kubernetes Secrets with a value in them: whatever it looks like, a value in a Secret is meant to be one.

Owns that one rule for rendered manifests. A slot (`ringfence-slot:NAME`, plain or in base64) is what may stand there.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import yaml

from ringfence.airgap.manifest import Member, Role

ROLES = frozenset({Role.MANIFESTS, Role.FLUX})
LARGEST = 64 << 20
"""Bytes of a member that are parsed."""
SLOT = "ringfence-slot:"
"""What `ringfence.rendering.slots` writes where a value is secret."""
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def applies(member: Member) -> bool:
    """Whether a member may hold Kubernetes objects."""
    return member.role in ROLES and member.size <= LARGEST and member.path.endswith((".yaml", ".yml", ".json"))


def filled_secrets(data: bytes) -> Iterator[str]:
    """What to call each value in a Secret: `value of Secret NAMESPACE/NAME, KEY`. Text that is no YAML has none."""
    for text in _documents(data):
        try:
            found = yaml.load(text, _LOADER) if not text.lstrip().startswith(("{", "[")) else json.loads(text)
        except (yaml.YAMLError, ValueError, RecursionError):
            continue
        yield from _in(found)


def _documents(data: bytes) -> Iterator[str]:
    for text in data.decode("utf-8", "replace").split("\n---"):
        if "Secret" in text and "ata" in text:
            yield text


def _in(value: Any) -> Iterator[str]:
    if isinstance(value, list):
        for each in value:
            yield from _in(each)
    elif isinstance(value, dict):
        if value.get("kind") == "Secret" and str(value.get("apiVersion", "v1")) == "v1":
            yield from _values(value)
        for each in value.values():
            yield from _in(each)


def _values(secret: dict[str, Any]) -> Iterator[str]:
    metadata = secret.get("metadata")
    named = metadata if isinstance(metadata, dict) else {}
    name = f"{named.get('namespace', 'default')}/{named.get('name', '?')}"
    for field in ("data", "stringData"):
        values = secret.get(field)
        for key, value in values.items() if isinstance(values, dict) else ():
            if value not in (None, "") and not _is_slot(value):
                yield f"value of Secret {name}, {key}"


def _is_slot(value: object) -> bool:
    text = str(value)
    if text.startswith(SLOT):
        return True
    try:
        return base64.b64decode(text, validate=True).startswith(SLOT.encode())
    except ValueError:
        return False
