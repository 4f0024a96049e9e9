"""Where the bytes of a member come from while a bundle is built.

Owns the pairing of a member with its source. It refuses to own fetching: whoever gathers contents puts large ones
into files first, by digest, so that a build that was killed need not fetch again.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from ringfence.airgap.manifest import Member, Role, digest_of
from ringfence.errors import RingfenceError

CHUNK = 1 << 20
"""Bytes read at a time. Memory stays at a few of these, whatever the size of a member."""


@dataclass(frozen=True)
class Slice:
    """A stretch of a file."""

    file: Path
    offset: int
    size: int

    def open(self) -> IO[bytes]:
        """The bytes of the stretch, and no more."""
        return _SliceReader(self.file.open("rb", buffering=0), self.offset, self.size)  # ty: ignore

    def __str__(self) -> str:
        return f"{self.file} from byte {self.offset:,}"


class _SliceReader(io.RawIOBase):
    def __init__(self, stream: IO[bytes], offset: int, size: int) -> None:
        self._stream, self._offset, self._size, self._at = stream, offset, size, 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        start = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, start + offset)
        return self._at

    def readinto(self, buffer: Any) -> int:
        self._stream.seek(self._offset + self._at)
        data = self._stream.read(min(len(buffer), max(0, self._size - self._at)))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)

    def close(self) -> None:
        self._stream.close()
        super().close()


@dataclass(frozen=True)
class Content:
    """A member and where its bytes are. Building hashes them again: a source that changed since is an error."""

    member: Member
    source: Path | bytes | Slice

    def open(self) -> IO[bytes]:
        """The bytes, from the beginning; they can be read at random as well.

        Raises:
            RingfenceError: the file is gone or may not be read.
        """
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        try:
            if isinstance(self.source, Slice):
                return self.source.open()
            return self.source.open("rb", buffering=0)
        except OSError as error:
            raise RingfenceError(f"{self.member.path}: cannot read {self.source}: {error.strerror}") from None


def from_bytes(path: str, role: Role, data: bytes, reason: str, **more: Any) -> Content:
    """A member of bytes in memory: for what is small. `more` are other fields of `Member`."""
    member = Member(path=path, role=role, digest=digest_of(data), size=len(data), reason=reason, **more)
    return Content(member, data)


def from_file(path: str, role: Role, file: Path, reason: str, digest: str | None = None, **more: Any) -> Content:
    """A member of a file on disk. Reads it once to hash it, unless `digest` is known (a blob that was verified as
    it was fetched).

    Raises:
        RingfenceError: the file is not there or is no regular file.
    """
    if not file.is_file():
        raise RingfenceError(f"{path}: {file} is not a file")
    found = digest or hash_file(file)
    member = Member(path=path, role=role, digest=found, size=file.stat().st_size, reason=reason, **more)
    return Content(member, file)


def hash_file(file: Path) -> str:
    """The digest of a file, read in chunks."""
    with file.open("rb") as stream:
        return f"sha256:{hashlib.file_digest(stream, 'sha256').hexdigest()}"
