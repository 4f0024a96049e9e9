"""Images, charts and weights across a border, between two real registries, the first of them stopped by then."""

from __future__ import annotations

import json
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ringfence.airgap.building import Built
from ringfence.airgap.manifest import Manifest, Role
from ringfence.crossing import carrying, export, layout, tools
from ringfence.crossing.export import Order
from ringfence.crossing.sources import Artefacts
from ringfence.engine.places import Places
from tests.crossing.sides import SHIPPED, High, Low, chart_files, say, sides
from tests.support.engine import write_project, write_stack
from tests.support.registry import Running, running

pytestmark = [pytest.mark.engine, pytest.mark.registry]
HELM = tools.kept("helm", Places.from_environment())


@dataclass
class World:
    """Both sides with their registries."""

    low: Low
    high: High
    source: Running
    target: Running
    cache: Path

    def export(self, sequence: int, base: Manifest | None = None, **more: Any) -> Built:
        order = Order(folder=self.low.folder, stack="dev", sequence=sequence, base=base, without=frozenset(), **more)
        order = replace(order, registry=self.source.address)
        places = replace(self.low.runner.embedded.places, cache=self.cache)
        gathered = export.gather(self.low.runner.embedded, order, say, [Artefacts(places)])
        return export.seal(order, gathered, self.low.out, [self.low.sealer])


def fill(registry: Running) -> None:
    """What SHIPPED asks for. This registry keeps manifests in memory only, so it is filled whenever it starts."""
    registry.image("web:1", b"first")
    registry.image("both:1", b"both", ("linux/amd64", "linux/arm64"))
    registry.image("operator:3", b"operator")
    registry.image("hook:1", b"hook")
    registry.weights("models/reader:2026.11", b"weights" * 1000)
    registry.chart("charts/operator:1.0.0", chart_files())


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[World]:
    if HELM is not None:
        monkeypatch.setenv("RINGFENCE_HELM", str(HELM))  # The cache of this world has none.
    project = write_project(tmp_path / "low-project", SHIPPED, name="shop")
    low, high = sides(tmp_path, project)
    with running(tmp_path / "source") as source, running(tmp_path / "target") as target:
        fill(source)
        place = replace(high.place, registry=target.client)
        yield World(low, High(place, high.trust), source, target, tmp_path / "cache")


def roles(manifest: Manifest) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for member in manifest.members:
        if member.role in carrying.BLOB_ROLES and member.ref:
            found.setdefault(member.role.value, set()).add(member.ref.partition("@")[0])
    return found


def test_artefacts_cross_and_only_what_changed_crosses_again(world: World) -> None:
    first = world.export(1)
    assert roles(first.manifest) == {
        "image": {
            "registry.example/web",
            "registry.example/both",
            "registry.example/operator",
            *({"registry.example/hook"} if HELM else set()),
        },
        "chart": {"registry.example/charts/operator"},
        "weights": {"registry.example/models/reader"},
    }
    assert first.manifest.complete
    world.source.stop()
    world.high.carry_in(first.file)
    for name in ("web:1", "both:1", "operator:3", "models/reader:2026.11", "charts/operator:1.0.0"):
        path, _, tag = name.partition(":")
        there = world.target.client.manifest(path, tag)
        assert there is not None, name
        for layer in json.loads(there[0])["layers"]:
            assert world.target.client.has(path, "blobs", layer["digest"])

    fill(world.source.start())
    world.source.image("web:2", b"second")
    write_stack(world.low.folder, "dev", {"shop:image": "registry.example/web:2"})
    second = world.export(2, base=first.manifest)
    world.source.stop()
    carried = {
        member.ref for member in second.manifest.carried if member.role in (Role.IMAGE, Role.WEIGHTS, Role.CHART)
    }
    assert {str(ref).partition("@")[0] for ref in carried} == {"registry.example/web"}
    world.high.carry_in(second.file)
    assert world.target.client.manifest("web", "2") is not None
    assert world.target.client.manifest("web", "1") is not None, "a rollback needs it"


def test_a_delta_on_a_registry_that_lost_its_base_is_refused_before_anything_is_pushed(world: World) -> None:
    first = world.export(1)
    world.high.carry_in(first.file)
    world.source.image("web:2", b"second")
    write_stack(world.low.folder, "dev", {"shop:image": "registry.example/web:2"})
    second = world.export(2, base=first.manifest)
    world.target.stop()
    for file in world.target.folder.rglob("*"):
        if file.is_file():
            file.unlink()
    world.target.start()
    with pytest.raises(carrying.RingfenceError, match=r"(?s)relies on .*Nothing was pushed"):
        carrying.stage(world.high.place, world.high.open(second.file), say)
    assert [file for file in world.target.folder.rglob("*") if file.is_file()] == []


def test_what_the_registry_does_not_have_fails_the_export_unless_waived_by_name(world: World) -> None:
    write_stack(world.low.folder, "dev", {"shop:image": "registry.example/forgotten:1"})
    with pytest.raises(carrying.RingfenceError, match=r"missing/registry.example/forgotten:1") as refused:
        world.export(1)
    assert "Deployment shop/web spec.template.spec.containers[0].image" in str(refused.value)
    built = world.export(1, waivers={"missing/registry.example/forgotten:1": "built on the other side"})
    assert [(each.finding, each.reason) for each in built.manifest.waivers] == [
        ("missing/registry.example/forgotten:1", "built on the other side")
    ]


def test_a_platform_that_an_image_is_not_for_is_said(world: World) -> None:
    order = Order(folder=world.low.folder, stack="dev", sequence=1, registry=world.source.address)
    places = replace(world.low.runner.embedded.places, cache=world.cache)
    with pytest.raises(
        carrying.RingfenceError, match=r"both:1 is not for linux/riscv64: it has linux/amd64, linux/arm64"
    ):
        export.gather(world.low.runner.embedded, order, say, [Artefacts(places, ("linux/riscv64",))])


def test_every_artefact_says_why_it_is_there(world: World) -> None:
    manifest = world.export(1).manifest
    reasons = {member.ref.partition("@")[0]: member.reason for member in manifest.members if member.ref}
    assert reasons["registry.example/operator"].startswith("cluster berlin, release operator, chart oci://")
    assert "InferenceService shop/reader spec.predictor.model.storageUri" in reasons["registry.example/models/reader"]
    assert layout.CLOSURE in {member.path for member in manifest.members}
