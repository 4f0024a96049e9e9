"""What is inside gzip, xz, bzip2, zstd, tar and zip, however nested, as a stream: memory stays flat whatever the size.

Owns taking apart. What it cannot take apart (an encrypted or broken archive, one that unpacks to too much) it
says, because what was not looked into is not known to be clean.
"""

from __future__ import annotations

import bz2
import lzma
import sys
import tarfile
import zlib
from collections.abc import Callable
from typing import Protocol

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

BLOCK = tarfile.BLOCKSIZE
DEEPEST = 6
"""Archives in archives."""
LARGEST_RATIO, LARGEST_FREE = 250, 1 << 30
"""An archive may unpack to this many times its size; the first GiB is free. Beyond is a bomb."""
_STEP = 1 << 20


class Sink(Protocol):
    """Where a stream's bytes go."""

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        ...

    def close(self) -> None:
        """No more come."""
        ...


Open = Callable[[str], Sink]
"""Makes a sink for what is inside, by the name it has there."""
Unread = Callable[[str], None]
"""Told why something was not looked into."""


class _Decompressor(Protocol):
    @property
    def unused_data(self) -> bytes: ...

    @property
    def eof(self) -> bool: ...

    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


_WITH_MORE = (bz2.BZ2Decompressor, lzma.LZMADecompressor, zstd.ZstdDecompressor)
"""Engines that keep what they have not unpacked yet; gzip's gives it back."""


class Compressed:
    """A compressed stream; several may follow one another."""

    def __init__(self, make: Callable[[], _Decompressor], open_: Open, unread: Unread) -> None:
        self._make, self._unread = make, unread
        self._inner, self._engine = open_(""), make()
        self._taken = self._given = 0
        self._dead = False

    def feed(self, data: bytes) -> None:
        """See `Sink`."""
        self._taken += len(data)
        while data and not self._dead:
            try:
                data = self._step(data)
            except (zlib.error, lzma.LZMAError, zstd.ZstdError, OSError, EOFError):
                self._give_up("it is damaged, or something else follows it")

    def _step(self, data: bytes) -> bytes:
        if self._engine.eof:
            if not data.strip(b"\0"):
                return b""
            self._engine = self._make()
        made = self._engine.decompress(data, _STEP)
        self._emit(made)
        if self._engine.eof:
            return self._engine.unused_data
        if isinstance(self._engine, _WITH_MORE):
            while not self._engine.needs_input and not self._engine.eof and not self._dead:
                self._emit(self._engine.decompress(b"", _STEP))
            return self._engine.unused_data if self._engine.eof else b""
        return getattr(self._engine, "unconsumed_tail", b"")

    def _emit(self, made: bytes) -> None:
        self._given += len(made)
        if self._given > LARGEST_FREE and self._given > LARGEST_RATIO * self._taken:
            self._give_up(f"it unpacks to more than {LARGEST_RATIO} times its size")
        elif made:
            self._inner.feed(made)

    def _give_up(self, why: str) -> None:
        self._dead = True
        self._unread(why)

    def close(self) -> None:
        """See `Sink`."""
        if not self._dead and not self._engine.eof:
            if flush := getattr(self._engine, "flush", None):
                self._emit(flush())
            if not self._engine.eof:
                self._unread("it ends early")
        self._inner.close()


class Tar:
    """The files of a tar. What is no tar any more is looked at as it is."""

    def __init__(self, open_: Open, unread: Unread) -> None:
        self._open, self._unread = open_, unread
        self._held = b""
        self._inner: Sink | None = None
        self._left = self._fill = 0
        self._long: str | None = None
        self._rest: Sink | None = None

    def feed(self, data: bytes) -> None:
        """See `Sink`."""
        data = self._held + data
        at = 0
        while at < len(data):
            if self._rest:
                self._rest.feed(data[at:])
                at = len(data)
            elif self._left or self._fill:
                at = self._content(data, at)
            elif len(data) - at < BLOCK:
                break
            else:
                self._header(data[at : at + BLOCK])
                at += BLOCK
        self._held = data[at:]

    def _content(self, data: bytes, at: int) -> int:
        if self._left:
            piece = data[at : at + self._left]
            assert self._inner is not None
            self._inner.feed(piece)
            self._left -= len(piece)
            at += len(piece)
            if not self._left:
                self._inner.close()
                self._inner = None
            return at
        skipped = min(self._fill, len(data) - at)
        self._fill -= skipped
        return at + skipped

    def _header(self, block: bytes) -> None:
        if not block.strip(b"\0"):
            return
        try:
            entry = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        except tarfile.HeaderError:
            self._rest = self._open("(after the end of the tar)")
            self._rest.feed(block)
            return
        size = entry.size if entry.type not in (tarfile.LNKTYPE, tarfile.SYMTYPE, tarfile.DIRTYPE) else 0
        if not size:
            return
        self._left, self._fill = size, -size % BLOCK
        self._inner = self._open(entry.name)

    def close(self) -> None:
        """See `Sink`."""
        if self._inner:
            self._unread("it ends early")
            self._inner.close()
        if self._held:
            rest = self._open("(after the end of the tar)")
            rest.feed(self._held)
            rest.close()
        if self._rest:
            self._rest.close()


