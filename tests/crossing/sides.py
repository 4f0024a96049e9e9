"""Both sides of a border for tests: a small program, two engines that share nothing, and the keys."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

from ringfence.airgap import keys, verification
from ringfence.airgap.building import Built
from ringfence.airgap.keys import Sealer
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.reading import Bundle
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import Trust
from ringfence.crossing import carrying, export
from ringfence.crossing.carrying import Applied, Place, Staged
from ringfence.crossing.export import Order
from ringfence.crossing.store import Store
from ringfence.engine.run import Embedded
from tests.support.engine import EngineRunner

PROGRAM = """
import pulumi
import pulumi_kubernetes as k8s
import pulumi_random as random

config = pulumi.Config("shop")
password = random.RandomPassword("password", length=20)
token = pulumi.Output.concat("users: [{token: ", password.result, "}]")
cluster = k8s.Provider("berlin", kubeconfig=token, cluster_identifier="berlin")
on = pulumi.ResourceOptions(provider=cluster)
space = k8s.core.v1.Namespace("shop", metadata={"name": "shop"}, opts=on)
k8s.core.v1.Secret(
    "login", metadata={"name": "login", "namespace": "shop"}, string_data={"password": password.result}, opts=on
)
k8s.apps.v1.Deployment(
    "web",
    metadata={"name": "web", "namespace": "shop"},
    spec={
        "replicas": config.get_int("replicas") or 1,
        "selector": {"match_labels": {"app": "web"}},
        "template": {
            "metadata": {"labels": {"app": "web"}},
            "spec": {"containers": [{"name": "web", "image": config.get("image") or "registry.example/web:1"}]},
        },
    },
    opts=on,
)
pulumi.export("clusters", {"berlin": {"site": "berlin", "kubernetesVersion": "1.34"}})
"""
BARE = frozenset({"images", "charts", "weights", "wheels", "engine"})


def say(_: str) -> None:
    """Tests listen to nothing."""


def embedded(home: Path) -> Embedded:
    """An engine with a home of its own: another passphrase, other state."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RINGFENCE_"))}
    return Embedded.open({**inherited, "RINGFENCE_HOME": str(home)})


@dataclass
class Low:
    """The side with a network."""

    runner: EngineRunner
    folder: Path
    sealer: Sealer
    out: Path

    def keep_secret(self, key: str, value: str) -> None:
        self.runner.embedded.initialise(self.folder, "dev")
        result = self.runner.pulumi(self.folder, "config", "set", "-s", "dev", "--secret", key, value)
        assert result.exit_code == 0, result.diagnostics

    def up(self) -> None:
        result = self.runner.up(self.folder, "dev")
        assert result.exit_code == 0, result.diagnostics

    def export(self, sequence: int, base: Manifest | None = None, **more: Any) -> Built:
        order = replace(Order(folder=self.folder, stack="dev", sequence=sequence, without=BARE, base=base), **more)
        gathered = export.gather(self.runner.embedded, order, say)
        return export.seal(order, gathered, self.out, [self.sealer])


@dataclass
class High:
    """The side without."""

    place: Place
    trust: Trust

    def open(self, file: Path) -> Bundle:
        return verification.verify(FileSource(file), self.trust)

    def carry_in(self, file: Path) -> tuple[Staged, Applied]:
        staged = carrying.stage(self.place, self.open(file), say)
        return staged, carrying.apply(self.place, staged, say)

    def runner(self) -> EngineRunner:
        return EngineRunner(self.place.embedded)


def sides(tmp_path: Path, project: Path, values: dict[str, Any] | None = None) -> tuple[Low, High]:
    """Two sides that share a key and nothing else."""
    keys.keygen(tmp_path / "key")
    sealer = keys.load_signer(str(tmp_path / "key"))
    low = Low(EngineRunner(embedded(tmp_path / "low")), project, sealer, tmp_path / "out")
    store = Store(tmp_path / "high" / "airgap")
    place = Place(embedded(tmp_path / "high"), store, tmp_path / "site" / "shop", values or {})
    return low, High(place, Trust.of([sealer.public]))


