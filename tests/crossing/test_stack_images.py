"""Everything that the dev stack asks for crosses: its charts, the images of charts and objects, and its weights."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.airgap.manifest import Role
from ringfence.crossing import export, layout, pushing, reading
from ringfence.crossing.export import Order
from ringfence.crossing.sources import Artefacts
from tests.crossing.sides import say, sides
from tests.support.registry import running
from tests.support.stacks import stack_project
from tests.support.stock import stock

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]


def test_the_images_of_the_dev_stack_cross_with_nothing_left_out(tmp_path: Path) -> None:
    project = tmp_path / "project"
    project.mkdir()
    low, high = sides(tmp_path, stack_project(project, "dev"))
    known = reading.read(low.runner.embedded, project, "dev", None)
    with running(tmp_path / "source") as source, running(tmp_path / "target") as target:
        filled = stock(source, known.clusters.values())
        assert len(filled) > 40
        order = Order(folder=project, stack="dev", sequence=1, registry=source.address)
        gathered = export.Gathered(known, facts={"stack": "dev"})
        Artefacts(replace(low.runner.embedded.places, cache=tmp_path / "cache"))(order, gathered, say)
        assert gathered.problems == {} and gathered.left_out == []
        built = export.seal(order, gathered, low.out, [low.sealer])
        source.stop()
        bundle = high.open(built.file)
        assert bundle.manifest.complete
        closure = json.loads(bundle.read(layout.CLOSURE))
        assert closure["unresolved"] == []
        kinds = {member.role for member in bundle.manifest.members}
        assert {Role.IMAGE, Role.CHART, Role.WEIGHTS} <= kinds
        pushing.push(bundle, bundle.read(layout.OCI_INDEX), target.client, say)
        missing = [name for name in sorted(filled) if target.client.manifest(*name.split(":")) is None]
        assert missing == []
