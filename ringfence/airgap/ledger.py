"""The manifests of bundles that were sent, kept on the low side: what a receipt can be made whole with.

A manifest holds no secret and no content. Owns a folder of canonical JSON files, one a bundle; losing it costs deltas
by receipt, nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ringfence.airgap.manifest import Manifest
from ringfence.airgap.refusals import BundleRefused
from ringfence.files import write_whole


def keep(folder: Path, manifest: Manifest) -> Path:
    """Keep the manifest of a bundle that was built. Keeping it again changes nothing."""
    file = folder / manifest.name / f"{manifest.sequence}-{manifest.digest.removeprefix('sha256:')[:16]}.json"
    write_whole(file, manifest.canonical, mode=0o644)
    return file


def kept(folder: Path) -> Iterator[Manifest]:
    """Every manifest that was kept; what is damaged is passed over, for it can be no base."""
    for file in sorted(folder.glob("*/*.json")):
        try:
            yield Manifest.decoded(file.read_bytes())
        except (BundleRefused, OSError):
            continue


def find(folder: Path, bundle: str) -> Manifest | None:
    """The manifest with a digest, or None: the base is unknown then, and the next bundle is a whole one."""
    return next((manifest for manifest in kept(folder) if manifest.digest == bundle), None)
