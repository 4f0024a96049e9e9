"""No byte of a bundle can be changed, added, dropped, repeated, moved or cut off without a refusal that names it."""

from __future__ import annotations

import io
import random
import tarfile
from pathlib import Path

import pytest

from ringfence.airgap.container import BLOCK, Container, Stretch
from ringfence.airgap.manifest import Role
from ringfence.airgap.paths import MANIFEST_PATH, SUMS_PATH
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.source import FileSource
from ringfence.airgap.verification import check_head, verify
from tests.support.bundles import Memory, refused, sealed, sealer, trust


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """A bundle with a member of every role, signed with both kinds of keys."""
    signers = [sealer(), sealer("second", "ecdsa")]
    return sealed(tmp_path_factory.mktemp("bundle"), sealers=signers).file.read_bytes()


@pytest.fixture(scope="module")
def container(built: bytes) -> Container:
    """Where everything is in it."""
    return check_head(Memory(built), trust())


def flipped(data: bytes, at: int, bit: int = 0) -> bytes:
    """The bytes with one bit of one byte turned."""
    return data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]


def entry(container: Container, data: bytes, path: str) -> bytes:
    """A whole entry of the tar: header, bytes, padding."""
    stretch = container.by_path[path]
    return data[stretch.at : stretch.end]


def test_the_bundle_itself_is_accepted(built: bytes) -> None:
    bundle = verify(Memory(built), trust())
    assert bundle.verified
    assert {member.role for member in bundle.manifest.members} == set(Role) - {Role.PART}


def test_a_flipped_byte_anywhere_is_refused(built: bytes) -> None:
    """1,000 places, each of them in another bundle: none is accepted, and nothing but a refusal comes of it."""
    rng = random.Random(6)
    for _ in range(1000):
        at = rng.randrange(len(built))
        refusal = refused(flipped(built, at, rng.randrange(8)))
        assert str(refusal), at


