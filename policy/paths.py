"""Paths: how data of a class comes to a resource, and from there to a place.

Owns: putting hops together from the lineage and from one flow. Refuses to own: the lineage itself.
"""

from __future__ import annotations

from collections.abc import Sequence

from policy.lineage import place_text
from policy.places import Located
from policy.resource import Resource
from policy.rule import Context, Hop
from ringfence.spec.residency import short

NOT_PROVEN = "a place that is not proven"


def way_to(resource: Resource, name: str, context: Context) -> tuple[Hop, ...]:
    """The shortest way of a class to a resource; the resource alone where it names the class itself."""
    if context.lineage is not None:
        return context.lineage.way(resource, name)
    return (Hop(resource.shown, place_text(resource, context)),)


def resting(resource: Resource, name: str, place: Located, context: Context) -> tuple[Hop, ...]:
    """The way to a resource, ending with where it is."""
    *before, last = way_to(resource, name, context)
    return (*before, Hop(last.to, place_words(place) or NOT_PROVEN, last.kind, last.by))


def moving(
    sources: Sequence[Resource], resource: Resource, name: str, kind: str, path: str, place: Located, context: Context
) -> tuple[Hop, ...]:
    """The way to whichever source carries the class, and the flow that leads on from there."""
    start = next((each for each in sources if _carries(each, name, context)), resource)
    by = f"{path} of {resource.shown}" if start is not resource else path
    return (*way_to(start, name, context), Hop(_end(place, context), place_words(place), kind, by))


def _end(place: Located, context: Context) -> str:
    """What stands at the end: a resource of the stack, else the place itself."""
    graph = context.graph
    found = [graph.resources[urn].shown for urn in place.at if urn in graph.resources] if graph else []
    if found:
        return ", ".join(found[:3]) + (f" and {len(found) - 3} more" if len(found) > 3 else "")
    return place.name or NOT_PROVEN


def place_words(place: Located) -> str:
    """Countries and name: "US (us-east-1, from provider us)"; empty where the place is not proven."""
    if place.countries is None:
        return ""
    shown = f" ({place.shown})" if place.shown else ""
    return short(place.countries, 6) + shown


def _carries(resource: Resource, name: str, context: Context) -> bool:
    lineage = context.lineage
    return lineage is not None and lineage.carries(resource, name)
