"""`--site`: a bundle for one of several sites has that site's clusters, manifests and images, and carries in as any."""

from __future__ import annotations

import json
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import pytest

from ringfence.airgap.manifest import Role
from ringfence.crossing import export, layout
from ringfence.crossing.export import Order
from ringfence.crossing.sources import Artefacts
from ringfence.errors import UsageError
from tests.crossing.sides import BARE, High, say, sides
from tests.support.engine import write_project
from tests.support.registry import running

pytestmark = [pytest.mark.engine, pytest.mark.registry]

KUBERNETES = version("pulumi-kubernetes")
TWO_SITES = f"""
import pulumi

for name in ("berlin", "paris"):
    inputs = {{"kubeconfig": "{{}}", "clusterIdentifier": name}}
    where = pulumi.ProviderResource("kubernetes", name, inputs, opts=pulumi.ResourceOptions(version="{KUBERNETES}"))
    containers = [{{"name": "web", "image": f"registry.example/{{name}}-web:1"}}]
    template = {{"metadata": {{"labels": {{"app": "web"}}}}, "spec": {{"containers": containers}}}}
    spec = {{"selector": {{"matchLabels": {{"app": "web"}}}}, "template": template}}
    head = {{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {{"name": "web", "namespace": "default"}}}}
    opts = pulumi.ResourceOptions(provider=where)
    pulumi.CustomResource("kubernetes:apps/v1:Deployment", f"{{name}}-web", head | {{"spec": spec}}, opts=opts)
sites = {{name: {{"site": name, "kubernetesVersion": "1.34"}} for name in ("berlin", "paris")}}
pulumi.export("clusters", sites)
"""


def test_one_site_gets_what_is_its_own_and_ends_equal(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", TWO_SITES, name="shop")
    low, high = sides(tmp_path, project)
    with running(tmp_path / "source") as source, running(tmp_path / "target") as target:
        source.image("paris-web:1", b"paris")  # The other site's image is not even there to be fetched.
        low.up()
        order = Order(folder=low.folder, stack="dev", sequence=1, site="paris", registry=source.address)
        places = replace(low.runner.embedded.places, cache=tmp_path / "cache")
        gathered = export.gather(low.runner.embedded, order, say, [Artefacts(places)])
        built = export.seal(order, gathered, low.out, [low.sealer])
        source.stop()
        high = High(replace(high.place, registry=target.client), high.trust)
        bundle = high.open(built.file)
        _, applied = high.carry_in(built.file)
        assert applied.equal is True
        assert target.client.manifest("paris-web", "1") is not None
    manifest = bundle.manifest
    assert manifest.name == "dev-paris" and manifest.complete
    folders = {member.path.split("/")[1] for member in manifest.members if member.role is Role.MANIFESTS}
    assert folders == {"paris"}
    images = {member.ref.partition("@")[0] for member in manifest.members if member.role is Role.IMAGE and member.ref}
    assert images == {"registry.example/paris-web"}
    closure = json.loads(bundle.read(layout.CLOSURE))
    assert "berlin" not in json.dumps(closure)


def test_a_site_that_there_is_not_is_refused_with_those_that_there_are(tmp_path: Path) -> None:
    low, _ = sides(tmp_path, write_project(tmp_path / "low-project", TWO_SITES, name="shop"))
    with pytest.raises(UsageError, match=r"--site pariss: no cluster of dev is there\. Sites: berlin, paris"):
        low.export(1, site="pariss", without=BARE)
