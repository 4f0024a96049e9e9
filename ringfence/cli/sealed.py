"""What the commands about bundles share: whom to trust, what to open, where to remember, how far it is.

Owns no command.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ringfence.airgap import splitting, verification
from ringfence.airgap.keys import load_public
from ringfence.airgap.manifest import Part
from ringfence.airgap.reading import Bundle
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import Trust
from ringfence.cli import console
from ringfence.engine.places import Places
from ringfence.errors import UsageError

_UNITS = ("B", "KB", "MB", "GB", "TB", "PB")
_POWERS = {unit: 1000**power for power, unit in enumerate(_UNITS)}
_POWERS |= {f"{unit[0]}iB": 1024**power for power, unit in enumerate(_UNITS) if power}


def accepted_file() -> Path:
    """Where the high side remembers what it took, unless told otherwise: one file a user."""
    return _home() / "airgap" / "accepted.json"


def ledger_folder() -> Path:
    """Where the low side keeps the manifests of what it sent, for receipts that are read aloud."""
    return _home() / "airgap" / "sent"


def _home() -> Path:
    # The cache is of no interest here, and need not be anywhere.
    return Places.from_environment({"RINGFENCE_CACHE": os.devnull, **os.environ}).home


def trust(files: Sequence[Path], threshold: int | None = None) -> Trust:
    """Whom the public keys in `files` make trusted.

    Raises:
        UsageError: no file, one that is no public key, or a threshold that cannot be met.
    """
    return Trust.of([load_public(file) for file in files], threshold)


def open_verified(files: Sequence[Path], whom: Trust, progress: verification.Said | None = None) -> Bundle:
    """A bundle, checked to its last byte: one file, or the parts of a split one. One part stands for all, if the
    others are beside it.

    Raises:
        BundleRefused: see `verification.verify` and `splitting.verify_parts`.
    """
    first = FileSource(files[0])
    which = verification.check_head(first, whom).manifest.part  # nothing is parsed that nobody trusted signed
    if which is None and len(files) == 1:
        return verification.verify(first, whom, progress)
    first.close()
    if which is None:
        raise UsageError("name one bundle, or the parts of one split bundle")
    return splitting.verify_parts(_parts(files, which), whom, progress)


def open_unverified(file: Path) -> Bundle:
    """A bundle to look at without trusting it; for a split one, any part, with the others beside it."""
    opened = verification.unverified(FileSource(file))
    if opened.manifest.part is None:
        return opened
    opened.close()
    return splitting.unverified_parts(_parts([file], opened.manifest.part))


def _parts(files: Sequence[Path], which: Part) -> list[Path]:
    """All that were named; when it is one, those beside it as well."""
    if len(files) > 1:
        return list(files)
    beside = [file for file in splitting.siblings(files[0], which) if file.exists()]
    return [*beside, *(file for file in files if file not in beside)]


def size(text: str) -> int:
    """Bytes of a size such as `4.7GB`, `700 MiB` or `4096`.

    Raises:
        UsageError: it is no size.
    """
    word = text.strip().replace(" ", "")
    number = word.rstrip("iBbKMGTPkmgtp")
    unit = word[len(number) :] or "B"
    unit = unit[0].upper() + unit[1:] if unit else unit
    unit = unit if unit in _POWERS else f"{unit}B"
    try:
        value = float(number) * _POWERS[unit]
    except (ValueError, KeyError):
        raise UsageError(f"{text!r} is no size: write bytes, or 700MB, 4.7GB, 25GB, 4GiB") from None
    if not 1 <= value < 2**53:
        raise UsageError(f"{text!r}: a size is at least one byte")
    return int(value)


def shown(count: int) -> str:
    """Bytes for people: `4.7 GB`."""
    value, unit = float(count), 0
    while value >= 1000 and unit < len(_UNITS) - 1:
        value, unit = value / 1000, unit + 1
    return f"{count} B" if unit == 0 else f"{value:.1f} {_UNITS[unit]}"


@contextmanager
def meter(title: str) -> Generator[Callable[[int, int], None]]:
    """Shows bytes done, bytes in all and the time left, on stderr."""
    start = time.monotonic()
    with console.progress(title) as line:

        def at(done: int, total: int) -> None:
            passed = time.monotonic() - start
            left = f", {_duration(passed / done * (total - done))} left" if done and passed > 1 else ""
            line.at(f"{shown(done)} of {shown(total)}{left}")

        yield at


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"