class Zip:
    """The files of a zip, in the order in which they stand; its directory at the end is not needed.

    APPNOTE.TXT 4.3: local headers are 30 bytes, a name and extra fields, then the data.
    """

    def __init__(self, open_: Open, unread: Unread) -> None:
        self._open, self._unread = open_, unread
        self._held = b""
        self._inner: Sink | None = None
        self._inflate: _Decompressor | None = None
        self._left = 0
        self._done = False

    def feed(self, data: bytes) -> None:
        """See `Sink`."""
        data = self._held + data
        self._held = b""
        while data and not self._done:
            if self._inflate is not None:
                data = self._inflated(data)
            elif self._inner is not None:
                data = self._stored(data)
            elif (rest := self._header(data)) is None:
                self._held = data
                return
            else:
                data = rest

    def _header(self, data: bytes) -> bytes | None:
        """Read a local header. None when there is not enough of it."""
        if data[:4] in (b"PK\1\2", b"PK\5\6", b"PK\6\6"):
            self._done = True
            return b""
        if len(data) < 30:
            return None
        if data[:4] != b"PK\3\4":  # a data descriptor: with its own mark or without, with sizes of 4 bytes or of 8
            after = next((at for at in (12, 16, 20, 24) if data[at : at + 2] == b"PK"), None)
            if after:
                return data[after:]
        names, extras = int.from_bytes(data[26:28], "little"), int.from_bytes(data[28:30], "little")
        if data[:4] != b"PK\3\4":
            self._done = True
            self._unread("what follows in the zip is no file")
            return b""
        if len(data) < 30 + names + extras:
            return None
        flags, method = int.from_bytes(data[6:8], "little"), int.from_bytes(data[8:10], "little")
        size = int.from_bytes(data[18:22], "little")
        name = data[30 : 30 + names].decode("utf-8", "replace")
        if flags & 1 or method not in (0, 8) or (method == 0 and flags & 8) or (method == 0 and size == 0xFFFFFFFF):
            self._done = True
            self._unread(f"{name} in the zip is encrypted or packed in a way that is not read")
            return b""
        if method == 8:
            self._inner, self._inflate, self._left = self._open(name), zlib.decompressobj(-zlib.MAX_WBITS), 1 << 62
        elif size:
            self._inner, self._left = self._open(name), size
        return data[30 + names + extras :]

    def _stored(self, data: bytes) -> bytes:
        assert self._inner is not None
        piece = data[: self._left]
        self._inner.feed(piece)
        self._left -= len(piece)
        if not self._left:
            self._finish()
        return data[len(piece) :]

    def _inflated(self, data: bytes) -> bytes:
        assert self._inner is not None and self._inflate is not None
        try:
            self._inner.feed(self._inflate.decompress(data, _STEP))
        except zlib.error:
            self._done = True
            self._unread("a file in the zip is damaged")
            return b""
        if self._inflate.eof:
            rest = self._inflate.unused_data
            self._finish()
            return rest
        return getattr(self._inflate, "unconsumed_tail", b"")

    def _finish(self) -> None:
        assert self._inner is not None
        self._inner.close()
        self._inner = self._inflate = None

    def close(self) -> None:
        """See `Sink`."""
        if self._inner:
            self._unread("it ends early")
            self._finish()


def reader(start: bytes, open_: Open, unread: Unread) -> Sink | None:
    """What takes apart a stream that starts like this (at least 512 bytes, or all of it); None for plain bytes."""
    if start[:3] == b"\x1f\x8b\x08":
        return Compressed(lambda: zlib.decompressobj(16 + zlib.MAX_WBITS), open_, unread)
    if start[:6] == b"\xfd7zXZ\0":
        return Compressed(lambda: lzma.LZMADecompressor(lzma.FORMAT_XZ), open_, unread)
    if start[:3] == b"BZh" and start[4:10] == b"1AY&SY":
        return Compressed(bz2.BZ2Decompressor, open_, unread)
    if start[:4] == b"PK\3\4":
        return Zip(open_, unread)
    if start[257:262] == b"ustar":
        return Tar(open_, unread)
    if start[:4] == b"\x28\xb5\x2f\xfd" or (start[1:4] == b"\x2a\x4d\x18" and start[:1] >= b"\x50"):  # RFC 8878
        return Compressed(zstd.ZstdDecompressor, open_, unread)
    return None
