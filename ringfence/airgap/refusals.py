"""The ways in which a bundle is refused. Owns their names; each is raised by the room that finds it."""

from __future__ import annotations

from enum import StrEnum

from ringfence.errors import RingfenceError


class Why(StrEnum):
    """Why a bundle was refused, in one word that scripts can rely on."""

    NOT_A_BUNDLE = "not-a-bundle"
    CHANGED = "changed"
    ADDED = "added"
    DROPPED = "dropped"
    DUPLICATED = "duplicated"
    REORDERED = "reordered"
    TRUNCATED = "truncated"
    UNSAFE = "unsafe"
    """A path that leaves the folder, a link, a device, or more than the limits allow."""
    UNSIGNED = "unsigned"
    """A signature that must be there is not there, or is not by who it says."""
    FOREIGN_SIGNER = "foreign-signer"
    ROLLBACK = "rollback"
    WRONG_BASE = "wrong-base"
    INCOMPLETE = "incomplete"
    PART_MISSING = "part-missing"
    MIXED_PARTS = "mixed-parts"


class BundleRefused(RingfenceError):
    """A bundle that must not be used. `why`, `member` and `offset` say the same as the message, for scripts."""

    def __init__(self, why: Why, message: str, *, member: str | None = None, offset: int | None = None) -> None:
        super().__init__(message)
        self.why = why
        self.member = member
        """The path of the member, as far as one is to blame."""
        self.offset = offset
        """Where in the file, in bytes from its beginning."""

    def as_json(self) -> dict[str, str | int | None]:
        """The refusal as plain values."""
        return {"why": self.why.value, "member": self.member, "offset": self.offset, "message": str(self)}


class Leak(RingfenceError):
    """Something in a bundle must not leave. What was written of it is removed."""
