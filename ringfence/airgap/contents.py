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
class Content:
    """A member and where its bytes are. Building hashes them again: a source that changed since is an error."""

    member: Member
    source: Path | bytes

    def open(self) -> IO[bytes]:
        """The bytes, from the beginning.

        Raises:
            RingfenceError: the file is gone or may not be read.
        """
        if isinstance(self.source, bytes):
            return io.BytesIO(self.source)
        try:
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
