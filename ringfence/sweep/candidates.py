"""The candidates: every property of the installed SDKs and of known custom resources that could move data.

Owns going over all types. A Kubernetes `...Patch` counts as its kind, as the policy folds it; a `...List` holds whole
objects, so its `items` are one candidate. Refuses to own what a candidate is (`ringfence.sweep.tables`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ringfence.engine.providers.families.kubernetes.crds import Definitions
from ringfence.engine.providers.schema.registry import PACKAGES, Registry
from ringfence.sweep.lexicon import why
from ringfence.sweep.walk import Leaf, custom, leaves

SWEPT = ("aws", "azure-native", "gcp", "kubernetes")
"""The packages whose wheels are swept."""
CUSTOM = "custom"
"""The name under which custom resources are kept: their types begin with `kubernetes:` too."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A property of a type, with what made it a candidate."""

    type: str
    path: str
    kind: str
    hint: str


@dataclass(frozen=True, slots=True)
class Swept:
    """One package: how many types and properties it has, and the candidates among them."""

    package: str
    version: str
    types: tuple[str, ...]
    properties: int
    candidates: tuple[Candidate, ...]


def sweep(package: str) -> Swept:
    """Sweep one package's wheel. Raises ModuleNotFoundError where it is not installed."""
    registry = Registry(PACKAGES[package])
    types = sorted(token for token in registry.tokens if not (package == "kubernetes" and _is_variant(token)))
    return _swept(package, PACKAGES[package].version, ((token, leaves(registry, token)) for token in types))


def sweep_custom() -> Swept | None:
    """Sweep the custom resource definitions of the folders that the engine knows; None where there are none."""
    known = (
        (f"kubernetes:{kind.group}/{version}:{kind.kind}", custom(schema))
        for kind in Definitions().every()
        for version, schema in kind.versions.items()
    )
    found = dict(known)
    return _swept(CUSTOM, "", sorted(found.items())) if found else None


def _swept(package: str, version: str, types: Iterable[tuple[str, list[Leaf]]]) -> Swept:
    tokens, properties, candidates = [], 0, []
    for token, found in types:
        tokens.append(token)
        properties += len(found)
        candidates += list(_candidates(token, found))
    return Swept(package, version, tuple(tokens), properties, tuple(candidates))


def _candidates(token: str, found: Iterable[Leaf]) -> Iterator[Candidate]:
    if _is_list(token):
        yield Candidate(token, "items", "object", "whole objects")
        return
    for leaf in found:
        hint = why(leaf.path, leaf.kind, leaf.prose, leaf.values)
        if hint:
            yield Candidate(token, written(leaf.path), leaf.kind, hint)


def written(path: tuple[str, ...]) -> str:
    """A path as the policy's tables write it: `rules[].destination.bucket`."""
    return ".".join(path).replace(".[]", "[]")


def _is_variant(token: str) -> bool:
    return token.endswith("Patch")


def _is_list(token: str) -> bool:
    return token.startswith("kubernetes:") and token.endswith("List") and "/" in token
