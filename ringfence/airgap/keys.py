"""Keys that seal and open bundles: Ed25519 or ECDSA P-256, in files that `openssl` and `minisign` read too.

A private key is PKCS#8 PEM, encrypted when RINGFENCE_KEY_PASSPHRASE is set. A public key's file has two lines that
minisign reads and then PEM, which openssl reads: one file for both. A key comes from a file, from an environment
variable (`env:NAME`) or from a PKCS#11 token (`pkcs11:ID?label=LABEL`); never from the command line.

Owns files and sources of keys. Refuses to own cryptography: that is `cryptography`'s and `securesystemslib`'s.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from securesystemslib.exceptions import UnsupportedLibraryError
from securesystemslib.signer import HSMSigner, Key, SecretsHandler, Signature, Signer, SSlibKey

from ringfence.airgap.manifest import SignerKey
from ringfence.errors import RingfenceError, UsageError
from ringfence.files import write_whole

try:
    from pkcs11.exceptions import PKCS11Error
except ImportError:  # only those who keep keys on a token install it

    class PKCS11Error(Exception):
        """Stands for what a token's library raises, where there is none."""


PASSPHRASE = "RINGFENCE_KEY_PASSPHRASE"
"""Environment variable with the passphrase of encrypted private keys."""
PIN = "RINGFENCE_PKCS11_PIN"
"""Environment variable with the PIN of a PKCS#11 token."""
MODULE = "PYKCS11LIB"
"""Environment variable with the path of the token's PKCS#11 module, as securesystemslib reads it."""

PrivateKey = ed25519.Ed25519PrivateKey | ec.EllipticCurvePrivateKey


@dataclass(frozen=True)
class PublicKey:
    """Somebody's public key."""

    key: SSlibKey
    der: bytes
    """SubjectPublicKeyInfo."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the SubjectPublicKeyInfo, hexadecimal."""
        return self.key.keyid

    @property
    def short(self) -> str:
        """The first 16 digits of the key id: what files and people call it."""
        return self.keyid[:16]

    @property
    def raw_ed25519(self) -> bytes | None:
        """The 32 bytes of an Ed25519 key; None for other kinds, which minisign does not know."""
        loaded = serialization.load_der_public_key(self.der)
        if not isinstance(loaded, ed25519.Ed25519PublicKey):
            return None
        return loaded.public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)

    def as_signer(self) -> SignerKey:
        """The key as a manifest names it."""
        return SignerKey(keyid=self.keyid, key=base64.b64encode(self.der).decode())

    def as_text(self) -> str:
        """The file: two lines for minisign where it can use the key, and PEM."""
        loaded = serialization.load_der_public_key(self.der)
        pem = loaded.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode()
        raw = self.raw_ed25519
        if raw is None:
            return pem
        packed = base64.b64encode(b"Ed" + minisign_id(self) + raw).decode()
        return f"untrusted comment: ringfence public key {self.short}\n{packed}\n{pem}"


def minisign_id(key: PublicKey) -> bytes:
    """The eight bytes by which minisign tells keys apart: those that `short` spells."""
    return bytes.fromhex(key.short)


def public_key(der: bytes, where: str) -> PublicKey:
    """The public key of a SubjectPublicKeyInfo.

    Raises:
        UsageError: it is none, or of a kind that does not sign bundles.
    """
    try:
        loaded = serialization.load_der_public_key(der)
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{where}: not a public key that can be read") from None
    return _public(loaded, where)


def load_public(file: Path) -> PublicKey:
    """The public key of a `.pub` file.

    Raises:
        UsageError: the file cannot be read, or holds a private key or none of a kind that signs bundles.
    """
    try:
        text = file.read_bytes()
    except OSError as error:
        raise UsageError(f"{file}: cannot read the public key: {error.strerror}") from None
    if b"PRIVATE KEY" in text:
        raise UsageError(f"{file} is a private key: name the public one, {file}.pub")
    begin = text.find(b"-----BEGIN PUBLIC KEY-----")
    try:
        if begin < 0:
            raise ValueError
        loaded = serialization.load_pem_public_key(text[begin:])
    except (ValueError, UnsupportedAlgorithm):
        raise UsageError(f"{file}: no PEM public key in it; `ringfence keygen -o FILE` makes FILE.pub") from None
    return _public(loaded, str(file))


def _public(loaded: object, where: str) -> PublicKey:
    usable = isinstance(loaded, ed25519.Ed25519PublicKey) or (
        isinstance(loaded, ec.EllipticCurvePublicKey) and isinstance(loaded.curve, (ec.SECP256R1, ec.SECP384R1))
    )
    if not usable or not isinstance(loaded, (ed25519.Ed25519PublicKey, ec.EllipticCurvePublicKey)):
        raise UsageError(f"{where}: bundles are signed with Ed25519, ECDSA P-256 or ECDSA P-384 keys")
    der = loaded.public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return PublicKey(SSlibKey.from_crypto(loaded, keyid=hashlib.sha256(der).hexdigest()), der)


