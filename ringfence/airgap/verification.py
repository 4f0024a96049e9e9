"""Refuse every file that is not, to the last byte, the bundle that trusted people signed; read only what is.

The order is what makes it safe: the head is read within fixed limits; a trusted signature must cover `bundle.json`
before it is parsed; then every other byte is compared with what the manifest says it must be. No clock is asked.
Nothing can be read from a bundle before all of it has been checked, because `verify` is what returns the reader.

Owns the check of one file. The high side's memory (sequence, base) is `accepted`'s.
"""

from __future__ import annotations

import hashlib
import json
import tarfile
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ringfence.airgap import signing
from ringfence.airgap.container import (
    BLOCK,
    END,
    LARGEST_MANIFEST,
    LARGEST_SIGNATURE,
    Container,
    Stretch,
    header,
)
from ringfence.airgap.contents import CHUNK
from ringfence.airgap.diagnosis import refuse_header, refuse_truncated
from ringfence.airgap.keys import PublicKey
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.paths import MANIFEST_PATH, SIGNATURES, SUMS_PATH
from ringfence.airgap.reading import Bundle
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import Source, read_exactly
from ringfence.errors import UsageError

Said = Callable[[int, int], None]
"""Told how far it is: bytes done, bytes in all."""
MOST_SIGNATURE_FILES = 3 * 64


@dataclass(frozen=True)
class Trust:
    """Whom the high side trusts: public keys that came by another way than the bundle."""

    keys: tuple[PublicKey, ...]
    threshold: int
    """How many of them must have signed."""

    @classmethod
    def of(cls, keys: Iterable[PublicKey], threshold: int | None = None) -> Trust:
        """All of `keys` must have signed, or `threshold` of them.

        Raises:
            UsageError: no key, or a threshold that cannot be met.
        """
        distinct = tuple({key.keyid: key for key in keys}.values())
        wanted = len(distinct) if threshold is None else threshold
        if not distinct:
            raise UsageError("name a public key to trust: --trust FILE.pub")
        if not 1 <= wanted <= len(distinct):
            raise UsageError(
                f"--threshold {wanted}: {len(distinct)} different keys are trusted, so 1 to {len(distinct)}"
            )
        return cls(distinct, wanted)


def verify(source: Source, trust: Trust, progress: Said | None = None) -> Bundle:
    """Check all of a bundle; the verified bundle, which can be read.

    Raises:
        BundleRefused: with the reason, the member and the offset.
    """
    container = check_head(source, trust)
    check_body(source, container, progress)
    return Bundle(source, container, verified=True)


def unverified(source: Source) -> Bundle:
    """Open a bundle without trusting anybody: to look at it. Its head is whole and as it says; nothing more is known.

    Raises:
        BundleRefused: it is no bundle, or its head is not as its own manifest says.
    """
    raw, signatures = read_head(source)
    container = Container(Manifest.decoded(raw), signatures)
    _compare_head(source, container)
    return Bundle(source, container, verified=False)


def check_head(source: Source, trust: Trust) -> Container:
    """Check everything before the first member: signatures, manifest, `SHA256SUMS`. Reads nothing else."""
    raw, signatures = read_head(source)
    try:
        _require_trusted(raw, signatures, trust)
        container = Container(Manifest.decoded(raw), signatures)
        signing.check_all(container.manifest, signatures)
    except BundleRefused as refused:
        message = f"{source.name}: {refused}"
        raise BundleRefused(refused.why, message, member=refused.member, offset=refused.offset) from None
    _compare_head(source, container)
    return container


def read_head(source: Source) -> tuple[bytes, dict[str, bytes]]:
    """The manifest's bytes and the signatures, unchecked but within limits.

    Raises:
        BundleRefused: the file does not begin as a bundle does.
    """
    raw, at = _entry(source, 0, MANIFEST_PATH, LARGEST_MANIFEST)
    _, at = _entry(source, at, SUMS_PATH, LARGEST_MANIFEST)
    signatures: dict[str, bytes] = {}
    while (name := _name(source, at)) and name.startswith(f"{SIGNATURES}/"):
        if len(signatures) == MOST_SIGNATURE_FILES:
            raise BundleRefused(Why.UNSAFE, f"{source.name}: more than {MOST_SIGNATURE_FILES} signatures", offset=at)
        short = name.removeprefix(f"{SIGNATURES}/")
        if short in signatures:
            raise BundleRefused(Why.DUPLICATED, f"{source.name}: {name} is there twice", member=name, offset=at)
        signatures[short], at = _entry(source, at, name, LARGEST_SIGNATURE)
    return raw, signatures


def _name(source: Source, at: int) -> str | None:
    block = read_exactly(source, at, BLOCK)
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict").name
    except (tarfile.HeaderError, UnicodeDecodeError):
        return None


def _entry(source: Source, at: int, path: str, largest: int) -> tuple[bytes, int]:
    """The content of the entry at `at`, which must be the regular file `path`, and where the next one begins."""
    block = read_exactly(source, at, BLOCK)
    if len(block) < BLOCK:
        raise BundleRefused(Why.TRUNCATED, f"{source.name}: ends before {path}", member=path, offset=at)
    try:
        entry = tarfile.TarInfo.frombuf(block, "utf-8", "strict")
        plain = entry.name == path and header(path, entry.size, int(entry.mtime)) == block
    except (tarfile.HeaderError, UnicodeDecodeError, ValueError):
        entry, plain = None, False
    if entry is None or not plain:
        why = Why.NOT_A_BUNDLE if at == 0 else Why.CHANGED
        message = f"{source.name}: at byte {at:,} a bundle has {path}; this is something else"
        raise BundleRefused(why, message, member=path, offset=at)
    if entry.size > largest:
        message = f"{source.name}: {path} says it has {entry.size:,} bytes; {largest:,} are allowed"
        raise BundleRefused(Why.UNSAFE, message, member=path, offset=at)
    data = read_exactly(source, at + BLOCK, entry.size)
    if len(data) < entry.size:
        raise BundleRefused(Why.TRUNCATED, f"{source.name}: ends inside {path}", member=path, offset=at + len(data))
    return data, at + BLOCK + entry.size + (-entry.size % BLOCK)


