"""Say what is wrong with a file that is not the bundle it should be: which entry, where, and what stands there.

Owns words. Whether something is wrong was decided before anything here is called.
"""

from __future__ import annotations

import tarfile
from collections.abc import Sequence
from typing import NoReturn

from ringfence.airgap.container import BLOCK, END, Container, Stretch, long_name
from ringfence.airgap.paths import safe_path
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import Source, read_exactly

REGULAR = (tarfile.REGTYPE, tarfile.XHDTYPE)


def refuse_truncated(source: Source, container: Container, at: int) -> NoReturn:
    """Say where the file ends, and how much is missing."""
    missing = container.size - source.size
    message = f"{source.name}: truncated at byte {at:,}, in {container.at(at)}: {missing:,} bytes are missing"
    raise BundleRefused(Why.TRUNCATED, message, member=container.at(at), offset=at)


def refuse_header(source: Source, container: Container, expected: Stretch | None, at: int, found: bytes) -> NoReturn:
    """Say what stands where a member's header, or the end, should be."""
    if at + len(found) >= source.size and len(found) < len(expected.header if expected else END):
        refuse_truncated(source, container, source.size)
    why, said = _diagnosis(container, expected, _found_entry(source, at), source.size)
    wanted = expected.path if expected else "the end"
    message = f"{source.name}: {why} at byte {at:,}, where {wanted} belongs: {said}"
    raise BundleRefused(why, message, member=expected.path if expected else None, offset=at)


def _found_entry(source: Source, at: int) -> tarfile.TarInfo | None:
    """The tar entry at an offset, with its long name, if there is one; None for zeros or rubbish."""
    window = read_exactly(source, at, 8 * BLOCK)
    try:
        entry = tarfile.TarInfo.frombuf(window[:BLOCK], "utf-8", "strict")
        if entry.type == tarfile.XHDTYPE:
            return long_name(window, entry)
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError):
        return None
    return entry


def _diagnosis(
    container: Container, expected: Stretch | None, entry: tarfile.TarInfo | None, size: int
) -> tuple[Why, str]:
    if entry is None:
        return Why.CHANGED, "no entry of a tar"
    if entry.type not in REGULAR:
        kinds = {tarfile.SYMTYPE: "a symbolic link", tarfile.LNKTYPE: "a hard link", tarfile.DIRTYPE: "a folder"}
        return Why.UNSAFE, f"{entry.name!r} is {kinds.get(entry.type, 'a device or another special file')}"
    try:
        safe_path(entry.name)
    except ValueError as error:
        return Why.UNSAFE, str(error)
    paths: Sequence[str] = [each.path for each in (*container.head, *container.body)]
    if expected and entry.name == expected.path:
        return Why.CHANGED, "its header is not the signed one"
    if entry.name not in paths:
        return Why.ADDED, f"{entry.name!r} is not in the manifest"
    if expected is None or paths.index(entry.name) < paths.index(expected.path):
        same = size == container.size
        return (Why.REORDERED if same else Why.DUPLICATED), f"{entry.name!r} stands there again"
    return (Why.REORDERED if size == container.size else Why.DROPPED), f"{entry.name!r} stands there"
