"""`ringfence carry-in`: a bundle is verified, put in place, previewed, compared and, with consent, applied.

Owns the options, the question and the words. The work is `ringfence.crossing`'s.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ringfence.airgap import accepted, keys, ledger
from ringfence.airgap.keys import Sealer
from ringfence.airgap.manifest import Manifest, Role
from ringfence.airgap.reading import Bundle
from ringfence.airgap.receipts import Receipt, Result, Sides
from ringfence.cli import console, sealed
from ringfence.crossing import carrying, given, runtime
from ringfence.crossing.carrying import Applied, Place, Staged
from ringfence.crossing.registry import Registry
from ringfence.crossing.store import Store
from ringfence.engine.places import Places
from ringfence.engine.run import Embedded
from ringfence.engine.summary import name_of, short_type, type_of
from ringfence.errors import RingfenceError, UsageError
from ringfence.files import one_at_a_time

_SHOWN = 20
"""Changes that are listed one by one."""


def carry_in(
    into: Annotated[Path, typer.Option("--into", help="The project's folder on this side; made by the first one.")],
    bundle: Annotated[list[Path] | None, typer.Argument(help="The bundle, or one of its parts.")] = None,
    trust: Annotated[list[Path] | None, typer.Option("--trust", help="Public key that must have signed.")] = None,
    threshold: Annotated[int | None, typer.Option("--threshold", help="How many of them must have signed.")] = None,
    slots: Annotated[
        Path | None, typer.Option("--slots", help="This side's secrets: file or folder, mode 600.")
    ] = None,
    registry: Annotated[str | None, typer.Option("--registry", help="This side's registry for artefacts.")] = None,
    allow_incomplete: Annotated[bool, typer.Option("--allow-incomplete", help="Accept one built --without.")] = False,
    accept_state: Annotated[bool, typer.Option("--accept-state", help="A state changed by hand is right.")] = False,
    rollback: Annotated[str | None, typer.Option("--rollback", help="Go back to the bundle before, by NAME.")] = None,
    receipt: Annotated[Path | None, typer.Option("--receipt", help="Where the receipt goes.")] = None,
    key: Annotated[str | None, typer.Option("--key", help="This side's key for receipts; else one is kept.")] = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Apply without asking.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what came of it as JSON.")] = False,
) -> None:
    """Carry a bundle in, or go back to the one before. Exit 0 applied; 1 refused, failed or declined; 2 bad usage."""
    if (rollback is None) == (not bundle):
        raise UsageError("name a bundle to carry in, or --rollback NAME to go back to the one before")
    store, values = Store(sealed.accepted_file().parent), given.read(slots)
    sealer = _receipt_key(key, store)
    opened = None if rollback is not None else _verified(bundle or [], trust or [], threshold, allow_incomplete)
    with one_at_a_time(
        store.root / ".lock", waiting=lambda: console.note("another carry-in is at work: waiting for it")
    ):
        store.tidy()
        place = Place(
            embedded=_engine(store, opened),
            store=store,
            folder=into.resolve(),
            values=values,
            registry=Registry(registry) if registry else None,
            accept_state=accept_state,
        )
        staged = _back(place, rollback or "") if opened is None else _stage(place, opened)
        if not as_json:
            _show(staged)
        if not yes and not _agreed(staged):
            carrying.put_back(place, staged.manifest.name)
            raise RingfenceError(
                "nothing was applied; run the same command again to apply it, --yes to be asked nothing"
            )
        try:
            applied = _apply(place, staged, rollback is not None)
        except RingfenceError:
            _write(staged.manifest, Result.FAILED, Sides.UNKNOWN, sealer, receipt)
            raise
        accepted.Accepted(sealed.accepted_file()).record(staged.manifest)
        result = Result.ROLLED_BACK if rollback is not None else Result.APPLIED
        written = _write(staged.manifest, result, _sides(applied), sealer, receipt)
    _say(staged, applied, written, sealer, as_json)
    if applied.equal is False:
        raise typer.Exit(1)


def _verified(files: list[Path], trust: list[Path], threshold: int | None, allow_incomplete: bool) -> Bundle:
    """The bundle, verified to its last byte, and the next one to come."""
    with sealed.meter("verifying") as progress:
        opened = sealed.open_verified(files, sealed.trust(trust, threshold), progress)
    manifest = opened.manifest
    accepted.Accepted(sealed.accepted_file()).check(manifest)
    if not allow_incomplete:
        accepted.require_complete(manifest)
    return opened


def _engine(store: Store, opened: Bundle | None) -> Embedded:
    """The engine: the one that is here, else the bundle's, put in place first."""
    if opened is not None:
        store.keep(opened, [member for member in opened.manifest.members if member.role is Role.CLI])
        runtime.place_engine(store, opened.manifest, Places.from_environment())
    return Embedded.open(os.environ)


