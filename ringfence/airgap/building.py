"""Write a bundle's file: streaming, whole or not at all, and going on where a killed build stopped.

The bytes follow from manifest, sources and keys, so a build needs no journal: what the partial file holds is compared
with what belongs there, and kept as far as it agrees. The final name appears by a rename, after everything is on disk.

Owns the file. Refuses to own what goes in (`contents`) and what must not (`leaks` says, this asks).
"""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from ringfence.airgap import signing
from ringfence.airgap.container import END, Container, Stretch, padding
from ringfence.airgap.contents import CHUNK, Content
from ringfence.airgap.keys import Sealer
from ringfence.airgap.manifest import Manifest, digest_of
from ringfence.airgap.refusals import Leak
from ringfence.errors import RingfenceError, disk_is_full
from ringfence.files import sync_folder

Said = Callable[[int, int], None]
"""Told how far it is: bytes done, bytes in all."""


class Watch(Protocol):
    """Looks at every byte of a bundle as it is written, and may refuse it."""

    def begin(self, path: str) -> None:
        """A member, or a file of the head, begins."""
        ...

    def see(self, chunk: bytes) -> None:
        """Its next bytes."""
        ...

    def end(self, content: Content | None) -> None:
        """It ends. `content` can be opened again, for what must be read at random."""
        ...

    def verdict(self) -> None:
        """Everything was seen. Raises RingfenceError to refuse the bundle."""
        ...


@dataclass(frozen=True)
class Built:
    """A bundle that is on disk."""

    file: Path
    manifest: Manifest
    size: int
    """Bytes."""
    kept: int
    """Bytes that an earlier, interrupted build had written."""


def build(
    manifest: Manifest,
    contents: Iterable[Content],
    folder: Path,
    sealers: Sequence[Sealer],
    *,
    watch: Watch | None = None,
    progress: Said | None = None,
) -> Built:
    """Write the bundle of `manifest` into `folder`, under `manifest.file_name`.

    Args:
        manifest: Names exactly `sealers` as its signers (see `delta.plan`).
        contents: A source for each carried member; others are ignored.
        folder: Made if it is not there. Holds a hidden partial file meanwhile, which the next build goes on with.
        sealers: The keys that sign.
        watch: Sees all bytes and may refuse; the partial file is removed then.
        progress: Told how far it is.

    Raises:
        RingfenceError: a source is missing or changed since it was hashed; no room; another build is at work; another
            bundle has the name; `watch` refused.
    """
    if tuple(sorted(each.public.keyid for each in sealers)) != tuple(each.keyid for each in manifest.signers):
        raise RingfenceError("the manifest names other signers than those that sign")
    container = Container(manifest, signing.sign(manifest, sealers))
    sources = {content.member.path: content for content in contents}
    for member in manifest.carried:
        if member.path not in sources or sources[member.path].member.digest != member.digest:
            raise RingfenceError(f"{member.path}: nothing to take its bytes from")
    return write(container, sources, folder, watch, progress)


def write(
    container: Container,
    sources: Mapping[str, Content],
    folder: Path,
    watch: Watch | None = None,
    progress: Said | None = None,
) -> Built:
    """Write a container, see `build`."""
    final = folder / container.manifest.file_name
    partial = folder / f".{final.name}.partial"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        source = final if final.exists() else partial
        with _alone(source) as descriptor:
            writer = _Writer(descriptor, container, sources, watch, progress)
            if source is final:
                writer.require_same(final)
            else:
                require_room(folder, container.size - os.fstat(descriptor).st_size)
                writer.run()
                os.fsync(descriptor)
                partial.rename(final)
                sync_folder(folder)
    except OSError as error:
        if disk_is_full(error):
            message = f"{folder}: the disk is full; the partial file stays: make room and run the same command again"
            raise RingfenceError(message) from None
        raise RingfenceError(f"{error.filename or folder}: cannot write the bundle: {error.strerror}") from None
    except Leak as leak:
        if source is final:
            message = f"{leak}\n{final} was built before and holds them: destroy it, and every copy that was made"
            raise Leak(message) from None
        partial.unlink(missing_ok=True)
        raise
    return Built(final, container.manifest, container.size, writer.kept)


def require_room(folder: Path, needed: int, what: str = "the bundle", otherwise: str = "-o") -> None:
    """Refuse now, rather than after hours, when that many bytes more do not fit. `otherwise` names another folder.

    Raises:
        RingfenceError: they do not.
    """
    state = os.statvfs(folder)
    free = state.f_bavail * state.f_frsize
    if needed > free:
        raise RingfenceError(
            f"{folder}: {what} needs {needed:,} bytes more and {free:,} are free: make room, or choose another "
            f"folder with {otherwise}"
        )


