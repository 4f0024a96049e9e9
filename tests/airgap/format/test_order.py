"""Deltas, sequences and parts: what may follow what, and what is said when it may not."""

from __future__ import annotations

import random
import shutil
import subprocess
from functools import partial
from pathlib import Path

import pytest

from ringfence.airgap import building, comparing, splitting
from ringfence.airgap.accepted import Accepted, require_complete, require_held
from ringfence.airgap.manifest import LeftOut, Manifest, Part
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import verify
from ringfence.errors import RingfenceError, UsageError
from tests.support.bundles import contents, planned, sealed, sealer, trust


def changed(seed: int, count: int) -> list:
    """The contents, with `count` members replaced."""
    items, others = contents(), contents(seed)
    return [others[place] if 2 < place <= 2 + count else item for place, item in enumerate(items)]


def test_a_delta_carries_what_the_base_does_not_have_and_lists_everything(tmp_path: Path) -> None:
    base, items = planned(contents()), changed(1, 3)
    later = planned(items, 2, base=base)
    assert (later.kind, later.base and later.base.bundle, later.file_name) == (
        "delta",
        base.digest,
        "ringfence-prod-2-from-1.tar",
    )
    held = {member.digest for member in base.members}
    assert {member.digest for member in later.carried} == {each.member.digest for each in items} - held
    assert [member.digest for member in later.members] == [member.digest for member in planned(items, 2).members], (
        "the complete graph"
    )
    built = building.build(later, items, tmp_path, [sealer()])
    bundle = verify(FileSource(built.file), trust())
    for member in later.carried:
        assert bundle.read(member.path)
    with pytest.raises(RingfenceError, match="required of sequence 1"):
        bundle.read(later.required[0].path)


def test_a_delta_of_a_delta_relies_on_all_that_came_before() -> None:
    first = planned(contents())
    second = planned(changed(1, 2), 2, base=first)
    third = planned(changed(1, 3), 3, base=second)
    assert len(third.carried) == 1
    assert {member.digest for member in third.required} <= {member.digest for member in second.members}


def test_a_moved_tag_crosses_because_digests_decide() -> None:
    """The same reference and tag with other bytes: what others leave out."""
    old, new = contents(), changed(1, 3)
    assert comparing.new_bytes(planned(old), planned(new)) == sum(
        member.size for member in planned(new, 2, base=planned(old)).carried
    )


def test_what_cannot_be_a_base() -> None:
    base = planned(contents(), 5)
    with pytest.raises(RingfenceError, match="needs a higher one than 5"):
        planned(contents(), 5, base=base)
    with pytest.raises(RingfenceError, match="share no sequence"):
        planned(contents(), 6, base=base, name="dev")


@pytest.fixture
def memory(tmp_path: Path) -> Accepted:
    """A high side that has taken nothing."""
    return Accepted(tmp_path / "accepted.json")


def refusal(memory: Accepted, manifest: Manifest) -> Why | None:
    """Why a bundle is not admitted."""
    try:
        memory.check(manifest)
    except BundleRefused as error:
        return error.why
    return None


def test_an_older_bundle_is_refused_and_so_is_another_of_the_same_sequence(memory: Accepted) -> None:
    one, two = planned(contents(), 1), planned(contents(1), 2)
    assert refusal(memory, two) is None
    memory.record(two)
    again = Accepted(memory.file)
    assert refusal(again, two) is None, "the same one again is no harm"
    assert refusal(again, one) is Why.ROLLBACK
    assert refusal(again, planned(contents(3), 2)) is Why.ROLLBACK
    assert refusal(again, planned(contents(3), 3)) is None
    assert refusal(again, planned(contents(), 1, name="dev")) is None, "sequences count per name"
    again.check(one, older_allowed=True)


def test_a_delta_goes_on_its_base_only(memory: Accepted) -> None:
    first, other = planned(contents(), 1), planned(contents(5), 1)
    delta = planned(changed(1, 2), 2, base=first)
    assert refusal(memory, delta) is Why.WRONG_BASE
    memory.record(other)
    assert refusal(memory, delta) is Why.WRONG_BASE
    memory.record(first)
    assert refusal(memory, delta) is None
    memory.record(delta)
    assert refusal(memory, delta) is None


def test_a_delta_may_rely_on_what_its_base_has_only() -> None:
    base = planned(contents(), 1)
    delta = planned(changed(1, 2), 2, base=base)
    require_held(delta, base)
    lost = delta.required[3]
    less = base.model_copy(update={"members": tuple(each for each in base.members if each.digest != lost.digest)})
    with pytest.raises(BundleRefused, match=lost.path) as refused:
        require_held(delta, less)
    assert (refused.value.why, refused.value.member) == (Why.WRONG_BASE, lost.path)