class FileSigner(Signer):
    """Signs with a private key in memory. The same bytes are signed the same way each time, ECDSA too (RFC 6979)."""

    def __init__(self, private: PrivateKey, public: PublicKey) -> None:
        self._private, self.public = private, public

    @property
    def public_key(self) -> Key:
        """The public half."""
        return self.public.key

    @classmethod
    def from_priv_key_uri(
        cls, priv_key_uri: str, public_key: Key, secrets_handler: SecretsHandler | None = None
    ) -> FileSigner:
        """Not used: `load_signer` is."""
        raise NotImplementedError

    def sign(self, payload: bytes) -> Signature:
        """The signature of `payload`."""
        if isinstance(self._private, ed25519.Ed25519PrivateKey):
            made = self._private.sign(payload)
        else:
            hashed = hashes.SHA384() if isinstance(self._private.curve, ec.SECP384R1) else hashes.SHA256()
            made = self._private.sign(payload, ec.ECDSA(hashed, deterministic_signing=True))
        return Signature(self.public.keyid, made.hex())


@dataclass(frozen=True)
class Sealer:
    """A private key in use."""

    signer: Signer
    public: PublicKey

    def sign(self, payload: bytes) -> bytes:
        """The raw signature: 64 bytes for Ed25519, DER for ECDSA.

        Raises:
            RingfenceError: the token refused.
        """
        try:
            return bytes.fromhex(self.signer.sign(payload).signature)
        except (UnsupportedLibraryError, PKCS11Error, ValueError) as error:
            why = str(error) or type(error).__name__
            raise RingfenceError(f"key {self.public.short} did not sign: {why}") from None


def load_signer(source: str, env: Mapping[str, str] = os.environ) -> Sealer:
    """The private key that `source` names: a file, `env:NAME` (its PEM) or `pkcs11:[ID][?label=LABEL]`.

    Raises:
        UsageError: it cannot be read, is encrypted and RINGFENCE_KEY_PASSPHRASE does not open it, or is no key
            that signs bundles; or `source` is a key itself, which has no business on a command line.
    """
    if "PRIVATE KEY" in source:
        raise UsageError("a private key does not belong on the command line: name its file, or env:NAME")
    if source.startswith("pkcs11:"):
        return _token(source, env)
    if source.startswith("env:"):
        name = source.removeprefix("env:")
        if not env.get(name):
            raise UsageError(f"--key {source}: the environment variable {name} is not set")
        return _opened(env[name].encode(), f"the key in {name}", env)
    try:
        return _opened(Path(source).read_bytes(), source, env)
    except OSError as error:
        hint = "; `ringfence keygen -o FILE` makes one" if isinstance(error, FileNotFoundError) else ""
        raise UsageError(f"{source}: cannot read the private key: {error.strerror}{hint}") from None


def _opened(pem: bytes, where: str, env: Mapping[str, str]) -> Sealer:
    passphrase = env.get(PASSPHRASE, "").encode() or None
    encrypted = b"ENCRYPTED" in pem
    if encrypted and passphrase is None:
        raise UsageError(f"{where} is encrypted: set {PASSPHRASE}")
    try:
        private = serialization.load_pem_private_key(pem, passphrase if encrypted else None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        wrong = f": {PASSPHRASE} does not open it" if encrypted else ": no private key in PEM"
        raise UsageError(f"{where}{wrong}") from None
    if not isinstance(private, (ed25519.Ed25519PrivateKey, ec.EllipticCurvePrivateKey)):
        raise UsageError(f"{where}: bundles are signed with Ed25519 or ECDSA keys")
    public = _public(private.public_key(), where)
    return Sealer(FileSigner(private, public), public)


def _token(source: str, env: Mapping[str, str]) -> Sealer:
    """A key on a PKCS#11 token. Signatures of tokens differ each time: such a bundle's head is not reproducible."""
    number, _, label = source.removeprefix("pkcs11:").partition("?label=")
    if number and not number.isdigit():
        raise UsageError(f"--key {source}: write pkcs11:ID?label=LABEL, with the key's number on the token")
    if not env.get(PIN) or not env.get(MODULE):
        raise UsageError(f"--key {source}: set {PIN}, and {MODULE} to the token's PKCS#11 module")
    try:
        uri, key = HSMSigner.import_(int(number) if number else None, label or None, lambda _: env[PIN])
        signer = Signer.from_priv_key_uri(uri, key, lambda _: env[PIN])
    except UnsupportedLibraryError:
        raise UsageError("PKCS#11 needs a package more: pip install 'securesystemslib[hsm]'") from None
    except (PKCS11Error, ValueError) as error:
        raise UsageError(f"--key {source}: {str(error) or type(error).__name__}") from None
    public = _public(key._crypto_key(), source)
    return Sealer(signer, public)


def keygen(file: Path, kind: Literal["ed25519", "ecdsa"] = "ed25519", env: Mapping[str, str] = os.environ) -> PublicKey:
    """Make a key pair: `file` (mode 0600) and `file`.pub. Neither may be there.

    Raises:
        UsageError: one of the two files is there: a key that is overwritten cannot be had again.
        RingfenceError: they cannot be written.
    """
    beside = file.with_name(f"{file.name}.pub")
    for each in (file, beside):
        if each.exists() or each.is_symlink():
            raise UsageError(f"{each} is there already: a key is never overwritten; choose another name")
    private = ed25519.Ed25519PrivateKey.generate() if kind == "ed25519" else ec.generate_private_key(ec.SECP256R1())
    passphrase = env.get(PASSPHRASE, "").encode()
    protection = serialization.BestAvailableEncryption(passphrase) if passphrase else serialization.NoEncryption()
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, protection)
    public = _public(private.public_key(), str(file))
    try:
        write_whole(file, pem, mode=0o600)
        write_whole(beside, public.as_text(), mode=0o644)
    except OSError as error:
        raise RingfenceError(f"{error.filename or file}: cannot write the key: {error.strerror}") from None
    return public
