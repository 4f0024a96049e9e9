"""Where in a stretch of bytes a secret is: by shape or by equality, plain or in base64.

Binary data costs a table look-up and a search a chunk: only runs of printable characters are looked at. Runs of base64
are decoded and looked at in turn. Owns the search. What it finds is a name and an offset; the secret itself is never
kept.
"""

from __future__ import annotations

import base64
import binascii
import bisect
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import quote

from ringfence.airgap.leaks.shapes import SHAPES, SHORTEST

OVERLAP = 16 << 10
"""Bytes of a chunk that are looked at again with the next one, for what lies across the border."""
SHORTEST_GIVEN = 6
"""Bytes: a given secret that is shorter is not looked for, because everything would have it."""
_DEPTH = 3
"""How often base64 may be in base64."""

_PRINTABLE = bytes(1 if 32 <= byte < 127 or byte in b"\t\n\r" else 0 for byte in range(256))
_ALPHABET = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/-_"
_BASE64 = bytes(1 if byte in _ALPHABET else 2 if byte in b"\r\n \t=" else 0 for byte in range(256))
_ENCODED = re.compile(rb"[A-Za-z0-9+/_-]{22,}(?:(?:\\n|\r?\n)[ \t]*[A-Za-z0-9+/_-]{2,})*")
_SHORTEST_ENCODED = 22
"""Signs of base64 in a row: those of a shape's sixteen characters."""
_STANDARD = bytes.maketrans(b"-_", b"+/")
_URL_SAFE = bytes.maketrans(b"+/", b"-_")
_LONG = 4096
"""Bytes: in longer runs, a search for each needle is faster than one for all."""
_WHITE = re.compile(rb"\\n|[\r\n \t]")
_HEX = re.compile(rb"[0-9a-f]+|[0-9A-F]+")


@dataclass(frozen=True)
class Hit:
    """Something that looks like a secret, or is one that was given."""

    what: str
    offset: int


@dataclass(frozen=True)
class Given:
    """The stack's own secrets, in the spellings in which they may turn up. Built once, before anything is looked at."""

    needles: Mapping[bytes, str]
    """Spelling -> the name of the secret, for spellings that are printable."""
    binary: Mapping[bytes, str]
    """The others."""
    too_short: tuple[str, ...]
    """Names of secrets that cannot be looked for."""

    @classmethod
    def of(cls, secrets: Mapping[str, str | bytes]) -> Given:
        """From names and values."""
        needles: dict[bytes, str] = {}
        binary: dict[bytes, str] = {}
        too_short = []
        for name, value in secrets.items():
            data = value if isinstance(value, bytes) else value.encode()
            if len(data.strip()) < SHORTEST_GIVEN:
                too_short.append(name)
                continue
            for spelling in _spellings(data):
                printable = b"\0" not in spelling.translate(_PRINTABLE)
                (needles if printable else binary).setdefault(spelling, name)
        return cls(needles, binary, tuple(too_short))

    @cached_property
    def shortest(self) -> int:
        """Length of the shortest printable spelling."""
        return min(map(len, self.needles), default=0)

    @cached_property
    def _any(self) -> re.Pattern[bytes]:
        longest_first = sorted(self.needles, key=len, reverse=True)
        return re.compile(b"|".join(re.escape(needle) for needle in longest_first))

    def hits(self, data: bytes, base: int) -> Iterator[Hit]:
        """Where a given secret stands."""
        for needle, name in self.binary.items():
            if (at := data.find(needle)) >= 0:
                yield Hit(f"the secret {name!r}", base + at)
        for start, end in _runs(data, _PRINTABLE, self.shortest) if self.needles else ():
            if end - start > _LONG:
                yield from self.in_text(data[start:end], base + start)
            elif found := self._any.search(data, start, end):
                yield Hit(f"the secret {self.needles[found.group()]!r}", base + found.start())

    def in_text(self, run: bytes, base: int) -> Iterator[Hit]:
        """The same in text of any length."""
        for needle, name in self.needles.items():
            if (at := run.find(needle)) >= 0:
                yield Hit(f"the secret {name!r}", base + at)


