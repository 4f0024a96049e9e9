"""The same contents give the same bytes wherever they are built, and a build that was stopped is gone on with."""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.airgap import building, splitting
from ringfence.airgap.container import header
from ringfence.airgap.contents import Content, from_bytes, from_file
from ringfence.airgap.manifest import Role
from ringfence.airgap.verification import verify
from ringfence.errors import RingfenceError
from tests.support.bundles import Memory, contents, planned, sealed, sealer, trust
from tests.support.engine import REPOSITORY

GOLDEN = "0e89dacfd1a76b478f8b53352850ebb01b119aacc0340d4e0ab317206e2fe460"
"""SHA-256 of the bundle of `contents(1)`, signed with both kinds of keys. It changes only with the format, and then
the schema's version does."""

BUILD = """
import os, sys
from pathlib import Path
from ringfence.airgap import building
from tests.support.bundles import contents, planned, sealer
os.umask(int(sys.argv[2], 8))
items = contents(1)
items = items[::-1] if sys.argv[3] == "reversed" else items
signers = [sealer(), sealer("second", "ecdsa")]
if os.getuid() == 0 and sys.argv[3] == "reversed":
    # Once as root, so that everything is loaded: nobody may be unable to read this Python.
    building.build(planned(items, sealers=signers), items, Path(sys.argv[1], "root"), signers)
    os.setuid(65534)
print(building.build(planned(items, sealers=signers), items, Path(sys.argv[1]), signers).file)
"""


