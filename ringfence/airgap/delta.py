"""Which members a bundle carries, and which it relies on because the high side has them.

A delta lists the complete graph and carries what its base does not have. Whoever has no base gets all of it: there is
nothing to guess, and a tag says nothing. Owns that choice. Refuses to own how a base is found.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from pydantic import ValidationError

from ringfence.airgap.contents import Content
from ringfence.airgap.keys import PublicKey
from ringfence.airgap.manifest import Base, LeftOut, Manifest, Member, Waiver, plain
from ringfence.airgap.paths import order
from ringfence.errors import RingfenceError


def plan(
    name: str,
    sequence: int,
    contents: Iterable[Content],
    signers: Sequence[PublicKey],
    *,
    epoch: int,
    base: Manifest | None = None,
    platforms: Sequence[str] = (),
    left_out: Sequence[LeftOut] = (),
    waivers: Sequence[Waiver] = (),
    facts: dict[str, Any] | None = None,
) -> Manifest:
    """The manifest of a bundle: the same contents and arguments give the same bytes, in whatever order they come.

    Args:
        name: The stack, or stack and site, as in `prod-berlin`: sequences count per name.
        sequence: Higher than that of every bundle of this name before.
        contents: Everything, also what the base has.
        signers: The keys that will sign.
        epoch: SOURCE_DATE_EPOCH, in seconds since 1970.
        base: The manifest of the bundle that the high side has; None makes a whole bundle.
        platforms: `linux/amd64` and the like.
        left_out: What is missing on purpose; the bundle is incomplete then.
        waivers: Findings that were accepted by name.
        facts: Plain JSON for readers, see `Manifest.facts`.

    Raises:
        RingfenceError: the arguments break a rule of the manifest, or the base cannot be one.
    """
    if base is not None:
        _require_base(base, name, sequence)
    held = {member.digest for member in base.members} if base else set()
    members = [_carried(content.member, content.member.digest not in held) for content in contents]
    try:
        return Manifest(
            kind="delta" if base else "whole",
            name=name,
            sequence=sequence,
            source_date_epoch=epoch,
            platforms=tuple(sorted(platforms)),
            base=Base(bundle=base.digest, sequence=base.sequence) if base else None,
            left_out=tuple(sorted(left_out, key=lambda each: each.what)),
            waivers=tuple(sorted(waivers, key=lambda each: each.finding)),
            facts=plain(facts or {}),
            signers=tuple(
                sorted({key.keyid: key.as_signer() for key in signers}.values(), key=lambda each: each.keyid)
            ),
            members=tuple(sorted(members, key=lambda each: order(each.path))),
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "manifest"
        raise RingfenceError(f"the bundle cannot be described: {where}: {first['msg']}") from None
    except ValueError as error:
        raise RingfenceError(f"the bundle cannot be described: {error}") from None


def _carried(member: Member, carried: bool) -> Member:
    return member if member.carried == carried else member.model_copy(update={"carried": carried})


def _require_base(base: Manifest, name: str, sequence: int) -> None:
    if base.kind == "part":
        raise RingfenceError("the base is one part of a split bundle: name the bundle, or its receipt")
    if base.name != name:
        raise RingfenceError(f"the base is a bundle of {base.name!r}, this is one of {name!r}: they share no sequence")
    if base.sequence >= sequence:
        raise RingfenceError(f"the base has sequence {base.sequence}; a delta on it needs a higher one than {sequence}")
