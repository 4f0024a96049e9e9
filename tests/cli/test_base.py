"""`export --base`: what a delta builds on is verified, by the keys that are named, else by those that sign."""

from __future__ import annotations

from pathlib import Path

import pytest

from ringfence.airgap import ledger, splitting
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.receipts import Receipt, Result, Sides
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.cli import export as command
from ringfence.cli.sealed import ledger_folder
from ringfence.errors import RingfenceError
from tests.support.bundles import sealed, sealer


def base(file: Path, *trusted: Path) -> Manifest | None:
    """As `export --key low --base FILE --trust ...` opens it."""
    return command._base(file, list(trusted), [sealer()])


def public(folder: Path, name: str) -> Path:
    file = folder / f"{name}.pub"
    file.write_text(sealer(name).public.as_text())
    return file


def test_a_base_that_our_own_key_signed_needs_no_other(tmp_path: Path) -> None:
    built = sealed(tmp_path)
    assert base(built.file) == built.manifest
    assert base(built.file, public(tmp_path, "low")) == built.manifest


def test_a_base_of_another_key_is_refused_until_that_key_is_named(tmp_path: Path) -> None:
    built = sealed(tmp_path, sealers=[sealer("older")])
    with pytest.raises(BundleRefused, match=r"--trust FILE\.pub") as refused:
        base(built.file)
    assert refused.value.why is Why.FOREIGN_SIGNER
    assert sealer("older").public.short in str(refused.value), "it says who signed"
    assert base(built.file, public(tmp_path, "older")) == built.manifest
    with pytest.raises(BundleRefused, match="not signed by"):
        base(built.file, public(tmp_path, "mallory"))


@pytest.mark.parametrize("share", [0.02, 0.3, 0.6, 0.95])
def test_a_base_with_one_byte_changed_is_refused(tmp_path: Path, share: float) -> None:
    built = sealed(tmp_path)
    data = bytearray(built.file.read_bytes())
    data[int(len(data) * share)] ^= 1
    built.file.write_bytes(data)
    with pytest.raises(BundleRefused):
        base(built.file)


def test_a_receipt_stands_for_its_bundle_if_the_other_side_signed_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGFENCE_HOME", str(tmp_path / "home"))
    built = sealed(tmp_path)
    ledger.keep(ledger_folder(), built.manifest)
    receipt = Receipt.write(built.manifest, Result.APPLIED, Sides.EQUAL, sealer("high"))
    (tmp_path / "receipt.json").write_bytes(receipt.as_file())
    (tmp_path / "heard.txt").write_text(" ".join(receipt.as_groups()))
    for file in ("receipt.json", "heard.txt"):
        assert base(tmp_path / file, public(tmp_path, "high")) == built.manifest
        with pytest.raises(RingfenceError):
            base(tmp_path / file, public(tmp_path, "mallory"))


def test_the_parts_of_a_split_base_are_verified_too(tmp_path: Path) -> None:
    built = sealed(tmp_path)
    parts = splitting.split(built.file, tmp_path / "parts", 20_000, [sealer()])
    assert base(parts[0]) == built.manifest
    parts[-1].unlink()
    with pytest.raises(BundleRefused):
        base(parts[0])
