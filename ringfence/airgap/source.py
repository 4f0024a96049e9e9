"""A bundle's bytes to read from: a file, or the parts of a split one as if they were joined.

Owns reading at an offset. Refuses to own what the bytes mean.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Protocol

from ringfence.errors import RingfenceError, UsageError


class Source(Protocol):
    """Bytes that can be read at any offset, again and again."""

    name: str
    """What to call it in messages."""

    @property
    def size(self) -> int:
        """Size in bytes."""
        ...

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """Read at `offset`: how many bytes came, 0 at the end. May be fewer than there is room for."""
        ...

    def close(self) -> None:
        """Close what is open."""
        ...


class FileSource:
    """A file, held open: what is read later is of the file that was opened, whatever its name leads to by then."""

    def __init__(self, file: Path) -> None:
        """Raises UsageError when there is no such file, or it is no regular file."""
        self.name = str(file)
        try:
            self._descriptor = os.open(file, os.O_RDONLY | os.O_CLOEXEC)
        except OSError as error:
            raise UsageError(f"{file}: cannot read the bundle: {error.strerror}") from None
        if not stat.S_ISREG(os.fstat(self._descriptor).st_mode):
            os.close(self._descriptor)
            raise UsageError(f"{file} is no regular file: a bundle is one file")

    @property
    def size(self) -> int:
        """Size in bytes, as it is now."""
        return os.fstat(self._descriptor).st_size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source`. Raises RingfenceError when the medium cannot be read."""
        try:
            return os.preadv(self._descriptor, [buffer], offset)
        except OSError as error:
            raise RingfenceError(f"{self.name}: cannot read at byte {offset:,}: {error.strerror}") from None

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def read_exactly(source: Source, offset: int, size: int) -> bytes:
    """Up to `size` bytes at `offset`: fewer only where the source ends. For what is small."""
    made = bytearray(min(size, max(0, source.size - offset)))
    view, at = memoryview(made), 0
    while at < len(made):
        count = source.read_into(offset + at, view[at:])
        if count == 0:
            break
        at += count
    return bytes(made[:at])
