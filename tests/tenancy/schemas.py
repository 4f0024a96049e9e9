"""Strict validation of manifests: Kubernetes' own kinds by kubernetes-validate, custom ones by their CRD.

A field that the schema does not know is an error, as it is for `kubectl apply --validate=strict`.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import kubernetes_validate
import pytest
import yaml

KUBERNETES_VERSION = "1.34"
CRDS = Path(__file__).resolve().parents[3] / "shared" / "data" / "crds"
BUILT_IN = ("v1", "apps/v1", "batch/v1", "networking.k8s.io/v1", "rbac.authorization.k8s.io/v1", "policy/v1")
BUILT_IN += ("admissionregistration.k8s.io/v1", "scheduling.k8s.io/v1", "autoscaling/v2")

needs_shared = pytest.mark.skipif(not CRDS.is_dir(), reason="../shared/data/crds is not there")


def validate(manifest: dict[str, Any]) -> None:
    """Raise an error that names the manifest where it breaks its schema."""
    label = f"{manifest['kind']}/{manifest['metadata']['name']}"
    if manifest["apiVersion"] in BUILT_IN:
        kubernetes_validate.validate(manifest, KUBERNETES_VERSION, strict=True)
        return
    group, version = manifest["apiVersion"].split("/")
    schema = _crd_schema(group, version, manifest["kind"])
    body = {key: value for key, value in manifest.items() if key not in ("apiVersion", "kind", "metadata")}
    errors = [
        f"{label} {'/'.join(map(str, error.absolute_path))}: {error.message}"
        for error in jsonschema.Draft202012Validator(schema).iter_errors(body)
    ]
    assert not errors, "\n".join(errors)


@cache
def _crds() -> dict[tuple[str, str], Path]:
    """Group and plural's file by group and lower-case plural."""
    return {
        (file.name.split(".", 1)[1].removesuffix(".yaml"), file.name.split(".", 1)[0]): file
        for folder in CRDS.iterdir()
        if folder.is_dir() and folder.name != "gateway-api-experimental"
        for file in folder.glob("*.yaml")
    }


@cache
def _crd_schema(group: str, version: str, kind: str) -> dict[str, Any]:
    for (owner, plural), file in _crds().items():
        if owner == group and plural.startswith(kind.lower().rstrip("y")[:-1]):
            crd = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
            if crd["spec"]["names"]["kind"] == kind:
                break
    else:
        raise AssertionError(f"no CRD for {group} {kind}")
    [found] = [each for each in crd["spec"]["versions"] if each["name"] == version and each["served"]]
    schema = found["schema"]["openAPIV3Schema"]
    top = {k: v for k, v in schema["properties"].items() if k not in ("apiVersion", "kind", "metadata")}
    return _strict({**schema, "properties": top})


def _strict(schema: Any) -> Any:
    """An OpenAPI v3 schema as JSON Schema that knows no other field than its own."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    made = {key: _strict(value) for key, value in schema.items() if key not in ("default", "format", "description")}
    if "properties" in schema:
        made["properties"] = {key: _strict(value) for key, value in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields") and "additionalProperties" not in schema:
            made["additionalProperties"] = False
    if schema.get("x-kubernetes-int-or-string"):
        made.pop("type", None)
        made["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if made.pop("nullable", False) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made
