"""Whose signatures open a bundle, and with which tools a person can check them when nothing else is trusted."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tarfile
from pathlib import Path
from typing import Literal

import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from ringfence.airgap import building, keys, signing
from ringfence.airgap.container import Container
from ringfence.airgap.manifest import Manifest, digest_of
from ringfence.airgap.refusals import Why
from ringfence.airgap.verification import Trust, verify
from ringfence.errors import RingfenceError, UsageError
from tests.support.bundles import Memory, contents, planned, refused, sealed, sealer, trust
from tests.support.engine import REPOSITORY


def bundle_bytes(manifest: Manifest, signatures: dict[str, bytes], seed: int = 0) -> bytes:
    """A bundle's bytes with any signatures."""
    container, sources = Container(manifest, signatures), {each.member.path: each for each in contents(seed)}
    body = b"".join(
        each.header + sources[each.path].open().read() + bytes(each.end - each.data_at - each.size)
        for each in container.body
    )
    return container.head_bytes + body + bytes(1024)


def test_a_foreign_signer_is_refused(tmp_path: Path) -> None:
    data = sealed(tmp_path, sealers=[sealer("mallory")]).file.read_bytes()
    refusal = refused(data)
    assert refusal.why is Why.FOREIGN_SIGNER
    assert sealer("mallory").public.short in str(refusal)


def test_all_trusted_keys_must_have_signed_unless_fewer_are_asked_for(tmp_path: Path) -> None:
    data = sealed(tmp_path, sealers=[sealer("a"), sealer("b", "ecdsa")]).file.read_bytes()
    b = sealer("b", "ecdsa").public
    for whom in (trust("a"), Trust.of([b]), Trust.of([sealer("a").public, b]), trust("a", "c", threshold=1)):
        assert verify(Memory(data), whom).verified
    refusal = refused(data, trust("a", "c"))
    assert refusal.why is Why.UNSIGNED
    assert sealer("c").public.short in str(refusal)
    assert refused(data, trust("c", "d", threshold=1)).why is Why.FOREIGN_SIGNER


def test_the_same_key_twice_counts_once(tmp_path: Path) -> None:
    data = sealed(tmp_path, sealers=[sealer("a")]).file.read_bytes()
    whom = Trust.of([sealer("a").public, sealer("a").public])
    assert whom.threshold == 1
    assert verify(Memory(data), whom).verified
    with pytest.raises(UsageError, match="1 different"):
        Trust.of([sealer("a").public, sealer("a").public], 2)


@pytest.mark.parametrize("threshold", [0, -1, 3])
def test_a_threshold_that_makes_no_sense_is_bad_usage(threshold: int) -> None:
    with pytest.raises(UsageError):
        trust("a", "b", threshold=threshold)
    with pytest.raises(UsageError):
        Trust.of([])


def test_a_signature_of_another_bundle_does_not_open_this_one() -> None:
    one, two = planned(contents(), 1), planned(contents(), 2)
    assert refused(bundle_bytes(two, signing.sign(one, [sealer()]))).why is Why.CHANGED


def test_a_manifest_that_names_mallory_opens_nothing() -> None:
    """Being named in the manifest makes nobody trusted, and a trusted name without a signature is worth nothing."""
    hers = planned(contents(), sealers=[sealer("mallory")])
    assert refused(bundle_bytes(hers, signing.sign(hers, [sealer("mallory")]))).why is Why.FOREIGN_SIGNER
    both = planned(contents(), sealers=[sealer(), sealer("mallory")])
    assert refused(bundle_bytes(both, signing.sign(both, [sealer("mallory")]))).why is Why.FOREIGN_SIGNER


def test_a_signature_that_nobody_announced_is_refused() -> None:
    manifest = planned(contents())
    files = signing.sign(manifest, [sealer(), sealer("mallory")])
    assert refused(bundle_bytes(manifest, files)).why is Why.FOREIGN_SIGNER


