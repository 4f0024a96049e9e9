"""What is in a bundle: members with role, digest, size and reason, as canonical JSON that has one spelling only.

Owns the fields, their checks and their bytes (RFC 8785). Refuses to own where bytes come from and who signs.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from enum import StrEnum
from functools import cached_property
from typing import Annotated, Any, Literal

import rfc8785
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator
from pydantic.alias_generators import to_camel

from ringfence.airgap.paths import BLOBS, MANIFEST_PATH, order, refuse_clashes, safe_path
from ringfence.airgap.refusals import BundleRefused, Why

SCHEMA = "ringfence/airgap/v1"
LARGEST_INTEGER = 2**53 - 1
"""RFC 8785 has no integers beyond it, nor has JSON in most languages."""


class Role(StrEnum):
    """What a member is for. `diff`, `ls` and the carry-in go by it."""

    LAYOUT = "layout"
    """`oci-layout` and `index.json`: what the blobs are."""
    IMAGE = "image"
    CHART = "chart"
    WEIGHTS = "weights"
    MANIFESTS = "manifests"
    """Rendered Kubernetes objects of one cluster or site."""
    FLUX = "flux"
    CLI = "cli"
    PLUGIN = "plugin"
    WHEEL = "wheel"
    PROGRAM = "program"
    POLICY = "policy"
    STATE = "state"
    PLAN = "plan"
    VERDICTS = "verdicts"
    """What the policies said of the plan."""
    RESIDENCY = "residency"
    BILL = "bill"
    SBOM = "sbom"
    TABLES = "tables"
    """Prices, adequacy decisions and other dated facts that verdicts rest on."""
    LOCK = "lock"
    DOCS = "docs"
    PART = "part"
    """The bytes of one part of a split bundle."""


def digest_of(data: bytes) -> str:
    """`sha256:` and the hexadecimal SHA-256 of `data`."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


Digest = Annotated[str, Field(pattern=r"^sha256:[0-9a-f]{64}$")]
Count = Annotated[int, Field(ge=0, le=LARGEST_INTEGER)]
Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9_]([A-Za-z0-9._-]{0,98}[A-Za-z0-9_])?$")]
Text = Annotated[str, Field(min_length=1, max_length=4096)]
MemberPath = Annotated[str, AfterValidator(safe_path)]


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, alias_generator=to_camel, populate_by_name=True)


class Member(_Model):
    """One file of a bundle, or one that it relies on (`carried` is false: the high side has it already)."""

    path: MemberPath
    role: Annotated[Role, Field(strict=False)]
    digest: Digest
    size: Count
    reason: Text
    """Why it is there: `image of Deployment kserve/kserve-controller-manager`."""
    carried: bool = True
    media: Text | None = None
    """Media type, for blobs."""
    ref: Text | None = None
    """Where it came from, by digest: `nvcr.io/nvidia/driver@sha256:...`. Never used to fetch."""
    tag: Text | None = None
    """The tag that was resolved, for people."""
    platform: Text | None = None
    """`linux/amd64`, where it matters."""


class Base(_Model):
    """The bundle that a delta builds on."""

    bundle: Digest
    """Digest of its manifest."""
    sequence: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]


class LeftOut(_Model):
    """What was left out on purpose (`--without images`): it makes a bundle incomplete."""

    what: Text
    """`images`, `charts` or `weights`."""
    names: tuple[Text, ...] = ()
    """What exactly: references, as far as they are known."""


class Waiver(_Model):
    """A finding that somebody accepted by name, with the reason that a reader on the high side sees."""

    finding: Text
    reason: Text


class Part(_Model):
    """Which part of a split bundle this is."""

    of: Digest
    """Digest of the whole file."""
    bundle: Digest
    """Digest of the manifest of the bundle."""
    file: Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$")]
    """Name of the joined file."""
    index: Annotated[int, Field(ge=1, le=99_999)]
    count: Annotated[int, Field(ge=1, le=99_999)]
    offset: Count
    """Where in the whole file this part begins, in bytes."""
    total: Count
    """Size of the whole file in bytes."""


class SignerKey(_Model):
    """A key that signs this bundle. Being named here makes nobody trusted: it makes every signature byte checkable."""

    keyid: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    """SHA-256 of the key's SubjectPublicKeyInfo (DER)."""
    key: Text
    """The SubjectPublicKeyInfo, base64."""

    @model_validator(mode="after")
    def _named_rightly(self) -> SignerKey:
        der = base64.b64decode(self.key, validate=True)
        if hashlib.sha256(der).hexdigest() != self.keyid or base64.b64encode(der).decode() != self.key:
            raise ValueError(f"key id {self.keyid[:16]} is not that of its key")
        return self


