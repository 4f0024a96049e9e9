"""Kubernetes objects: strict schemas, custom resources, names and namespaces, and what a change replaces."""

from __future__ import annotations

import textwrap
from pathlib import Path
from typing import Any

import pytest

from ringfence.engine.providers.families.kubernetes import schemas
from ringfence.engine.providers.families.kubernetes.crds import FOLDERS_VARIABLE, Definitions
from ringfence.engine.providers.families.kubernetes.structural import Validator
from ringfence.engine.providers.wire import UNKNOWN

from .conftest import Bench

CONFIG_MAP = "kubernetes:core/v1:ConfigMap"
DEPLOYMENT = "kubernetes:apps/v1:Deployment"
POD = {"containers": [{"name": "c", "image": "i", "resources": {"limits": {"cpu": 1, "memory": "1Gi"}}}]}
RIGHT_DEPLOYMENT: dict[str, Any] = {
    "metadata": {"name": "d", "namespace": "n"},
    "spec": {"selector": {"matchLabels": {"a": "b"}}, "template": {"metadata": {"labels": {"a": "b"}}, "spec": POD}},
}
CRD = """
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata:
  name: widgets.example.com
spec:
  group: example.com
  names:
    kind: Widget
    plural: widgets
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        required: [spec]
        properties:
          spec:
            type: object
            required: [size]
            properties:
              size: {type: integer, minimum: 1}
              mode: {type: string, enum: [Fast, Slow]}
              port: {x-kubernetes-int-or-string: true, anyOf: [{type: integer}, {type: string}]}
              free: {type: object, x-kubernetes-preserve-unknown-fields: true}
              labels: {type: object, additionalProperties: {type: string}}
              closed: {type: object}
              code: {type: string, pattern: "^[a-z]+$"}
  - name: v1alpha1
    served: false
    storage: false
    schema: {openAPIV3Schema: {type: object}}
"""
WIDGET = "kubernetes:example.com/v1:Widget"


@pytest.fixture
def widgets(kubernetes: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Bench:
    (tmp_path / "widgets.example.com.yaml").write_text(textwrap.dedent(CRD))
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(kubernetes.provider.family, "definitions", Definitions())
    return kubernetes


def test_a_right_deployment_passes(kubernetes: Bench) -> None:
    assert kubernetes.check(DEPLOYMENT, RIGHT_DEPLOYMENT)[1] == []


def test_faults_deep_in_a_pod(kubernetes: Bench) -> None:
    pod = {"containers": [{"name": "c", "imagee": "i", "ports": [{"containerPort": "http"}]}]}
    spec = {**RIGHT_DEPLOYMENT["spec"], "template": {"spec": pod}}
    failures = kubernetes.check(DEPLOYMENT, {"spec": spec})[1]
    where = "spec.template.spec.containers[0]"
    assert failures == [
        f'{where}.imagee: the schema has no such field; did you mean "image"?',
        f'{where}.ports[0].containerPort: expected a whole number, got "http"',
    ]


def test_missing_fields_and_unknown_values(kubernetes: Bench) -> None:
    assert kubernetes.check(DEPLOYMENT, {"spec": {"template": UNKNOWN}})[1] == [
        "spec.selector: required field is missing"
    ]
    assert kubernetes.check(DEPLOYMENT, {"spec": UNKNOWN})[1] == []


def test_a_kind_that_does_not_exist(kubernetes: Bench) -> None:
    (failure,) = kubernetes.check("kubernetes:apps/v1:Deploymnet", {"apiVersion": "apps/v1", "kind": "Deploymnet"})[1]
    assert failure == ('Kubernetes has no kubernetes:apps/v1:Deploymnet; did you mean "kubernetes:apps/v1:Deployment"?')


def test_patches_require_nothing_but_know_the_names(kubernetes: Bench) -> None:
    token = "kubernetes:apps/v1:DeploymentPatch"
    base = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "x"}}
    assert kubernetes.check(token, {**base, "spec": {"replicas": 3}})[1] == []
    (failure,) = kubernetes.check(token, {**base, "spec": {"replicsa": 3}})[1]
    assert failure.startswith("spec.replicsa: ")
    assert 'did you mean "replicas"' in failure


def test_the_kubernetes_version_can_be_named(monkeypatch: pytest.MonkeyPatch) -> None:
    schemas.schema_folder.cache_clear()
    monkeypatch.setenv(schemas.VERSION_VARIABLE, "1.30")
    folder = schemas.schema_folder()
    schemas.schema_folder.cache_clear()
    assert folder is not None
    assert folder.name == "v1.30.0-local-strict"


def test_a_right_custom_resource_passes(widgets: Bench) -> None:
    spec = {"size": 1, "mode": "Fast", "port": "http", "free": {"any": [1]}, "labels": {"a": "b"}, "code": "abc"}
    metadata = {"name": "w", "namespace": "n", "labels": {"a": "b"}}
    inputs = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": spec}
    assert widgets.check(WIDGET, inputs)[1] == []
    assert widgets.check(WIDGET, {**inputs, "spec": {**spec, "size": UNKNOWN, "labels": UNKNOWN}})[1] == []


