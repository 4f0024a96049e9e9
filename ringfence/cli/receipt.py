"""`ringfence receipt`: show a receipt to be read aloud or photographed, or take one that was read aloud.

Owns the options and the words. What a receipt is, is `ringfence.airgap.receipts`'.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from ringfence.airgap import keys, ledger, receipts
from ringfence.airgap.receipts import Receipt
from ringfence.cli import console, sealed
from ringfence.errors import RingfenceError, UsageError
from ringfence.files import write_whole

_A_LINE = 6
"""Groups in a line: as many as one says in a breath."""


def receipt(
    file: Annotated[str, typer.Argument(help="A receipt's file; or - for groups that are typed, ended by Ctrl-D.")],
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="Public key of the side that wrote it. Repeatable.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the receipt's file, for export --base.")
    ] = None,
    qr: Annotated[Path | None, typer.Option("--qr", help="Write a QR code, as SVG.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print the receipt as JSON.")] = False,
) -> None:
    """Show a receipt, or take one that was read aloud. Exit 0 fine, 1 not signed by a trusted key, or misheard."""
    text = _text(file)
    if trust:
        sent = ledger.kept(sealed.ledger_folder())
        found = receipts.read(text, sent, [keys.load_public(each) for each in trust])
    elif text.lstrip().startswith("{"):
        found = receipts.unchecked(text)
    else:
        raise UsageError("groups mean nothing without the key of the side that read them: --trust FILE.pub")
    try:
        if output:
            write_whole(output, found.as_file(), mode=0o644)
        if qr:
            write_whole(qr, found.as_svg(), mode=0o644)
    except OSError as error:
        raise RingfenceError(f"{error.filename}: cannot be written: {error.strerror}") from None
    _say(found, bool(trust), as_json)


def _text(file: str) -> str:
    try:
        return sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"{file}: cannot be read as a receipt: {error}") from None


def _say(found: Receipt, checked: bool, as_json: bool) -> None:
    if as_json:
        said = {
            "ok": True,
            "verified": checked,
            "name": found.name,
            "sequence": found.sequence,
            "bundle": found.bundle,
            "result": found.result.value,
            "sides": found.sides.value,
            "keyid": found.keyid,
            "groups": found.as_groups(),
        }
        print(json.dumps(said, indent=2))
        return
    out = console.out()
    if not checked:
        console.note("the signature is not checked: add --trust FILE.pub")
    out.print(f"{found.name} sequence {found.sequence}: {found.result}, both sides {found.sides}", markup=False)
    out.print(f"  bundle  {found.bundle}", markup=False)
    out.print(f"  signed by {found.keyid[:16]}; to read aloud:", markup=False)
    groups = found.as_groups()
    for at in range(0, len(groups), _A_LINE):
        numbered = " ".join(groups[at : at + _A_LINE])
        out.print(f"  {at + 1:>3}  {numbered}", markup=False)
    if out.is_terminal:
        print(found.as_terminal())