@contextmanager
def _alone(file: Path) -> Generator[int]:
    """The file, open for reading and writing, with no other build at it."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise RingfenceError(f"{file}: another build is writing it; wait for it to end") from None
        yield descriptor
    finally:
        os.close(descriptor)


class _Writer:
    """Goes through the file from its beginning: compares as long as what is there agrees, then writes."""

    def __init__(
        self,
        descriptor: int,
        container: Container,
        sources: Mapping[str, Content],
        watch: Watch | None,
        progress: Said | None,
    ) -> None:
        self._descriptor, self._container, self._sources = descriptor, container, sources
        self._watch, self._progress = watch, progress
        self._there = os.fstat(descriptor).st_size
        self.kept = self._at = 0

    def require_same(self, final: Path) -> None:
        """The final file is there: it must be this bundle, to the last byte. Then there is nothing to do."""
        if self._there == self._container.size:
            self.run(only_compare=True)
        if self.kept != self._container.size:
            raise RingfenceError(
                f"{final} is there and is another bundle, or is damaged: a sequence is used once; "
                "export with the next one, or remove the file if it never left this room"
            )

    def run(self, only_compare: bool = False) -> None:
        """Make the file right, from its first byte to its last."""
        for stretch in (*self._container.head, *self._container.body):
            if self._at == self.kept and self._same(stretch):
                self.kept = self._at = stretch.end
                self._say(self._at)
                continue
            if only_compare:
                return
            self._put(stretch)
        if self._at == self.kept and os.pread(self._descriptor, len(END) + 1, self._at) == END:
            self.kept += len(END)
        elif not only_compare:
            self._cut()
            self._append(END)
        if self._watch:
            self._watch.verdict()

    def _cut(self) -> None:
        """Drop what does not agree with what belongs there, once."""
        if self._at == self.kept:
            os.ftruncate(self._descriptor, self._at)

    def _same(self, stretch: Stretch) -> bool:
        """Whether the file holds this stretch already, whole. `watch` sees what is there, and only then."""
        if self._there < stretch.end:
            return False
        if os.pread(self._descriptor, len(stretch.header), stretch.at) != stretch.header:
            return False
        if os.pread(self._descriptor, stretch.end - stretch.data_at - stretch.size, stretch.data_at + stretch.size) != (
            padding(stretch.size)
        ):
            return False
        hashed = hashlib.sha256()
        for chunk in self._read(stretch):
            hashed.update(chunk)
        wanted = stretch.member.digest if stretch.member else digest_of(stretch.data or b"")
        if f"sha256:{hashed.hexdigest()}" != wanted:
            return False
        self._show(stretch, self._read(stretch))
        return True

    def _read(self, stretch: Stretch) -> Iterator[bytes]:
        at, end = stretch.data_at, stretch.data_at + stretch.size
        while at < end:
            chunk = os.pread(self._descriptor, min(CHUNK, end - at), at)
            if not chunk:
                return
            yield chunk
            at += len(chunk)

    def _show(self, stretch: Stretch, chunks: Iterable[bytes]) -> None:
        if not self._watch:
            return
        self._watch.begin(stretch.path)
        for chunk in chunks:
            self._watch.see(chunk)
        self._watch.end(self._sources.get(stretch.path))

    def _put(self, stretch: Stretch) -> None:
        """Append a stretch; a member's bytes are hashed on their way."""
        self._cut()
        self._append(stretch.header)
        if stretch.data is not None:
            self._append(stretch.data)
            self._show(stretch, [stretch.data])
        else:
            self._pour(stretch, self._sources[stretch.path])
        self._append(padding(stretch.size))

    def _pour(self, stretch: Stretch, content: Content) -> None:
        hashed, left = hashlib.sha256(), stretch.size
        if self._watch:
            self._watch.begin(stretch.path)
        with content.open() as stream:
            while chunk := stream.read(CHUNK):
                left -= len(chunk)
                if left < 0:
                    break
                hashed.update(chunk)
                if self._watch:
                    self._watch.see(chunk)
                self._append(chunk)
                self._say(self._at)
        if left or f"sha256:{hashed.hexdigest()}" != content.member.digest:
            raise RingfenceError(f"{stretch.path}: {content.source} changed while it was read; run again")
        if self._watch:
            self._watch.end(content)

    def _append(self, data: bytes) -> None:
        view = memoryview(data)
        while view:
            written = os.pwrite(self._descriptor, view, self._at)
            self._at += written
            view = view[written:]

    def _say(self, done: int) -> None:
        if self._progress:
            self._progress(done, self._container.size)
