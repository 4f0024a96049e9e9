"""What the high side has taken so far: for each name, the last sequence and which bundle it was.

This memory is what stops an older bundle from being carried in again, and a delta from being put on the wrong base.
No clock is involved. Owns the file and the comparison; whoever applies a bundle records it, after it was applied.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ringfence.airgap.manifest import Digest, Manifest
from ringfence.airgap.refusals import BundleRefused, Why
from ringfence.errors import UsageError
from ringfence.files import one_at_a_time, write_whole


class Last(BaseModel):
    """The last bundle of a name that was applied."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    sequence: Annotated[int, Field(ge=1)]
    bundle: Digest
    """Digest of its manifest."""


class _File(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, populate_by_name=True)

    schema_: Annotated[Literal["ringfence/accepted/v1"], Field(alias="schema")] = "ringfence/accepted/v1"
    bundles: dict[str, Last] = {}


class Accepted:
    """The file with what was taken, or the fact that there is none yet."""

    def __init__(self, file: Path) -> None:
        """Read `file`; nothing has been taken when it is not there.

        Raises:
            UsageError: it is there and cannot be read: forgetting would let an old bundle in.
        """
        self.file = file
        self._said = self._read()

    def last(self, name: str) -> Last | None:
        """The last bundle of a name, or None."""
        return self._said.bundles.get(name)

    def check(self, manifest: Manifest, *, older_allowed: bool = False) -> None:
        """Refuse a bundle that is older than the last one, or that does not build on it.

        Args:
            manifest: Of a verified bundle.
            older_allowed: For a rollback that somebody asked for.

        Raises:
            BundleRefused: rollback or wrong base.
        """
        require_newer(manifest, self.last(manifest.name), older_allowed)
        require_base(manifest, self.last(manifest.name))

    def record(self, manifest: Manifest) -> None:
        """Remember that a bundle was applied."""
        with one_at_a_time(self.file.with_name(f".{self.file.name}.lock")):
            now = self._read()
            last = Last(sequence=manifest.sequence, bundle=manifest.digest)
            self._said = now.model_copy(update={"bundles": dict(sorted({**now.bundles, manifest.name: last}.items()))})
            write_whole(self.file, self._said.model_dump_json(by_alias=True, indent=2) + "\n", mode=0o644, durable=True)

    def _read(self) -> _File:
        try:
            return _File.model_validate_json(self.file.read_bytes())
        except FileNotFoundError:
            return _File()
        except OSError as error:
            raise UsageError(f"{self.file}: cannot read what was accepted before: {error.strerror}") from None
        except ValidationError:
            raise UsageError(
                f"{self.file}: not a record of accepted bundles. Restore it; without it an old bundle could not be told"
            ) from None


def require_newer(manifest: Manifest, last: Last | None, older_allowed: bool = False) -> None:
    """Refuse a sequence below the last one, and another bundle under the same one."""
    if last is None or older_allowed or manifest.sequence > last.sequence or manifest.digest == last.bundle:
        return
    what = f"{manifest.name} sequence {manifest.sequence}"
    if manifest.sequence == last.sequence:
        message = f"{what} was taken before, as another bundle ({last.bundle[:19]}...): a sequence is used once"
    else:
        message = f"{what} is older than what was taken last, sequence {last.sequence}: going back must be asked for"
    raise BundleRefused(Why.ROLLBACK, message)


def require_base(manifest: Manifest, last: Last | None) -> None:
    """Refuse a delta unless the last bundle that was taken is the one it builds on."""
    if manifest.base is None or (last and last.bundle in (manifest.base.bundle, manifest.digest)):
        return
    have = f"what is here is sequence {last.sequence} ({last.bundle[:19]}...)" if last else "nothing of it is here"
    wanted = f"sequence {manifest.base.sequence} ({manifest.base.bundle[:19]}...)"
    message = (
        f"{manifest.name} sequence {manifest.sequence} is a delta on {wanted}, and {have}. Ask the low side "
        f"for a whole bundle, or for a delta on what is here"
    )
    raise BundleRefused(Why.WRONG_BASE, message)


def require_held(manifest: Manifest, base: Manifest) -> None:
    """Refuse a delta unless its base has all that it relies on: the signer may have been wrong about it."""
    held = {member.digest for member in base.members}
    for member in manifest.required:
        if member.digest not in held:
            message = f"{member.path} is neither in {manifest.file_name} nor in its base, sequence {base.sequence}"
            raise BundleRefused(Why.WRONG_BASE, message, member=member.path)


def require_complete(manifest: Manifest) -> None:
    """Refuse a bundle from which something was left out."""
    if manifest.complete:
        return
    listed = "; ".join(each.what + (f" ({_some(each.names)})" if each.names else "") for each in manifest.left_out)
    message = f"{manifest.name} sequence {manifest.sequence} is incomplete: it was built without {listed}"
    raise BundleRefused(Why.INCOMPLETE, message)


def _some(names: tuple[str, ...]) -> str:
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
