"""Who vouches for a bundle: for each signer a DSSE envelope, a raw signature and, for Ed25519, a minisign one.

The envelope (in a Sigstore bundle, which cosign reads) carries an in-toto statement about `bundle.json`. The other
two sign `SHA256SUMS`, which names `bundle.json` and every member, so that `openssl` or `minisign` and `sha256sum`
are enough when nothing else can be trusted. Ed25519 signs the same bytes the same way each time, and ECDSA keys of
files do as well: signatures are as reproducible as the rest.

Owns the spelling of the three. Refuses to own cryptography and the decision whom to trust.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable, Mapping

import rfc8785
from securesystemslib.dsse import Envelope
from securesystemslib.exceptions import UnverifiedSignatureError, VerificationError
from securesystemslib.signer import Signature

from ringfence.airgap import keys
from ringfence.airgap.keys import PublicKey, Sealer
from ringfence.airgap.manifest import Manifest, sums
from ringfence.airgap.paths import MANIFEST_PATH
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.errors import UsageError

STATEMENT = "https://in-toto.io/Statement/v1"
RELEASE = "https://in-toto.io/attestation/release/v0.1"
"""The in-toto predicate for `these files are this release`: github.com/in-toto/attestation, spec/predicates."""
PAYLOAD_TYPE = "application/vnd.in-toto+json"
SIGSTORE = "application/vnd.dev.sigstore.bundle.v0.3+json"
ENVELOPE, RAW, MINISIGN = ".sigstore.json", ".sig", ".minisig"


def statement(manifest: Manifest) -> bytes:
    """The in-toto statement about a manifest, as canonical JSON."""
    subject = {"name": MANIFEST_PATH, "digest": {"sha256": manifest.digest.removeprefix("sha256:")}}
    predicate = {"purl": f"pkg:generic/{manifest.name}@{manifest.sequence}"}
    return rfc8785.dumps({"_type": STATEMENT, "subject": [subject], "predicateType": RELEASE, "predicate": predicate})


def sign(manifest: Manifest, sealers: Iterable[Sealer]) -> dict[str, bytes]:
    """The files of `signatures/`: file name -> bytes.

    Raises:
        RingfenceError: a token refused to sign.
    """
    files: dict[str, bytes] = {}
    for sealer in sealers:
        name = sealer.public.short
        envelope = sealer.sign(_envelope(statement(manifest), None).pae())
        files[name + ENVELOPE] = sigstore_text(statement(manifest), sealer.public.keyid, envelope)
        files[name + RAW] = sealer.sign(sums(manifest))
        if sealer.public.raw_ed25519 is not None:
            files[name + MINISIGN] = _minisign(manifest, sealer)
    return files


def sigstore_text(payload: bytes, keyid: str, signature: bytes) -> bytes:
    """A Sigstore bundle of one DSSE envelope with one signature, as canonical JSON."""
    return rfc8785.dumps(
        {
            "mediaType": SIGSTORE,
            "verificationMaterial": {"publicKey": {"hint": keyid}, "tlogEntries": []},
            "dsseEnvelope": _envelope(payload, Signature(keyid, signature.hex())).to_dict(),
        }
    )


def signed_payload(text: bytes, key: PublicKey) -> bytes:
    """The payload of a Sigstore bundle that `key` signed.

    Raises:
        ValueError: it is no such bundle, or `key` did not sign it, or it is spelled otherwise than canonically.
    """
    try:
        envelope = Envelope.from_dict(json.loads(text)["dsseEnvelope"])
        envelope.verify([key.key], 1)
        again = sigstore_text(envelope.payload, key.keyid, bytes.fromhex(envelope.signatures[key.keyid].signature))
    except (VerificationError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(str(error)) from None
    if again != text or envelope.payload_type != PAYLOAD_TYPE:
        raise ValueError("not in canonical form")
    return envelope.payload


def check_all(manifest: Manifest, files: Mapping[str, bytes]) -> None:
    """Refuse unless `files` are what every signer that the manifest names has signed, to the last byte.

    This says nothing of trust: the manifest names its own signers.
    """
    try:
        signers = [keys.public_key(base64.b64decode(each.key), each.keyid[:16]) for each in manifest.signers]
    except UsageError as error:
        raise BundleRefused(Why.NOT_A_BUNDLE, f"{MANIFEST_PATH}: signer {error}", member=MANIFEST_PATH) from None
    expected = {signer.short + kind for signer in signers for kind in _kinds(signer)}
    for name in sorted(set(files) - expected):
        _refuse(Why.FOREIGN_SIGNER, name, "a signature that the manifest does not announce")
    for name in sorted(expected - set(files)):
        _refuse(Why.UNSIGNED, name, "the manifest announces this signature, and it is not there")
    for signer in signers:
        name = signer.short
        try:
            if signed_payload(files[name + ENVELOPE], signer) != statement(manifest):
                raise ValueError("it is about another bundle")
        except ValueError as error:
            _refuse(Why.CHANGED, name + ENVELOPE, str(error))
        if not _holds(signer, files[name + RAW], sums(manifest)):
            _refuse(Why.CHANGED, name + RAW, "not a signature of SHA256SUMS")
        if name + MINISIGN in files and not _minisign_holds(manifest, signer, files[name + MINISIGN]):
            _refuse(Why.CHANGED, name + MINISIGN, "not a minisign signature of SHA256SUMS")


def _kinds(signer: PublicKey) -> tuple[str, ...]:
    return (ENVELOPE, RAW) if signer.raw_ed25519 is None else (ENVELOPE, RAW, MINISIGN)


def _refuse(why: Why, name: str, message: str) -> None:
    raise BundleRefused(why, f"signatures/{name}: {message}", member=f"signatures/{name}")


def _envelope(payload: bytes, signature: Signature | None) -> Envelope:
    return Envelope(payload, PAYLOAD_TYPE, {} if signature is None else {signature.keyid: signature})


def _holds(signer: PublicKey, signature: bytes, payload: bytes) -> bool:
    try:
        signer.key.verify_signature(Signature(signer.keyid, signature.hex()), payload)
    except (UnverifiedSignatureError, VerificationError):
        return False
    return True


# minisign's format: jedisct1.github.io/minisign. Two lines with a signature of the BLAKE2b-512 of the file ("ED"), two
# with a signature of that signature and the comment.
def _minisign(manifest: Manifest, sealer: Sealer) -> bytes:
    first = sealer.sign(hashlib.blake2b(sums(manifest)).digest())
    second = sealer.sign(first + _comment(manifest).encode())
    return _minisign_text(manifest, sealer.public, first, second)


def _minisign_text(manifest: Manifest, key: PublicKey, first: bytes, second: bytes) -> bytes:
    packed = base64.b64encode(b"ED" + keys.minisign_id(key) + first).decode()
    closing = base64.b64encode(second).decode()
    return (
        f"untrusted comment: SHA256SUMS, signed by ringfence key {key.short}\n{packed}\n"
        f"trusted comment: {_comment(manifest)}\n{closing}\n"
    ).encode()


def _comment(manifest: Manifest) -> str:
    return f"ringfence {manifest.name} sequence {manifest.sequence} {manifest.digest}"


def _minisign_holds(manifest: Manifest, key: PublicKey, text: bytes) -> bool:
    try:
        _, packed, _, closing = text.decode().splitlines()
        first, second = base64.b64decode(packed)[10:], base64.b64decode(closing)
    except ValueError:
        return False
    return (
        text == _minisign_text(manifest, key, first, second)
        and _holds(key, first, hashlib.blake2b(sums(manifest)).digest())
        and _holds(key, second, first + _comment(manifest).encode())
    )
