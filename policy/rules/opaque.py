"""Rules on what no policy can see into: templates, commands, operators that make cloud resources, unknown packages.

Owns: residency-opaque and residency-unknown-package. Refuses to own: reading templates; what is not read is not proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from pulumi_policy import Severity

from policy import tables
from policy.classes import classes_of
from policy.decisions.residency import judge
from policy.flows import locators
from policy.places import CLOUDS, read_place
from policy.resource import Resource, table_key
from policy.restricted import restricted
from policy.rule import Context, Finding, Rule
from ringfence.spec.residency import Outcome

KNOWN = {*CLOUDS, "kubernetes", "pulumi", "random", "tls", "time", "std", "command", "pulumi-python", "pulumi-nodejs"}
"""Packages that the rules read, or that make nothing outside the state."""


@lru_cache(maxsize=4096)
def _row(token: str) -> Mapping[str, str] | None:
    for row in tables.rows("opaque"):
        group = row["type"].removeprefix("kubernetes:*")
        if row["type"] == token or (group != row["type"] and token.startswith("kubernetes:") and group in token):
            return row
    return None


def _opaque_or_hidden(resource: Resource, context: Context) -> Iterator[Finding]:
    yield from _opaque(resource, context)
    yield from _hidden(resource, context)


def _opaque(resource: Resource, context: Context) -> Iterator[Finding]:
    row = _row(resource.type)
    if row is None or context.contract is None:
        return
    read = resource.reader.one(row["region"]) if row["region"] else None
    if read and read.text:
        place = read_place(read, resource, row["cloud"], context)
        classes = classes_of(resource, context).names or {
            name for name in context.contract.data_classes if context.contract.restricted(name)
        }
        for found in judge(classes, "rest", place, context.contract):
            text = f"{found.data_class} data of {resource.shown} {found.reason}"
            yield Finding(resource, found.outcome, text, f"set {row['region']} to an allowed region", found.allowed)
        return
    text = f"what {resource.shown} makes cannot be seen: {row['why']}"
    fix = "declare the resources themselves" + (f", or set {row['region']}" if row["region"] else "")
    yield Finding(resource, Outcome.UNPROVEN, text, fix)


@lru_cache(maxsize=4096)
def _deciding(token: str) -> frozenset[str]:
    """Every path of a type that a rule decides by, without its []."""
    paths = {row.path for row in locators().get(table_key(token), ())}
    paths |= {row.of for row in locators().get(table_key(token), ()) if row.of}
    for name, columns in (("encryption", ("key", "on")), ("exposure", ("path",)), ("lineage", ("from", "to"))):
        for row in tables.rows(name):
            if table_key(row["type"]) == table_key(token):
                paths |= {row[column] for column in columns if row[column] not in ("", "self")}
    if paths or token in tables.stores():
        paths |= {"region", "location", "zone", "availabilityZone", "tags", "labels", "metadata"}
    return frozenset(path.replace("[]", "") for path in paths)


def _hidden(resource: Resource, context: Context) -> Iterator[Finding]:
    """A property under ignoreChanges is shown as it was, not as the program has it."""
    if not resource.ignore_changes or not (context.contract and restricted(resource, context)):
        return
    deciding = _deciding(resource.type)
    if classes_of(resource, context).explicit:
        deciding |= {"region", "location", "zone", "tags", "labels", "metadata.labels", "metadata.annotations"}
    hidden = sorted({each for each in resource.ignore_changes if any(_overlaps(each, path) for path in deciding)})
    if hidden:
        text = (
            f"{resource.shown} hides {', '.join(hidden)} from review with ignoreChanges: a preview shows the old value"
        )
        yield Finding(
            resource,
            Outcome.UNPROVEN,
            text,
            "take the property out of ignoreChanges",
            property_path=hidden[0],
            value="ignoreChanges",
            missing=f"what the program gives {', '.join(hidden)}",
        )


def _overlaps(ignored: str, path: str) -> bool:
    """Whether one of two paths is inside the other. Indexes do not count."""
    if ignored == "*":
        return True
    one, other = (re.sub(r"\[[^\]]*\]", "", each).split(".") for each in (ignored, path))
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=False))


def _package(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.is_component or resource.is_provider or context.contract is None:
        return
    if resource.package in KNOWN or resource.package in context.contract.trusted_packages:
        return
    text = f"nothing is known of the package of {resource.shown}, so nothing of where its data goes"
    fix = f"if you answer for it, add {resource.package} to trustedPackages in the contract"
    yield Finding(resource, Outcome.UNPROVEN, text, fix)


RULES = (
    Rule(
        id="residency-opaque",
        group="residency",
        severity=Severity.HIGH,
        description="What a program makes can be seen.",
        clauses=("GDPR-30", "DORA-28"),
        check=_opaque_or_hidden,
    ),
    Rule(
        id="residency-unknown-package",
        group="residency",
        severity=Severity.HIGH,
        description="Every package is one that the rules can read, or one that somebody answers for.",
        clauses=("GDPR-28", "DORA-29"),
        check=_package,
    ),
)
