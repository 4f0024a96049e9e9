"""The whole way across: export, verify, carry in, equal on both sides; a change as a delta; back again."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ringfence.airgap.manifest import Manifest
from ringfence.crossing import carrying, layout, placing
from tests.crossing.sides import PROGRAM, say, sides
from tests.support.engine import write_project, write_stack

pytestmark = pytest.mark.engine

SLOTS = {
    "kubernetes/berlin/inputs.kubeconfig": "users: [{token: password of this side}]",
    "RandomPassword/password/outputs.result": "password of this side",
    "RandomPassword/password/outputs.bcryptHash": "hash of this side",
    "Secret/login/inputs.stringData": {"password": "password of this side"},
    "config/shop:token": "token of this side",
}


def everything_below(folder: Path) -> bytes:
    return b"\n".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file())


def test_there_and_again_and_back(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop", stacks={"dev": {"shop:replicas": "1"}})
    low, high = sides(tmp_path, project, SLOTS)
    low.keep_secret("shop:token", "token-of-the-low-side")
    low.up()
    first = low.export(1)
    low_state = low.runner.embedded.run(["stack", "export", "-s", "dev", "--show-secrets"], project).stdout
    secrets = [
        json.loads(line.split('"plaintext": ')[1].rstrip(","))
        for line in low_state.splitlines()
        if '"plaintext"' in line
    ]
    assert len(secrets) > 3
    sealed = first.file.read_bytes()
    for secret in [*map(json.loads, secrets), "token-of-the-low-side"]:
        assert str(secret).encode() not in sealed

    staged, applied = high.carry_in(first.file)
    assert staged.changes == {} and staged.same_plan
    assert applied.equal is True
    again = high.runner().run_preview(high.place.folder, "dev", None, None, "--expect-no-changes")
    assert again.exit_code == 0, again.diagnostics
    shown = high.place.embedded.run(["stack", "export", "-s", "dev", "--show-secrets"], high.place.folder).stdout
    assert "token: password of this side" in shown
    left = everything_below(tmp_path / "high") + everything_below(tmp_path / "site")
    salt = json.loads(low_state)["deployment"]["secrets_providers"]["state"]["salt"]
    assert salt.encode() not in left, "the low side's passphrase leaves no trace"
    assert b"of this side" not in left, "nothing plain is on disk"

    write_stack(project, "dev", {"shop:replicas": "3"})
    low.up()
    second = low.export(2, base=first.manifest)
    assert second.manifest.kind == "delta" and second.size < first.size
    staged, applied = high.carry_in(second.file)
    assert list(staged.changes.values()) == ["update"]
    assert applied.equal is True
    assert applied.state == second.manifest.facts["stateDigest"] != first.manifest.facts["stateDigest"]

    memory = high.place.store.memory("dev")
    older = memory.before()
    assert older is not None and older.sequence == 1
    manifest = next(m for m in _kept(high.place.store.manifests) if m.digest == older.bundle)
    staged = carrying.stage_kept(high.place, manifest, say, rollback=True)
    applied = carrying.apply(high.place, staged, say, rollback=True)
    assert applied.equal is True and applied.state == first.manifest.facts["stateDigest"]


def test_a_secret_of_the_configuration_that_stands_elsewhere_too_does_not_leave(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop", stacks={"dev": {"shop:replicas": "1"}})
    low, _ = sides(tmp_path, project)
    low.keep_secret("shop:token", "correct-horse-battery")
    (project / "notes.py").write_text("# remember: correct-horse-battery\n")
    with pytest.raises(carrying.RingfenceError, match=r"program/notes\.py.*config/shop:token") as refused:
        low.export(1)
    assert "correct-horse" not in str(refused.value)
    assert not list(low.out.glob("*.tar")), "nothing was kept"


def _kept(folder: Path) -> list[Manifest]:
    from ringfence.airgap import ledger

    return list(ledger.kept(folder))


def test_a_plan_from_nothing_is_applied_on_the_other_side_first(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop")
    low, high = sides(tmp_path, project)
    first = low.export(1)
    assert first.manifest.facts["settled"] is False
    staged, applied = high.carry_in(first.file)
    assert set(staged.changes.values()) == {"create"} and staged.same_plan
    assert applied.equal is None, "nobody can know before the low side applied it too"


def test_a_state_that_somebody_changed_is_refused(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop")
    low, high = sides(tmp_path, project)
    first = low.export(1)
    high.carry_in(first.file)
    state = high.place.state("dev")
    for resource in state["deployment"]["resources"]:
        if resource["type"].endswith(":Deployment"):
            resource["outputs"]["spec"]["replicas"] = 7
    high.place.embedded.run(["stack", "import", "-s", "dev"], high.place.folder, given=json.dumps(state))
    write_stack(project, "dev", {"shop:replicas": "2"})
    second = low.export(2, base=first.manifest)
    with pytest.raises(carrying.RingfenceError, match="not what the last carry-in left"):
        carrying.stage(high.place, high.open(second.file), say)
    assert placing.placed(high.place.folder) == first.manifest.digest, "the program that runs is in its place again"
    assert high.place.store.memory("dev").under_way is None


def test_missing_slots_are_all_named_and_nothing_is_imported(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop")
    low, high = sides(tmp_path, project)
    low.up()
    first = low.export(1)
    with pytest.raises(carrying.RingfenceError, match=r"(?s)slots have no value.*kubernetes/berlin/inputs.kubeconfig"):
        carrying.stage(high.place, high.open(first.file), say)
    assert high.place.state("dev")["deployment"].get("resources", []) == []


def test_two_exports_from_different_folders_are_the_same_bytes(tmp_path: Path) -> None:
    built = []
    for name in ("one", "another/place"):
        project = write_project(tmp_path / name / "project", PROGRAM, name="shop")
        low, _ = sides(tmp_path / name, project)
        (tmp_path / "key").exists() or (tmp_path / name / "key").rename(tmp_path / "key")
        from ringfence.airgap import keys

        low.sealer = keys.load_signer(str(tmp_path / "key"))
        built.append(low.export(1).file.read_bytes())
    assert built[0] == built[1]


def test_the_parts_of_a_bundle_are_where_they_should_be(tmp_path: Path) -> None:
    project = write_project(tmp_path / "low-project", PROGRAM, name="shop")
    low, _ = sides(tmp_path, project)
    manifest = low.export(1).manifest
    paths = {member.path for member in manifest.members}
    assert {layout.STATE, layout.PLAN, layout.SLOTS, layout.VERDICTS} <= paths
    assert {"program/Pulumi.yaml", "program/Pulumi.dev.yaml", "program/__main__.py"} <= paths
    assert {"manifests/berlin/objects.yaml", "manifests/berlin/slots.json"} <= paths
    assert "tables/adequacy.csv" in paths and all(member.reason for member in manifest.members)
