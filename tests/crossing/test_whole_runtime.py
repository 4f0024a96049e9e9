"""A bundle with nothing left out: images, wheels, Pulumi CLI; and a high side that has none runs from it alone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.airgap import verification
from ringfence.airgap.manifest import Role
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import Trust
from ringfence.crossing import export, layout, sbom
from ringfence.crossing.export import Order
from ringfence.crossing.runtime import EngineFiles, Wheels
from ringfence.crossing.sources import Artefacts
from ringfence.engine import home
from ringfence.engine.places import SOURCE_ROOT
from tests.crossing.sides import SPARE, Low, say, sides
from tests.support import wheels
from tests.support.engine import write_project
from tests.support.registry import running

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]

OWN = SPARE + (
    "import sys, importlib.metadata\n"
    "assert sys.prefix.endswith('.venv') and sys.prefix != sys.base_prefix, sys.prefix\n"
    "pulumi.export('sdk', importlib.metadata.version('pulumi'))\n"
)
RUNTIME = {"name": "python", "options": {"virtualenv": ".venv"}}


def order(low: Low, registry: str) -> Order:
    waivers = {"wheels/debugpy-*: password in a URL": "an example in the comments of a public package"}
    return Order(folder=low.folder, stack="dev", sequence=1, registry=registry, waivers=waivers)


def sources(low: Low, folder: Path, lock: Path) -> list[export.Source]:
    places = replace(low.runner.embedded.places, cache=folder.parent / "cache")
    return [Artefacts(places), Wheels(folder, (lock,)), EngineFiles(low.runner.embedded.engine), sbom.add]


def problems(low: Low, gathered: export.Gathered, folder: Path, lock: Path) -> list[str]:
    """What stands in the way of an export of the same stack with other wheels."""
    again = export.Gathered(gathered.reading)
    Wheels(folder, (lock,))(order(low, ""), again, say)
    return sorted(again.problems)


def test_a_side_with_neither_packages_nor_engine_runs_from_the_bundle_alone(tmp_path: Path) -> None:
    made = [wheels.wheel(name, tmp_path / "wheels") for name in wheels.closure("pulumi-kubernetes")]
    lock = wheels.lock(tmp_path / "lock.txt", made)
    low, _ = sides(tmp_path, write_project(tmp_path / "low-project", OWN, name="shop", runtime=RUNTIME))
    (low.folder / ".venv").symlink_to(sys.prefix)
    low.up()
    with running(tmp_path / "source") as source:
        source.image("web:1", b"first")
        asked = order(low, source.address)
        gathered = export.gather(low.runner.embedded, asked, say, sources(low, tmp_path / "wheels", lock))

    without = [each for each in made if not each.name.startswith("pulumi_kubernetes-")]
    (tmp_path / "fewer").mkdir()
    for each in without:
        (tmp_path / "fewer" / each.name).hardlink_to(each)
    fewer = wheels.lock(tmp_path / "fewer.txt", without)
    assert problems(low, gathered, tmp_path / "fewer", fewer) == ["plugin/kubernetes"]
    more = [each.name for each in made if each not in without]
    assert problems(low, gathered, tmp_path / "wheels", fewer) == [f"wheel/{each}" for each in more]

    built = export.seal(asked, gathered, low.out, [low.sealer])
    bundle = verification.verify(FileSource(built.file), Trust.of([low.sealer.public]))
    carried = {Path(each.path).name for each in bundle.manifest.members if each.role is Role.WHEEL}
    assert carried == {each.name for each in made}
    assert {each.path for each in bundle.manifest.members if each.role is Role.CLI} == {
        "cli/pulumi",
        "cli/pulumi-language-python",
    }
    assert bundle.manifest.facts["plugins"]["versions"]["kubernetes"] == home.installed_packages()["kubernetes"]
    named = {each["purl"] for each in json.loads(bundle.read(layout.SBOM))["components"]}
    assert f"pkg:golang/github.com/pulumi/pulumi/pkg/v3@v{low.runner.embedded.engine.version}" in named

    (tmp_path / "slots.json").touch(0o600)
    (tmp_path / "slots.json").write_text(json.dumps({"kubernetes/berlin/inputs.kubeconfig": "of this side"}))
    places = {"RINGFENCE_HOME": str(tmp_path / "high"), "RINGFENCE_CACHE": str(tmp_path / "high-cache")}

    def ringfence(*words: str) -> subprocess.CompletedProcess[str]:
        run = [sys.executable, "-c", "from ringfence.cli.main import run; run()", *words]
        return subprocess.run(
            [*run, "--trust", str(tmp_path / "key.pub")],
            env={"PATH": os.defpath, "HOME": str(tmp_path), "PYTHONPATH": str(SOURCE_ROOT), **places},
            capture_output=True, text=True, check=False,
        )  # fmt: skip

    verified = ringfence("verify", str(built.file))
    assert verified.returncode == 0 and "incomplete" not in verified.stdout, verified.stderr
    with running(tmp_path / "target") as target:
        words = ["--slots", str(tmp_path / "slots.json"), "--into", str(tmp_path / "site"), "--yes", "--json"]
        words += ["--registry", target.address, "--receipt", str(tmp_path / "receipt.json")]
        done = ringfence("carry-in", str(built.file), *words)
        assert done.returncode == 0, done.stderr
        assert target.client.manifest("web", "1") is not None
    assert json.loads(done.stdout)["equal"] is True
    pip = [str(tmp_path / "site" / ".venv" / "bin" / "python"), "-m", "pip", "list", "--format", "json"]
    listed = json.loads(subprocess.run(pip, capture_output=True, text=True, check=True).stdout)
    there = {each["name"].lower().replace("_", "-").replace(".", "-") for each in listed} - {"pip", "setuptools"}
    assert there == set(wheels.closure("pulumi-kubernetes"))
    assert list((tmp_path / "high-cache" / "pulumi").rglob("pulumi")), "the engine is the bundle's"
