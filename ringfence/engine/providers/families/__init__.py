"""What is peculiar to a package: its names, outputs, functions and replacement rules. One file a package."""

from __future__ import annotations

from ringfence.engine.providers.families.base import Family, Resource
from ringfence.engine.providers.schema.registry import Registry

__all__ = ["Family", "Resource", "family_of"]


def family_of(registry: Registry) -> Family:
    """The family of a package; only that family's module is imported."""
    name = registry.package.name
    return Family(registry)
