"""What the high side keeps of the bundles it took: their members by digest, and what came of each.

Owns: a folder of blobs, and one file a name with the history and with what is under way. A run that was killed goes
on from there; a rollback finds everything there. Blobs of images, charts and weights are not in it: a
registry keeps those. Refuses to own: which bundle may come next (ringfence.airgap.accepted).
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from ringfence.airgap import ledger
from ringfence.airgap.contents import hash_file
from ringfence.airgap.manifest import Manifest, Member
from ringfence.airgap.reading import Bundle
from ringfence.crossing import layout
from ringfence.errors import RingfenceError, UsageError
from ringfence.files import write_whole


class Taken(BaseModel):
    """A bundle that was applied here."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    sequence: int
    bundle: str
    """Digest of its manifest."""
    state: str
    """Digest of the canonical state that applying it left."""
    result: str


class UnderWay(BaseModel):
    """A carry-in that has begun and not ended."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    bundle: str
    rollback: bool = False
    applying: bool = False
    """Whether resources may have been changed already: the state is then neither the old nor the new one."""


class Memory(BaseModel):
    """What is known of one name."""

    model_config = ConfigDict(extra="forbid")

    history: list[Taken] = []
    """Oldest first; the last one is what runs."""
    under_way: UnderWay | None = None

    @property
    def running(self) -> Taken | None:
        """What runs now."""
        return self.history[-1] if self.history else None

    def before(self) -> Taken | None:
        """The bundle to go back to: the newest one in the history that is older than the one that runs."""
        running = self.running
        older = [each for each in self.history if running and each.sequence < running.sequence]
        return max(older, key=lambda each: each.sequence) if older else None


@dataclass(frozen=True)
class Store:
    """The folder `airgap` of the high side's home."""

    root: Path

    @property
    def manifests(self) -> Path:
        """The manifests of the bundles that were taken."""
        return self.root / "taken"

    def memory(self, name: str) -> Memory:
        """What is known of a name.

        Raises:
            UsageError: the file is damaged: forgetting would let anything in.
        """
        file = self._memory(name)
        try:
            return Memory.model_validate_json(file.read_bytes())
        except FileNotFoundError:
            return Memory()
        except (OSError, ValidationError) as error:
            raise UsageError(f"{file}: cannot be read: {error}") from None

    def remember(self, name: str, memory: Memory) -> None:
        """Write what is known of a name, whole or not at all."""
        write_whole(self._memory(name), memory.model_dump_json(indent=2) + "\n", mode=0o600, durable=True)

    def _memory(self, name: str) -> Path:
        return self.root / "carried" / f"{name}.json"

    def blob(self, digest: str) -> Path:
        """Where the bytes of a digest are."""
        return self.root / layout.BLOBS / digest.removeprefix("sha256:")

    def has(self, digest: str) -> bool:
        """Whether the bytes are here, and are what they should be."""
        file = self.blob(digest)
        return file.is_file() and hash_file(file) == digest

    def missing(self, members: Iterable[Member]) -> list[Member]:
        """Those members whose bytes are not here."""
        return [member for member in members if not self.has(member.digest)]

    def keep(self, bundle: Bundle, members: Iterable[Member]) -> int:
        """Put members here, each whole or not at all; how many were not here before.

        Raises:
            BundleRefused: the bytes are not those that the manifest names.
        """
        count = 0
        for member in members:
            if member.carried and not self.has(member.digest):
                bundle.copy(member.path, self.blob(member.digest), mode=0o600)
                count += 1
        ledger.keep(self.manifests, bundle.manifest)
        return count

    def tidy(self) -> None:
        """Remove what a killed run was writing. Nobody else may be at work here."""
        for folder in (self.root / layout.BLOBS, self.root / "carried", self.manifests):
            for scratch in folder.rglob(".*"):
                scratch.unlink(missing_ok=True)

    def read(self, manifest: Manifest, path: str) -> bytes:
        """The bytes of a member. Raises RingfenceError when they are gone or were changed."""
        member = manifest.member(path)
        if not self.has(member.digest):
            raise RingfenceError(
                f"{path}: its bytes ({member.digest}) are not in {self.root}: carry its bundle in again"
            )
        return self.blob(member.digest).read_bytes()

    def read_json(self, manifest: Manifest, path: str) -> Any:
        """A member of JSON."""
        return json.loads(self.read(manifest, path))
