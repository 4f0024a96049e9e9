"""What the high side says it applied: signed, short, and of no use to anybody who wants to know what is there.

A receipt names a bundle (name, sequence, digest) and what came of it. It is the same signature in three spellings: a
file (DSSE), groups of five signs to read aloud, and a QR code of those. The spoken form leaves out what the low side
knows already, so only it can make it whole again: it needs the manifests of what it sent.

Owns the three spellings. Refuses to own when a receipt is written.
"""

from __future__ import annotations

import io
import json
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import rfc8785
import segno
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import Signature

from ringfence.airgap import spoken
from ringfence.airgap.keys import PublicKey, Sealer
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.signing import PAYLOAD_TYPE, STATEMENT
from ringfence.errors import RingfenceError

PREDICATE = "urn:ringfence:receipt:v1"
_VERSION = 1
_LOOKUP = 5
"""Bytes of a bundle's digest that are read aloud: enough to tell the low side's own bundles apart."""


class Result(StrEnum):
    """What came of a bundle."""

    APPLIED = "applied"
    REFUSED = "refused"
    FAILED = "failed"
    ROLLED_BACK = "rolled-back"
    """It was applied, and it is a bundle from before: see `Receipt.sequence`."""


class Sides(StrEnum):
    """Whether both sides hold the same: the canonical digests of the manifest against those of the high side."""

    EQUAL = "equal"
    DIFFERENT = "different"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class Receipt:
    """A receipt and its signature."""

    name: str
    sequence: int
    bundle: str
    """Digest of the bundle's manifest."""
    result: Result
    sides: Sides
    keyid: str
    signature: bytes

    @classmethod
    def write(cls, manifest: Manifest, result: Result, sides: Sides, sealer: Sealer) -> Receipt:
        """A receipt for a bundle, signed with a key of the high side."""
        draft = cls(manifest.name, manifest.sequence, manifest.digest, result, sides, sealer.public.keyid, b"")
        signed = sealer.sign(draft._envelope().pae())
        return cls(draft.name, draft.sequence, draft.bundle, result, sides, draft.keyid, signed)

    def as_file(self) -> bytes:
        """The receipt as a file: a DSSE envelope in canonical JSON."""
        return rfc8785.dumps(self._envelope().to_dict()) + b"\n"

    def as_groups(self) -> list[str]:
        """The receipt to read aloud."""
        result, sides = list(Result).index(self.result), list(Sides).index(self.sides)
        start = bytes([_VERSION, result << 4 | sides]) + bytes.fromhex(self.bundle.removeprefix("sha256:"))[:_LOOKUP]
        return spoken.groups(start + self.signature)

    def as_svg(self) -> bytes:
        """A QR code of the groups, to photograph or print."""
        stream = io.BytesIO()
        segno.make_qr(" ".join(self.as_groups()), error="m").save(stream, kind="svg", scale=4)
        return stream.getvalue()

    def as_terminal(self) -> str:
        """The QR code in the characters of a terminal."""
        stream = io.StringIO()
        segno.make_qr(" ".join(self.as_groups()), error="l").terminal(stream, compact=True)
        return stream.getvalue()

    def check(self, trusted: Iterable[PublicKey]) -> None:
        """Refuse a receipt unless the key that it names is trusted and signed it.

        Raises:
            BundleRefused: it is not, or did not.
        """
        if not any(key.keyid == self.keyid and self._signed_by(key) for key in trusted):
            message = f"the receipt for {self.name} sequence {self.sequence} is not signed by a trusted key"
            raise BundleRefused(Why.FOREIGN_SIGNER, message)

    def _signed_by(self, key: PublicKey) -> bool:
        try:
            self._envelope().verify([key.key], 1)
        except VerificationError:
            return False
        return True

    def _statement(self) -> bytes:
        subject = {"name": self.name, "digest": {"sha256": self.bundle.removeprefix("sha256:")}}
        said = {"sequence": self.sequence, "result": self.result.value, "sides": self.sides.value}
        return rfc8785.dumps({"_type": STATEMENT, "subject": [subject], "predicateType": PREDICATE, "predicate": said})

    def _envelope(self) -> Envelope:
        signature = Signature(self.keyid, self.signature.hex())
        return Envelope(self._statement(), PAYLOAD_TYPE, {self.keyid: signature})


def read(text: str, known: Iterable[Manifest], trusted: Iterable[PublicKey]) -> Receipt:
    """The receipt in a file, in groups that were typed, or in what a scanner made of the QR code.

    Args:
        text: Any of the three.
        known: Manifests of the bundles that were sent; a spoken receipt means nothing without.
        trusted: Keys of the high side.

    Raises:
        RingfenceError: it is no receipt, a group was misheard, or it is for a bundle that is not known.
        BundleRefused: no trusted key signed it.
    """
    trusted = list(trusted)
    receipt = unchecked(text) if text.lstrip().startswith("{") else _from_groups(text, known, trusted)
    receipt.check(trusted)
    return receipt


def unchecked(text: str) -> Receipt:
    """The receipt in a file, whoever signed it: to show it.

    Raises:
        RingfenceError: it is no receipt.
    """
    try:
        envelope = Envelope.from_dict(json.loads(text))
        said = json.loads(envelope.payload)
        (signature,) = envelope.signatures.values()
        (subject,), predicate = said["subject"], said["predicate"]
        receipt = Receipt(
            str(subject["name"]),
            int(predicate["sequence"]),
            "sha256:" + str(subject["digest"]["sha256"]),
            Result(predicate["result"]),
            Sides(predicate["sides"]),
            signature.keyid,
            bytes.fromhex(signature.signature),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, VerificationError):
        raise RingfenceError("not a receipt: neither a file that a carry-in wrote nor groups of five signs") from None
    if receipt._statement() != envelope.payload:
        raise RingfenceError("the receipt says more than a receipt says: it is not one of ours")
    return receipt


def _from_groups(text: str, known: Iterable[Manifest], trusted: Iterable[PublicKey]) -> Receipt:
    try:
        data = spoken.heard(text)
    except spoken.Misheard as error:
        raise RingfenceError(f"receipt: {error}") from None
    start = 2 + _LOOKUP
    if len(data) <= start or data[0] != _VERSION or data[1] >> 4 >= len(Result) or data[1] & 15 >= len(Sides):
        raise RingfenceError("not a receipt of this version: some groups are missing, or it is something else")
    result, sides = list(Result)[data[1] >> 4], list(Sides)[data[1] & 15]
    lookup, signature = data[2:start].hex(), data[start:]
    found = [each for each in known if each.digest.removeprefix("sha256:").startswith(lookup)]
    if not found:
        raise RingfenceError(
            f"the receipt is for bundle {lookup}..., which was not sent from here: name the bundle itself as base, or "
            "export a whole one"
        )
    for each in found:
        for key in trusted:
            receipt = Receipt(each.name, each.sequence, each.digest, result, sides, key.keyid, signature)
            if receipt._signed_by(key):
                return receipt
    raise BundleRefused(Why.FOREIGN_SIGNER, "the receipt is not signed by a trusted key of the high side")
