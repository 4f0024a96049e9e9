"""The whole loop with a high side that cannot reach anything, and never tries to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ringfence.airgap.building import Built
from ringfence.airgap.manifest import Manifest
from ringfence.controlplane import parts, plane
from ringfence.crossing import export, isolation
from ringfence.crossing.export import Order
from ringfence.crossing.sources import Artefacts
from ringfence.engine.places import SOURCE_ROOT, Places
from tests.crossing import apply_bundle, highside
from tests.crossing.sides import PROGRAM, SHIPPED, Low, say, sides
from tests.crossing.test_artefacts import fill
from tests.support.engine import write_project, write_stack
from tests.support.registry import Running, running

pytestmark = [pytest.mark.engine, pytest.mark.registry, pytest.mark.slow]
RINGFENCE = [sys.executable, "-c", "from ringfence.cli.main import run; run()"]


def exported(low: Low, source: Running, cache: Path, sequence: int, base: Manifest | None = None) -> Built:
    order = Order(folder=low.folder, stack="dev", sequence=sequence, base=base, registry=source.address)
    places = replace(low.runner.embedded.places, cache=cache)
    gathered = export.gather(low.runner.embedded, order, say, [Artefacts(places)])
    return export.seal(order, gathered, low.out, [low.sealer])


def environment(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RINGFENCE_"))}
    return {**kept, "RINGFENCE_HOME": str(home), "PYTHONPATH": str(SOURCE_ROOT)}


@pytest.mark.skipif(not isolation.allowed(), reason="network namespaces are not allowed here (unshare -n)")
def test_the_loop_with_no_way_out(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", SHIPPED, name="shop")
    low, _ = sides(tmp_path, project)
    with running(tmp_path / "source") as source:
        fill(source)
        low.up()
        first = exported(low, source, tmp_path / "cache", 1)
        source.image("web:2", b"second")
        write_stack(project, "dev", {"shop:image": "registry.example/web:2"})
        low.up()
        second = exported(low, source, tmp_path / "cache", 2, first.manifest)
        program, port = source.program, source.port
    common = ["--trust", str(tmp_path / "key.pub"), "--registry", f"localhost:{port}"]
    common += ["--into", str(tmp_path / "site"), "--receipt", str(tmp_path / "receipt.json"), "--yes", "--json"]
    unchanged = [sys.executable, "-c", _EXPECT_NO_CHANGES, str(tmp_path / "site")]
    steps = [
        [*RINGFENCE, "verify", str(first.file), "--trust", str(tmp_path / "key.pub"), "--json"],
        [*RINGFENCE, "carry-in", str(first.file), *common],
        unchanged,
        [*RINGFENCE, "carry-in", str(second.file), *common],
        unchanged,
        [*RINGFENCE, "carry-in", "--rollback", "dev", *common[4:]],
        unchanged,
        [*RINGFENCE, "carry-in", str(second.file), *common],
    ]
    serve = [str(program), "registry", "serve", "--address", f"127.0.0.1:{port}", "--disk", str(tmp_path / "target")]
    (tmp_path / "target").mkdir()
    (tmp_path / "steps.json").write_text(json.dumps({"registry": serve, "steps": steps}))
    done = subprocess.run(
        ["unshare", "-n", sys.executable, highside.__file__, str(tmp_path / "steps.json")],
        env=environment(tmp_path / "high"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["counted"] > 0, "an attempt to leave is counted"
    assert [step["code"] for step in said["steps"]] == [0] * len(steps), said["steps"][-1]
    assert said["attempts"] == 0, "nobody tried to reach anything"
    came = [json.loads(said["steps"][number]["out"]) for number in (1, 3, 5, 7)]
    states = [built.manifest.facts["stateDigest"] for built in (first, second, first, second)]
    assert [each["state"] for each in came] == states
    assert [each["equal"] for each in came] == [True] * 4
    receipt = json.loads((tmp_path / "receipt.json").read_text())
    assert receipt["payloadType"] == "application/vnd.in-toto+json"


_EXPECT_NO_CHANGES = """
import os, sys
from pathlib import Path
from ringfence.engine.run import Embedded
result = Embedded.open(os.environ).preview(Path(sys.argv[1]), "dev", None, None, "--expect-no-changes")
sys.exit(result.exit_code)
"""


@pytest.mark.cluster
@pytest.mark.skipif(not isolation.allowed(), reason="network namespaces are not allowed here (unshare -n)")
@pytest.mark.skipif(
    bool(parts.missing(Places.from_environment(), plane.ALONE)), reason="etcd and kube-apiserver not built"
)
def test_a_real_api_server_with_no_way_out_takes_the_manifests(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop")
    low, _ = sides(tmp_path, project)
    bundle = low.export(1)
    step = [sys.executable, apply_bundle.__file__, str(bundle.file), str(tmp_path / "key.pub")]
    (tmp_path / "steps.json").write_text(json.dumps({"registry": ["sleep", "600"], "steps": [step]}))
    done = subprocess.run(
        ["unshare", "-n", sys.executable, highside.__file__, str(tmp_path / "steps.json")],
        env=environment(tmp_path / "high"), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert said["steps"][0]["code"] == 0, said["steps"][0]["err"]
    assert said["attempts"] == 0
    applied = json.loads(said["steps"][0]["out"])
    assert {each["key"] for each in applied} == {"Namespace/shop", "Secret/shop/login", "Deployment/shop/web"}
    assert [each for each in applied if each["refusal"] or not each["served"]] == []
