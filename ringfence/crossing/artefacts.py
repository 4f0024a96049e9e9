"""Images, charts and weights as an OCI layout: resolved once, by digest, fetched in parallel, each with its reasons.

Owns: from references to members of the bundle. Refuses to own: which references there are (ringfence.airgap.images,
charts.py), HTTP (registry.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ringfence.airgap.contents import Content, from_bytes, from_file
from ringfence.airgap.images.found import Why
from ringfence.airgap.images.reference import Reference
from ringfence.airgap.manifest import Role, digest_of
from ringfence.crossing import charts, layout
from ringfence.crossing.canonical import canonical_bytes
from ringfence.crossing.registry import INDEX, INDEXES, MANIFEST, Registry, RegistryError

REF_NAME = "org.opencontainers.image.ref.name"
_PARALLEL = 8
_IMAGE_CONFIGS = ("application/vnd.oci.image.config.v1+json", "application/vnd.docker.container.image.v1+json")
_REASONS = 5
"""Reasons that a member names; the others are counted, and all of them are in stack/images.json."""


@dataclass(frozen=True)
class Blob:
    """Bytes in a registry."""

    digest: str
    size: int
    media: str
    path: str
    """The repository that has them."""


@dataclass
class Resolved:
    """One artefact: what its name led to, and all that belongs to it."""

    reference: Reference
    role: Role
    root: Blob
    manifests: dict[str, bytes]
    """Digest to bytes, the root included."""
    blobs: list[Blob]
    platforms: tuple[str, ...]
    why: list[Why] = field(default_factory=list)


def resolve(registry: Registry, reference: Reference, platforms: Iterable[str]) -> Resolved | None:
    """What a reference leads to now; None where the registry has no such thing.

    An index is carried whole where it is named by digest, or where several platforms are wanted; else the one wanted
    platform's manifest is, and takes the tag.

    Raises:
        RegistryError: the registry cannot be reached, or what it has is damaged or not for a wanted platform.
    """
    found = registry.manifest(reference.path, reference.digest or reference.tag or "latest")
    if found is None:
        return None
    data, media = found
    wanted = sorted(platforms)
    if media in INDEXES and reference.digest is None and len(wanted) == 1:
        child = _child(json.loads(data), wanted[0], reference)
        found = registry.manifest(reference.path, child)
        if found is None:
            raise RegistryError(f"{reference}: the registry has the index, and not {wanted[0]}: {child}")
        data, media = found
    root = Blob(digest_of(data), len(data), media, reference.path)
    manifests: dict[str, bytes] = {root.digest: data}
    blobs: dict[str, Blob] = {}
    has = _walk(registry, reference, data, media, manifests, blobs)
    role = _role(data if media not in INDEXES else next(iter(list(manifests.values())[1:]), data))
    return Resolved(reference, role, root, manifests, sorted(blobs.values(), key=lambda each: each.digest), tuple(has))


def _child(index: Any, platform: str, reference: Reference) -> str:
    has = {_platform(each): each["digest"] for each in index.get("manifests") or []}
    if platform not in has:
        raise RegistryError(f"{reference} is not for {platform}: it has {', '.join(sorted(filter(None, has)))}")
    return has[platform]


def _platform(descriptor: Any) -> str:
    said = descriptor.get("platform") or {}
    return "/".join(str(said[key]) for key in ("os", "architecture", "variant") if said.get(key))


def _walk(
    registry: Registry,
    reference: Reference,
    data: bytes,
    media: str,
    manifests: dict[str, bytes],
    blobs: dict[str, Blob],
) -> list[str]:
    """Collect everything below a manifest; the platforms it is for."""
    said = json.loads(data)
    if media not in INDEXES:
        for each in (said.get("config"), *(said.get("layers") or ())):
            if each:
                blobs[each["digest"]] = Blob(each["digest"], each["size"], each["mediaType"], reference.path)
        return []
    platforms = []
    for each in said.get("manifests") or []:
        found = registry.manifest(reference.path, each["digest"])
        if found is None:
            raise RegistryError(f"{reference}: its index names {each['digest']}, which the registry does not have")
        manifests[each["digest"]] = found[0]
        platforms.append(_platform(each))
        platforms += _walk(registry, reference, found[0], each["mediaType"], manifests, blobs)
    return sorted(filter(None, platforms))


def _role(manifest: bytes) -> Role:
    """By what the artefact says of itself: a chart, an image, or weights and other files."""
    config = (json.loads(manifest).get("config") or {}).get("mediaType")
    if config == charts.CONFIG:
        return Role.CHART
    return Role.IMAGE if config in _IMAGE_CONFIGS else Role.WEIGHTS


def fetch(registry: Registry, resolved: Iterable[Resolved], cache: Path, progress: Callable[[int, int], None]) -> None:
    """Fetch every blob that is not in the cache, several at a time, each verified as it comes.

    Raises:
        RegistryError: one cannot be had; what came is kept for the next run.
    """
    blobs = {blob.digest: blob for each in resolved for blob in each.blobs}
    total, done = sum(blob.size for blob in blobs.values()), 0

    def one(blob: Blob) -> int:
        registry.fetch(blob.path, blob.digest, blob.size, cached(cache, blob.digest))
        return blob.size

    with ThreadPoolExecutor(_PARALLEL) as pool:
        for size in pool.map(one, blobs.values()):
            done += size
            progress(done, total)


def cached(cache: Path, digest: str) -> Path:
    """Where the bytes of a digest are kept between exports."""
    return cache / "oci" / layout.BLOBS / digest.removeprefix("sha256:")


def contents(resolved: Iterable[Resolved], cache: Path) -> list[Content]:
    """The OCI layout: `oci-layout`, `index.json`, and each blob once."""
    ordered = sorted(resolved, key=lambda each: str(each.reference))
    made: dict[str, Content] = {}
    for each in ordered:
        for digest, data in sorted(each.manifests.items()):
            media = each.root.media if digest == each.root.digest else json.loads(data).get("mediaType", MANIFEST)
            path = _path(digest)
            if path not in made:
                made[path] = from_bytes(path, each.role, data, media=media, **_about(each))
        for blob in each.blobs:
            path, file = _path(blob.digest), cached(cache, blob.digest)
            if path not in made:
                made[path] = from_file(path, each.role, file, digest=blob.digest, media=blob.media, **_about(each))
    head = {"imageLayoutVersion": "1.0.0"}
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [_descriptor(each) for each in ordered]}
    reason = "what the blobs are: an OCI image layout"
    return [
        from_bytes(layout.OCI_LAYOUT, Role.LAYOUT, canonical_bytes(head), reason),
        from_bytes(layout.OCI_INDEX, Role.LAYOUT, canonical_bytes(index), reason),
        *made.values(),
    ]


def _path(digest: str) -> str:
    return f"{layout.BLOBS}/{digest.removeprefix('sha256:')}"


def _about(each: Resolved) -> dict[str, Any]:
    """What a member says of the artefact that it belongs to."""
    said: dict[str, Any] = {"reason": reason_of(each), "ref": f"{each.reference.repository}@{each.root.digest}"}
    if each.reference.tag:
        said["tag"] = each.reference.tag
    if each.platforms:
        said["platform"] = ",".join(each.platforms)
    return said


def reason_of(each: Resolved) -> str:
    """Why an artefact is there: the first few reasons."""
    said = [str(why) for why in sorted(each.why)]
    rest = f"; and {len(said) - _REASONS} more" if len(said) > _REASONS else ""
    return ("; ".join(said[:_REASONS]) + rest)[:4096] or "named by the stack"


def _descriptor(each: Resolved) -> dict[str, Any]:
    annotations = {REF_NAME: str(each.reference)}
    return {
        "mediaType": each.root.media,
        "digest": each.root.digest,
        "size": each.root.size,
        "annotations": annotations,
    }


def tree(read: Callable[[str], bytes], digest: str, media: str) -> Iterator[tuple[str, str, bool]]:
    """Everything that a manifest needs, children before parents: digest, media type, and whether it is a manifest."""
    said = json.loads(read(digest))
    if media in INDEXES:
        for each in said.get("manifests") or []:
            yield from tree(read, each["digest"], each["mediaType"])
    else:
        for each in (said.get("config"), *(said.get("layers") or ())):
            if each:
                yield each["digest"], each["mediaType"], False
    yield digest, media, True
