"""`ringfence export`: one sealed bundle of a stack, for a side that has no network.

Owns the options, the progress and the words. What goes in is `ringfence.crossing`'s, the file is `ringfence.airgap`'s.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from ringfence import checking
from ringfence.airgap import keys, ledger, receipts, splitting
from ringfence.airgap.building import Built
from ringfence.airgap.keys import PublicKey, Sealer
from ringfence.airgap.manifest import Manifest
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.airgap.verification import Trust
from ringfence.cli import console, sealed
from ringfence.cli.preview import _check, _pack
from ringfence.crossing import export as crossing
from ringfence.crossing import sbom
from ringfence.crossing.export import PARTS, Order
from ringfence.crossing.runtime import EngineFiles, Wheels
from ringfence.crossing.sources import Artefacts
from ringfence.engine.project import Project
from ringfence.engine.run import Embedded
from ringfence.errors import UsageError


def export(
    stack: Annotated[str, typer.Option("--stack", "-s", help="The stack: Pulumi.<stack>.yaml.")],
    output: Annotated[Path, typer.Option("--output", "-o", help="Folder for the bundle; it is made.")],
    key: Annotated[list[str], typer.Option("--key", help="Private key: a file, env:NAME or pkcs11:ID. Repeatable.")],
    site: Annotated[str | None, typer.Option("--site", help="Only what this site needs.")] = None,
    registry: Annotated[str | None, typer.Option("--from", help="Registry that has images, charts, weights.")] = None,
    base: Annotated[Path | None, typer.Option("--base", help="Bundle or receipt to build a delta on.")] = None,
    split: Annotated[str | None, typer.Option("--split", help="Size of a medium, such as 4.7GB.")] = None,
    without: Annotated[str, typer.Option("--without", help=f"Leave out, by comma: {', '.join(PARTS)}.")] = "",
    waive: Annotated[list[str] | None, typer.Option("--waive", help="Accept a finding: NAME=REASON.")] = None,
    platform: Annotated[list[str] | None, typer.Option("--platform", help="linux/amd64 (default), ...")] = None,
    wheels: Annotated[Path | None, typer.Option("--wheels", help="Folder of wheels.")] = None,
    lock: Annotated[list[Path] | None, typer.Option("--lock", help="Hashed requirements that pin them.")] = None,
    inventory: Annotated[Path | None, typer.Option("--inventory", help="The nodes' kernels and OSes.")] = None,
    kubernetes: Annotated[list[str] | None, typer.Option("--kubernetes", help="CLUSTER=1.34, where unsaid.")] = None,
    sequence: Annotated[int | None, typer.Option("--sequence", help="The bundle's number; else the next.")] = None,
    trust: Annotated[
        list[Path] | None, typer.Option("--trust", help="Who must have signed --base, if not --key.")
    ] = None,
    folder: Annotated[Path, typer.Option("--cwd", "-C", help="The Pulumi project's folder.")] = Path(),
    policy_pack: Annotated[Path | None, typer.Option("--policy-pack", help="A policy pack.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print what was built as JSON.")] = False,
) -> None:
    """Build a sealed bundle of a stack. Exit 0 built, 1 something is missing or must not leave, 2 bad usage."""
    sealers = [keys.load_signer(each) for each in key]
    embedded = Embedded.open(os.environ)
    project = Project.containing(folder.resolve(), embedded.places)
    if project is None:
        raise UsageError(f"{folder.resolve()}: no Pulumi.yaml here or above: go to a Pulumi project's folder")
    _check(project.stack_file(stack))
    size = sealed.size(split) if split else None
    order = Order(
        folder=project.root,
        stack=stack,
        sequence=1,
        site=site,
        pack=_pack(policy_pack, project),
        without=_parts(without),
        waivers=dict(_pairs(waive or (), "--waive NAME=REASON")),
        kubernetes={
            **_declared(project.stack_file(stack)),
            **dict(_pairs(kubernetes or (), "--kubernetes CLUSTER=1.34")),
        },
        base=_base(base, trust or [], sealers),
        registry=registry,
        inventory=inventory,
    )
    order = order.numbered(sequence or _next(order.name, order.base))
    with console.progress(f"exporting {order.name}, sequence {order.sequence}") as line:
        gathered = crossing.gather(embedded, order, line.at, _sources(embedded, platform, wheels, lock))
    with sealed.meter("sealing") as progress:
        built = crossing.seal(order, gathered, output, sealers, progress)
    ledger.keep(sealed.ledger_folder(), built.manifest)
    files = [built.file]
    if size is not None:
        with sealed.meter("splitting") as progress:
            files = splitting.split(built.file, output, size, sealers, progress)
    _say(built, files, as_json)


def _sources(
    embedded: Embedded, platforms: list[str] | None, wheels: Path | None, locks: list[Path] | None
) -> list[crossing.Source]:
    return [
        Artefacts(embedded.places, tuple(platforms or ("linux/amd64",))),
        Wheels(wheels, tuple(locks or ())),
        EngineFiles(embedded.engine),
        sbom.add,
    ]


def _parts(text: str) -> frozenset[str]:
    names = {name.strip() for name in text.split(",") if name.strip()}
    unknown = sorted(names - set(PARTS))
    if unknown:
        raise UsageError(f"--without {unknown[0]}: there are {', '.join(PARTS)}")
    return frozenset(names)


def _pairs(texts: Iterable[str], shape: str) -> Iterable[tuple[str, str]]:
    for text in texts:
        name, mark, value = text.partition("=")
        if not (name and mark and value.strip()):
            raise UsageError(f"{text}: write {shape}")
        yield name, value.strip()


def _declared(stack_file: Path) -> dict[str, str]:
    """Cluster to Kubernetes minor, as a stack file of ours says it."""
    platform = checking.check_file(stack_file).platform
    return {name: cluster.kubernetes_version for name, cluster in platform.clusters.items()} if platform else {}


def _base(file: Path | None, trusted: list[Path], sealers: list[Sealer]) -> Manifest | None:
    """The manifest that the other side has: of a bundle, or of the bundle that a receipt names. Neither is believed
    unsigned: a delta on a base that the other side never had is refused there, when nobody can make another one.
    """
    if file is None:
        return None
    try:
        with file.open("rb") as stream:
            start = stream.read(512)
    except OSError as error:
        raise UsageError(f"{file}: cannot be read: {error.strerror}") from None
    keyring = [keys.load_public(each) for each in trusted]
    if start[257:262] == b"ustar":
        return _bundle_base(file, keyring, [each.public for each in sealers])
    if not keyring:
        raise UsageError(f"{file} is a receipt: name the key of the side that wrote it, --trust FILE.pub")
    sent = list(ledger.kept(sealed.ledger_folder()))
    receipt = receipts.read(file.read_text(encoding="utf-8"), sent, keyring)
    found = next((each for each in sent if each.digest == receipt.bundle), None)
    if found is None:
        console.note(f"{file}: its bundle was not built here, so nothing is known to be there: a whole bundle is built")
    return found


def _bundle_base(file: Path, trusted: list[PublicKey], own: list[PublicKey]) -> Manifest:
    """The manifest of an earlier bundle, verified to its last byte: by all of `trusted`, else by one of our own."""
    whom = Trust.of(trusted) if trusted else Trust.of(own, 1)
    try:
        with sealed.meter(f"verifying {file.name}") as progress:
            opened = sealed.open_verified([file], whom, progress)
    except BundleRefused as refused:
        if refused.why not in (Why.UNSIGNED, Why.FOREIGN_SIGNER):
            raise
        hint = "" if trusted else ". If another key of this side signed it, name its public half: --trust FILE.pub"
        raise BundleRefused(refused.why, f"--base {refused}{hint}") from None
    try:
        return opened.manifest
    finally:
        opened.close()


def _next(name: str, base: Manifest | None) -> int:
    sent = [each.sequence for each in ledger.kept(sealed.ledger_folder()) if each.name == name]
    return max([*sent, base.sequence if base else 0, 0]) + 1


def _say(built: Built, files: list[Path], as_json: bool) -> None:
    manifest = built.manifest
    if as_json:
        said = {
            "ok": True,
            "files": [str(file) for file in files],
            "bundle": manifest.digest,
            "name": manifest.name,
            "sequence": manifest.sequence,
            "kind": manifest.kind,
            "bytes": built.size,
            "complete": manifest.complete,
            "leftOut": [each.model_dump() for each in manifest.left_out],
            "facts": manifest.facts,
        }
        print(json.dumps(said, indent=2, ensure_ascii=False))
        return
    out = console.out()
    for file in files:
        out.print(str(file), markup=False)
    roles = Counter(member.role.value for member in manifest.carried)
    out.print(
        f"  {manifest.name} sequence {manifest.sequence}, {manifest.kind}, {sealed.shown(built.size)}", markup=False
    )
    out.print(f"  bundle  {manifest.digest}", markup=False)
    out.print(f"  state   {manifest.facts['stateDigest']}", markup=False)
    out.print(f"  plan    {manifest.facts['planDigest']}", markup=False)
    out.print(f"  holds   {', '.join(f'{count} {role}' for role, count in sorted(roles.items()))}", markup=False)
    if manifest.required:
        since = manifest.base.sequence if manifest.base else "?"
        out.print(f"  relies on {len(manifest.required)} members of sequence {since}")
    if manifest.left_out:
        left = ", ".join(each.what for each in manifest.left_out)
        out.print(f"  [yellow]incomplete[/] without {left}: `verify` and `carry-in` ask for --allow-incomplete")
    if manifest.facts["slots"]:
        out.print(
            f"  slots   {len(manifest.facts['slots'])} to fill on the other side: bundle cat ... stack/slots.json"
        )
