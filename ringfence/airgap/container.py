"""Which bytes a bundle has, given its manifest and its signatures: there is exactly one answer.

A bundle is an uncompressed PAX tar that any `tar` reads: `bundle.json`, `SHA256SUMS`, the signatures, the carried
members in order, two blocks of zeros. Owner, mode and time are fixed, so that header and padding follow from the
manifest: a reader makes them anew and compares, and no byte is outside of what was signed.

Owns headers, padding and offsets. Refuses to own the bytes of members.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from ringfence.airgap.manifest import Manifest, Member, sums
from ringfence.airgap.paths import MANIFEST_PATH, SIGNATURES, SUMS_PATH

BLOCK = tarfile.BLOCKSIZE
END = bytes(2 * BLOCK)
LARGEST_MANIFEST = 256 << 20
"""Bytes: about a million members. A reader refuses more before it allocates."""
LARGEST_SIGNATURE = 64 << 10
"""Bytes of one file of a signature."""


def header(path: str, size: int, time: int) -> bytes:
    """The tar header of a regular file: mode 0644, owner 0, no names. Long paths take a PAX record before it."""
    entry = tarfile.TarInfo(path)
    entry.size, entry.mtime, entry.mode = size, time, 0o644
    return entry.tobuf(tarfile.PAX_FORMAT, "utf-8", "strict")


def long_name(window: bytes, entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """The entry that a PAX header is about, when both are in `window`. Raises ValueError or tarfile.HeaderError."""
    after = BLOCK + entry.size + (-entry.size % BLOCK)
    described = tarfile.TarInfo.frombuf(window[after : after + BLOCK], "utf-8", "strict")
    for record in window[BLOCK : BLOCK + entry.size].decode().splitlines():
        key, _, value = record.partition(" ")[2].partition("=")
        if key == "path":
            described.name = value
    return described


def padding(size: int) -> bytes:
    """The zeros that fill a file's last block."""
    return bytes(-size % BLOCK)


@dataclass(frozen=True)
class Stretch:
    """A stretch of the file: one entry of the tar."""

    path: str
    header: bytes
    at: int
    """Where its header begins, in bytes."""
    size: int
    data: bytes | None
    """The content, where it follows from manifest and signatures."""
    member: Member | None

    @property
    def data_at(self) -> int:
        """Where its content begins."""
        return self.at + len(self.header)

    @property
    def end(self) -> int:
        """Where the next header begins."""
        return self.data_at + self.size + (-self.size % BLOCK)


@dataclass(frozen=True)
class Container:
    """A bundle's bytes but for its members' own."""

    manifest: Manifest
    signatures: Mapping[str, bytes]
    """File name in `signatures/` -> bytes."""

    @cached_property
    def head(self) -> tuple[Stretch, ...]:
        """The entries before the members."""
        return tuple(self._entries(self._head_files(), 0))

    @cached_property
    def body(self) -> tuple[Stretch, ...]:
        """The carried members, in the order of the file."""
        time, at, made = self.manifest.source_date_epoch, self.head[-1].end, []
        for member in self.manifest.carried:
            made.append(Stretch(member.path, header(member.path, member.size, time), at, member.size, None, member))
            at = made[-1].end
        return tuple(made)

    @cached_property
    def by_path(self) -> Mapping[str, Stretch]:
        """Where each carried member is."""
        return {each.path: each for each in self.body}

    @property
    def members_end(self) -> int:
        """Where the last member's padding ends and the closing zeros begin."""
        return (self.body or self.head)[-1].end

    @property
    def size(self) -> int:
        """Size of the whole file in bytes."""
        return self.members_end + len(END)

    @cached_property
    def head_bytes(self) -> bytes:
        """All bytes before the first member's header."""
        return b"".join(each.header + (each.data or b"") + padding(each.size) for each in self.head)

    def at(self, offset: int) -> str:
        """What is at an offset, for people: `padding after wheels/x.whl`."""
        for each in (*self.head, *self.body):
            if offset < each.data_at:
                return f"header of {each.path}"
            if offset < each.data_at + each.size:
                return each.path
            if offset < each.end:
                return f"padding after {each.path}"
        return "closing zeros" if offset < self.size else "after the end"

    def _head_files(self) -> Iterator[tuple[str, bytes]]:
        yield MANIFEST_PATH, self.manifest.canonical
        yield SUMS_PATH, sums(self.manifest)
        for name in sorted(self.signatures):
            yield f"{SIGNATURES}/{name}", self.signatures[name]

    def _entries(self, files: Iterator[tuple[str, bytes]], at: int) -> Iterator[Stretch]:
        for path, data in files:
            made = Stretch(path, header(path, len(data), self.manifest.source_date_epoch), at, len(data), data, None)
            yield made
            at = made.end
