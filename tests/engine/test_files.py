"""Files appear whole or not at all, and one process at a time makes them."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ringfence import files
from ringfence.files import one_at_a_time, write_whole


def test_a_file_has_its_content_and_mode(tmp_path: Path) -> None:
    write_whole(tmp_path / "new" / "secret", "s3cret\n", mode=0o600)
    assert (tmp_path / "new" / "secret").read_text() == "s3cret\n"
    assert (tmp_path / "new" / "secret").stat().st_mode & 0o777 == 0o600


def test_a_file_that_is_right_is_left_alone(tmp_path: Path) -> None:
    write_whole(tmp_path / "f", "same", mode=0o644)
    before = (tmp_path / "f").stat().st_ino
    write_whole(tmp_path / "f", "same", mode=0o644)
    assert (tmp_path / "f").stat().st_ino == before
    write_whole(tmp_path / "f", "same", mode=0o600)
    assert (tmp_path / "f").stat().st_mode & 0o777 == 0o600, "the mode is part of what is right"


def test_a_failed_write_leaves_the_old_file_and_no_scratch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_whole(tmp_path / "f", "old", mode=0o644)
    monkeypatch.setattr(files.Path, "replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(OSError, match="disk full"):
        write_whole(tmp_path / "f", "new", mode=0o644)
    assert (tmp_path / "f").read_text() == "old"
    assert os.listdir(tmp_path) == ["f"]


def test_a_second_process_waits_and_a_killed_one_blocks_nobody(tmp_path: Path) -> None:
    lock = tmp_path / "lock"
    hold = "import sys,time\nfrom pathlib import Path\nfrom ringfence.files import one_at_a_time\n"
    hold += "with one_at_a_time(Path(sys.argv[1])):\n    print('held', flush=True)\n    time.sleep(60)\n"
    holder = subprocess.Popen([sys.executable, "-c", hold, str(lock)], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None and holder.stdout.readline() == "held\n"
    waited: list[float] = []

    def waiting() -> None:
        waited.append(time.monotonic())
        holder.kill()

    with one_at_a_time(lock, waiting):
        assert len(waited) == 1
    holder.wait()
    holder.stdout.close()
