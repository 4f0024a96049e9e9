"""Wheels and locks must be one set, plug-ins and wheels of one version, and the engine comes whole or not at all."""

from __future__ import annotations

import hashlib
import json
import subprocess
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ringfence.airgap import keys, verification
from ringfence.airgap.building import build
from ringfence.airgap.contents import from_bytes
from ringfence.airgap.delta import plan
from ringfence.airgap.manifest import Role
from ringfence.airgap.source import FileSource
from ringfence.crossing import export, runtime, sbom
from ringfence.crossing.export import Order
from ringfence.crossing.store import Store
from ringfence.engine import home
from ringfence.engine.places import Places
from ringfence.errors import UsageError
from tests.support.wheels import lock

ORDER = Order(folder=Path(), stack="dev", sequence=1)


def wheel(folder: Path, name: str, version: str, plugin: bool = False) -> Path:
    folder.mkdir(exist_ok=True)
    file = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}/__init__.py", "")
        if plugin:
            archive.writestr(f"{name}/pulumi-plugin.json", "{}")
    return file


def gathered(providers: dict[str, str] | None = None) -> export.Gathered:
    plan = {
        f"urn::{name}": {"type": f"pulumi:providers:{name}", "inputs": {"version": version}}
        for name, version in (providers or {}).items()
    }
    reading: Any = SimpleNamespace(plan=plan)
    return export.Gathered(reading, facts={"engine": "3.259.0"}, epoch=0)


def problems(wheels: runtime.Wheels, providers: dict[str, str] | None = None) -> dict[str, str]:
    found = gathered(providers)
    wheels(ORDER, found, lambda _: None)
    return found.problems


def test_the_set_of_the_lock_and_nothing_else(tmp_path: Path) -> None:
    one, two = wheel(tmp_path / "w", "one", "1.0"), wheel(tmp_path / "w", "two_parts", "2.0")
    pins = lock(tmp_path / "lock.txt", [one, two])
    assert problems(runtime.Wheels(tmp_path / "w", (pins,))) == {}
    wheel(tmp_path / "w", "stray", "1.0")
    assert list(problems(runtime.Wheels(tmp_path / "w", (pins,)))) == ["wheel/stray-1.0-py3-none-any.whl"]
    (tmp_path / "w" / "stray-1.0-py3-none-any.whl").unlink()
    two.unlink()
    assert list(problems(runtime.Wheels(tmp_path / "w", (pins,)))) == ["wheel/two-parts==2.0"]


def test_a_wheel_with_another_hash_than_the_locks(tmp_path: Path) -> None:
    one = wheel(tmp_path / "w", "one", "1.0")
    pins = lock(tmp_path / "lock.txt", [one])
    with zipfile.ZipFile(one, "a") as archive:
        archive.writestr("one/more.py", "evil")
    assert list(problems(runtime.Wheels(tmp_path / "w", (pins,))).values()) == [
        "its hash is not one that the lock names"
    ]


def test_plug_ins_and_wheels_are_of_one_version(tmp_path: Path) -> None:
    version = home.installed_packages()["random"]
    ours = wheel(tmp_path / "w", "pulumi_random", version, plugin=True)
    wheels = runtime.Wheels(tmp_path / "w", (lock(tmp_path / "lock.txt", [ours]),))
    assert problems(wheels, {"random": version}) == {}
    assert list(problems(wheels, {"random": "0.0.1"})) == ["plugin/random"]
    assert list(problems(wheels, {"random": version, "kubernetes": "4.0.0"})) == ["plugin/kubernetes"]


def test_no_wheels_and_no_word_of_it_is_bad_usage() -> None:
    with pytest.raises(UsageError, match="--without wheels"):
        problems(runtime.Wheels(None, ()))
    left = gathered()
    runtime.Wheels(None, ())(Order(folder=Path(), stack="dev", sequence=1, without=frozenset({"wheels"})), left, print)
    assert [each.what for each in left.left_out] == ["wheels"]


