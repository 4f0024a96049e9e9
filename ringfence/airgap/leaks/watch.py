"""Sees every byte of a bundle while it is built, also inside archives, and refuses it for a secret.

Owns the walk and the verdict: what was found, where, and never what it says. The search runs beside the writing, in a
thread of its own.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

from ringfence.airgap.contents import Content
from ringfence.airgap.leaks import objects, unpacking
from ringfence.airgap.leaks.text import OVERLAP, Given, hits
from ringfence.airgap.manifest import Waiver
from ringfence.airgap.refusals import Leak

_MOST = 200
"""Findings that are listed."""
_WAITING = 8
"""Chunks that may wait for the search: memory stays flat."""


@dataclass(frozen=True)
class Finding:
    """Something that must not leave, or that could not be looked into."""

    member: str
    inside: str
    """The way inside the member, as in `!layer.tar!root/.kube/config`; empty for the member itself."""
    what: str
    offset: int
    """Where, in bytes from the beginning of the innermost file."""

    @property
    def name(self) -> str:
        """What a waiver calls it."""
        return f"{self.member}{self.inside}: {self.what}"

    def __str__(self) -> str:
        return f"{self.name}, at byte {self.offset:,}"


class LeakWatch:
    """A `building.Watch`. Use one for one bundle."""

    def __init__(self, secrets: Mapping[str, str | bytes] | None = None, waivers: Iterable[Waiver] = ()) -> None:
        """
        Args:
            secrets: The stack's secrets: what to call each -> its value. Looked for in plain and in base64.
            waivers: Findings that somebody accepted, by `Finding.name`; `*` stands for any characters.
        """
        self.given = Given.of(secrets or {})
        self.findings: list[Finding] = []
        self._waived = {waiver.finding for waiver in waivers}
        self._used: set[str] = set()
        self._seen: set[str] = set()
        self._queue: queue.Queue[str | bytes | Content | None] = queue.Queue(_WAITING)
        self._member, self._stream = "", None
        self._failure: BaseException | None = None
        self._thread: threading.Thread | None = None

    def begin(self, path: str) -> None:
        """See `building.Watch`."""
        if self._thread is None:
            self._thread = threading.Thread(target=self._search, name="leaks", daemon=True)
            self._thread.start()
        self._queue.put(path)

    def see(self, chunk: bytes) -> None:
        """See `building.Watch`."""
        self._queue.put(chunk)

    def end(self, content: Content | None) -> None:
        """See `building.Watch`."""
        if content is not None and objects.applies(content.member):
            self._queue.put(content)

    def verdict(self) -> None:
        """Wait for the search to end.

        Raises:
            Leak: something was found that nobody waived, or a waiver is for nothing.
        """
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
        if self._failure is not None:
            raise self._failure
        if self.findings:
            listed = "\n".join(f"  {finding}" for finding in self.findings[:_MOST])
            more = f"\n  and {len(self.findings) - _MOST} more" if len(self.findings) > _MOST else ""
            raise Leak(
                f"{len(self.findings)} things in the bundle must not leave, so it was not made:\n{listed}{more}\n"
                "Take them out; what is none, waive by its name (up to the comma) with a reason"
            )

    @property
    def unused_waivers(self) -> list[str]:
        """Waivers for what was not found: to be taken away, so that they hide nothing later."""
        return sorted(self._waived - self._used)

    def found(self, inside: str, what: str, offset: int) -> None:
        """A finding in the member that is being searched."""
        finding = Finding(self._member, inside, what, offset)
        waiver = next((each for each in self._waived if fnmatchcase(finding.name, each)), None)
        if waiver:
            self._used.add(waiver)
        elif finding.name not in self._seen:
            self._seen.add(finding.name)
            self.findings.append(finding)

    def _search(self) -> None:
        try:
            while (item := self._queue.get()) is not None:
                if isinstance(item, bytes):
                    assert self._stream is not None
                    self._stream.feed(item)
                    continue
                if isinstance(item, Content):
                    with item.open() as stream:
                        for what in objects.filled_secrets(stream.read()):
                            self.found("", what, 0)
                    continue
                self._close()
                self._member, self._stream = item, _Stream(self, "", 0)
            self._close()
        except BaseException as error:  # noqa: BLE001 - handed to the thread that waits for the verdict
            self._failure = error
            while self._queue.get() is not None:
                pass

    def _close(self) -> None:
        if self._stream is not None:
            self._stream.close()


class _Stream:
    """One file, in the bundle or inside an archive: looked at as it is, and taken apart if it is an archive."""

    def __init__(self, watch: LeakWatch, inside: str, depth: int) -> None:
        self._watch, self._inside, self._depth = watch, inside, depth
        self._start: bytes | None = b""
        self._reader: unpacking.Sink | None = None
        self._tail, self._at = b"", 0

    def feed(self, data: bytes) -> None:
        """The next bytes."""
        if self._start is not None:
            self._start += data
            if len(self._start) < unpacking.BLOCK:
                return
            data = self._sniffed()
        self._look(data)

    def close(self) -> None:
        """No more come."""
        if self._start:
            self._look(self._sniffed())
        if self._reader:
            self._reader.close()

    def _sniffed(self) -> bytes:
        start, self._start = self._start or b"", None
        if self._depth < unpacking.DEEPEST:
            self._reader = unpacking.reader(start, self._open, self._unread)
        return start

    def _open(self, name: str) -> _Stream:
        return _Stream(self._watch, f"{self._inside}!{name}" if name else self._inside, self._depth + 1)

    def _unread(self, why: str) -> None:
        self._watch.found(self._inside, f"cannot be looked into: {why}", 0)

    def _look(self, data: bytes) -> None:
        if not isinstance(self._reader, unpacking.Tar):  # a tar's files are looked at one by one
            window = self._tail + data
            base = self._at - len(self._tail)
            for hit in hits(window, base, self._watch.given):
                self._watch.found(self._inside, hit.what, hit.offset)
            self._tail = window[-OVERLAP:]
        self._at += len(data)
        if self._reader:
            self._reader.feed(data)