def test_a_flipped_byte_in_every_kind_of_member_is_refused_and_named(built: bytes, container: Container) -> None:
    roles = set()
    for stretch in container.body:
        assert stretch.member is not None
        roles.add(stretch.member.role)
        for at in {stretch.data_at, stretch.data_at + stretch.size // 2, stretch.data_at + stretch.size - 1}:
            if not stretch.data_at <= at < stretch.data_at + stretch.size:
                continue
            refusal = refused(flipped(built, at))
            assert (refusal.why, refusal.member) == (Why.CHANGED, stretch.path)
            assert refusal.offset is not None and refusal.offset <= at
    assert roles == set(Role) - {Role.PART}


def test_every_byte_of_headers_and_padding_counts(built: bytes, container: Container) -> None:
    member = next(each for each in container.body if "long/" in each.path)
    around = [*range(member.at, member.data_at), *range(member.data_at + member.size, member.end)]
    assert len(member.header) == 3 * BLOCK, "a long path takes a PAX record"
    for at in around[::2]:
        assert refused(flipped(built, at, bit=4)).why in {Why.CHANGED, Why.UNSAFE, Why.ADDED}, at
    for at in range(len(built) - 2 * BLOCK, len(built), 7):
        assert refused(flipped(built, at)).why is Why.CHANGED, at


def test_every_byte_of_the_head_counts(built: bytes, container: Container) -> None:
    """Manifest, sums and the three signatures of each signer, trusted or not."""
    assert {each.path.rpartition("/")[2].partition(".")[2] for each in container.head[2:]} == {
        "sigstore.json",
        "sig",
        "minisig",
    }
    for stretch in container.head:
        for at in range(stretch.at, stretch.end, 7):
            refusal = refused(flipped(built, at, bit=at % 7))
            assert refusal.why in {Why.CHANGED, Why.NOT_A_BUNDLE, Why.UNSIGNED, Why.FOREIGN_SIGNER, Why.UNSAFE,
                                   Why.TRUNCATED}, at  # fmt: skip


@pytest.mark.parametrize("share", [0.0, 0.001, 0.01, 0.3, 0.5, 0.7, 0.9, 0.999])
def test_a_truncated_bundle_is_refused(built: bytes, share: float) -> None:
    cut = built[: int(len(built) * share)]
    refusal = refused(cut)
    assert refusal.why is Why.TRUNCATED
    assert refusal.offset is None or refusal.offset <= len(cut)


def test_a_bundle_without_its_last_byte_and_one_with_a_byte_more(built: bytes) -> None:
    assert refused(built[:-1]).why is Why.TRUNCATED
    refusal = refused(built + b"\0")
    assert (refusal.why, refusal.offset) == (Why.ADDED, len(built))


def test_a_dropped_member_is_named(built: bytes, container: Container) -> None:
    stretch = container.body[5]
    refusal = refused(built[: stretch.at] + built[stretch.end :])
    assert (refusal.why, refusal.member, refusal.offset) == (Why.DROPPED, stretch.path, stretch.at)
    assert container.body[6].path in str(refusal)


def test_the_last_member_dropped(built: bytes, container: Container) -> None:
    stretch = container.body[-1]
    assert refused(built[: stretch.at] + built[stretch.end :]).member == stretch.path


def test_a_repeated_member_is_named(built: bytes, container: Container) -> None:
    stretch = container.body[5]
    refusal = refused(built[: stretch.end] + built[stretch.at : stretch.end] + built[stretch.end :])
    assert (refusal.why, refusal.offset) == (Why.DUPLICATED, stretch.end)
    assert stretch.path in str(refusal)


def test_members_that_changed_places_are_named(built: bytes, container: Container) -> None:
    one, two = container.body[5], container.body[6]
    swapped = built[: one.at] + built[two.at : two.end] + built[one.at : one.end] + built[two.end :]
    refusal = refused(swapped)
    assert (refusal.why, refusal.member) == (Why.REORDERED, one.path)


def tar_entry(name: str, kind: bytes, target: str = "", data: bytes = b"") -> bytes:
    """An entry as an attacker writes it."""
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.size = kind, target, len(data)
    return info.tobuf(tarfile.PAX_FORMAT) + data + bytes(-len(data) % BLOCK)


@pytest.mark.parametrize(
    ("added", "why", "said"),
    [
        (tar_entry("docs/more.md", tarfile.REGTYPE, data=b"x"), Why.ADDED, "docs/more.md"),
        (tar_entry("../../etc/cron.d/x", tarfile.REGTYPE, data=b"x"), Why.UNSAFE, "../../etc/cron.d/x"),
        (tar_entry("/etc/passwd", tarfile.REGTYPE, data=b"x"), Why.UNSAFE, "/etc/passwd"),
        (tar_entry("docs/" + "../" * 60 + "etc/passwd", tarfile.REGTYPE, data=b"x"), Why.UNSAFE, "plain relative"),
        (tar_entry("link", tarfile.SYMTYPE, "/etc/shadow"), Why.UNSAFE, "symbolic link"),
        (tar_entry("hard", tarfile.LNKTYPE, "bundle.json"), Why.UNSAFE, "hard link"),
        (tar_entry("null", tarfile.CHRTYPE), Why.UNSAFE, "device"),
        (tar_entry("disk", tarfile.BLKTYPE), Why.UNSAFE, "device"),
        (tar_entry("pipe", tarfile.FIFOTYPE), Why.UNSAFE, "special file"),
        (tar_entry("folder", tarfile.DIRTYPE), Why.UNSAFE, "folder"),
        (b"\xff" * BLOCK, Why.CHANGED, "no entry of a tar"),
    ],
)  # fmt: skip
def test_an_added_entry_is_refused_for_what_it_is(
    built: bytes, container: Container, added: bytes, why: Why, said: str
) -> None:
    for place in (container.body[0].at, container.body[8].at, container.members_end):
        refusal = refused(built[:place] + added + built[place:])
        assert (refusal.why, refusal.offset) == (why, place)
        assert said in str(refusal)


def test_a_member_replaced_by_a_link_or_given_another_mode_is_refused(built: bytes, container: Container) -> None:
    stretch = container.body[4]
    link = tar_entry(stretch.path, tarfile.SYMTYPE, "/etc/shadow")
    assert refused(built[: stretch.at] + link + built[stretch.end :]).why is Why.UNSAFE
    info = tarfile.TarInfo.frombuf(built[stretch.at : stretch.at + BLOCK], "utf-8", "strict")
    info.mode = 0o4755
    changed = built[: stretch.at] + info.tobuf(tarfile.PAX_FORMAT) + built[stretch.at + BLOCK :]
    assert refused(changed).why is Why.CHANGED


def test_a_pax_record_that_renames_the_next_member_is_refused(built: bytes, container: Container) -> None:
    info = tarfile.TarInfo("docs/x")
    info.pax_headers = {"path": "../../root/.ssh/authorized_keys"}
    place = container.body[3].at
    assert refused(built[:place] + info.tobuf(tarfile.PAX_FORMAT) + built[place:]).why is Why.UNSAFE


def test_the_head_may_not_be_a_bomb(built: bytes) -> None:
    """A header that promises more than is allowed is refused before anything of it is read."""
    info = tarfile.TarInfo(MANIFEST_PATH)
    info.size, info.mode = 1 << 40, 0o644
    refusal = refused(info.tobuf(tarfile.PAX_FORMAT) + built[BLOCK:])
    assert refusal.why in {Why.UNSAFE, Why.NOT_A_BUNDLE}


def test_what_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        tar.addfile(tarfile.TarInfo("readme"), io.BytesIO())
    for data in (stream.getvalue(), b"\x7fELF" + bytes(4096), b"x" * 100_000):
        assert refused(data).why is Why.NOT_A_BUNDLE


def test_the_rest_of_another_bundle_is_refused(tmp_path: Path, built: bytes, container: Container) -> None:
    """Head of one, members of another: mix and match."""
    other = sealed(tmp_path, 2, seed=7, sealers=[sealer(), sealer("second", "ecdsa")]).file.read_bytes()
    others = check_head(Memory(other), trust())
    mixed = built[: container.body[0].at] + other[others.body[0].at :]
    assert refused(mixed).why in {Why.CHANGED, Why.ADDED, Why.REORDERED}


def signature(container: Container, ending: str) -> Stretch:
    """An entry of the head."""
    return next(each for each in container.head if each.path.endswith(ending))


def test_a_dropped_signature_is_missed(built: bytes, container: Container) -> None:
    for ending in (".sig", ".minisig", ".sigstore.json"):
        stretch = signature(container, ending)
        refusal = refused(built[: stretch.at] + built[stretch.end :])
        assert refusal.why in {Why.UNSIGNED, Why.FOREIGN_SIGNER}


def test_the_sums_may_not_say_otherwise(built: bytes, container: Container) -> None:
    stretch = signature(container, SUMS_PATH)
    first = built[stretch.data_at : stretch.data_at + 64]
    forged = first.translate(bytes.maketrans(b"0123456789abcdef", b"123456789abcdef0"))
    refusal = refused(built[: stretch.data_at] + forged + built[stretch.data_at + 64 :])
    assert (refusal.why, refusal.member) == (Why.CHANGED, SUMS_PATH)


def test_a_file_changed_after_it_was_verified_is_noticed_when_it_is_read(tmp_path: Path) -> None:
    file = sealed(tmp_path).file
    bundle = verify(FileSource(file), trust())
    stretch = bundle.container.body[9]
    with file.open("r+b") as stream:
        stream.seek(stretch.data_at + 3)
        stream.write(b"!")
    with pytest.raises(BundleRefused, match="changed"):
        bundle.copy(stretch.path, tmp_path / "out" / "copy")
    assert list((tmp_path / "out").iterdir()) == []
