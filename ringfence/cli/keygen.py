"""`ringfence keygen`: a key pair that seals bundles or signs receipts. Owns the options."""

from __future__ import annotations

import json
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ringfence.airgap import keys
from ringfence.cli import console


class Kind(StrEnum):
    """Kinds of keys."""

    ED25519 = "ed25519"
    ECDSA = "ecdsa"


def keygen(
    output: Annotated[Path, typer.Option("--output", "-o", help="The private key's file; FILE.pub goes beside it.")],
    kind: Annotated[Kind, typer.Option("--type", help="ed25519 (minisign reads it too) or ecdsa (P-256).")] = (
        Kind.ED25519
    ),
    as_json: Annotated[bool, typer.Option("--json", help="Print the public half as JSON.")] = False,
) -> None:
    """Make a key pair: FILE (mode 0600, encrypted when RINGFENCE_KEY_PASSPHRASE is set) and FILE.pub."""
    public = keys.keygen(output, kind.value)
    beside = output.with_name(f"{output.name}.pub")
    if as_json:
        said = {"ok": True, "private": str(output), "public": str(beside), "keyid": public.keyid, "type": kind.value}
        print(json.dumps(said, indent=2))
        return
    out = console.out()
    out.print(f"{output}  the private key: keep it on the side that signs", markup=False)
    out.print(f"{beside}  the public key {public.short}: carry it to the other side by another way", markup=False)
