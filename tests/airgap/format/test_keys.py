"""Keys in files, in the environment and on tokens; and what openssl and minisign make of the same keys."""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Literal

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ringfence.airgap import keys
from ringfence.airgap.verification import Trust, verify
from ringfence.errors import RingfenceError, UsageError
from tests.support.bundles import Memory, sealed, sealer
from tests.support.engine import REPOSITORY


def test_a_key_pair_is_private_and_never_overwritten(tmp_path: Path) -> None:
    public = keys.keygen(tmp_path / "k")
    assert (tmp_path / "k").stat().st_mode & 0o777 == 0o600
    assert keys.load_public(tmp_path / "k.pub").keyid == public.keyid
    assert keys.load_signer(str(tmp_path / "k")).public.keyid == public.keyid
    before = (tmp_path / "k").read_bytes()
    with pytest.raises(UsageError, match="never overwritten"):
        keys.keygen(tmp_path / "k")
    assert (tmp_path / "k").read_bytes() == before


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_key_may_be_encrypted_and_come_from_the_environment(
    tmp_path: Path, kind: Literal["ed25519", "ecdsa"]
) -> None:
    env = {keys.PASSPHRASE: "correct horse"}
    public = keys.keygen(tmp_path / "k", kind, env)
    pem = (tmp_path / "k").read_text()
    assert "ENCRYPTED" in pem
    assert keys.load_signer(str(tmp_path / "k"), env).public.keyid == public.keyid
    assert keys.load_signer("env:SEAL", {"SEAL": pem, **env}).public.keyid == public.keyid
    with pytest.raises(UsageError, match=f"set {keys.PASSPHRASE}"):
        keys.load_signer(str(tmp_path / "k"), {})
    with pytest.raises(UsageError, match="does not open it") as wrong:
        keys.load_signer(str(tmp_path / "k"), {keys.PASSPHRASE: "wrong horse"})
    assert "horse" not in str(wrong.value)
    with pytest.raises(UsageError, match="SEAL is not set"):
        keys.load_signer("env:SEAL", {})


def test_a_key_on_the_command_line_is_refused_without_repeating_it(tmp_path: Path) -> None:
    keys.keygen(tmp_path / "k")
    pem = (tmp_path / "k").read_text()
    with pytest.raises(UsageError, match="does not belong on the command line") as said:
        keys.load_signer(pem)
    assert pem.splitlines()[1] not in str(said.value)


