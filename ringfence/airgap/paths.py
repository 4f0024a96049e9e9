"""The paths in a bundle: which belong to the format, which are allowed, and how they are sorted.

Owns strings. Touches no file system.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable

MANIFEST_PATH = "bundle.json"
SUMS_PATH = "SHA256SUMS"
SIGNATURES = "signatures"
RESERVED = (MANIFEST_PATH, SUMS_PATH, SIGNATURES)
"""Names at the top of a bundle that belong to the format."""
BLOBS = "blobs/sha256/"
"""Where an OCI layout keeps blobs, each called by its digest."""
FIRST = ("oci-layout", "index.json")
"""Members that stand before the others, so that a reader of a stream knows the images before their layers come."""


def safe_path(path: str) -> str:
    """`path`, if it is a relative path that names the same file everywhere and leads nowhere else.

    Raises:
        ValueError: it is absolute, climbs (`..`), has an empty or dotted step, control characters, backslashes,
            another normal form than NFC, a step of more than 255 bytes or more than 1,024 bytes in all.
    """
    steps = path.split("/")
    if any(step in ("", ".", "..") for step in steps):
        raise ValueError(f"{path!r} is not a plain relative path")
    if not path.isprintable() or "\\" in path or path != unicodedata.normalize("NFC", path):
        raise ValueError(f"{path!r} has characters that a bundle does not allow")
    try:
        sizes = [len(step.encode()) for step in steps]
    except UnicodeEncodeError:
        raise ValueError(f"{path!r} is not Unicode text") from None
    if max(sizes) > 255 or sum(sizes) + len(sizes) > 1024:
        raise ValueError(f"{path[:60]!r}... is too long: 255 bytes a step and 1,024 in all are allowed")
    return path


def order(path: str) -> tuple[bool, bytes]:
    """How members are sorted: the OCI layout's own files first, the rest by the bytes of their paths."""
    return path not in FIRST, path.encode()


def refuse_clashes(paths: Iterable[str]) -> None:
    """Refuse what is there twice, also for file systems that do not tell cases apart, or is file and folder."""
    files, folders = set(), set()
    for path in paths:
        if path.split("/")[0] in RESERVED:
            raise ValueError(f"{path!r}: the name belongs to the format")
        folded = path.casefold()
        if folded in files:
            raise ValueError(f"{path!r} is there twice")
        files.add(folded)
        steps = folded.split("/")
        folders.update("/".join(steps[:end]) for end in range(1, len(steps)))
    for both in sorted(files & folders):
        raise ValueError(f"{both!r} is a file and a folder")
