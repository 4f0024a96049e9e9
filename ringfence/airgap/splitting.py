"""Cut a bundle to the size of a medium, and read the parts as if they were one.

A part is a small bundle of its own: a manifest that says which part of what it is, signatures, `SHA256SUMS`, and one
member `bytes`. So each can be checked alone, by the same code or by hand, and `tar -xOf PART bytes` joins them:
nothing is written to disk to read them.

Owns cutting and joining. What a part's file looks like is `container`'s.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path

from ringfence.airgap import signing
from ringfence.airgap.building import require_room, write
from ringfence.airgap.container import Container
from ringfence.airgap.contents import CHUNK, Content, Slice
from ringfence.airgap.keys import Sealer
from ringfence.airgap.manifest import LARGEST_INTEGER, Manifest, Member, Part, Role
from ringfence.airgap.reading import Bundle
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import FileSource, Source
from ringfence.airgap.verification import Said, Trust, check_body, check_frame, check_head, unverified, verify
from ringfence.errors import RingfenceError, UsageError

BYTES = "bytes"
"""The one member of a part."""
MOST = 99_999


def split(
    bundle: Path, folder: Path, size: int, sealers: Sequence[Sealer], progress: Callable[[int, int], None] | None = None
) -> list[Path]:
    """Cut a bundle's file into parts of at most `size` bytes each; the file itself is left alone.

    A split that was interrupted goes on: parts that are there are compared and kept.

    Raises:
        UsageError: `size` leaves no room for bytes beside a part's own head, or needs more than 99,999 parts.
        RingfenceError: the disk is full, or another bundle has a part's name.
    """
    source = FileSource(bundle)
    opened = unverified(source)
    try:
        file = opened.manifest.file_name
        room = size - _overhead(opened.manifest, file, sealers)
        if room < 1:
            raise UsageError(
                f"parts of {size:,} bytes: at least {size - room + 512:,} are needed for a part's own head"
            )
        count = -(-source.size // room)
        if count > MOST:
            raise UsageError(f"parts of {size:,} bytes would be {count:,}: {MOST:,} are allowed")
        require_room(folder, source.size + count * (size - room) - _there(folder))
        whole, digests = _digests(source, room, progress)
        parts = []
        for index, digest in enumerate(digests, 1):
            offset = (index - 1) * room
            which = Part(
                of=whole,
                bundle=opened.manifest.digest,
                file=file,
                index=index,
                count=count,
                offset=offset,
                total=source.size,
            )
            parts.append(
                _write(opened.manifest, bundle, which, digest, min(room, source.size - offset), folder, sealers)
            )
        return parts
    finally:
        source.close()


def _there(folder: Path) -> int:
    """Bytes of parts that an earlier split left in a folder; the folder is made."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return sum(part.stat().st_size for part in folder.iterdir() if ".part-" in part.name and part.is_file())
    except OSError as error:
        raise RingfenceError(f"{folder}: cannot be written to: {error.strerror}") from None


def _described(manifest: Manifest, which: Part, digest: str, size: int) -> Manifest:
    reason = f"bytes {which.offset} to {which.offset + size} of {which.file}"
    member = Member(path=BYTES, role=Role.PART, digest=digest, size=size, reason=reason)
    return Manifest(
        kind="part",
        name=manifest.name,
        sequence=manifest.sequence,
        source_date_epoch=manifest.source_date_epoch,
        part=which,
        signers=manifest.signers,
        members=(member,),
    )