def elsewhere(folder: Path, umask: str, order: str, **env: str) -> bytes:
    """A bundle built in another process, folder, time zone, language and with another umask (and user, for root)."""
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    variables = {"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY), "PYTHONDONTWRITEBYTECODE": "1", **env}
    command = [sys.executable, "-c", BUILD, ".", umask, order]
    ran = subprocess.run(command, env=variables, cwd=folder, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return (folder / ran.stdout.strip()).read_bytes()


def test_two_builds_are_byte_for_byte_the_same(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    one = elsewhere(tmp_path / "one", "022", "sorted", TZ="UTC", PYTHONHASHSEED="1", LANG="C", HOME="/nonexistent")
    two = elsewhere(
        tmp_path / "a" / "b" / "two", "077", "reversed", TZ="Pacific/Kiritimati", PYTHONHASHSEED="2", LANG="de_DE.UTF-8"
    )
    assert one == two
    assert hashlib.sha256(one).hexdigest() == GOLDEN


def test_a_bundle_is_a_tar_that_any_tar_reads_and_names_no_machine(tmp_path: Path) -> None:
    file = sealed(tmp_path).file
    with tarfile.open(file) as tar:
        entries = tar.getmembers()
    assert {(each.mode, each.uid, each.gid, each.uname, each.gname) for each in entries} == {(0o644, 0, 0, "", "")}
    assert all(each.isreg() for each in entries)
    listed = subprocess.run(["tar", "-tf", file], capture_output=True, text=True, check=True).stdout.splitlines()
    assert listed == [each.name for each in entries]
    assert str(tmp_path).encode() not in file.read_bytes()
    (tmp_path / "out").mkdir()
    subprocess.run(["tar", "-xf", file, "-C", tmp_path / "out"], check=True)
    checked = subprocess.run(
        ["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=tmp_path / "out", capture_output=True, check=False
    )
    assert checked.returncode == 0
    # Everything but the head's own files is in the sums, and the other way around.
    sums = [line[66:] for line in (tmp_path / "out" / "SHA256SUMS").read_text().splitlines()]
    assert sorted([*sums, "SHA256SUMS"]) == sorted(each for each in listed if not each.startswith("signatures/"))


def test_killed_fifty_times_it_is_finished_with_the_same_bytes(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed.py")
    ran = subprocess.run(
        [sys.executable, script, tmp_path, "50"],
        env={"PATH": os.defpath, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-2000:]
    said = json.loads(ran.stdout)
    assert said["killed"] >= 50
    assert said["kept"] >= 25, "most builds went on with something"
    assert said["early"] == 0, "the final name never holds anything but the whole bundle"


@contextmanager
def files_no_larger_than(size: int) -> Generator[None]:
    """The disk is full at `size` bytes of a file: a write goes as far as it can, and the next one fails."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("share", [0.0, 0.01, 0.05, 0.4, 0.8, 0.9999])
def test_a_full_disk_is_said_and_the_next_run_goes_on(tmp_path: Path, share: float) -> None:
    items, whole = contents(2), sealed(tmp_path / "whole", seed=2)
    folder = tmp_path / "out"
    with files_no_larger_than(int(whole.size * share)), pytest.raises(RingfenceError, match="the disk is full"):
        building.build(planned(items), items, folder, [sealer()])
    assert not (folder / whole.file.name).exists()
    again = building.build(planned(items), items, folder, [sealer()])
    assert again.file.read_bytes() == whole.file.read_bytes()
    assert (again.kept > 0) == (share > 0.1)


def test_a_full_disk_while_splitting(tmp_path: Path) -> None:
    whole = sealed(tmp_path / "whole", seed=2)
    with files_no_larger_than(9_000), pytest.raises(RingfenceError, match="the disk is full"):
        splitting.split(whole.file, tmp_path / "parts", 20_000, [sealer()])
    parts = splitting.split(whole.file, tmp_path / "parts", 20_000, [sealer()])
    assert splitting.verify_parts(parts, trust()).manifest == whole.manifest


def test_too_little_room_is_said_before_anything_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(building.os, "statvfs", lambda _: SimpleNamespace(f_bavail=2, f_frsize=4096))
    items = contents()
    with pytest.raises(RingfenceError, match=r"needs [\d,]+ bytes more and 8,192 are free"):
        building.build(planned(items), items, tmp_path, [sealer()])
    assert [each.stat().st_size for each in tmp_path.iterdir()] == [0]
    monkeypatch.undo()
    whole = sealed(tmp_path / "whole")
    monkeypatch.setattr(building.os, "statvfs", lambda _: SimpleNamespace(f_bavail=2, f_frsize=4096))
    with pytest.raises(RingfenceError, match="are free"):
        splitting.split(whole.file, tmp_path / "parts", 20_000, [sealer()])
    assert list((tmp_path / "parts").iterdir()) == []


def test_a_member_beyond_eight_gib_has_a_header_that_any_tar_reads(tmp_path: Path) -> None:
    size = 9 << 30
    (tmp_path / "large.tar").write_bytes(header("weights/large", size, 5))
    with tarfile.open(tmp_path / "large.tar") as tar:
        entry = tar.next()
    assert entry is not None
    assert (entry.name, entry.size, entry.mtime) == ("weights/large", size, 5)
    with (tmp_path / "large.tar").open("ab") as stream:
        stream.truncate(stream.tell() + size + 1024)
    listed = subprocess.run(["tar", "-tvf", tmp_path / "large.tar"], capture_output=True, text=True, check=True)
    assert f" {size} " in listed.stdout


def test_building_again_changes_nothing(tmp_path: Path) -> None:
    first = sealed(tmp_path)
    before = first.file.stat()
    again = sealed(tmp_path)
    assert again.kept == again.size == first.size
    assert (first.file.stat().st_ino, first.file.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_another_bundle_of_the_name_is_not_overwritten(tmp_path: Path) -> None:
    first = sealed(tmp_path)
    before = first.file.read_bytes()
    with pytest.raises(RingfenceError, match="a sequence is used once"):
        sealed(tmp_path, seed=9)
    assert first.file.read_bytes() == before


def test_a_partial_file_of_another_build_is_no_harm(tmp_path: Path) -> None:
    wanted = sealed(tmp_path / "whole").file.read_bytes()
    for rubbish in (b"", b"x" * 10_000, wanted[:-5] + b"x" * 3000, bytes(len(wanted)), wanted + wanted):
        folder = tmp_path / "out"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        (folder / ".ringfence-prod-1.tar.partial").write_bytes(rubbish)
        assert sealed(folder).file.read_bytes() == wanted


def test_a_page_that_never_reached_the_disk_is_written_again(tmp_path: Path) -> None:
    """After a power cut a file may have its length and its headers, and zeros where bytes should be."""
    whole = sealed(tmp_path / "whole")
    wanted = whole.file.read_bytes()
    for at in range(8_000, len(wanted) - 4_000, 9_000):
        if not any(wanted[at : at + 40]):
            continue
        folder = tmp_path / f"cut{at}"
        folder.mkdir()
        (folder / f".{whole.file.name}.partial").write_bytes(wanted[:at] + bytes(40) + wanted[at + 40 :])
        again = sealed(folder)
        assert again.file.read_bytes() == wanted
        assert 0 < again.kept <= at


def test_the_name_appears_after_the_bytes_are_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls, fsync, rename = [], os.fsync, Path.rename
    monkeypatch.setattr(building.os, "fsync", lambda descriptor: (calls.append("fsync"), fsync(descriptor)))
    monkeypatch.setattr(Path, "rename", lambda path, target: (calls.append("rename"), rename(path, target)))
    sealed(tmp_path)
    assert calls == ["fsync", "rename", "fsync"], "the bytes, the name, the folder"


def test_a_source_that_changed_since_it_was_hashed_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "weights"
    file.write_bytes(b"a" * 100)
    content = from_file("weights/a", Role.WEIGHTS, file, "a test")
    for now in (b"b" * 100, b"a" * 99, b"a" * 101):
        file.write_bytes(now)
        with pytest.raises(RingfenceError, match="changed while it was read"):
            building.build(planned([content]), [content], tmp_path / "out", [sealer()])
    assert not (tmp_path / "out" / "ringfence-prod-1.tar").exists()


def test_a_member_without_a_source_is_refused(tmp_path: Path) -> None:
    items = contents()
    with pytest.raises(RingfenceError, match="nothing to take its bytes from"):
        building.build(planned(items), items[1:], tmp_path, [sealer()])


def test_two_builds_at_once_do_not_mix(tmp_path: Path) -> None:
    items = contents()
    (tmp_path / "out").mkdir()
    with (
        building._alone(tmp_path / "out" / ".ringfence-prod-1.tar.partial"),
        pytest.raises(RingfenceError, match="another"),
    ):
        building.build(planned(items), items, tmp_path / "out", [sealer()])


paths = st.lists(st.text("ab.é-_ ", min_size=1, max_size=60), min_size=1, max_size=6).map("/".join)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(paths, st.binary(max_size=2000), max_size=8))
def test_whatever_is_allowed_in_can_be_taken_out_again(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    items: list[Content] = []
    for path, data in files.items():
        try:
            items.append(from_bytes(path, Role.DOCS, data, "a test"))
            planned(items)
        except (ValueError, RingfenceError):
            del items[items_before(items, path) :]
    folder = tmp_path_factory.mktemp("any")
    built = building.build(planned(items), items, folder, [sealer()])
    bundle = verify(Memory(built.file.read_bytes()), trust())
    assert {each.member.path: each.source for each in items} == {
        member.path: bundle.read(member.path) for member in bundle.manifest.members
    }


def items_before(items: list[Content], path: str) -> int:
    """Where `path` is in the list, or its end."""
    return next((place for place, each in enumerate(items) if each.member.path == path), len(items))