class Manifest(_Model):
    """All of a bundle but its members' bytes and its signatures."""

    schema_: Annotated[Literal["ringfence/airgap/v1"], Field(alias="schema")] = SCHEMA
    kind: Literal["whole", "delta", "part"]
    name: Name
    """The stack, or the stack and the site: sequences count per name."""
    sequence: Annotated[int, Field(ge=1, le=LARGEST_INTEGER)]
    source_date_epoch: Annotated[int, Field(ge=0, lt=8**11)]
    """Seconds since 1970: the time of the commit, and of every member. Nothing is decided by it."""
    platforms: tuple[Text, ...] = ()
    base: Base | None = None
    part: Part | None = None
    left_out: tuple[LeftOut, ...] = ()
    waivers: tuple[Waiver, ...] = ()
    facts: dict[str, Any] = {}
    """Plain JSON of whoever builds: the digests of plan and state of each stack, versions of tools, bill totals."""
    signers: Annotated[tuple[SignerKey, ...], Field(min_length=1, max_length=64)]
    members: tuple[Member, ...]
    """The complete graph, also in a delta: what is not carried is what the high side must have."""

    @field_validator("members")
    @classmethod
    def _in_order(cls, members: tuple[Member, ...]) -> tuple[Member, ...]:
        paths = [member.path for member in members]
        refuse_clashes(paths)
        if paths != sorted(paths, key=order):
            raise ValueError("the members are not in order")
        return members

    @field_validator("members")
    @classmethod
    def _blobs_by_digest(cls, members: tuple[Member, ...]) -> tuple[Member, ...]:
        for member in members:
            if member.path.startswith(BLOBS) and member.path != BLOBS + member.digest.removeprefix("sha256:"):
                raise ValueError(f"{member.path!r} is not called by its digest")
        return members

    @field_validator("signers")
    @classmethod
    def _once_each(cls, signers: tuple[SignerKey, ...]) -> tuple[SignerKey, ...]:
        ids = [signer.keyid for signer in signers]
        if ids != sorted(set(ids)):
            raise ValueError("the signers are not in order, or one is named twice")
        return signers

    @model_validator(mode="after")
    def _of_its_kind(self) -> Manifest:
        if (self.kind == "delta") != (self.base is not None):
            raise ValueError("a delta has a base, and nothing else has")
        if (self.kind == "part") != (self.part is not None):
            raise ValueError("a part says which, and nothing else does")
        if self.kind != "delta" and not all(member.carried for member in self.members):
            raise ValueError("only a delta may rely on what it does not carry")
        return self

    @property
    def complete(self) -> bool:
        """Whether nothing was left out on purpose."""
        return not self.left_out

    @property
    def carried(self) -> tuple[Member, ...]:
        """The members whose bytes are in the file, in the order of the file."""
        return tuple(member for member in self.members if member.carried)

    @property
    def required(self) -> tuple[Member, ...]:
        """The members that the high side must have already."""
        return tuple(member for member in self.members if not member.carried)

    def member(self, path: str) -> Member:
        """The member at `path`. Raises KeyError."""
        found = next((member for member in self.members if member.path == path), None)
        if found is None:
            raise KeyError(path)
        return found

    @cached_property
    def canonical(self) -> bytes:
        """The canonical bytes (RFC 8785): what is signed, and what stands in the bundle as `bundle.json`."""
        return rfc8785.dumps(self.model_dump(mode="json", by_alias=True, exclude_none=True))

    @cached_property
    def digest(self) -> str:
        """The digest of the canonical bytes: what a bundle is called by receipts, deltas and parts."""
        return digest_of(self.canonical)

    @property
    def file_name(self) -> str:
        """What the bundle's file is called: `ringfence-prod-7.tar`, `ringfence-prod-7-from-6.tar`."""
        if self.part is not None:
            stem = self.part.file.removesuffix(".tar")
            width = len(str(self.part.count))
            return f"{stem}.part-{self.part.index:0{width}}-of-{self.part.count}.tar"
        since = f"-from-{self.base.sequence}" if self.base else ""
        return f"ringfence-{self.name}-{self.sequence}{since}.tar"

    @classmethod
    def decoded(cls, data: bytes) -> Manifest:
        """The manifest of canonical bytes.

        Raises:
            BundleRefused: the bytes are no manifest of this schema, break one of its rules, or are spelled
                otherwise than canonically.
        """
        try:
            manifest = cls.model_validate_json(data)
            canonical = manifest.canonical
        except (ValueError, RecursionError) as error:
            raise BundleRefused(_sort_of(error), f"{MANIFEST_PATH}: {_said(error)}", member=MANIFEST_PATH) from None
        if canonical != data:
            raise BundleRefused(Why.CHANGED, f"{MANIFEST_PATH}: not in canonical form", member=MANIFEST_PATH)
        return manifest


def sums(manifest: Manifest) -> bytes:
    """`SHA256SUMS`: the manifest and each carried member, as `sha256sum -c` reads them."""
    lines = [(manifest.digest, MANIFEST_PATH), *((member.digest, member.path) for member in manifest.carried)]
    return "".join(f"{digest.removeprefix('sha256:')}  {path}\n" for digest, path in lines).encode()


def _sort_of(error: Exception) -> Why:
    said = str(error)
    if "is there twice" in said:
        return Why.DUPLICATED
    if "plain relative path" in said or "does not allow" in said or "too long" in said or "file and a folder" in said:
        return Why.UNSAFE
    return Why.REORDERED if "in order" in said else Why.NOT_A_BUNDLE


def _said(error: Exception) -> str:
    if not isinstance(error, ValidationError):
        return re.sub(r"\s+", " ", str(error)) or type(error).__name__
    first = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(map(str, first["loc"]))
    return f"{where}: {first['msg'].removeprefix('Value error, ')}" if where else first["msg"]


def plain(value: object) -> Any:
    """`value` as plain JSON, for `facts`: what cannot be written canonically is refused here, not when sealing.

    Raises:
        ValueError: a float that is not finite, an integer beyond 2^53, a key that is no string.
    """
    return json.loads(rfc8785.dumps(json.loads(json.dumps(value))))