def _overhead(manifest: Manifest, file: str, sealers: Sequence[Sealer]) -> int:
    """Bytes of a part beside the bundle's own, at most."""
    none = "sha256:" + "0" * 64
    which = Part(
        of=none, bundle=none, file=file, index=MOST, count=MOST, offset=LARGEST_INTEGER // 2, total=LARGEST_INTEGER
    )
    largest = _described(manifest, which, none, LARGEST_INTEGER // 2)
    container = Container(largest, signing.sign(largest, sealers))
    return container.size - container.body[0].size + 512


def _digests(source: Source, room: int, progress: Said | None) -> tuple[str, list[str]]:
    """The digest of the whole file and of each slice, in one pass."""
    whole, digests, at = hashlib.sha256(), [], 0
    buffer = memoryview(bytearray(CHUNK))
    while at < source.size:
        end, part = min(at + room, source.size), hashlib.sha256()
        while at < end:
            count = source.read_into(at, buffer[: min(CHUNK, end - at)])
            if count == 0:
                raise RingfenceError(f"{source.name} became shorter while it was split")
            whole.update(buffer[:count])
            part.update(buffer[:count])
            at += count
            if progress:
                progress(at, source.size)
        digests.append(f"sha256:{part.hexdigest()}")
    return f"sha256:{whole.hexdigest()}", digests


def _write(
    manifest: Manifest, bundle: Path, which: Part, digest: str, size: int, folder: Path, sealers: Sequence[Sealer]
) -> Path:
    described = _described(manifest, which, digest, size)
    container = Container(described, signing.sign(described, sealers))
    content = Content(described.members[0], Slice(bundle, which.offset, size))
    return write(container, {BYTES: content}, folder).file


class Joined:
    """The parts of a bundle, read as one `Source`."""

    def __init__(self, parts: Sequence[Bundle]) -> None:
        """`parts` are in order and fit together, see `open_parts`."""
        first = _which(parts[0])
        self.name, self._parts, self._size = first.file, parts, first.total
        self._starts = [_which(part).offset for part in parts]

    @property
    def size(self) -> int:
        """Size of the joined file in bytes."""
        return self._size

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source`."""
        part = self._parts[bisect.bisect_right(self._starts, offset) - 1]
        stretch, within = part.container.body[0], offset - _which(part).offset
        left = stretch.size - within
        return part.source.read_into(stretch.data_at + within, buffer[:left]) if left > 0 else 0

    def close(self) -> None:
        """Close all parts."""
        for part in self._parts:
            part.close()


def siblings(file: Path, which: Part) -> list[Path]:
    """Where all the parts of the bundle are, if they stand beside the part `file`."""
    stem, width = which.file.removesuffix(".tar"), len(str(which.count))
    names = [f"{stem}.part-{index:0{width}}-of-{which.count}.tar" for index in range(1, which.count + 1)]
    return [file.with_name(name) for name in names]


def verify_parts(files: Sequence[Path], trust: Trust, progress: Said | None = None) -> Bundle:
    """Check a split bundle: each part's head, that they fit, and then every byte as if they were joined.

    Args:
        files: Parts in any order.
        trust: Who must have signed, the parts as well as the bundle.
        progress: Told how far it is.

    Raises:
        BundleRefused: a part is missing, changed, there twice or of another bundle; or the bundle is refused.
    """
    parts = [_frame(file, trust) for file in files]
    joined = Joined(_fitting(parts))
    try:
        bundle = verify(joined, trust, progress)
    except BundleRefused:
        for part in parts:  # name the part, not only the place in the whole
            check_body(part.source, part.container)
        raise
    if bundle.manifest.digest != _which(parts[0]).bundle:
        raise BundleRefused(Why.MIXED_PARTS, f"{joined.name}: the parts are joined to another bundle than they say")
    return bundle


def verify_part(file: Path, trust: Trust, progress: Said | None = None) -> Bundle:
    """Check one part by itself, to its last byte. It says nothing of the bundle.

    Raises:
        BundleRefused: it is changed, or no part.
    """
    part = verify(FileSource(file), trust, progress)
    if part.manifest.part is None:
        raise BundleRefused(Why.MIXED_PARTS, f"{file} is a bundle, not a part of one")
    return part


def unverified_parts(files: Sequence[Path]) -> Bundle:
    """A split bundle to look at, without trusting anybody. Raises BundleRefused when the parts do not fit."""
    return unverified(Joined(_fitting([unverified(FileSource(file)) for file in files])))


def _frame(file: Path, trust: Trust) -> Bundle:
    source = FileSource(file)
    container = check_head(source, trust)
    if container.manifest.part is None:
        raise BundleRefused(Why.MIXED_PARTS, f"{file} is a bundle, not a part of one")
    check_frame(source, container)
    return Bundle(source, container, verified=False)


def _fitting(parts: Sequence[Bundle]) -> list[Bundle]:
    """The parts in order, if they are all parts of one bundle and none is missing."""
    first = _which(parts[0])
    by_index: dict[int, Bundle] = {}
    for part in parts:
        which = _which(part)
        if (which.of, which.bundle, which.count, which.total, which.file) != (
            first.of, first.bundle, first.count, first.total, first.file,
        ):  # fmt: skip
            message = f"{part.source.name} is a part of another bundle than {parts[0].source.name}"
            raise BundleRefused(Why.MIXED_PARTS, message)
        if which.index in by_index:
            message = f"{part.source.name} and {by_index[which.index].source.name} are both part {which.index}"
            raise BundleRefused(Why.DUPLICATED, message)
        by_index[which.index] = part
    missing = [index for index in range(1, first.count + 1) if index not in by_index]
    if missing:
        listed = ", ".join(map(str, missing[:10])) + (" ..." if len(missing) > 10 else "")
        raise BundleRefused(Why.PART_MISSING, f"{first.file}: of {first.count} parts, these are missing: {listed}")
    ordered, at = [by_index[index] for index in sorted(by_index)], 0
    for part in ordered:
        if _which(part).offset != at:
            raise BundleRefused(Why.MIXED_PARTS, f"{part.source.name} does not begin where the part before it ends")
        at += part.container.body[0].size
    if at != first.total:
        raise BundleRefused(Why.MIXED_PARTS, f"{first.file}: the parts have {at:,} bytes, not {first.total:,}")
    return ordered


def _which(part: Bundle) -> Part:
    which = part.manifest.part
    assert which is not None
    return which