def _require_trusted(raw: bytes, signatures: dict[str, bytes], trust: Trust) -> None:
    """Refuse unless enough trusted keys signed `bundle.json` as it is. Looks at nothing but their signatures."""
    good, broken, missing = [], [], []
    digest = hashlib.sha256(raw).hexdigest()
    for key in trust.keys:
        text = signatures.get(key.short + signing.ENVELOPE)
        if text is None:
            missing.append(key.short)
        elif _signs(text, key, digest):
            good.append(key.short)
        else:
            broken.append(key.short)
    if len(good) >= trust.threshold:
        return
    needed = f"{trust.threshold} of {len(trust.keys)} trusted keys must have signed, {len(good)} did"
    if broken:
        message = f"{MANIFEST_PATH} or its signature is changed: it is not what key {broken[0]} signed; {needed}"
        raise BundleRefused(Why.CHANGED, message, member=MANIFEST_PATH)
    found = sorted({name.removesuffix(signing.ENVELOPE) for name in signatures if name.endswith(signing.ENVELOPE)})
    by = ", ".join(found) or "nobody"
    why = Why.FOREIGN_SIGNER if found and not good else Why.UNSIGNED
    raise BundleRefused(why, f"not signed by {', '.join(missing)}: {needed}. It is signed by {by}")


def _signs(text: bytes, key: PublicKey, digest: str) -> bool:
    try:
        said = json.loads(signing.signed_payload(text, key))
        return said["subject"] == [{"name": MANIFEST_PATH, "digest": {"sha256": digest}}]
    except (ValueError, KeyError, TypeError):
        return False


def _compare_head(source: Source, container: Container) -> None:
    expected = container.head_bytes
    found = read_exactly(source, 0, len(expected))
    if found != expected:
        at = next((i for i, (a, b) in enumerate(zip(found, expected, strict=False)) if a != b), len(found))
        why = Why.TRUNCATED if at == len(found) else Why.CHANGED
        place = container.at(at)
        raise BundleRefused(why, f"{source.name}: {why} at byte {at:,}, in {place}", member=place, offset=at)


def check_body(source: Source, container: Container, progress: Said | None = None) -> None:
    """Compare every byte after the head with what the manifest says."""
    buffer = memoryview(bytearray(CHUNK))
    for stretch in container.body:
        _check_header(source, container, stretch)
        _check_data(source, container, stretch, buffer, progress)
    _check_end(source, container)


def check_frame(source: Source, container: Container) -> None:
    """Compare what is around the members, but not their bytes: for those that are hashed in another way."""
    for stretch in container.body:
        _check_header(source, container, stretch)
        _check_fill(source, container, stretch)
    _check_end(source, container)


def _check_end(source: Source, container: Container) -> None:
    at = container.members_end
    rest = read_exactly(source, at, len(END) + 1)
    if rest[: len(END)] != END:
        refuse_header(source, container, None, at, rest)
    if len(rest) > len(END) or source.size != container.size:
        extra = source.size - container.size
        message = f"{source.name}: {extra:,} bytes were added after its end"
        raise BundleRefused(Why.ADDED, message, offset=container.size)


def _check_header(source: Source, container: Container, stretch: Stretch) -> None:
    found = read_exactly(source, stretch.at, len(stretch.header))
    if found != stretch.header:
        refuse_header(source, container, stretch, stretch.at, found)


def _check_data(
    source: Source, container: Container, stretch: Stretch, buffer: memoryview, progress: Said | None
) -> None:
    """Hash a member as it is read, and compare what fills its last block."""
    hashed, at, end = hashlib.sha256(), stretch.data_at, stretch.data_at + stretch.size
    while at < end:
        count = source.read_into(at, buffer[: min(len(buffer), end - at)])
        if count == 0:
            refuse_truncated(source, container, at)
        hashed.update(buffer[:count])
        at += count
        if progress:
            progress(at, container.size)
    assert stretch.member is not None
    if f"sha256:{hashed.hexdigest()}" != stretch.member.digest:
        message = (
            f"{source.name}: {stretch.path} is changed: between byte {stretch.data_at:,} and {end:,} are not the "
            f"{stretch.size:,} bytes that were signed"
        )
        raise BundleRefused(Why.CHANGED, message, member=stretch.path, offset=stretch.data_at)
    _check_fill(source, container, stretch)


def _check_fill(source: Source, container: Container, stretch: Stretch) -> None:
    """Compare what fills a member's last block."""
    end = stretch.data_at + stretch.size
    fill = read_exactly(source, end, stretch.end - end)
    if len(fill) < stretch.end - end:
        refuse_truncated(source, container, end + len(fill))
    if any(fill):
        message = f"{source.name}: changed at byte {end:,}, in the padding after {stretch.path}"
        raise BundleRefused(Why.CHANGED, message, member=stretch.path, offset=end)
