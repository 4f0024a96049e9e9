"""What is peculiar to a package: its names, outputs, functions and replacement rules. One module a package."""

from __future__ import annotations

from importlib import import_module

from ringfence.engine.providers.families.base import Family, Path, Resource
from ringfence.engine.providers.schema.registry import Registry

__all__ = ["Family", "Path", "Resource", "family_of"]

_FAMILIES = {
    "kubernetes": ("kubernetes", "Kubernetes"),
    "aws": ("aws", "Aws"),
    "azure-native": ("azure", "AzureNative"),
    "gcp": ("gcp", "Gcp"),
    "random": ("random", "Random"),
}


def family_of(registry: Registry) -> Family:
    """The family of a package; only that family's module is imported."""
    module, name = _FAMILIES[registry.package.name]
    return getattr(import_module(f"{__name__}.{module}"), name)(registry)
