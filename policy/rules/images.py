"""Rules on images: named by digest, and from registries that the contract allows.

Owns: supply-chain-image-digest and supply-chain-image-registry. Refuses to own: signatures, and images that a chart
names itself.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from pulumi_policy import Severity

from policy.pods import composed, images
from policy.resource import Resource
from policy.rule import Context, Finding, Rule
from ringfence.facts.endpoints import image_registry
from ringfence.spec.finding import listed
from ringfence.spec.residency import Outcome

_BY_DIGEST = re.compile(r"@sha256:[0-9a-f]{64}$")


def _digest(resource: Resource, context: Context) -> Iterator[Finding]:
    fixed = context.contract.immutable_registries if context.contract else ()
    for read in images(resource):
        if read.text and any(_under(read.text, each) for each in fixed):
            continue
        fix = "name the image by digest: name@sha256:<64 hex digits>, or pull from a registry that refuses to move tags"
        if read.unknown:
            text = f"the image in {read.path} of {resource.shown} is not known before the update"
            yield Finding(resource, Outcome.UNPROVEN, text, fix)
        elif read.text and not _BY_DIGEST.search(read.text):
            named = f"{read.path} of {resource.shown} is {read.shown}"
            text = f"{named}: whoever owns the registry can change what a tag names"
            # Some operators and charts take no digest; then an allowed registry is all that can be asked.
            advice = composed(resource) and _is_allowed(read.text, context)
            yield Finding(resource, Outcome.REFUSED, text, fix, advice=advice)


def _is_allowed(image: str, context: Context) -> bool:
    allowed = context.contract.registries if context.contract else ()
    return any(_under(image, each) for each in allowed)


def _registry(resource: Resource, context: Context) -> Iterator[Finding]:
    allowed = context.contract.registries if context.contract else ()
    if not allowed:
        return
    fix = "mirror the image into an allowed registry and name it there"
    for read in images(resource):
        if read.unknown:
            text = f"the registry of {read.path} of {resource.shown} is not known before the update"
            yield Finding(resource, Outcome.UNPROVEN, text, fix, listed(allowed))
        elif read.text and not _is_allowed(read.text, context):
            text = f"{read.path} of {resource.shown} is {read.shown}, from {image_registry(read.text)}"
            yield Finding(resource, Outcome.REFUSED, text, fix, listed(allowed))


def _under(image: str, allowed: str) -> bool:
    """Whether an image is in an allowed registry, or under an allowed path of one."""
    host, _, path = allowed.removeprefix("oci://").rstrip("/").partition("/")
    if image_registry(image) != host.casefold():
        return False
    return not path or image.partition("/")[2].startswith(f"{path}/")


RULES = (
    Rule(
        id="supply-chain-image-digest",
        group="supply-chain",
        severity=Severity.MEDIUM,
        description="Images are named by digest.",
        clauses=("NIS2-21", "SOC2-CC8", "DORA-9"),
        types=("kubernetes:*",),
        check=_digest,
    ),
    Rule(
        id="supply-chain-image-registry",
        group="supply-chain",
        severity=Severity.HIGH,
        description="Images come from allowed registries.",
        clauses=("NIS2-21", "DORA-28"),
        types=("kubernetes:*",),
        check=_registry,
    ),
)
