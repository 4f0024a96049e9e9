"""Rules on what no policy can see into: templates, commands, operators, unknown packages, and what --target leaves out.

Owns: residency-opaque, residency-partial and residency-unknown-package. Refuses to own: reading templates
(policy.carriers); what is not read is not proven.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache

from pulumi_policy import Severity

from policy import partial, tables
from policy.carriers import carries, places_of, said_place, unseen
from policy.classes import classes_of
from policy.decisions.residency import judge
from policy.flows import Locator, locators, sources_of
from policy.paths import resting
from policy.places import Located
from policy.readers import PLACES
from policy.resource import Graph, Resource, table_key
from policy.restricted import restricted
from policy.rule import Context, Finding, Rule
from policy.rules.copies import whose
from policy.values import Read
from ringfence.spec.residency import Outcome


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
    if context.contract is None:
        return
    row, read = _row(resource.type), said_place(resource)
    if read and read.text:
        yield from _placed(resource, read, context)
    elif places := places_of(resource):
        yield _unseen(
            resource, f"where {resource.shown} makes what it makes is not said", f"set {places[0]}", places[0]
        )
    elif carries(resource.type):
        for part in unseen(resource):
            text = f"what {resource.shown} makes cannot be seen: {part.what}"
            fix = "declare the resources themselves, or give the payload as a plain value of types that are known"
            yield _unseen(resource, text, fix, part.path)
    elif row:
        text = f"what {resource.shown} makes cannot be seen: {row['why']}"
        yield _unseen(resource, text, "declare the resources themselves", "")


def _unseen(resource: Resource, text: str, fix: str, path: str) -> Finding:
    missing = "the resources that come of it, with their places"
    return Finding(
        resource, Outcome.UNPROVEN, text, fix, property_path=path, value="unseen" if path else "", missing=missing
    )


def _placed(resource: Resource, read: Read, context: Context) -> Iterator[Finding]:
    """What an operator makes is where its object says."""
    assert context.contract is not None
    place = PLACES["any"](resource, read, context) or Located("")
    classes = classes_of(resource, context).names or {
        name for name in context.contract.data_classes if context.contract.restricted(name)
    }
    for found in judge(classes, "rest", place, context.contract):
        yield Finding(
            resource,
            found.outcome,
            f"{found.data_class} data of {resource.shown} {found.reason}",
            f"set {read.path} to an allowed region",
            found.allowed,
            path=resting(resource, found.data_class, place, context),
            property_path=read.path,
            value=str(read.value),
            data_class=found.data_class,
            missing=found.missing,
        )


@lru_cache(maxsize=4096)
def _deciding(token: str) -> frozenset[str]:
    """Every path of a type that a rule decides by, without its []."""
    paths = {row.path for row in locators().get(table_key(token), ())}
    paths |= {row.of for row in locators().get(table_key(token), ()) if row.of}
    for name, columns in (("encryption", ("key", "on")), ("exposure", ("path",)), ("lineage", ("from", "to"))):
        for row in tables.rows(name):
            if table_key(row["type"]) == table_key(token):
                paths |= {row[column] for column in columns if row[column] not in ("", "self")}
    if paths or tables.is_store(token):
        paths |= {"region", "location", "zone", "availabilityZone", "tags", "labels", "metadata"}
    return frozenset(path.replace("[]", "") for path in paths)


def _hidden(resource: Resource, context: Context) -> Iterator[Finding]:
    """A property under ignoreChanges is shown as it was, not as the program has it."""
    if not resource.ignore_changes or context.contract is None:
        return
    rows = locators().get(table_key(resource.type), ())
    pending = context.graph is None and any(row.of for row in rows)
    if not restricted(resource, context) and not pending and not _moves_restricted(resource, rows, context):
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
            graph_may_tell=pending and not restricted(resource, context),
            missing=f"what the program gives {', '.join(hidden)}",
        )


def _partial(graph: Graph, context: Context) -> Iterator[Finding]:
    """With --target the other resources are shown as they were, and new ones without what they are made with."""
    flag = context.environment.get(partial.VARIABLE, "")
    if context.contract is None or not flag or not graph.resources:
        return
    stack = next(iter(graph.of_type("pulumi:pulumi:Stack")), next(iter(graph.resources.values())))
    yield Finding(
        stack,
        Outcome.UNPROVEN,
        f"only a part of the stack is planned ({flag}): the rest is shown as it was at the last update",
        f"preview the whole stack, without {flag}",
        property_path=flag,
        value="given",
        missing="what the program gives the resources that are left out",
    )


def _moves_restricted(resource: Resource, rows: Iterable[Locator], context: Context) -> bool:
    """Whether any class with borders is among what the resource moves."""
    assert context.contract is not None
    for row in rows:
        names = whose(resource, *sources_of(resource, row, context), context)[0]
        if any(context.contract.restricted(name) for name in names):
            return True
    return False


def _overlaps(ignored: str, path: str) -> bool:
    """Whether one of two paths is inside the other. Indexes do not count."""
    if ignored == "*":
        return True
    one, other = (re.sub(r"\[[^\]]*\]", "", each).split(".") for each in (ignored, path))
    return all(a == b or "*" in (a, b) for a, b in zip(one, other, strict=False))


def _package(resource: Resource, context: Context) -> Iterator[Finding]:
    if resource.is_component or resource.is_provider or context.contract is None:
        return
    if resource.package in context.contract.trusted_packages:
        return
    kind = tables.packages()[resource.package]["kind"] if resource.package in tables.packages() else ""
    if kind == "nothing" or (kind == "read" and _read(resource)):
        return
    if kind == "read":
        text = f"nothing is known of the type of {resource.shown}, so nothing of where its data goes"
        fix = f"use a type of the {resource.package} package that the sweep has read, or add it to trustedPackages"
        yield Finding(resource, Outcome.UNPROVEN, text, fix, missing=f"what {resource.type} keeps and moves")
        return
    text = f"nothing is known of the package of {resource.shown}, so nothing of where its data goes"
    fix = f"if you answer for it, add {resource.package} to trustedPackages in the contract"
    yield Finding(resource, Outcome.UNPROVEN, text, fix, missing=f"what {resource.package} makes, and where")


def _read(resource: Resource) -> bool:
    """Whether the type is one that somebody has read: a bridged or newer package can have others under a known name."""
    if resource.package == "kubernetes" or carries(resource.type):
        return True
    if resource.package == "aws-native":
        return tables.native_kind(resource.type) is not None
    return tables.not_yet(resource.type) is not None or tables.is_store(resource.type)


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
        id="residency-partial",
        group="residency",
        severity=Severity.HIGH,
        description="The whole stack is previewed, not a part of it.",
        clauses=("GDPR-30", "GDPR-25"),
        check_stack=_partial,
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