def _stage(place: Place, opened: Bundle) -> Staged:
    manifest = opened.manifest
    with console.progress(f"carrying in {manifest.name}, sequence {manifest.sequence}") as line:
        return carrying.stage(place, opened, line.at)


def _back(place: Place, name: str) -> Staged:
    older = place.store.memory(name).before()
    known = {each.digest: each for each in ledger.kept(place.store.manifests)}
    if older is None or older.bundle not in known:
        raise UsageError(f"{name}: no earlier bundle was carried in here, so there is none to go back to")
    with console.progress(f"going back to {name}, sequence {older.sequence}") as line:
        return carrying.stage_kept(place, known[older.bundle], line.at, rollback=True)


def _apply(place: Place, staged: Staged, rollback: bool) -> Applied:
    with console.progress("applying") as line:
        return carrying.apply(place, staged, line.at, rollback=rollback)


def _show(staged: Staged) -> None:
    out = console.out()
    manifest = staged.manifest
    out.print(f"{manifest.name} sequence {manifest.sequence}: {len(staged.changes)} changes", markup=False)
    for urn, step in list(staged.changes.items())[:_SHOWN]:
        out.print(f"  {step:<8} {short_type(type_of(urn))} {name_of(urn)}", markup=False)
    if len(staged.changes) > _SHOWN:
        out.print(f"  and {len(staged.changes) - _SHOWN} more", markup=False)
    same = "the same digest on both sides" if staged.same_plan else "the same meaning as on the other side"
    out.print(f"  plan     {same}: {manifest.facts['planDigest']}", markup=False)


def _agreed(staged: Staged) -> bool:
    try:
        return typer.confirm(f"Apply {staged.manifest.name} sequence {staged.manifest.sequence}?", err=True)
    except typer.Abort:
        return False


def _sides(applied: Applied) -> Sides:
    words: Mapping[bool | None, Sides] = {True: Sides.EQUAL, False: Sides.DIFFERENT, None: Sides.UNKNOWN}
    return words[applied.equal]


def _receipt_key(source: str | None, store: Store) -> Sealer:
    """The key that signs receipts: the one named, or this side's own, made when it is first needed."""
    if source is not None:
        return keys.load_signer(source)
    own = store.root / "receipts.key"
    if not own.exists():
        own.parent.mkdir(parents=True, exist_ok=True)
        keys.keygen(own)
    return keys.load_signer(str(own))


def _write(manifest: Manifest, result: Result, sides: Sides, sealer: Sealer, to: Path | None) -> tuple[Path, Receipt]:
    made = Receipt.write(manifest, result, sides, sealer)
    file = to or Path(f"receipt-{manifest.name}-{manifest.sequence}.json")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(made.as_file())
    return file, made


def _say(staged: Staged, applied: Applied, written: tuple[Path, Receipt], sealer: Sealer, as_json: bool) -> None:
    file, receipt = written
    if as_json:
        said: dict[str, Any] = {
            "ok": applied.equal is not False,
            "name": staged.manifest.name,
            "sequence": staged.manifest.sequence,
            "bundle": staged.manifest.digest,
            "changes": staged.changes,
            "samePlan": staged.same_plan,
            "state": applied.state,
            "equal": applied.equal,
            "receipt": str(file),
            "receiptKey": sealer.public.keyid,
        }
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    out = console.out()
    words = {
        True: "[green]equal[/]: both sides hold this state",
        False: "[bold red]different[/]: the other side holds another state",
        None: "applied; the other side has not applied it itself, so nobody can compare yet",
    }
    out.print(f"  state    {applied.state}", markup=False)
    out.print(f"  {words[applied.equal]}")
    out.print(f"  receipt  {escape(str(file))}, signed by {sealer.public.short}; to read aloud:")
    for group in _lines(receipt.as_groups()):
        out.print(f"           {group}", markup=False)


def _lines(groups: list[str]) -> list[str]:
    return [" ".join(groups[at : at + 8]) for at in range(0, len(groups), 8)]
