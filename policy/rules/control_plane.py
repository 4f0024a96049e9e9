"""The rule on where the stack's own state is kept: whoever runs that place reads every name, address and output in it.

Owns: control-plane-state. Refuses to own: endpoints, manifests and support access, which are flows
(policy.rules.copies).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qs, urlsplit

from pulumi_policy import Severity

from policy.decisions.residency import judge
from policy.hosts import host_place, uri_place
from policy.paths import place_words
from policy.places import Located, named
from policy.resource import Graph, Resource
from policy.rule import Context, Finding, Hop, Rule
from policy.values import Read, State

_VARIABLE = "PULUMI_BACKEND_URL"
_CLOUD = {"s3": "aws", "gs": "gcp", "azblob": "azure"}


def _state(graph: Graph, context: Context) -> Iterable[Finding]:
    contract, url = context.contract, context.environment.get(_VARIABLE, "")
    if contract is None or not graph.resources or url.startswith("file:"):
        return
    stack = next(iter(graph.of_type("pulumi:pulumi:Stack")), next(iter(graph.resources.values())))
    place = _place(url, stack, context)
    names = context.lineage.classes() if context.lineage else frozenset()
    for found in judge(names, "operate", place, contract):
        yield Finding(
            stack,
            found.outcome,
            f"the state of a stack with {found.data_class} data {found.reason}",
            "keep the state in a backend that the class may be operated from (pulumi login <url>)",
            found.allowed,
            advice=not url,
            path=(
                Hop(stack.shown),
                Hop(place.name or "a backend that is not said", place_words(place), "state", _VARIABLE),
            ),
            property_path=_VARIABLE,
            value=Read(_VARIABLE, State.KNOWN, url).value or "absent",
            data_class=found.data_class,
            missing=found.missing,
        )


def _place(url: str, stack: Resource, context: Context) -> Located:
    """Where a backend is: by its own region, by the contract, or by its host."""
    if not url:
        return Located("", missing=f"{_VARIABLE} is not set: nothing says which backend is logged in to")
    parts = urlsplit(url)
    region = parse_qs(parts.query).get("region", [""])[0]
    if region and parts.scheme in _CLOUD:
        return named(_CLOUD[parts.scheme], region)
    if parts.scheme in _CLOUD:
        bare = url.partition("?")[0]
        found = uri_place(bare, stack, context)
        return found or Located(bare, missing=f"where {bare} is: declare it under locations")
    return host_place(url, stack, context)


RULES = (
    Rule(
        id="control-plane-state",
        group="control-plane",
        severity=Severity.HIGH,
        description="The state of a stack is kept where its classes may be operated from.",
        clauses=("GDPR-28", "CLOUD-ACT"),
        check_stack=_state,
    ),
)
