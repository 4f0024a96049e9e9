"""CustomResourceDefinitions out of the pinned Go modules that carry them.

Owns: which folders of which module, and fetching them once. Refuses to own: applying them. `tools/definitions/go.mod`
pins the versions, those of the add-ons where the module of that version can be fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from ringfence.controlplane.parts import TOOLS, _keep
from ringfence.engine import golang
from ringfence.engine.golang import Say
from ringfence.engine.places import Places
from ringfence.errors import RingfenceError
from ringfence.files import one_at_a_time, write_whole

Manifest = dict[str, Any]

PINNED = TOOLS / "definitions"

FOLDERS: Mapping[str, tuple[str, ...]] = {
    "github.com/cert-manager/cert-manager": ("deploy/crds",),
    "github.com/envoyproxy/ai-gateway": ("manifests/charts/ai-gateway-crds-helm/templates",),
    "github.com/envoyproxy/gateway": ("charts/gateway-helm/charts/crds/crds/generated",),
    "github.com/fluxcd/helm-controller": ("config/crd/bases",),
    "github.com/fluxcd/kustomize-controller": ("config/crd/bases",),
    "github.com/fluxcd/source-controller": ("config/crd/bases",),
    "github.com/kserve/kserve": ("config/crd/full",),
    "github.com/metal3-io/baremetal-operator": ("config/base/crds/bases",),
    "github.com/prometheus-operator/prometheus-operator": ("example/prometheus-operator-crd",),
    "github.com/vmware-tanzu/velero": ("config/crd/v1/bases",),
    "go.universe.tf/metallb": ("config/crd/bases",),
    "sigs.k8s.io/cluster-api": ("core/config/crd/bases",),
    "sigs.k8s.io/cluster-api-operator": ("config/crd/bases",),
    "sigs.k8s.io/gateway-api": ("config/crd/standard",),
    "sigs.k8s.io/jobset": ("config/components/crd/bases",),
    "sigs.k8s.io/kueue": ("config/components/crd/bases",),
    "sigs.k8s.io/lws": ("config/crd/bases",),
}
"""Module to the folders with its definitions."""


def ensure(places: Places, say: Say, modules: Iterable[str] = FOLDERS) -> dict[str, Path]:
    """Module to the folder in the cache that holds its definitions, fetched first where it is not there yet.

    Raises:
        RingfenceError: one is missing and there is no Go, or it cannot be fetched.
    """
    found = {module: _place(places, module) for module in modules}
    for module, place in found.items():
        if place.is_dir():
            continue
        if not golang.available():
            raise RingfenceError(f"the definitions of {module} are not here, and there is no Go on PATH to fetch them")
        with one_at_a_time(place.parent / f".{place.name}.lock"):
            if not place.is_dir():
                say(f"fetching the definitions of {module}")
                _keep(golang.module_folder(PINNED, module), FOLDERS[module], place)
    return found


def read(folder: Path) -> list[Manifest]:
    """Every definition in the files of a folder and below it, by name, without the texts that describe its fields."""
    found = {each["metadata"]["name"]: each for file in sorted(folder.rglob("*.yaml")) for each in _documents(file)}
    return [undescribed(found[name]) for name in sorted(found)]


def undescribed(definition: Manifest) -> Manifest:
    """The definition with the same fields and rules, and a fraction of the bytes."""

    def walk(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: walk(v) for k, v in value.items() if k != "description" or not isinstance(v, str)}
        return [walk(item) for item in value] if isinstance(value, list) else value

    versions = [
        {**version, "schema": walk(version["schema"])} if "schema" in version else version
        for version in definition["spec"]["versions"]
    ]
    return {**definition, "spec": {**definition["spec"], "versions": versions}}


def from_modules(places: Places, say: Say, modules: Iterable[str] = FOLDERS) -> list[Manifest]:
    """The definitions of some modules."""
    return [each for folder in ensure(places, say, modules).values() for each in _parsed(folder)]


def needed(definitions: Iterable[Manifest], manifests: Iterable[Mapping[str, Any]]) -> list[Manifest]:
    """Those of the definitions whose kinds are among the manifests: each one more costs the API server a second."""
    kinds = {(each["apiVersion"].rpartition("/")[0], each["kind"]) for each in manifests}
    return [each for each in definitions if (each["spec"]["group"], each["spec"]["names"]["kind"]) in kinds]


def storage_only(definition: Manifest) -> Manifest:
    """The definition without a conversion webhook, serving the stored version alone: nobody is there to convert."""
    spec = definition["spec"]
    kept = [version for version in spec["versions"] if version["storage"]]
    spec = {name: value for name, value in spec.items() if name != "conversion"} | {"versions": kept}
    return {**definition, "spec": spec}


def _parsed(folder: Path) -> list[Manifest]:
    """As `read`, parsed once for all: that takes longer than everything that is done with them."""
    kept = folder.with_name(f"{folder.name}.json")
    if not kept.is_file():
        write_whole(kept, json.dumps(read(folder)), mode=0o644)
    return json.loads(kept.read_text(encoding="utf-8"))


def _place(places: Places, module: str) -> Path:
    version = golang.pinned(PINNED, module)
    if version is None:
        raise RingfenceError(f"{PINNED / 'go.mod'} does not pin {module}")
    return places.cache / "controlplane" / "definitions" / f"{module.replace('/', '_')}@{version}"


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
    """The safe loader, in C where it is there; `=` is a text, as in Kubernetes' own YAML."""


_Loader.add_constructor("tag:yaml.org,2002:value", lambda loader, node: loader.construct_scalar(node))


@cache
def _documents(file: Path) -> tuple[Manifest, ...]:
    text = file.read_text(encoding="utf-8")
    if "kind: CustomResourceDefinition" not in text:
        return ()
    return tuple(
        each
        for each in yaml.load_all(text, Loader=_Loader)
        if isinstance(each, dict) and each.get("kind") == "CustomResourceDefinition"
    )
