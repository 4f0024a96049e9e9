"""Holds Kubernetes objects against their schemas: the bundled ones for Kubernetes' own kinds, CRDs from ../shared for
others.

    @pytest.mark.shared
    def test_objects_are_valid() -> None:
        assert problems(manifests) == []

`problems` is strict: an unknown field, a missing one, a wrong type and an unknown kind are each a line.
`shared_definitions` is the mark for tests that need the CRDs; they are skipped where ../shared is absent.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pulumi  # noqa: F401  first: ringfence.engine.providers puts stubs in its place where it is not loaded yet
import pytest

from ringfence.engine.providers.families.kubernetes import schemas
from ringfence.engine.providers.families.kubernetes.crds import Definitions
from ringfence.engine.providers.families.kubernetes.structural import Validator

SHARED_CRDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "crds"


def shared_definitions(test: Any) -> Any:
    """Marks a test that needs the CRDs of ../shared."""
    skip = pytest.mark.skipif(not SHARED_CRDS.is_dir(), reason="needs ../shared/data/crds")
    return pytest.mark.shared(skip(test))


@cache
def _definitions() -> Definitions:
    return Definitions()


def problems(manifests: Iterable[Mapping[str, Any]]) -> list[str]:
    """Everything that the API server would refuse in these objects, as `Kind/name: path: reason`."""
    return [line for manifest in manifests for line in _problems(dict(manifest))]


def _problems(manifest: dict[str, Any]) -> Iterator[str]:
    name = f"{manifest['kind']}/{manifest['metadata']['name']}"
    group, _, version = manifest["apiVersion"].rpartition("/")
    schema = schemas.schema_of(manifest["apiVersion"], manifest["kind"])
    if schema is None:
        found = _definitions().kind(group, manifest["kind"])
        if found is None or version not in found.versions:
            yield f"{name}: no schema of {manifest['apiVersion']} {manifest['kind']}"
            return
        served = found.versions[version]
        schema = {**served, "properties": {**served["properties"], "metadata": {}, "apiVersion": {}, "kind": {}}}
    for failure in Validator(schemas.definitions()).check(manifest, schema):
        yield f"{name}: {failure.path}: {failure.reason}"
