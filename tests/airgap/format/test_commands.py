"""`keygen`, `verify`, `bundle` and `diff` as a person on the high side uses them: words, exit codes, no clock."""

from __future__ import annotations

import base64
import io
import json
import os
import shutil
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from unittest import mock

import pytest

from ringfence.airgap import accepted, building, ledger, splitting
from ringfence.airgap.contents import from_bytes
from ringfence.airgap.manifest import LeftOut, Manifest, Role
from ringfence.airgap.receipts import Receipt, Result, Sides
from ringfence.cli import sealed
from ringfence.cli.main import run
from ringfence.errors import UsageError
from tests.support.bundles import contents, planned, sealer
from tests.support.engine import REPOSITORY

RUN = [sys.executable, "-c", "import sys; from ringfence.cli.main import run; run(sys.argv[1:])"]


class Room:
    """A folder with two bundles, a delta between them, keys, and a home of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("low", "mallory"):
            (folder / f"{name}.pub").write_text(sealer(name).public.as_text())
        self.first = self.build(1, 41_200)
        self.second = self.build(2, 43_900, base=self.first)

    def build(self, sequence: int, bill: int, base: Manifest | None = None, *without: LeftOut) -> Manifest:
        """Build a bundle in which only the bill changes."""
        document = json.dumps({"monthly": {"total": bill}, "sites": [{"name": "berlin", "cost": 7}]}).encode()
        items = [*contents(), from_bytes("bill/bill.json", Role.BILL, document, "the bill of stack prod")]
        manifest = planned(items, sequence, base=base, left_out=without)
        building.build(manifest, items, self.folder, [sealer()])
        return manifest

    def __call__(self, *words: str | Path, code: int = 0) -> str:
        """Run a command in this process; its output, both streams."""
        out, err = (io.TextIOWrapper(io.BytesIO(), write_through=True) for _ in range(2))
        with (
            chdir(self.folder),
            mock.patch.dict(os.environ, {"RINGFENCE_HOME": str(self.folder / "home")}),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            run([str(word) for word in words])
        streams = [stream.buffer.getvalue().decode() for stream in (out, err)]  # type: ignore[attr-defined]
        assert ended.value.code == code, streams
        return streams[0] if "--json" in words else "".join(streams)

    def at(self, date: str, *words: str) -> str:
        """Run a command in a process whose clock is wrong; what it prints."""
        env = {"PATH": os.environ["PATH"], "PYTHONPATH": str(REPOSITORY), "RINGFENCE_HOME": str(self.folder / "home")}
        command = ["faketime", date, *RUN, *words]
        return subprocess.run(command, cwd=self.folder, env=env, capture_output=True, text=True, check=True).stdout


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory) -> Room:
    """The room, made once: no test here changes a file of it that another one reads."""
    return Room(tmp_path_factory.mktemp("room"))


FIRST, DELTA = "ringfence-prod-1.tar", "ringfence-prod-2-from-1.tar"


def test_verify_says_what_it_found(room: Room) -> None:
    said = room("verify", FIRST, "--trust", "low.pub")
    for text in ("ok", "prod sequence 1, whole", room.first.digest, "(trusted)", "nothing was decided by it"):
        assert text in said
    data = json.loads(room("verify", FIRST, "--trust", "low.pub", "--json"))
    assert data["ok"] is True
    assert data["bundles"][0]["bundle"] == room.first.digest


def test_verify_refuses_with_one_and_says_why_and_where(room: Room, tmp_path: Path) -> None:
    data = bytearray((room.folder / FIRST).read_bytes())
    data[-3000] ^= 1
    (tmp_path / "changed.tar").write_bytes(data)
    said = room("verify", tmp_path / "changed.tar", "--trust", "low.pub", code=1)
    assert "is changed: between byte" in said
    found = json.loads(room("verify", tmp_path / "changed.tar", "--trust", "low.pub", "--json", code=1))
    assert (found["ok"], found["why"]) == (False, "changed")
    assert found["member"] and found["offset"]
    assert "not signed by" in room("verify", FIRST, "--trust", "mallory.pub", code=1)
    both = ("--trust", "low.pub", "--trust", "mallory.pub")
    assert "2 of 2 trusted keys must have signed, 1 did" in room("verify", FIRST, *both, code=1)
    room("verify", FIRST, *both, "--threshold", "1")


def test_bad_usage_is_two(room: Room) -> None:
    room("verify", FIRST, code=2)
    room("verify", "missing.tar", "--trust", "low.pub", code=2)
    room("verify", room.folder, "--trust", "low.pub", code=2)
    room("verify", FIRST, "--trust", FIRST, code=2)
    room("verify", FIRST, "--trust", "low.pub", "--threshold", "2", code=2)
    room("bundle", "cat", FIRST, code=2)
    room("bundle", "sing", FIRST, code=2)


@pytest.mark.parametrize("date", ["1970-01-02 00:00:00", "2100-06-01 12:00:00"])
def test_the_clock_does_not_matter(room: Room, date: str) -> None:
    if shutil.which("faketime") is None:
        pytest.skip("faketime is not installed")
    said = room.at(date, "verify", FIRST, "--trust", "low.pub", "--json")
    assert said == room("verify", FIRST, "--trust", "low.pub", "--json")


def test_a_delta_is_admitted_on_its_base_only(room: Room, tmp_path: Path) -> None:
    trusted = ("--trust", "low.pub")
    assert "nothing of it is here" in room("verify", DELTA, *trusted, code=1)
    room("verify", DELTA, *trusted, "--base", FIRST)
    state = tmp_path / "accepted.json"
    accepted.Accepted(state).record(room.first)
    room("verify", DELTA, *trusted, "--state", state)
    accepted.Accepted(state).record(room.second)
    assert "is older than what was taken last" in room("verify", FIRST, *trusted, "--state", state, code=1)


def test_an_incomplete_bundle_is_refused_unless_allowed(tmp_path: Path) -> None:
    room = Room(tmp_path)
    room.build(9, 1, None, LeftOut(what="images", names=("nvcr.io/nvidia/driver@sha256:1",)))
    name = "ringfence-prod-9.tar"
    assert "built without images (nvcr.io/nvidia/driver@sha256:1)" in room("verify", name, "--trust", "low.pub", code=1)
    assert "incomplete" in room("verify", name, "--trust", "low.pub", "--allow-incomplete")


def test_parts_are_verified_together_or_alone(room: Room, tmp_path: Path) -> None:
    parts = splitting.split(room.folder / FIRST, tmp_path, 30_000, [sealer()])
    assert "prod sequence 1, whole" in room("verify", parts[1], "--trust", "low.pub")
    assert "part 2 of" in room("verify", parts[1], "--trust", "low.pub", "--alone")
    assert "bill/bill.json" in room("bundle", "ls", parts[0])
    parts[0].unlink()
    assert "these are missing: 1" in room("verify", parts[1], "--trust", "low.pub", code=1)
    room("verify", parts[1], "--trust", "low.pub", "--alone")


def test_bundle_ls_cat_why(room: Room) -> None:
    said = room("bundle", "ls", DELTA)
    assert "is not verified" in said
    assert "required of the base" in said
    assert "is not verified" not in room("bundle", "ls", DELTA, "--trust", "low.pub")
    assert room("bundle", "cat", DELTA, "bill/bill.json").startswith('{"monthly": {"total": 43900}')
    member = json.loads(room("bundle", "cat", DELTA, "bill/bill.json", "--json"))["member"]
    assert json.loads(base64.b64decode(member["base64"]))["monthly"]["total"] == 43_900
    assert "the bill of stack prod" in room("bundle", "why", DELTA, "bill.json")
    listed = json.loads(room("bundle", "ls", DELTA, "--role", "bill", "--json"))
    assert [member["path"] for member in listed["members"] if member["carried"]] == ["bill/bill.json"]
    assert "lists all" in room("bundle", "cat", DELTA, "nothing", code=1)
    assert "came with an earlier bundle" in room("bundle", "cat", DELTA, "docs/empty", code=1)
    assert "lists all" in room("bundle", "why", DELTA, "nothing", code=1)


def test_diff_shows_the_values_that_changed(room: Room) -> None:
    said = room("diff", FIRST, DELTA, "--trust", "low.pub")
    assert "monthly.total: 41200 -> 43900" in said
    assert "berlin" not in said
    data = json.loads(room("diff", FIRST, DELTA, "--json"))
    assert [(change["role"], change["kind"]) for change in data["changes"]] == [("bill", "changed")]
    assert data["newBytes"] == room.second.member("bill/bill.json").size
    assert "0 changes" in room("diff", FIRST, FIRST)


def test_a_receipt_is_read_aloud_and_taken(room: Room, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The high side shows it; the low side, which knows what it sent, types the groups and has the file."""
    (room.folder / "high.pub").write_text(sealer("high").public.as_text())
    made = Receipt.write(room.first, Result.APPLIED, Sides.EQUAL, sealer("high"))
    file = tmp_path / "receipt.json"
    file.write_bytes(made.as_file())
    shown = room("receipt", file, "--qr", tmp_path / "receipt.svg")
    assert "prod sequence 1: applied, both sides equal" in shown
    assert (tmp_path / "receipt.svg").read_text().startswith("<?xml")
    groups = " ".join(json.loads(room("receipt", file, "--json"))["groups"])
    assert all(group in shown for group in groups.split())
    monkeypatch.setattr("sys.stdin", io.StringIO(groups.lower()))
    assert "not sent from here" in room("receipt", "-", "--trust", "high.pub", code=1)
    ledger.keep(room.folder / "home" / "airgap" / "sent", room.first)
    monkeypatch.setattr("sys.stdin", io.StringIO(groups.lower()))
    room("receipt", "-", "--trust", "high.pub", "-o", tmp_path / "taken.json")
    assert (tmp_path / "taken.json").read_bytes() == file.read_bytes()
    monkeypatch.setattr("sys.stdin", io.StringIO(groups.replace(groups[12], "7" if groups[12] != "7" else "8", 1)))
    assert "misheard" in room("receipt", "-", "--trust", "high.pub", code=1)
    assert "trusted key" in room("receipt", file, "--trust", "mallory.pub", code=1)
    room("receipt", "-", code=2)


def test_keygen_says_where_the_keys_are(room: Room, tmp_path: Path) -> None:
    said = json.loads(room("keygen", "-o", tmp_path / "seal", "--json"))
    assert Path(said["public"]).read_text().startswith("untrusted comment: ringfence public key")
    assert "never overwritten" in room("keygen", "-o", tmp_path / "seal", code=2)
    assert "cannot write the key" in room("keygen", "-o", "/proc/none/seal", code=1)


@pytest.mark.parametrize(
    ("text", "count"),
    [("4096", 4096), ("4.7GB", 4_700_000_000), ("700 MiB", 700 << 20), ("25g", 25_000_000_000), ("1k", 1000)],
)
def test_sizes(text: str, count: int) -> None:
    assert sealed.size(text) == count


@pytest.mark.parametrize("text", ["", "GB", "-4", "0", "4XB", "many", "nan", "1e999GB"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(UsageError, match="size"):
        sealed.size(text)
