"""A carry-in that is killed, or whose disk is full, at any of its steps ends as one that nothing happened to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from ringfence.crossing import export
from ringfence.crossing.export import Order
from ringfence.crossing.registry import Registry
from ringfence.crossing.sources import Artefacts
from ringfence.crossing.store import Memory, Store
from ringfence.engine.places import SOURCE_ROOT
from tests.crossing import doomed
from tests.crossing.sides import SPARE, say, sides
from tests.support.engine import write_project
from tests.support.registry import Running, running

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]


@dataclass
class World:
    """A bundle on a medium, and a registry to carry its images to."""

    folder: Path
    target: Running
    words: list[str]

    def run(self, task: dict[str, Any], *before: str) -> dict[str, Any]:
        """Run the script; what it says."""
        logs = self.folder / "logs"
        logs.mkdir(exist_ok=True)
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RINGFENCE_"))}
        (self.folder / "task.json").write_text(json.dumps({"words": self.words, "logs": str(logs), **task}))
        ran = subprocess.run(
            [*before, sys.executable, doomed.__file__, str(self.folder / "task.json")],
            env={**kept, "PYTHONPATH": str(SOURCE_ROOT)}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr[-4000:]
        return json.loads(ran.stdout.splitlines()[-1])


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Generator[World]:
    folder = tmp_path_factory.mktemp("cut-off")
    low, _ = sides(folder, write_project(folder / "low-project", SPARE, name="shop"))
    with running(folder / "source") as source, running(folder / "target") as target:
        source.image("web:1", b"first" * 100_000)
        low.up()
        order = Order(folder=low.folder, stack="dev", sequence=1, registry=source.address)
        places = replace(low.runner.embedded.places, cache=folder / "cache")
        gathered = export.gather(low.runner.embedded, order, say, [Artefacts(places)])
        bundle = export.seal(order, gathered, low.out, [low.sealer])
        slots = folder / "slots.json"
        slots.touch(0o600)
        slots.write_text(json.dumps({"kubernetes/berlin/inputs.kubeconfig": "users: [{token: high}]"}))
        words = ["carry-in", str(bundle.file), "--trust", str(folder / "key.pub"), "--slots", str(slots), "--yes"]
        words += ["--registry", f"{target.address}/SITE", "--into", "ROOT/SITE/place/shop"]
        yield World(folder, target, [*words, "--receipt", "ROOT/SITE/receipt.json"])


@dataclass(frozen=True)
class End:
    """What a high side is left with."""

    memory: Memory
    program: dict[str, bytes]
    leftovers: list[str]
    images: bool


def end(world: World, site: Path) -> End:
    """Look at a site."""
    place = site / "place" / "shop"
    files = {str(file.relative_to(place)): file for file in place.rglob("*") if file.is_file()}
    program = {name: file.read_bytes() for name, file in files.items() if name != "Pulumi.dev.yaml"}
    hidden = [*(site / "place").glob(".*"), *(site / "home" / "airgap" / "blobs").rglob(".*")]
    pushed = Registry(f"{world.target.address}/{site.name}", {}).manifest("web", "1")
    memory = Store(site / "home" / "airgap").memory("dev")
    return End(memory, program, [str(each) for each in hidden], pushed is not None)


def require_same(world: World, root: Path, sites: list[str]) -> None:
    """Every site ended as the one that nothing happened to."""
    calm = end(world, root / "calm")
    assert calm.memory.running is not None and calm.images and calm.leftovers == []
    for site in sites:
        found = end(world, root / site)
        assert found.memory.running == calm.memory.running, site
        assert found.memory.under_way is None and found.images, site
        assert found.program == calm.program, site
        assert found.leftovers == [], site


def test_killed_at_fifty_random_steps_it_ends_as_one_that_was_not(world: World, tmp_path: Path) -> None:
    said = world.run({"what": "killed", "root": str(tmp_path), "seed": 6, "times": 50, "sites": 2})
    assert said["killed"] == 50
    assert {phase for phase, count in said["at"].items() if count} >= {"keeping", "placing", "previewing", "applying"}
    require_same(world, tmp_path, said["sites"])


def mounting() -> list[str]:
    """What a command needs before it to mount something of its own; nothing where that is not allowed."""
    for words in (["unshare", "-m"], ["unshare", "-r", "-m"]):
        if shutil.which("unshare") and subprocess.run([*words, "true"], capture_output=True).returncode == 0:
            return words
    return []


@pytest.mark.skipif(not mounting(), reason="mount namespaces are not allowed here (unshare -m)")
def test_a_disk_that_is_full_at_any_phase_is_said_and_the_same_command_finishes(world: World, tmp_path: Path) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    keep = tmp_path / "kept"
    script = f'mount -t tmpfs -o size=64m tmpfs {disk} && "$@" && cp -a {disk} {keep}'
    task = {"what": "filled", "root": str(disk)}
    said = world.run(task, *mounting(), "sh", "-c", script, "sh")
    for phase, ended in said["ends"].items():
        assert "Traceback" not in ended["said"], (phase, ended)
        assert ended["code"] == 1, (phase, ended)
        assert "disk is full" in ended["said"] or "no space left" in ended["said"].lower(), (phase, ended)
    require_same(world, keep, said["sites"])