@pytest.mark.parametrize(
    ("spec", "refusals"),
    [
        ({"sise": 1, "size": 2}, ['spec.sise: the schema has no such field; did you mean "size"?']),
        ({"size": "1"}, ['spec.size: expected a whole number, got "1"']),
        ({"size": 0}, ["spec.size: 0 is below the minimum 1"]),
        ({}, ["spec.size: required field is missing"]),
        ({"size": 1, "mode": "fast"}, ['spec.mode: "fast" is not one of Fast, Slow; did you mean "Fast"?']),
        ({"size": 1, "port": True}, ["spec.port: expected a number or a string, got true"]),
        ({"size": 1, "closed": {"x": 1}}, ["spec.closed.x: the schema has no such field"]),
        ({"size": 1, "code": "A1"}, ['spec.code: "A1" does not match ^[a-z]+$']),
    ],
)
def test_custom_resources_are_held_against_their_definition(
    widgets: Bench, spec: dict[str, Any], refusals: list[str]
) -> None:
    inputs = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": spec}
    assert widgets.check(WIDGET, inputs)[1] == refusals


def test_versions_and_kinds_of_custom_resources(widgets: Bench) -> None:
    def refused(version: str, kind: str) -> list[str]:
        inputs = {"apiVersion": f"example.com/{version}", "kind": kind, "metadata": {"name": "w"}, "spec": {"size": 1}}
        return widgets.check(f"kubernetes:example.com/{version}:{kind}", inputs)[1]

    assert refused("v1alpha1", "Widget") == ["apiVersion: Widget of example.com is served as v1, not v1alpha1"]
    assert refused("v1", "Wigdet") == ['kind: example.com has no kind "Wigdet"; did you mean "Widget"?']
    assert refused("v1", "Thing") == []  # a kind that no folder knows cannot be judged
    metadata = {"name": "w", "labels": {"a": 1}}
    inputs = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": metadata, "spec": {"size": 1}}
    assert widgets.check(WIDGET, inputs)[1] == ["metadata.labels.a: expected a string, got the number 1"]


def test_a_parsed_definition_is_kept_and_followed_when_the_file_changes(
    widgets: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert Definitions().kind("example.com", "Widget") is not None
    kept = list((tmp_path / "cache").rglob("*.json"))
    assert len(kept) == 1
    monkeypatch.setattr("yaml.load_all", None)  # the second reader does not parse
    again = Definitions().kind("example.com", "Widget")
    assert again is not None
    assert again.namespaced
    monkeypatch.undo()
    monkeypatch.setenv(FOLDERS_VARIABLE, str(tmp_path))
    monkeypatch.setenv("RINGFENCE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "widgets.example.com.yaml").write_text(textwrap.dedent(CRD).replace("Namespaced", "Cluster "))
    changed = Definitions().kind("example.com", "Widget")
    assert changed is not None
    assert not changed.namespaced


def test_alternatives_are_judged_only_when_known() -> None:
    schema = {
        "type": "object",
        "properties": {"a": {"type": "string"}, "b": {"type": "string"}},
        "oneOf": [{"required": ["a"]}, {"required": ["b"]}],
    }
    check = Validator().check
    assert list(check({"a": "x"}, schema)) == []
    assert [str(item) for item in check({"a": "x", "b": "y"}, schema, "spec")] == [
        "spec: must satisfy exactly one of: a; b"
    ]
    assert list(check({"a": UNKNOWN, "b": "y"}, schema)) == []


def test_names_namespaces_and_their_memory(kubernetes: Bench) -> None:
    first, _ = kubernetes.check(CONFIG_MAP, {"data": {"a": "b"}}, "settings")
    name = first["metadata"]["name"]
    assert name.startswith("settings-")
    assert len(name) == len("settings-") + 8
    assert first["metadata"]["namespace"] == "default"
    assert first["metadata"]["annotations"] == {"pulumi.com/autonamed": "true"}
    assert kubernetes.check(CONFIG_MAP, {"data": {"a": "b"}}, "settings")[0] == first
    assert kubernetes.check(CONFIG_MAP, {"data": {"a": "c"}}, "settings", old=first)[0]["metadata"]["name"] == name
    # When the engine then asks again without the old inputs, the resource is being replaced: another name.
    replaced = kubernetes.check(CONFIG_MAP, {"data": {"a": "c"}}, "settings")[0]["metadata"]["name"]
    assert replaced.startswith("settings-")
    assert replaced != name


def test_names_are_left_alone_where_given_and_cluster_kinds_have_no_namespace(kubernetes: Bench) -> None:
    assert kubernetes.check("kubernetes:core/v1:Namespace", {"metadata": {"name": "team"}})[0]["metadata"] == {
        "name": "team"
    }
    generated = {"metadata": {"generateName": "x-", "namespace": "n"}}
    assert kubernetes.check(CONFIG_MAP, generated)[0]["metadata"] == generated["metadata"]
    kubernetes.provider.family.configure({"namespace": "team-a"})
    assert kubernetes.check(CONFIG_MAP, {})[0]["metadata"]["namespace"] == "team-a"


def test_a_custom_resource_gets_a_namespace_only_where_its_definition_says_so(widgets: Bench) -> None:
    inputs = {"apiVersion": "example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    assert widgets.check(WIDGET, inputs)[0]["metadata"]["namespace"] == "default"
    other = {"apiVersion": "other.io/v1", "kind": "Thing", "metadata": {"name": "w"}}
    assert "namespace" not in widgets.check("kubernetes:other.io/v1:Thing", other)[0]["metadata"]


@pytest.mark.shared
def test_every_known_definition_is_itself_right(kubernetes: Bench) -> None:
    import yaml

    folder = Path(__file__).resolve().parents[4] / "shared" / "data" / "crds"
    if not folder.is_dir():
        pytest.skip("../shared/data/crds is not here")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    token = "kubernetes:apiextensions.k8s.io/v1:CustomResourceDefinition"
    for path in sorted(folder.glob("k*/*.yaml"))[::8]:
        document = yaml.load(path.read_text(encoding="utf-8"), Loader=loader)
        assert kubernetes.check(token, document)[1] == [], path
