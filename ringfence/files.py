"""Writing files that another process may be reading: whole or not at all, and one writer at a time."""

from __future__ import annotations

import fcntl
import os
import tempfile
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path


def write_whole(path: Path, content: str | bytes, mode: int, *, durable: bool = False) -> None:
    """Put `content` at `path` with `mode`, by a rename, and only if it is not there already.

    A reader sees the old file or the new one, never half of either; a process that is killed leaves the old
    one. `durable`: so does a power cut, at the price of waiting for the disk.
    """
    data = content.encode() if isinstance(content, str) else content
    if _holds(path, data, mode):
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    descriptor, scratch = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(descriptor, "wb") as stream:
            stream.write(data)
            if durable:
                stream.flush()
                os.fsync(stream.fileno())
        Path(scratch).chmod(mode)
        Path(scratch).replace(path)
        if durable:
            sync_folder(path.parent)
    except BaseException:
        Path(scratch).unlink(missing_ok=True)
        raise


def sync_folder(folder: Path) -> None:
    """Wait until the names in a folder are on the disk."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _holds(path: Path, content: bytes, mode: int) -> bool:
    try:
        return path.stat().st_mode & 0o777 == mode and path.read_bytes() == content
    except OSError:
        return False


@contextmanager
def one_at_a_time(lock: Path, waiting: Callable[[], None] | None = None) -> Generator[None]:
    """Hold `lock` for the block. The kernel frees it when the process ends, however it ends.

    Args:
        lock: The lock's file; it stays behind, empty.
        waiting: Called once when somebody else holds it, before waiting for them.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if waiting:
                waiting()
            fcntl.flock(stream, fcntl.LOCK_EX)
        yield