def test_a_memory_that_is_damaged_lets_nothing_in(memory: Accepted) -> None:
    memory.record(planned(contents(), 7))
    for text in ("", "{}}", '{"bundles": {"prod": {"sequence": 0}}}', "[1]"):
        memory.file.write_text(text)
        with pytest.raises(UsageError, match="an old bundle could not be told"):
            Accepted(memory.file)


def test_an_incomplete_bundle_says_what_it_lacks() -> None:
    whole, less = (
        planned(contents()),
        planned(contents(), left_out=[LeftOut(what="images", names=("nvcr.io/x@sha256:1",))]),
    )
    require_complete(whole)
    with pytest.raises(BundleRefused, match=r"without images \(nvcr.io/x@sha256:1\)") as refused:
        require_complete(less)
    assert refused.value.why is Why.INCOMPLETE


SIZE = 20_000


@pytest.fixture
def parts(tmp_path: Path) -> list[Path]:
    """A bundle in parts."""
    return splitting.split(sealed(tmp_path).file, tmp_path / "parts", SIZE, [sealer()])


def test_parts_fit_the_medium_are_read_as_one_and_join_by_hand(tmp_path: Path, parts: list[Path]) -> None:
    whole = tmp_path / "ringfence-prod-1.tar"
    assert len(parts) > 3
    assert all(part.stat().st_size <= SIZE for part in parts)
    shuffled = random.Random(1).sample(parts, len(parts))
    bundle = splitting.verify_parts(shuffled, trust())
    expected = verify(FileSource(whole), trust())
    for member in expected.manifest.members:
        assert bundle.read(member.path) == expected.read(member.path)
    joined = b"".join(
        subprocess.run(["tar", "-xOf", part, "bytes"], capture_output=True, check=True).stdout for part in parts
    )
    assert joined == whole.read_bytes()


def test_splitting_again_gives_the_same_parts(tmp_path: Path, parts: list[Path]) -> None:
    before = [part.read_bytes() for part in parts]
    parts[2].unlink()
    again = splitting.split(tmp_path / "ringfence-prod-1.tar", tmp_path / "parts", SIZE, [sealer()])
    assert [part.read_bytes() for part in again] == before


def test_each_part_can_be_checked_alone(parts: list[Path]) -> None:
    for part in parts:
        assert splitting.verify_part(part, trust()).verified
    data = bytearray(parts[1].read_bytes())
    for at in random.Random(2).sample(range(len(data)), 200):
        parts[1].write_bytes(data[:at] + bytes([data[at] ^ 2]) + data[at + 1 :])
        with pytest.raises(BundleRefused):
            splitting.verify_part(parts[1], trust())
        if at % 5 == 0:
            with pytest.raises(BundleRefused, match="part-2-of"):
                splitting.verify_parts(parts, trust())


def test_parts_that_are_missing_repeated_cut_or_of_another_bundle(tmp_path: Path, parts: list[Path]) -> None:
    def why(*files: Path) -> Why:
        with pytest.raises(BundleRefused) as refused:
            splitting.verify_parts(files, trust())
        return refused.value.why

    assert why(*parts[:2], *parts[3:]) is Why.PART_MISSING
    copy = tmp_path / "copy.tar"
    shutil.copy(parts[0], copy)
    assert why(*parts, copy) is Why.DUPLICATED
    others = splitting.split(sealed(tmp_path / "b", 2).file, tmp_path / "b", SIZE, [sealer()])
    assert why(parts[0], *others[1:]) is Why.MIXED_PARTS
    assert why(tmp_path / "ringfence-prod-1.tar") is Why.MIXED_PARTS
    foreign = splitting.split(
        sealed(tmp_path / "c", sealers=[sealer("mallory")]).file, tmp_path / "c", SIZE, [sealer("mallory")]
    )
    assert why(*parts[:-1], foreign[-1]) is Why.FOREIGN_SIGNER
    parts[-1].write_bytes(parts[-1].read_bytes()[:-600])
    assert why(*parts) is Why.TRUNCATED


def test_parts_that_join_to_another_bundle_than_they_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Even if somebody trusted signed them so."""
    lying = partial(Part, bundle="sha256:" + "0" * 64)
    monkeypatch.setattr(splitting, "Part", lambda **said: lying(**{k: v for k, v in said.items() if k != "bundle"}))
    wrong = splitting.split(sealed(tmp_path).file, tmp_path / "parts", SIZE, [sealer()])
    with pytest.raises(BundleRefused, match="joined to another bundle than they say"):
        splitting.verify_parts(wrong, trust())


def test_a_medium_too_small_for_a_head_is_bad_usage(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"at least [\d,]+ are needed"):
        splitting.split(sealed(tmp_path).file, tmp_path, 4096, [sealer()])