def test_a_key_under_the_name_of_another_is_refused() -> None:
    """Mallory's envelope, filed and labelled with the trusted key's id."""
    manifest = planned(contents())
    files = signing.sign(manifest, [sealer()])
    name = sealer().public.short + signing.ENVELOPE
    envelope = json.loads(files[name])
    pae = b"DSSEv1 28 application/vnd.in-toto+json %d %b" % (
        len(signing.statement(manifest)),
        signing.statement(manifest),
    )
    envelope["dsseEnvelope"]["signatures"][0]["sig"] = base64.b64encode(sealer("mallory").sign(pae)).decode()
    assert refused(bundle_bytes(manifest, files | {name: rfc8785.dumps(envelope)})).why is Why.CHANGED


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text + b"\n",
        lambda text: text.replace(b'{"dsse', b'{ "dsse', 1),
        lambda text: b"{}",
        lambda text: b"[" * 50_000,
        lambda text: b"\xff\xfe",
        lambda text: text.replace(b"in-toto", b"in-tot0", 1),
    ],
)
def test_an_envelope_spelled_in_any_other_way_is_refused(change) -> None:
    manifest = planned(contents())
    files = signing.sign(manifest, [sealer()])
    name = sealer().public.short + signing.ENVELOPE
    assert refused(bundle_bytes(manifest, files | {name: change(files[name])})).why is Why.CHANGED


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ('"path":"docs/empty"', '"path":"../mpty"', Why.UNSAFE),
        ('"path":"docs/empty"', '"path":"/etc/empty"', Why.UNSAFE),
        ('"path":"docs/empty"', '"path":"docs\\\\empty"', Why.UNSAFE),
        ('"path":"docs/empty"', '"path":"bundle.json"', Why.NOT_A_BUNDLE),
        ('"path":"docs/empty"', '"path":"zzzz/empty"', Why.REORDERED),
        ('"path":"lock/', '"path":"LOCK/', Why.REORDERED),
        ('"kind":"whole"', '"kind":"delta"', Why.NOT_A_BUNDLE),
        ('"schema":"ringfence/airgap/v1"', '"schema":"ringfence/airgap/v9"', Why.NOT_A_BUNDLE),
        ('"size":0', '"size":-1', Why.NOT_A_BUNDLE),
        ('"size":0', '"size":0.0', Why.NOT_A_BUNDLE),
        ('"sequence":1', '"sequence":1,"sequence":2', Why.CHANGED),
        ('"sequence":1', '"sequence": 1', Why.CHANGED),
        ('"sequence":1', '"extra":1,"sequence":1', Why.NOT_A_BUNDLE),
    ],
)
def test_what_a_trusted_signer_may_not_sign_either(old: str, new: str, why: Why) -> None:
    """A manifest that breaks the rules is refused even when the signature is good: signers make mistakes."""
    manifest = planned(contents())
    text = manifest.canonical.replace(old.encode(), new.encode(), 1)
    assert text != manifest.canonical
    wrong = forged(manifest, text)
    assert refused(bundle_bytes(wrong, signing.sign(wrong, [sealer()]))).why is why


def forged(manifest: Manifest, text: bytes) -> Manifest:
    """A manifest with bytes that our own code would not write."""
    copy = manifest.model_copy()
    copy.__dict__["canonical"], copy.__dict__["digest"] = text, digest_of(text)
    return copy


def test_a_member_twice_is_refused_even_if_signed() -> None:
    manifest = planned(contents())
    empty = next(member for member in manifest.members if member.path == "docs/empty")
    for again in ("docs/empty", "docs/EMPTY"):
        data = json.loads(manifest.canonical)
        place = manifest.members.index(empty)
        data["members"].insert(place, {**data["members"][place], "path": again})
        twice = forged(manifest, rfc8785.dumps(data))
        assert refused(bundle_bytes(twice, signing.sign(twice, [sealer()]))).why is Why.DUPLICATED


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


def test_the_signers_are_those_that_the_manifest_names(tmp_path: Path) -> None:
    items = contents()
    with pytest.raises(RingfenceError, match="other signers"):
        building.build(planned(items), items, tmp_path, [sealer("b")])


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


def test_the_commands_of_the_page_work_as_they_stand(tmp_path: Path) -> None:
    """docs/rules-of-carry.md, `When nothing of ours is trusted`: for an honest bundle, and for one with a file more."""
    page = (REPOSITORY / "docs" / "rules-of-carry.md").read_text(encoding="utf-8")
    block = page.partition("## When nothing of ours is trusted")[2].partition("```sh\n")[2].partition("```")[0]
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


def test_a_key_on_a_token_seals_bundles(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """SoftHSM stands for the token; `securesystemslib[hsm]`, softhsm2 and opensc must be installed."""
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
