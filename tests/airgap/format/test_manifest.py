"""The rules that every manifest keeps, whoever writes or signs it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringfence.airgap import signing
from ringfence.airgap.contents import from_bytes
from ringfence.airgap.manifest import Manifest, Role, sums
from ringfence.airgap.paths import order, safe_path
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.errors import RingfenceError
from tests.airgap.format.test_trust import bundle_bytes
from tests.support.bundles import contents, planned, refused, sealer


def test_a_manifest_has_one_spelling() -> None:
    manifest = planned(contents())
    assert Manifest.decoded(manifest.canonical) == manifest
    for text in (manifest.canonical + b"\n", manifest.canonical.replace(b":", b": ", 1), b" " + manifest.canonical):
        with pytest.raises(BundleRefused, match="not in canonical form"):
            Manifest.decoded(text)


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        (["docs/a", "docs/a/b"], "a file and a folder"),
        (["docs/A/b", "docs/a"], "a file and a folder"),
        (["docs/a", "docs/A"], "is there twice"),
        (["bundle.json"], "belongs to the format"),
        (["signatures/x"], "belongs to the format"),
        (["SHA256SUMS"], "belongs to the format"),
        (["blobs/sha256/" + "0" * 64], "not called by its digest"),
    ],
)
def test_paths_that_clash_are_refused_when_building(paths: list[str], said: str) -> None:
    with pytest.raises(RingfenceError, match=said):
        planned([from_bytes(path, Role.DOCS, path.encode(), "a test") for path in paths])


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/a",
        "a/",
        "a//b",
        "./a",
        "a/../b",
        "..",
        "a\\b",
        "a\nb",
        "a\0b",
        "\u202ea",
        "e\u0301",
        "a" * 256,
        "a/" * 600,
    ],
)
def test_paths_that_lead_elsewhere_or_read_as_others_are_refused(path: str) -> None:
    with pytest.raises(ValueError):
        safe_path(path)


@given(st.text(max_size=30))
def test_a_safe_path_stays_in_its_folder(path: str) -> None:
    try:
        safe_path(path)
    except ValueError:
        return
    assert not path.startswith("/")
    assert not {"", ".", ".."} & set(path.split("/"))


def test_only_a_delta_may_rely_on_what_it_does_not_carry() -> None:
    manifest = planned(contents())
    text = manifest.canonical.replace(b'"carried":true', b'"carried":false', 1)
    with pytest.raises(BundleRefused, match="only a delta may rely on"):
        Manifest.decoded(text)


def test_the_layout_stands_before_its_blobs_and_sums_name_what_is_carried() -> None:
    first = planned(contents())
    assert first.members[0].path == "oci-layout"
    assert sorted(["zebra", "index.json", "blobs/sha256/0", "oci-layout"], key=order) == [
        "index.json", "oci-layout", "blobs/sha256/0", "zebra",
    ]  # fmt: skip
    delta = planned(contents(1), 2, base=first)
    assert len(sums(delta).splitlines()) == 1 + len(delta.carried)


def test_an_announced_signer_that_nobody_trusts_must_have_signed_this_bundle_too() -> None:
    """Every byte counts: an envelope about another bundle is refused, even of a signer who does not count."""
    signers = [sealer(), sealer("second", "ecdsa")]
    manifest, other = planned(contents(), sealers=signers), planned(contents(), 2, sealers=signers)
    name = sealer("second", "ecdsa").public.short + signing.ENVELOPE
    files = signing.sign(manifest, signers) | {name: signing.sign(other, signers)[name]}
    refusal = refused(bundle_bytes(manifest, files))
    assert (refusal.why, refusal.member) == (Why.CHANGED, f"signatures/{name}")
    assert "about another bundle" in str(refusal)
