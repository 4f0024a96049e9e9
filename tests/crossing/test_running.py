"""What a bundle would change of what runs here, the operator's answer to it, and what a "no" leaves: nothing."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ringfence.airgap import splitting
from ringfence.airgap.accepted import Accepted
from ringfence.crossing import placing
from ringfence.crossing.store import Store
from ringfence.engine.places import SOURCE_ROOT
from tests.crossing.sides import SPARE, sides
from tests.support.engine import write_project, write_stack

pytestmark = pytest.mark.engine
DEPLOYMENT = "kubernetes:apps/v1:Deployment::web"


@dataclass
class Site:
    """A high side with a terminal."""

    folder: Path

    def ringfence(self, *words: str | Path, answer: str = "") -> subprocess.CompletedProcess[str]:
        """Run a command; `answer` is what the operator types."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PULUMI_", "RINGFENCE_"))}
        env = {**kept, "RINGFENCE_HOME": str(self.folder / "high"), "PYTHONPATH": str(SOURCE_ROOT)}
        run = [sys.executable, "-c", "from ringfence.cli.main import run; run()", *map(str, words)]
        return subprocess.run(
            run, cwd=self.folder, env=env, input=answer, capture_output=True, text=True, check=False, timeout=600
        )

    def carry_in(self, bundle: Path, *words: str, answer: str = "") -> subprocess.CompletedProcess[str]:
        """Carry in, with this side's slots."""
        trust = ["--trust", self.folder / "key.pub", "--allow-incomplete", "--slots", self.folder / "slots.json"]
        return self.ringfence("carry-in", bundle, *trust, "--into", self.folder / "site", *words, answer=answer)

    def difference(self, bundle: Path) -> list[dict[str, Any]]:
        """`diff --running`, as JSON: it changes nothing, so it is always 0."""
        words = ["diff", bundle, "--running", self.folder / "site", "--trust", self.folder / "key.pub", "--json"]
        said = self.ringfence(*words)
        assert said.returncode == 0, said.stderr
        return json.loads(said.stdout)["changes"]

    def everything(self) -> dict[str, str]:
        """What is here and means something: program, states, what was taken; not the engine's own caches and logs."""
        home = self.folder / "high"
        files = [*(self.folder / "site").rglob("*"), *home.glob("projects/*/state/.pulumi/stacks/**/*")]
        files += [*(home / "airgap" / "carried").rglob("*"), home / "airgap" / "accepted.json"]
        return {str(file): hashlib.sha256(file.read_bytes()).hexdigest() for file in files if file.is_file()}


def test_the_operator_sees_what_would_change_and_decides(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", SPARE, name="shop")
    low, _ = sides(tmp_path, project)
    low.up()
    first = low.export(1)
    write_stack(project, "dev", {"shop:image": "registry.example/web:2"})
    second = low.export(2, base=first.manifest)
    (tmp_path / "slots.json").touch(0o600)
    (tmp_path / "slots.json").write_text(json.dumps({"kubernetes/berlin/inputs.kubeconfig": "of this side"}))
    site = Site(tmp_path)
    there = site.difference(first.file)
    assert {each["step"] for each in there} == {"create"}, "nothing runs yet"
    parts = splitting.split(first.file, tmp_path / "parts", 100_000, [low.sealer])
    assert len(parts) > 1
    assert site.carry_in(parts[0], answer="y\n").returncode == 0, "one part is named, and the others lie beside it"
    assert site.difference(first.file) == []
    [changed] = site.difference(second.file)
    assert changed["urn"].endswith(DEPLOYMENT) and changed["step"] == "change"
    assert "web:1" in changed["values"][0] and "web:2" in changed["values"][0]
    shown = site.ringfence("diff", second.file, "--running", tmp_path / "site", "--trust", tmp_path / "key.pub").stdout
    assert "1 resources differ" in shown and "web" in shown

    before = site.everything()
    (tmp_path / "receipt-dev-1.json").unlink()
    for answer in ("n\n", "", "\n"):
        said = site.carry_in(second.file, answer=answer)
        assert said.returncode == 1, said.stderr
        assert "1 changes" in said.stdout and "nothing was applied" in said.stderr
        assert site.everything() == before, answer
    assert not list(tmp_path.glob("receipt*")), "there is nothing to report"
    assert placing.placed(tmp_path / "site") == first.manifest.digest
    assert Store(tmp_path / "high" / "airgap").memory("dev").under_way is None
    last = Accepted(tmp_path / "high" / "airgap" / "accepted.json").last("dev")
    assert last is not None and last.sequence == 1

    assert site.carry_in(second.file, answer="y\n").returncode == 0
    assert site.difference(second.file) == []
    [back] = site.difference(first.file)
    assert back["urn"].endswith(DEPLOYMENT)
    said = site.ringfence("carry-in", "--rollback", "dev", "--into", tmp_path / "site", answer="n\n")
    assert said.returncode == 1 and "nothing was applied" in said.stderr
    assert site.difference(second.file) == [], "nothing went back"