SHIPPED = """
import pulumi
import pulumi_kubernetes as k8s

config = pulumi.Config("shop")
cluster = k8s.Provider("berlin", kubeconfig="{}", cluster_identifier="berlin")
on = pulumi.ResourceOptions(provider=cluster)
image = config.get("image") or "registry.example/web:1"
k8s.core.v1.Namespace("shop", metadata={"name": "shop"}, opts=on)
containers = [{"name": "web", "image": image}, {"name": "side", "image": "registry.example/both:1"}]
template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
spec = {"replicas": 1, "selector": {"match_labels": {"app": "web"}}, "template": template}
k8s.apps.v1.Deployment("web", metadata={"name": "web", "namespace": "shop"}, spec=spec, opts=on)
k8s.apiextensions.CustomResource(
    "reader",
    api_version="serving.kserve.io/v1beta1",
    kind="InferenceService",
    metadata={"name": "reader", "namespace": "shop"},
    spec={"predictor": {"model": {"storageUri": "oci://registry.example/models/reader:2026.11"}}},
    opts=on,
)
k8s.helm.v3.Release(
    "operator",
    name="operator",
    chart="oci://registry.example/charts/operator",
    version="1.0.0",
    namespace="shop",
    values={"replicas": 2},
    opts=on,
)
pulumi.export("clusters", {"berlin": {"site": "berlin", "kubernetesVersion": "1.34"}})
"""
"""A program with an image, an image for two platforms, weights and a chart that asks for an image of its own."""


def chart_files(image: str = "registry.example/operator:3") -> dict[str, Any]:
    """The chart of SHIPPED: its image is spelled in two fields, and its hook names another."""
    deployment = (
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: operator}\nspec:\n  template:\n    spec:\n"
        '      containers: [{name: op, image: "{{ .Values.image.repository }}:{{ .Values.image.tag }}"}]\n'
    )
    hook = (
        "apiVersion: batch/v1\nkind: Job\nmetadata: {name: hook, annotations: {helm.sh/hook: pre-install}}\nspec:\n"
        "  template:\n    spec:\n      restartPolicy: Never\n"
        "      containers: [{name: hook, image: registry.example/hook:1}]\n"
    )
    repository, _, tag = image.rpartition(":")
    return {
        "Chart.yaml": {"apiVersion": "v2", "name": "operator", "version": "1.0.0", "appVersion": "9"},
        "values.yaml": {"image": {"repository": repository, "tag": tag}, "replicas": 1},
        "templates/deployment.yaml": deployment,
        "templates/hook.yaml": hook,
    }


SPARE = """
import pulumi

secret = pulumi.Output.secret("users: [{token: " + "low" * 5 + "}]")
berlin = pulumi.ProviderResource(
    "kubernetes",
    "berlin",
    {"kubeconfig": secret, "clusterIdentifier": "berlin"},
    opts=pulumi.ResourceOptions(version="VERSION"),
)


def make(group, kind, name, **fields):
    head = {"apiVersion": group.removeprefix("core/"), "kind": kind, "metadata": {"name": name, "namespace": "shop"}}
    pulumi.CustomResource(
        f"kubernetes:{group}:{kind}", name, head | fields, opts=pulumi.ResourceOptions(provider=berlin)
    )


image = pulumi.Config("shop").get("image") or "registry.example/web:1"
template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": image}]}}
make("core/v1", "Namespace", "shop", metadata={"name": "shop"})
make("apps/v1", "Deployment", "web", spec={"selector": {"matchLabels": {"app": "web"}}, "template": template})
pulumi.export("clusters", {"berlin": {"site": "berlin", "kubernetesVersion": "1.34"}})
""".replace("VERSION", version("pulumi-kubernetes"))
"""A program that loads no package's SDK, so that a preview takes half the time: for tests that carry in many times."""
