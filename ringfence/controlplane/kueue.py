"""Kueue beside a control plane rather than on it: its kinds, its webhooks at an address instead of a Service.

Owns: what has to differ from Kueue's own manifests when it runs outside the cluster. Refuses to own: how it is
configured otherwise, which is the stack's.
"""

from __future__ import annotations

import base64
import os
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from ringfence.controlplane import definitions
from ringfence.controlplane.applying import define
from ringfence.errors import RingfenceError

if TYPE_CHECKING:
    from ringfence.controlplane.plane import ControlPlane

Manifest = dict[str, Any]

ACCOUNT = "system:serviceaccount:kueue-system:kueue-controller-manager"
"""Who Kueue is on a cluster; the stack's admission policies let its account do what no tenant may."""

_GATES = ("--feature-gates=VisibilityOnDemand=false",)
"""Off: an API server of its own, which would want certificates and a Service."""


_EVERYWHERE = {"pod": "pods", "deployment": "deployments", "statefulset": "statefulsets"}
"""Framework to the kind that its webhooks are asked of."""


def start(plane: ControlPlane, configuration: Mapping[str, Any]) -> None:
    """Put Kueue's kinds and webhooks on the control plane, start it, and wait until it answers."""
    program = plane.programs["kueue"]
    kept = program.kept / "config" / "components"
    authority = base64.b64encode(plane.certificates.read_bytes()).decode()
    webhook = {"url": f"https://127.0.0.1:{plane.ports['webhook']}", "caBundle": authority}
    define(plane.client, [_newest_only(each) for each in definitions.read(kept / "crd" / "bases")])
    certificates = plane.folder / "kueue-certificates"
    certificates.mkdir(exist_ok=True)
    shutil.copyfile(plane.certificates, certificates / "tls.crt")
    shutil.copyfile(plane.certificates.with_suffix(".key"), certificates / "tls.key")
    path = plane.folder / "kueue.yaml"
    path.write_text(yaml.safe_dump(outside(configuration, plane.ports, certificates)), encoding="utf-8")
    plane.processes.start(
        "kueue",
        [program.path, "--config", path, "--kubeconfig", plane.folder / "kueue-kubeconfig", *_GATES],
        plane.folder,
        {**os.environ, "KUEUE_METRICS_CERTS": str(certificates)},
    )
    for manifest in webhooks(kept / "webhook", webhook, configuration["integrations"]["frameworks"]):
        plane.client.apply(manifest)
    plane.processes.wait_until(lambda: _answers(plane), "Kueue", 120)


def outside(configuration: Mapping[str, Any], ports: Mapping[str, int], certificates: Path) -> Manifest:
    """The manager's configuration, changed only in where it listens and whose certificate it shows."""
    changed = dict(configuration)
    changed["health"] = {"healthProbeBindAddress": f"127.0.0.1:{ports['health']}"}
    changed["metrics"] = {**configuration.get("metrics", {}), "bindAddress": "0"}
    changed["webhook"] = {"host": "127.0.0.1", "port": ports["webhook"], "certDir": str(certificates)}
    changed["leaderElection"] = {"leaderElect": False}
    changed["internalCertManagement"] = {"enable": False}
    return changed


def webhooks(folder: Path, webhook: Mapping[str, str], frameworks: Iterable[str]) -> list[Manifest]:
    """Kueue's webhook configurations with its address instead of a Service, patched as its kustomization does.

    Of the kinds that every pod passes through, those only that Kueue manages: the others' webhooks answer always yes.
    """
    idle = {plural for name, plural in _EVERYWHERE.items() if name not in frameworks}
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text(encoding="utf-8"))
    patches = [yaml.safe_load(each["patch"]) for each in kustomization["patches"]]
    made = list(yaml.safe_load_all((folder / "manifests.yaml").read_text(encoding="utf-8")))
    for manifest in made:
        patch = next(each for each in patches if each["kind"] == manifest["kind"])
        changes = {each["name"]: each for each in patch["webhooks"]}
        manifest["metadata"]["name"] = f"kueue-{manifest['metadata']['name']}"
        manifest["webhooks"] = [each for each in manifest["webhooks"] if not idle & set(each["rules"][0]["resources"])]
        for each in manifest["webhooks"]:
            path = each["clientConfig"]["service"]["path"]
            each["clientConfig"] = {"url": webhook["url"] + path, "caBundle": webhook["caBundle"]}
            each |= {name: value for name, value in changes.get(each["name"], {}).items() if name != "name"}
    return made


def _newest_only(definition: Manifest) -> Manifest:
    """A kind in its newest version only, stored as that. As shipped an older one is what is stored, and the API server
    asks Kueue to convert each object each time that it is written, read or watched: most of its time under load.
    """
    newest = definition["spec"]["versions"][-1]
    assert newest["served"], newest["name"]
    spec = {name: value for name, value in definition["spec"].items() if name != "conversion"}
    return {**definition, "spec": {**spec, "versions": [{**newest, "storage": True}]}}


def _answers(plane: ControlPlane) -> bool:
    """Whether a flavour is taken, which its webhook has to answer for."""
    flavor = {"apiVersion": "kueue.x-k8s.io/v1beta2", "kind": "ResourceFlavor", "metadata": {"name": "probe"}}
    try:
        plane.client.apply({**flavor, "spec": {}}, dry_run=True)
    except (RingfenceError, OSError):
        return False
    return True