def test_the_engine_is_put_where_it_is_looked_for(tmp_path: Path) -> None:
    keys.keygen(tmp_path / "key")
    sealer = keys.load_signer(str(tmp_path / "key"))
    contents = [
        from_bytes("cli/pulumi", Role.CLI, b"#!/bin/sh\necho v3.259.0\n", "engine"),
        from_bytes("cli/pulumi-language-python", Role.CLI, b"#!/bin/sh\n", "engine"),
    ]
    manifest = plan("dev", 1, contents, [sealer.public], epoch=0, facts={"engine": "3.259.0"})
    built = build(manifest, contents, tmp_path / "out", [sealer])
    bundle = verification.verify(FileSource(built.file), verification.Trust.of([sealer.public]))
    store, places = Store(tmp_path / "airgap"), Places(tmp_path / "cache", tmp_path / "home")
    store.keep(bundle, manifest.members)
    folder = runtime.place_engine(store, manifest, places)
    assert folder == places.engine("3.259.0", "built")
    assert folder is not None
    assert sorted(path.name for path in folder.iterdir()) == ["pulumi", "pulumi-language-python"]
    assert (folder / "pulumi").stat().st_mode & 0o111
    (folder / "pulumi").write_text("changed")
    runtime.place_engine(store, manifest, places)
    assert (folder / "pulumi").read_bytes().startswith(b"#!/bin/sh"), "a changed one is put right"


def test_a_version_that_is_a_path_is_placed_nowhere(tmp_path: Path) -> None:
    keys.keygen(tmp_path / "key")
    sealer = keys.load_signer(str(tmp_path / "key"))
    contents = [from_bytes("cli/pulumi", Role.CLI, b"x", "engine")]
    manifest = plan("dev", 1, contents, [sealer.public], epoch=0, facts={"engine": "../../../tmp/evil"})
    assert runtime.place_engine(Store(tmp_path / "a"), manifest, Places(tmp_path / "c", tmp_path / "h")) is None


def test_the_bill_of_materials_names_each_once_and_is_the_same_bytes(tmp_path: Path) -> None:
    digest = "sha256:" + hashlib.sha256(b"m").hexdigest()
    ref = f"registry.example/a/web@{digest}"
    purls = []
    for turn in (1, -1):
        found = gathered()
        found.contents = [
            from_bytes("blobs/sha256/x", Role.IMAGE, b"m", "why", ref=ref, tag="1", media="m"),
            from_bytes("lock/requirements.txt", Role.LOCK, b"Some_Thing==1.0+x \\\n  --hash=sha256:aa\n", "why"),
            from_bytes("lock/again.txt", Role.LOCK, b"some-thing==1.0+x\n", "why"),
        ][::turn]
        sbom.add(ORDER, found, print)
        with found.contents[-1].open() as stream:
            purls.append([each["purl"] for each in json.load(stream)["components"]])
    assert purls[0] == purls[1]
    assert purls[0] == [
        "pkg:golang/github.com/pulumi/pulumi/pkg/v3@v3.259.0",
        f"pkg:oci/web@{digest.replace(':', '%3A')}?repository_url=registry.example/a/web&tag=1",
        "pkg:pypi/some-thing@1.0%2Bx",
    ]


def real_wheel(folder: Path, name: str, version: str) -> Path:
    """A wheel that pip takes."""
    folder.mkdir(exist_ok=True)
    file, about = folder / f"{name}-{version}-py3-none-any.whl", f"{name}-{version}.dist-info"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr(f"{name}.py", f"VERSION = {version!r}\n")
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        archive.writestr(
            f"{about}/WHEEL", "Wheel-Version: 1.0\nGenerator: t\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        )
        archive.writestr(f"{about}/RECORD", f"{name}.py,,\n{about}/METADATA,,\n{about}/WHEEL,,\n{about}/RECORD,,\n")
    return file


@pytest.mark.slow
def test_wheels_become_the_projects_environment_without_an_index(tmp_path: Path) -> None:
    keys.keygen(tmp_path / "key")
    sealer = keys.load_signer(str(tmp_path / "key"))
    shop = real_wheel(tmp_path / "w", "shoplib", "1.5")
    found = gathered()
    runtime.Wheels(tmp_path / "w", (lock(tmp_path / "lock.txt", [shop]),))(ORDER, found, lambda _: None)
    manifest = plan("dev", 1, found.contents, [sealer.public], epoch=0)
    built = build(manifest, found.contents, tmp_path / "out", [sealer])
    store = Store(tmp_path / "airgap")
    store.keep(verification.verify(FileSource(built.file), verification.Trust.of([sealer.public])), manifest.members)
    project = tmp_path / "project"
    project.mkdir()
    said: list[str] = []
    runtime.place_wheels(store, manifest, project, said.append)
    runtime.place_wheels(store, manifest, project, said.append)
    assert said == ["installing 1 wheels"], "the second time there is nothing to do"
    command = [str(project / ".venv" / "bin" / "python"), "-c", "import shoplib; print(shoplib.VERSION)"]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout == "1.5\n"
