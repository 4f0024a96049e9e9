"""Manifests as text: one YAML stream, the same bytes for the same manifests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import yaml

_HEAD = ("apiVersion", "kind", "metadata")


def to_yaml(manifests: Iterable[Mapping[str, Any]]) -> str:
    """A YAML stream: `apiVersion`, `kind` and `metadata` first, everything below them by key."""
    return "".join(f"---\n{_document(manifest)}" for manifest in manifests)


def _document(manifest: Mapping[str, Any]) -> str:
    names = [*(name for name in _HEAD if name in manifest), *sorted(set(manifest) - set(_HEAD))]
    ordered = {name: _sorted(manifest[name]) for name in names}
    return yaml.safe_dump(ordered, sort_keys=False, allow_unicode=True, width=120)


def _sorted(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _sorted(value[name]) for name in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
