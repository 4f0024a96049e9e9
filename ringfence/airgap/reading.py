"""A bundle to read from. Owns how a member's bytes come out: hashed again as they do, so that what is used is what
was signed, even if the file was changed after it was verified. Refuses to own any check of the file as a whole.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ringfence.airgap.container import Container, Stretch
from ringfence.airgap.contents import CHUNK
from ringfence.airgap.manifest import Manifest, Member
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import Source
from ringfence.errors import RingfenceError


@dataclass(frozen=True)
class Bundle:
    """A bundle that is open. `verified` says whether anybody's signature was checked: only `verification.verify`
    makes it true, and whatever is applied must ask for it.
    """

    source: Source
    container: Container
    verified: bool

    @property
    def manifest(self) -> Manifest:
        """What is in it."""
        return self.container.manifest

    def chunks(self, path: str) -> Iterator[bytes]:
        """The bytes of a carried member, a chunk at a time. The last chunk comes only if all of them are right.

        Raises:
            KeyError: no such member.
            RingfenceError: the member is not carried: the high side has it from an earlier bundle.
            BundleRefused: the bytes are not those that the manifest names.
        """
        stretch = self._stretch(path)
        hashed, at, end = hashlib.sha256(), stretch.data_at, stretch.data_at + stretch.size
        buffer, held = memoryview(bytearray(CHUNK)), b""
        while at < end:
            count = self.source.read_into(at, buffer[: min(CHUNK, end - at)])
            if count == 0:
                break
            if held:
                yield held
            held = bytes(buffer[:count])
            hashed.update(held)
            at += count
        assert stretch.member is not None
        if f"sha256:{hashed.hexdigest()}" != stretch.member.digest:
            message = f"{self.source.name}: {path} is changed: its bytes are not those that the manifest names"
            raise BundleRefused(Why.CHANGED, message, member=path, offset=stretch.data_at)
        yield held

    def read(self, path: str, largest: int = 64 << 20) -> bytes:
        """All bytes of a small member. Raises as `chunks`, and RingfenceError for more than `largest` bytes."""
        if (size := self.manifest.member(path).size) > largest:
            raise RingfenceError(f"{path} has {size:,} bytes: too many to hold in memory")
        return b"".join(self.chunks(path))

    def copy(self, path: str, to: Path, mode: int = 0o644) -> None:
        """Write a member to a file, whole or not at all. Raises as `chunks`."""
        to.parent.mkdir(parents=True, exist_ok=True)
        descriptor, scratch = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.")
        try:
            with os.fdopen(descriptor, "wb") as stream:
                for chunk in self.chunks(path):
                    stream.write(chunk)
            Path(scratch).chmod(mode)
            Path(scratch).replace(to)
        except BaseException:
            Path(scratch).unlink(missing_ok=True)
            raise

    def close(self) -> None:
        """Close the file."""
        self.source.close()

    def _stretch(self, path: str) -> Stretch:
        if not (member := self.manifest.member(path)).carried:
            raise RingfenceError(
                f"{path} is not in {self.source.name}: it came with an earlier bundle ({_base(self.manifest, member)})"
            )
        return self.container.by_path[path]


def _base(manifest: Manifest, member: Member) -> str:
    return f"{member.digest[:19]}..., required of sequence {manifest.base.sequence if manifest.base else '?'}"
