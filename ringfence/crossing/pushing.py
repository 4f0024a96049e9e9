"""Puts a bundle's artefacts into the high side's registry: nothing is sent that is there, and nothing is started before
everything that the bundle relies on was found.

Owns: the order of a push. Refuses to own: HTTP (registry.py), and what is in the layout (artefacts.py).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from ringfence.airgap.images.reference import Reference, parse
from ringfence.airgap.manifest import Member
from ringfence.airgap.reading import Bundle
from ringfence.crossing import layout
from ringfence.crossing.artefacts import REF_NAME, tree
from ringfence.crossing.registry import Registry
from ringfence.errors import RingfenceError

_LARGEST_MANIFEST = 16 << 20


@dataclass
class Pushed:
    """What a push came to."""

    sent: int = 0
    """Blobs that had to be sent."""
    there: int = 0
    """Blobs that were there."""
    bytes: int = 0
    """Bytes that had to be sent."""


def has_artefacts(bundle: Bundle) -> bool:
    """Whether there is anything to push."""
    return any(member.path == layout.OCI_INDEX for member in bundle.manifest.members)


def push(bundle: Bundle, index: bytes, registry: Registry, say: Callable[[str], None]) -> Pushed:
    """Push everything, children before parents, tags last: whoever sees a tag can pull all of it.

    Args:
        bundle: A verified one.
        index: Its `index.json`; a delta may rely on the one that came before.
        registry: Where to.
        say: Told how far it is.

    Raises:
        RingfenceError: the bundle relies on blobs that are not in the registry, or the registry refused.
    """
    work = _Push(bundle, registry)
    descriptors = [(each, _reference(each)) for each in json.loads(index)["manifests"]]
    work.require_base(descriptors)
    for number, (descriptor, reference) in enumerate(descriptors, 1):
        say(f"{number} of {len(descriptors)}: {reference}")
        work.artefact(descriptor, reference)
    return work.done


class _Push:
    def __init__(self, bundle: Bundle, registry: Registry) -> None:
        self._bundle, self._registry = bundle, registry
        self._members = {member.path: member for member in bundle.manifest.members}
        self._manifests: dict[str, bytes] = {}
        self.done = Pushed()

    def require_base(self, descriptors: list[tuple[Any, Reference]]) -> None:
        """Everything that the bundle does not carry must be in the registry, before anything is written there."""
        missing = []
        for descriptor, reference in descriptors:
            for digest, _, is_manifest in self._tree(descriptor, reference):
                if self._member(digest).carried:
                    continue
                kind = "manifests" if is_manifest else "blobs"
                if not self._registry.has(reference.path, kind, digest) and not self._elsewhere(
                    digest, descriptors, kind
                ):
                    missing.append(f"{reference}: {digest}")
        if missing:
            raise RingfenceError(
                f"this delta relies on {len(missing)} blobs that {self._registry.address} does not have, such as "
                f"{missing[0]}: carry in the bundle that it builds on, or ask for a whole one. Nothing was pushed"
            )

    def _elsewhere(self, digest: str, descriptors: list[tuple[Any, Reference]], kind: str) -> bool:
        paths = sorted({reference.path for _, reference in descriptors})
        return kind == "blobs" and any(self._registry.has(path, kind, digest) for path in paths)

    def artefact(self, descriptor: Any, reference: Reference) -> None:
        """One artefact with all that is below it."""
        for digest, media, is_manifest in self._tree(descriptor, reference):
            if not is_manifest:
                self._blob(digest, reference)
            elif not self._registry.has(reference.path, "manifests", digest):
                self._registry.push_manifest(reference.path, digest, self._read(reference, digest), media)
        if reference.tag:
            data = self._read(reference, descriptor["digest"])
            self._registry.push_manifest(reference.path, reference.tag, data, descriptor["mediaType"])

    def _blob(self, digest: str, reference: Reference) -> None:
        member = self._member(digest)
        if self._registry.has(reference.path, "blobs", digest):
            self.done.there += 1
        elif member.carried:
            self._registry.push_blob(reference.path, digest, member.size, lambda: self._bundle.chunks(member.path))
            self.done.sent += 1
            self.done.bytes += member.size
        else:
            self._borrow(digest, reference)

    def _borrow(self, digest: str, reference: Reference) -> None:
        """A blob that another repository of the registry has: it came with an earlier bundle."""
        others = sorted({member.ref.partition("@")[0] for member in self._members.values() if member.ref})
        for other in others:
            known = parse(other, pinned=False)
            there = known is not None and self._registry.has(known.path, "blobs", digest)
            if known and there:
                self._registry.borrow(reference.path, digest, self._member(digest).size, known.path)
                self.done.there += 1
                return
        raise RingfenceError(f"{reference}: {digest} is gone from {self._registry.address} since it was looked for")

    def _tree(self, descriptor: Any, reference: Reference) -> Iterator[tuple[str, str, bool]]:
        return tree(lambda digest: self._read(reference, digest), descriptor["digest"], descriptor["mediaType"])

    def _read(self, reference: Reference, digest: str) -> bytes:
        """A manifest's bytes: from the bundle, or from the registry where it came with an earlier one."""
        if digest not in self._manifests:
            member = self._member(digest)
            if member.carried:
                self._manifests[digest] = self._bundle.read(member.path, _LARGEST_MANIFEST)
            else:
                found = self._registry.manifest(reference.path, digest)
                if found is None:
                    raise RingfenceError(
                        f"this delta relies on {reference} ({digest}), which {self._registry.address} does not have: "
                        "carry in the bundle that it builds on, or ask for a whole one. Nothing was pushed"
                    )
                self._manifests[digest] = found[0]
        return self._manifests[digest]

    def _member(self, digest: str) -> Member:
        path = f"{layout.BLOBS}/{digest.removeprefix('sha256:')}"
        if path not in self._members:
            raise RingfenceError(f"the bundle's index names {digest}, and the bundle does not list it")
        return self._members[path]


def _reference(descriptor: Any) -> Reference:
    name = (descriptor.get("annotations") or {}).get(REF_NAME, "")
    reference = parse(name)
    if reference is None:
        raise RingfenceError(f"the bundle's index has {descriptor.get('digest')} without a name")
    return reference
