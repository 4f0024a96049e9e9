"""Whose signatures open a bundle, and with which tools a person can check them when nothing else is trusted."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
import rfc8785
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.airgap import building, signing
from ringfence.airgap.container import Container
from ringfence.airgap.manifest import Manifest, SignerKey, digest_of
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.verification import Trust, verify
from ringfence.errors import RingfenceError, UsageError
from tests.support.bundles import Memory, contents, planned, refused, sealed, sealer, trust


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


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=9) | st.just("../x"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_a_manifest_with_anything_anywhere_is_refused_in_words(draw: st.DataObject) -> None:
    """One value replaced by any JSON: a refusal, or another manifest that keeps the rules; never anything else."""
    data = json.loads(planned(contents()).canonical)
    place, key = data, draw.draw(st.sampled_from(sorted(data)))
    while isinstance(place[key], (dict, list)) and place[key] and draw.draw(st.booleans()):
        place = place[key]
        key = draw.draw(st.sampled_from(sorted(place) if isinstance(place, dict) else list(range(len(place)))))
    place[key] = draw.draw(anything)
    text = json.dumps(data, separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode()
    try:
        assert Manifest.decoded(text).canonical == text
    except BundleRefused as refusal:
        assert str(refusal).startswith("bundle.json: ")


@pytest.mark.parametrize("text", [b"", b"null", b"\xff", b"[" * 200_000, b'{"facts":' + b'{"a":' * 100_000])
def test_what_is_no_manifest_is_refused_in_words(text: bytes) -> None:
    with pytest.raises(BundleRefused, match=r"^bundle\.json: "):
        Manifest.decoded(text)


def test_a_signer_with_a_key_that_cannot_sign_is_refused(tmp_path: Path) -> None:
    der = rsa.generate_private_key(65537, 2048).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )  # fmt: skip
    manifest = planned(contents())
    named = SignerKey(keyid=digest_of(der).removeprefix("sha256:"), key=base64.b64encode(der).decode())
    signers = tuple(sorted((*manifest.signers, named), key=lambda each: each.keyid))
    both = manifest.model_copy(update={"signers": signers})
    assert refused(bundle_bytes(both, signing.sign(both, [sealer()]))).why is Why.NOT_A_BUNDLE


def test_a_member_twice_is_refused_even_if_signed() -> None:
    manifest = planned(contents())
    empty = next(member for member in manifest.members if member.path == "docs/empty")
    for again in ("docs/empty", "docs/EMPTY"):
        data = json.loads(manifest.canonical)
        place = manifest.members.index(empty)
        data["members"].insert(place, {**data["members"][place], "path": again})
        twice = forged(manifest, rfc8785.dumps(data))
        assert refused(bundle_bytes(twice, signing.sign(twice, [sealer()]))).why is Why.DUPLICATED


def test_the_signers_are_those_that_the_manifest_names(tmp_path: Path) -> None:
    items = contents()
    with pytest.raises(RingfenceError, match="other signers"):
        building.build(planned(items), items, tmp_path, [sealer("b")])