def _spellings(data: bytes) -> set[bytes]:
    """A secret as it is, without surrounding space, in JSON, in a URL, in hexadecimal, and in base64 wherever in a
    group of three bytes it begins.
    """
    made = {data, data.strip()}
    if (text := _text(data)) is not None:
        made |= {json.dumps(text)[1:-1].encode(), json.dumps(text, ensure_ascii=False)[1:-1].encode()}
        made.add(quote(text, safe="").encode())
    for plain in (data, data.strip()):
        made |= {plain.hex().encode(), plain.hex().upper().encode()}
        for shift in range(3):
            encoded = base64.b64encode(bytes(shift) + plain)
            # The signs that depend on what stands before or after are cut off.
            first, last = (0, 2, 3)[shift], (len(plain) + shift) % 3
            core = encoded[first : len(encoded) - (0, 3, 2)[last]]
            if len(core) >= SHORTEST_GIVEN:
                made |= {core, core.translate(_URL_SAFE)}
    return made


def _text(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


@dataclass
class _Pile:
    """The stretches of text of a chunk, end to end: one search for all of them is far faster than one for each."""

    text: bytes
    starts: list[int]
    """Where each stretch begins in `text`."""
    origins: list[int]
    """Where each stretch begins in the file."""

    @classmethod
    def of(cls, stretches: Iterable[tuple[int, bytes]]) -> _Pile:
        """From stretches and where each begins in the file."""
        pieces, starts, origins, at = [], [], [], 0
        for origin, piece in stretches:
            pieces.append(piece)
            starts.append(at)
            origins.append(origin)
            at += len(piece) + 1
        return cls(b"\0".join(pieces), starts, origins)

    def origin(self, at: int) -> int:
        """Where in the file a place in `text` is."""
        stretch = bisect.bisect_right(self.starts, at) - 1
        return self.origins[stretch] + at - self.starts[stretch]


def hits(data: bytes, base: int, given: Given) -> Iterator[Hit]:
    """What is found in `data`, which stands at `base` in its file."""
    yield from given.hits(data, base)
    runs = ((base + start, data[start:end]) for start, end in _runs(data, _PRINTABLE, SHORTEST))
    pile, depth = _Pile.of(runs), 0
    while pile.text:
        said = ", in base64" * depth
        for hit in (*_shaped(pile), *(given.in_text(pile.text, 0) if depth else ())):
            yield Hit(hit.what + said, pile.origin(hit.offset))
        if depth == _DEPTH:
            return
        pile, depth = _Pile.of(_decoded(pile)), depth + 1


def _runs(data: bytes, table: bytes, shortest: int) -> Iterator[tuple[int, int]]:
    """Stretches of at least `shortest` bytes that the table marks."""
    marked, needle, at = data.translate(table), b"\1" * shortest, 0
    while (start := marked.find(needle, at)) >= 0:
        end = marked.find(b"\0", start + shortest)
        at = len(data) if end < 0 else end
        yield start, at


def _shaped(pile: _Pile) -> Iterator[Hit]:
    """Secrets by shape. Offsets are of the pile."""
    for shape in SHAPES:
        for anchor in shape.anchors:
            at = pile.text.find(anchor)
            while at >= 0:
                found = shape.pattern.search(pile.text, max(0, at - shape.before), at + shape.after)
                if found and not (shape.harmless and shape.harmless.search(found.group())):
                    yield Hit(shape.name, found.start())
                    break
                at = pile.text.find(anchor, at + len(anchor))


def _decoded(pile: _Pile) -> Iterator[tuple[int, bytes]]:
    """What is text in the base64 of a pile, with the place where the base64 begins. A stretch that was cut at its
    beginning is tried at each place in a group of four.
    """
    for start, end in _runs(pile.text, _BASE64, _SHORTEST_ENCODED):
        for match in _ENCODED.finditer(pile.text, start, end):
            spelled = match.group()
            if _HEX.fullmatch(spelled):
                continue
            packed = _WHITE.sub(b"", spelled).translate(_STANDARD)
            for shift in range(4 if match.start() == 0 else 1):
                plain = _plain(packed[shift:])
                for begin, stop in _runs(plain, _PRINTABLE, SHORTEST):
                    yield pile.origin(match.start()), plain[begin:stop]


def _plain(packed: bytes) -> bytes:
    """The bytes of base64 without its padding, as many as there are."""
    whole = packed[:-1] if len(packed) % 4 == 1 else packed
    try:
        return binascii.a2b_base64(whole + b"=" * (-len(whole) % 4))
    except ValueError:
        return b""
