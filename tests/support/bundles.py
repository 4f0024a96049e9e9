"""Small bundles with a member of every role, and keys that are the same in every run.

`sealed(folder)` builds one; `Memory` is a file's bytes to tamper with and to read as a bundle.
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Sequence
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from ringfence.airgap import building, delta, keys
from ringfence.airgap.contents import Content, from_bytes
from ringfence.airgap.keys import FileSigner, PublicKey, Sealer
from ringfence.airgap.manifest import LeftOut, Manifest, Role
from ringfence.airgap.paths import BLOBS
from ringfence.airgap.refusals import BundleRefused
from ringfence.airgap.verification import Trust, verify

EPOCH = 1_795_000_000
BLOB_ROLES = (Role.IMAGE, Role.CHART, Role.WEIGHTS)


@cache
def sealer(name: str = "low", kind: str = "ed25519") -> Sealer:
    """A key that is made from its name. For tests only, as everybody can make it."""
    seed = hashlib.sha256(name.encode()).digest()
    private = (
        ed25519.Ed25519PrivateKey.from_private_bytes(seed)
        if kind == "ed25519"
        else ec.derive_private_key(int.from_bytes(seed), ec.SECP256R1())
    )
    public = keys._public(private.public_key(), name)
    return Sealer(FileSigner(private, public), public)


def trust(*names: str, threshold: int | None = None) -> Trust:
    """Trust in keys by name."""
    return Trust.of([sealer(name).public for name in names or ("low",)], threshold)


def contents(seed: int = 0, size: int = 1500) -> list[Content]:
    """A member of every role but `part`, of bytes that look like nothing, with one long path and one empty file."""
    rng, made = random.Random(seed), []
    for number, role in enumerate(role for role in Role if role is not Role.PART):
        data = rng.randbytes(size + 37 * number)
        path = f"{role.value}/{number}.bin"
        if role in BLOB_ROLES:
            path = BLOBS + hashlib.sha256(data).hexdigest()
        elif role is Role.LAYOUT:
            path = "oci-layout"
        made.append(from_bytes(path, role, data, f"{role.value} for the test"))
    made.append(from_bytes(f"docs/{'long/' * 40}page.md", Role.DOCS, rng.randbytes(700), "a path of 200 characters"))
    made.append(from_bytes("docs/empty", Role.DOCS, b"", "an empty file"))
    return made


def planned(
    items: Sequence[Content],
    sequence: int = 1,
    *,
    sealers: Sequence[Sealer] | None = None,
    base: Manifest | None = None,
    left_out: Sequence[LeftOut] = (),
    name: str = "prod",
) -> Manifest:
    """The manifest of a test's bundle."""
    signers: list[PublicKey] = [each.public for each in sealers or [sealer()]]
    return delta.plan(name, sequence, items, signers, epoch=EPOCH, base=base, left_out=left_out)


def sealed(
    folder: Path, sequence: int = 1, seed: int = 0, *, sealers: Sequence[Sealer] | None = None
) -> building.Built:
    """A bundle with a member of every role."""
    items = contents(seed)
    return building.build(planned(items, sequence, sealers=sealers), items, folder, sealers or [sealer()])


class Memory:
    """Bytes as a `Source`."""

    name = "tampered.tar"

    def __init__(self, data: bytes) -> None:
        self.data = data

    @property
    def size(self) -> int:
        """See `Source`."""
        return len(self.data)

    def read_into(self, offset: int, buffer: memoryview) -> int:
        """See `Source`."""
        piece = self.data[offset : offset + len(buffer)]
        buffer[: len(piece)] = piece
        return len(piece)

    def close(self) -> None:
        """See `Source`."""


def refused(data: bytes, whom: Trust | None = None) -> BundleRefused:
    """How a file's bytes are refused. Fails when they are not."""
    try:
        verify(Memory(data), whom or trust())
    except BundleRefused as refusal:
        return refusal
    raise AssertionError("it was accepted")
