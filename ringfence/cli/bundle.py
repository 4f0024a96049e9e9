"""`ringfence bundle ls|cat|why`: look into a bundle. Owns the options and the table."""

from __future__ import annotations

import base64
import json
import os
import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from ringfence.airgap.manifest import Member, Role
from ringfence.airgap.reading import Bundle
from ringfence.cli import console, sealed
from ringfence.errors import RingfenceError, UsageError


class Look(StrEnum):
    """Ways to look into a bundle."""

    LS = "ls"
    CAT = "cat"
    WHY = "why"


def bundle(
    look: Annotated[Look, typer.Argument(help="ls: list members. cat: print one. why: say why something is there.")],
    file: Annotated[Path, typer.Argument(help="The bundle, or a part of a split one.")],
    what: Annotated[str | None, typer.Argument(help="cat: a path. why: part of a path, reference or digest.")] = None,
    role: Annotated[Role | None, typer.Option("--role", help="ls: only members of one role.")] = None,
    trust: Annotated[
        list[Path] | None,
        typer.Option("--trust", help="Public keys to verify it with before it is shown."),
    ] = None,
    threshold: Annotated[int | None, typer.Option("--threshold", help="How many of the keys must have signed.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print as JSON.")] = False,
) -> None:
    """List the members of a bundle, print one, or say why it is there. Exit 0 fine, 1 refused or not there."""
    opened = _open(file, trust, threshold)
    if look is not Look.LS and what is None:
        raise UsageError(f"ringfence bundle {look} {file}: name the member")
    if look is Look.CAT:
        _cat(opened, what or "", as_json)
        return
    wanted = what.lower() if what else ""
    found = [
        member
        for member in opened.manifest.members
        if (role is None or member.role is role) and any(wanted in text.lower() for text in _texts(member))
    ]
    if not found and wanted:
        raise RingfenceError(f"{file}: nothing in it is called {what!r}; `ringfence bundle ls {file}` lists all")
    if as_json:
        listed = [member.model_dump(mode="json", exclude_none=True) for member in found]
        print(json.dumps({"ok": True, "verified": opened.verified, "members": listed}, indent=2, ensure_ascii=False))
    elif look is Look.LS:
        _list(opened, found)
    else:
        _explain(opened, found)


def _open(file: Path, trust: Sequence[Path] | None, threshold: int | None) -> Bundle:
    if trust:
        whom = sealed.trust(trust, threshold)
        with sealed.meter(f"verifying {file.name}") as progress:
            return sealed.open_verified([file], whom, progress)
    console.note(f"{file.name} is not verified: nothing below is proven; add --trust FILE.pub")
    return sealed.open_unverified(file)


def _texts(member: Member) -> list[str]:
    return [member.path, member.digest, member.ref or "", member.tag or ""]


def _cat(opened: Bundle, path: str, as_json: bool) -> None:
    try:
        chunks = opened.chunks(path)
        if as_json:
            member, data = opened.manifest.member(path), opened.read(path)
            said = {**member.model_dump(mode="json", exclude_none=True), "base64": base64.b64encode(data).decode()}
            print(json.dumps({"ok": True, "verified": opened.verified, "member": said}, indent=2, ensure_ascii=False))
            return
        for chunk in chunks:
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:  # whoever read has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except KeyError:
        raise RingfenceError(f"{opened.source.name}: no member {path!r}; `ringfence bundle ls` lists all") from None


def _list(opened: Bundle, members: Sequence[Member]) -> None:
    table = Table(box=None, pad_edge=False, show_edge=False, header_style="dim")
    for name in ("role", "size", "member"):
        table.add_column(name, justify="right" if name == "size" else "left", no_wrap=name != "member", overflow="fold")
    for member in members:
        here = "" if member.carried else "  (not in this file: required of the base)"
        table.add_row(member.role.value, sealed.shown(member.size), f"{member.ref or member.path}{here}")
    out = console.out()
    out.print(table)
    total = sum(member.size for member in members)
    carried = sum(member.size for member in members if member.carried)
    out.print(f"{len(members)} members, {sealed.shown(total)}; {sealed.shown(carried)} of them in this file")


def _explain(opened: Bundle, members: Sequence[Member]) -> None:
    out = console.out()
    base = opened.manifest.base
    for member in members:
        out.print(member.ref or member.path, markup=False)
        where = (
            "in this file"
            if member.carried
            else f"not in this file: it came with sequence {base.sequence if base else '?'} or before"
        )
        lines = {"why": member.reason, "role": member.role.value, "digest": member.digest, "tag": member.tag,
                 "platform": member.platform, "path": member.path if member.ref else None,
                 "size": f"{sealed.shown(member.size)}, {where}"}  # fmt: skip
        for word, text in lines.items():
            if text:
                out.print(f"    {word:<8} {text}", markup=False)