def test_keys_that_cannot_be_used_are_said_to_be_so(tmp_path: Path) -> None:
    private = rsa.generate_private_key(65537, 2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (tmp_path / "rsa").write_bytes(pem)
    (tmp_path / "text").write_text("hello")
    with pytest.raises(UsageError, match="Ed25519 or ECDSA"):
        keys.load_signer(str(tmp_path / "rsa"))
    with pytest.raises(UsageError, match="no private key in PEM"):
        keys.load_signer(str(tmp_path / "text"))
    with pytest.raises(UsageError, match="is a private key: name the public one"):
        keys.load_public(tmp_path / "rsa")
    for name in ("text", "missing"):
        with pytest.raises(UsageError):
            keys.load_public(tmp_path / name)
    with pytest.raises(UsageError, match="keygen"):
        keys.load_signer(str(tmp_path / "missing"))
    for source in ("pkcs11:2", "pkcs11:x?label=y"):
        with pytest.raises(UsageError):
            keys.load_signer(source, {})


@pytest.fixture
def unpacked(tmp_path: Path) -> Path:
    """A bundle signed with both kinds of keys, unpacked by hand."""
    signers = [sealer(), sealer("second", "ecdsa")]
    with tarfile.open(sealed(tmp_path, sealers=signers).file) as tar:
        tar.extractall(tmp_path / "out", filter="data")
    for each in signers:
        (tmp_path / "out" / f"{each.public.short}.pub").write_text(each.public.as_text())
    return tmp_path / "out"


def by_hand(folder: Path, *command: str) -> tuple[int, str]:
    """Run a tool of the high side."""
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    ran = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return ran.returncode, ran.stdout + ran.stderr


def test_openssl_checks_both_kinds_of_signatures(unpacked: Path) -> None:
    low, second = sealer().public.short, sealer("second", "ecdsa").public.short
    ed25519 = ["openssl", "pkeyutl", "-verify", "-pubin", "-inkey", f"{low}.pub", "-rawin", "-in", "SHA256SUMS"]
    ed25519 += ["-sigfile", f"signatures/{low}.sig"]
    ecdsa = ["openssl", "dgst", "-sha256", "-verify", f"{second}.pub", "-signature", f"signatures/{second}.sig"]
    ecdsa += ["SHA256SUMS"]
    for command in (ed25519, ecdsa):
        assert by_hand(unpacked, *command)[0] == 0
    with (unpacked / "SHA256SUMS").open("ab") as stream:
        stream.write(b"\n")
    for command in (ed25519, ecdsa):
        assert by_hand(unpacked, *command)[0] != 0


def test_minisign_checks_the_signature_with_the_same_key_file(unpacked: Path) -> None:
    low = sealer().public.short
    command = ["minisign", "-V", "-m", "SHA256SUMS", "-x", f"signatures/{low}.minisig", "-p", f"{low}.pub"]
    code, said = by_hand(unpacked, *command)
    assert code == 0
    assert "Trusted comment: ringfence prod sequence 1 sha256:" in said
    with (unpacked / "SHA256SUMS").open("ab") as stream:
        stream.write(b"\n")
    assert by_hand(unpacked, *command)[0] != 0


BY_HAND = {"rules-of-carry.md": "## When nothing of ours is trusted", "guides/airgap.md": "## High side: look before"}


@pytest.mark.parametrize("page", BY_HAND)
def test_the_commands_of_the_page_work_as_they_stand(tmp_path: Path, page: str) -> None:
    """The check by hand: for an honest bundle, for one with a file more, and for one that somebody else signed."""
    text = (REPOSITORY / "docs" / page).read_text(encoding="utf-8")
    block = text.partition(BY_HAND[page])[2].partition("```sh\n")[2].partition("```")[0]
    tools = {"openssl pkeyutl": "openssl", "openssl dgst": "never", "minisign": "minisign"}
    lines = [
        line
        for line in block.splitlines()
        if shutil.which(next((tool for start, tool in tools.items() if line.startswith(start)), "tar"))
    ]
    script = "set -e\n" + "\n".join(lines).replace("KEY", sealer().public.short)
    (tmp_path / "low.pub").write_text(sealer().public.as_text())
    file = tmp_path / "ringfence-prod-7.tar"
    sealed(tmp_path, 7)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines()[-1].startswith(("Signature", "Trusted comment")), "the last lines print nothing"
    assert (tmp_path / "check" / "docs" / "empty").exists()
    shutil.rmtree(tmp_path / "check")
    (tmp_path / "more").write_text("x")
    subprocess.run(["tar", "-rf", file, "more"], cwd=tmp_path, check=True)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "> more" in ran.stdout
    assert not (tmp_path / "check" / "more").exists(), "it is noticed before it is unpacked"
    shutil.rmtree(tmp_path / "check")
    file.unlink()
    sealed(tmp_path, 7, sealers=[sealer("mallory")])
    script = script.replace(sealer().public.short, sealer("mallory").public.short)
    ran = subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    unpacked = {each.name for each in (tmp_path / "check").iterdir()}
    assert unpacked == {"SHA256SUMS", "signatures"}, "nothing is unpacked before the signature is right"


def test_a_key_on_a_token_seals_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SoftHSM stands for the token; softhsm2 and opensc must be installed."""
    pytest.importorskip("pkcs11")
    module = Path("/usr/lib/softhsm/libsofthsm2.so")
    if not module.exists() or not shutil.which("pkcs11-tool"):
        pytest.skip("softhsm2 and opensc are not installed")
    (tmp_path / "tokens").mkdir()
    (tmp_path / "conf").write_text(f"directories.tokendir = {tmp_path / 'tokens'}\n")
    for name, value in {"SOFTHSM2_CONF": tmp_path / "conf", keys.MODULE: module, keys.PIN: "1234"}.items():
        monkeypatch.setenv(name, str(value))
    make = ["--keypairgen", "--key-type", "EC:prime256v1", "--id", "02", "--label", "seal"]
    token = ["softhsm2-util", "--init-token", "--free", "--label", "seal", "--so-pin", "5678", "--pin", "1234"]
    for command in (token, ["pkcs11-tool", "--module", str(module), "--login", "--pin", "1234", *make]):
        subprocess.run(command, check=True, capture_output=True)
    on_token = keys.load_signer("pkcs11:2?label=seal")
    file = sealed(tmp_path / "out", sealers=[on_token]).file
    assert verify(Memory(file.read_bytes()), Trust.of([on_token.public])).verified
    monkeypatch.setenv(keys.PIN, "9999")
    with pytest.raises(RingfenceError, match="PinIncorrect"):
        on_token.sign(b"x")
