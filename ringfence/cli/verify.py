"""`ringfence verify`: is this file, to its last byte, the bundle that people I trust signed, and may it go in now?

Owns the options, the words and the exit code. The check is `ringfence.airgap`'s. No network and no clock is asked.
"""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from ringfence.airgap import accepted, splitting
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.reading import Bundle
from ringfence.airgap.refusals import BundleRefused
from ringfence.airgap.verification import Trust
from ringfence.cli import console, sealed


def verify(
    bundle: Annotated[list[Path], typer.Argument(help="The bundle, or one part with the others beside it.")],
    trust: Annotated[list[Path], typer.Option("--trust", help="Public key that must have signed. Repeat for several.")],
    threshold: Annotated[
        int | None, typer.Option("--threshold", help="How many of the trusted keys must have signed; all by default.")
    ] = None,
    allow_incomplete: Annotated[
        bool, typer.Option("--allow-incomplete", help="Accept a bundle that was built --without something.")
    ] = False,
    state: Annotated[
        Path | None, typer.Option("--state", help="What was accepted before; carry-in keeps it. Stops rollbacks.")
    ] = None,
    base: Annotated[
        Path | None, typer.Option("--base", help="For a delta: the earlier bundle that is here, instead of --state.")
    ] = None,
    alone: Annotated[bool, typer.Option("--alone", help="Check each part of a split bundle by itself.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was found as JSON.")] = False,
) -> None:
    """Check a bundle offline. Exit 0 it is what was signed and may go in, 1 refused, 2 bad usage."""
    whom = sealed.trust(trust, threshold)
    try:
        with sealed.meter(f"verifying {', '.join(file.name for file in bundle)}") as progress:
            if alone:
                checked = [splitting.verify_part(file, whom, progress) for file in bundle]
            else:
                checked = [sealed.open_verified(bundle, whom, progress)]
                _admit(checked[0].manifest, state, base, whom, allow_incomplete)
    except BundleRefused as refused:
        if not as_json:
            raise
        print(json.dumps({"ok": False, "error": str(refused), **refused.as_json()}, indent=2, ensure_ascii=False))
        raise typer.Exit(1) from None
    if as_json:
        print(json.dumps({"ok": True, "bundles": [_plain(each, whom) for each in checked]}, indent=2))
    else:
        for each in checked:
            _draw(each, whom)


def _admit(manifest: Manifest, state: Path | None, base: Path | None, whom: Trust, allow_incomplete: bool) -> None:
    """Refuse what is whole and signed, but not what comes next here."""
    before = accepted.Accepted(state or sealed.accepted_file())
    if base is None:
        before.check(manifest)
    else:
        accepted.require_newer(manifest, before.last(manifest.name))
        earlier = sealed.open_verified([base], whom).manifest
        accepted.require_base(manifest, accepted.Last(sequence=earlier.sequence, bundle=earlier.digest))
        accepted.require_held(manifest, earlier)
    if not allow_incomplete:
        accepted.require_complete(manifest)


def _plain(bundle: Bundle, whom: Trust) -> dict[str, Any]:
    manifest = bundle.manifest
    said = manifest.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"members", "signers", "facts"})
    signers = [
        {"keyid": each.keyid, "trusted": each.keyid in {key.keyid for key in whom.keys}} for each in manifest.signers
    ]
    return {
        "file": bundle.source.name,
        "bytes": bundle.source.size,
        "bundle": manifest.digest,
        **said,
        "complete": manifest.complete,
        "members": len(manifest.members),
        "carried": len(manifest.carried),
        "signers": signers,
    }


def _draw(bundle: Bundle, whom: Trust) -> None:
    out, manifest = console.out(), bundle.manifest
    trusted = {key.keyid for key in whom.keys}
    what = f"part {manifest.part.index} of {manifest.part.count}" if manifest.part else manifest.kind
    out.print(
        f"[green]ok[/]  {escape(bundle.source.name)}: {manifest.name} sequence {manifest.sequence}, {what}, "
        f"{len(manifest.carried)} members, {sealed.shown(bundle.source.size)}"
    )
    out.print(f"    bundle     {manifest.digest}")
    for signer in manifest.signers:
        note = "trusted" if signer.keyid in trusted else "not among the trusted keys"
        out.print(f"    signed by  {signer.keyid[:16]} ({note})")
    if manifest.base:
        out.print(f"    builds on  sequence {manifest.base.sequence}, {manifest.base.bundle}")
    made = datetime.fromtimestamp(manifest.source_date_epoch, UTC).isoformat().replace("+00:00", "Z")
    out.print(f"    time       {made}, as the bundle says; nothing was decided by it")
    roles = Counter(member.role.value for member in manifest.carried)
    out.print(f"    holds      {', '.join(f'{count} {role}' for role, count in sorted(roles.items()))}")
    for left in manifest.left_out:
        out.print(
            f"    [yellow]incomplete[/] without {escape(left.what)}: {escape(', '.join(left.names) or 'all of them')}"
        )
