"""What the high side says it applied comes back the same from a file, a QR code and a telephone, or not at all."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringfence.airgap import ledger, receipts, spoken
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.receipts import Receipt, Result, Sides
from ringfence.airgap.refusals import BundleRefused
from ringfence.errors import RingfenceError
from tests.support.bundles import contents, planned, sealer


def receipt(result: Result = Result.APPLIED, kind: str = "ed25519") -> tuple[Receipt, Manifest]:
    """A receipt of the high side, and the manifest of the bundle it is for."""
    manifest = planned(contents(), 7)
    return Receipt.write(manifest, result, Sides.EQUAL, sealer("high", kind)), manifest


@pytest.mark.parametrize("result", Result)
@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_a_receipt_comes_back_the_same_from_a_file_and_from_groups(result: Result, kind: str) -> None:
    made, manifest = receipt(result, kind)
    known, keys = [planned(contents(2), 6), manifest], [sealer("other").public, sealer("high", kind).public]
    spelled = made.as_groups()
    for text in (made.as_file().decode(), " ".join(spelled), "\n".join(spelled).lower().replace("0", "o")):
        assert receipts.read(text, known, keys) == made
    assert len(spelled) <= 33, "two minutes on the telephone"


def test_a_misheard_receipt_names_the_group() -> None:
    made, manifest = receipt()
    spelled = made.as_groups()
    wrong = [*spelled]
    wrong[4] = ("A" if wrong[4][0] != "A" else "B") + wrong[4][1:]
    with pytest.raises(RingfenceError, match=r"group 5, \w+, was misheard"):
        receipts.read(" ".join(wrong), [manifest], [sealer("high").public])
    for text in (" ".join(spelled[:-3]), " ".join([*spelled[:3], *spelled[4:]]), "hello", "", "{}", '{"payload": 3}'):
        with pytest.raises(RingfenceError):
            receipts.read(text, [manifest], [sealer("high").public])


def test_a_receipt_of_somebody_else_or_for_something_else_is_refused() -> None:
    made, manifest = receipt()
    for text in (made.as_file().decode(), " ".join(made.as_groups())):
        with pytest.raises(BundleRefused, match="trusted"):
            receipts.read(text, [manifest], [sealer("mallory").public])
        with pytest.raises(BundleRefused):
            receipts.read(text, [manifest], [])
    with pytest.raises(RingfenceError, match="not sent from here"):
        receipts.read(" ".join(made.as_groups()), [planned(contents(1))], [sealer("high").public])
    forged = made.as_file().decode().replace("a", "b", 1)
    with pytest.raises(RingfenceError):
        receipts.read(forged, [manifest], [sealer("high").public])


def test_a_receipt_is_the_same_each_time_and_fits_a_qr_code(tmp_path: Path) -> None:
    made, manifest = receipt()
    assert receipt()[0].as_file() == made.as_file()
    picture = ElementTree.fromstring(made.as_svg())
    assert picture.tag.endswith("svg")
    assert len(made.as_terminal().splitlines()) < 40
    ledger.keep(tmp_path, manifest)
    assert ledger.keep(tmp_path, manifest).name.startswith("7-")
    (tmp_path / "prod" / "broken.json").write_text("{")
    assert ledger.find(tmp_path, made.bundle) == manifest
    assert ledger.find(tmp_path, "sha256:" + "0" * 64) is None


@given(st.binary(min_size=1, max_size=120))
def test_bytes_read_aloud_are_heard_the_same(data: bytes) -> None:
    assert spoken.heard(" ".join(spoken.groups(data))) == data


@settings(max_examples=300)
@given(st.binary(min_size=4, max_size=80), st.data())
def test_a_misheard_sign_two_swapped_ones_or_groups_are_found(data: bytes, draw: st.DataObject) -> None:
    spelled = "".join(spoken.groups(data))
    at = draw.draw(st.integers(0, len(spelled) - 1))
    other = draw.draw(st.sampled_from([sign for sign in spoken.ALPHABET if sign != spelled[at]]))
    # 0 and Z have the same weight modulo 31: a person does not take one for the other.
    if {other, spelled[at]} != {"0", "Z"}:
        with pytest.raises(spoken.Misheard):
            spoken.heard(spelled[:at] + other + spelled[at + 1 :])
    swapped = spelled[: at - 1] + spelled[at] + spelled[at - 1] + spelled[at + 1 :] if at % 5 else spelled
    if swapped != spelled and {spelled[at], spelled[at - 1]} != {"0", "Z"}:
        with pytest.raises(spoken.Misheard):
            spoken.heard(swapped)
