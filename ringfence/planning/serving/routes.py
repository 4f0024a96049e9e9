"""Routes: where a cluster's gateway sends requests for a model, in order, and what it must not use.

Owns: the order of targets and the residency of each step. Refuses to own: the gateway's objects (gateway.py) and the
decision itself (ringfence.spec.residency).

A fallback is a way out: Envoy AI Gateway goes to the next target by itself as soon as one fails. So a target is only in
a route where every class of the model's prompts may be processed there, and every class of its weights, which answers
may repeat, may be processed here. What cannot be proven is left out, with the reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ringfence.planning import lineage
from ringfence.planning.places import Place, place_of
from ringfence.planning.serving.installed import has_add_on
from ringfence.planning.serving.models import canary_name
from ringfence.planning.serving.replica import LANGUAGE_RUNTIMES
from ringfence.spec.model import ApiModel, ServedModel
from ringfence.spec.platform import Platform
from ringfence.spec.residency import decide

GATEWAY_ADD_ON = "ai-gateway"


class RouteError(ValueError):
    """Fallbacks that lead back to where they started. The message gives the circle."""


@dataclass(frozen=True, kw_only=True)
class Target:
    """One place that answers for a model."""

    kind: Literal["here", "cluster", "service"]
    model: str
    """The model that is asked: the route's own, or one of its fallbacks."""
    name: str
    """The InferenceService, the cluster or the external service."""
    priority: int
    """0 is tried first; the next one only where all before it fail."""
    weight: int = 100
    """Part of the traffic of its priority, in per cent."""


@dataclass(frozen=True, kw_only=True)
class LeftOut:
    """A place that could have answered, and why it is not asked."""

    model: str
    name: str
    reason: str


@dataclass(frozen=True, kw_only=True)
class Route:
    """How a cluster's gateway answers for a model."""

    model: str
    tenant: str
    """Who may ask for it."""
    targets: tuple[Target, ...]
    left_out: tuple[LeftOut, ...] = ()

    @property
    def steps(self) -> list[str]:
        """Each target for a person, in order."""
        return [
            f"here ({each.name}, {each.weight} %)" if each.kind == "here" else f"{each.kind} {each.name} ({each.model})"
            for each in self.targets
        ]

    @property
    def reasons(self) -> list[str]:
        """Each place that was left out, with the reason."""
        return [f"{each.name} ({each.model}): {each.reason}" for each in self.left_out]


def fallback_chain(platform: Platform, name: str) -> tuple[str, ...]:
    """The model and its fallbacks, theirs included, each once, in the order in which they are tried.

    Raises RouteError where a model is its own fallback, however far away, and KeyError for an unknown name.
    """
    order: dict[str, None] = {}

    def visit(model: str, path: tuple[str, ...]) -> None:
        if model in path:
            circle = " -> ".join((*path[path.index(model) :], model))
            raise RouteError(f"models.{name}.fallbacks go in a circle: {circle}; take one of them away")
        order.setdefault(model)
        for fallback in platform.models[model].fallbacks:
            visit(fallback.model, (*path, model))

    visit(name, ())
    return tuple(order)


def speaks_openai(platform: Platform, name: str) -> bool:
    """Whether a model is asked in OpenAI's dialect, from which the gateway reads its name and counts tokens."""
    model = platform.models[name]
    return isinstance(model, ApiModel) or model.runtime in LANGUAGE_RUNTIMES


def routed_models(platform: Platform, cluster: str) -> tuple[str, ...]:
    """The models that a cluster's gateway answers for: those of the tenants on it."""
    return tuple(name for name, model in platform.models.items() if cluster in platform.tenants[model.tenant].clusters)


def route_of(platform: Platform, name: str, cluster: str) -> Route:
    """The route for a model on a cluster; without targets where nothing may answer. Raises RouteError for a circle."""
    targets: list[Target] = []
    left_out: list[LeftOut] = []
    for model in fallback_chain(platform, name):
        for kind, place in _candidates(platform, model, cluster):
            reason = _obstacle(platform, name, model, cluster, kind, place)
            if reason:
                left_out.append(LeftOut(model=model, name=place, reason=reason))
                continue
            priority = targets[-1].priority + 1 if targets else 0
            targets += _targets(platform, model, kind, place, priority)
    return Route(model=name, tenant=platform.models[name].tenant, targets=tuple(targets), left_out=tuple(left_out))


def routes_of(platform: Platform, cluster: str) -> tuple[Route, ...]:
    """Every route of a cluster's gateway, those without targets too: they say why nothing answers."""
    return tuple(route_of(platform, name, cluster) for name in routed_models(platform, cluster))


def peers_of(platform: Platform, cluster: str) -> dict[str, tuple[str, ...]]:
    """Model to the other clusters whose gateways may ask this one for it."""
    found: dict[str, list[str]] = {}
    for other in platform.clusters:
        if other == cluster or not has_add_on(platform, other, GATEWAY_ADD_ON):
            continue
        asked = {
            target.model
            for route in routes_of(platform, other)
            for target in route.targets
            if (target.kind, target.name) == ("cluster", cluster)
        }
        for model in asked:
            found.setdefault(model, []).append(other)
    return {model: tuple(clusters) for model, clusters in sorted(found.items())}


Kind = Literal["here", "cluster", "service"]


def _candidates(platform: Platform, name: str, cluster: str) -> list[tuple[Kind, str]]:
    """Where a model is: this cluster first, then the others in the file's order, or its service."""
    model = platform.models[name]
    if isinstance(model, ApiModel):
        return [("service", model.service)]
    placed = list(dict.fromkeys(place.cluster for place in model.placements))
    here: list[tuple[Kind, str]] = [("here", cluster)] if cluster in placed else []
    return here + [("cluster", other) for other in placed if other != cluster]


def _targets(platform: Platform, name: str, kind: Kind, place: str, priority: int) -> list[Target]:
    if kind != "here":
        return [Target(kind=kind, model=name, name=place, priority=priority)]
    model = platform.models[name]
    part = model.canary.percent if isinstance(model, ServedModel) and model.canary else 0
    stable = Target(kind="here", model=name, name=name, priority=priority, weight=100 - part)
    new = Target(kind="here", model=name, name=canary_name(name), priority=priority, weight=part)
    return [stable, new] if part else [stable]


def _obstacle(platform: Platform, asked: str, model: str, cluster: str, kind: Kind, place: str) -> str:
    """Why a place may not answer; empty where it may."""
    if (kind != "here" or asked != model) and not (speaks_openai(platform, asked) and speaks_openai(platform, model)):
        return f"only models of {' and '.join(LANGUAGE_RUNTIMES)} and services stand in for each other"
    if kind == "here":
        return _residency(platform, asked, model, _cluster_place(platform, cluster), cluster)
    reach = _unreachable(platform, cluster, kind, place)
    if reach:
        return reach
    there = place_of(platform.services[place]) if kind == "service" else _cluster_place(platform, place)
    return _residency(platform, asked, model, there, cluster)


def _unreachable(platform: Platform, cluster: str, kind: Kind, place: str) -> str:
    if platform.sites[platform.clusters[cluster].site].reachability == "disconnected":
        return f"{cluster} is disconnected"
    if kind == "service":
        return ""
    if platform.sites[platform.clusters[place].site].reachability == "disconnected":
        return f"{place} is disconnected"
    if not has_add_on(platform, place, GATEWAY_ADD_ON):
        return f"{place} has no gateway: add clusters.{place}.addOns.{GATEWAY_ADD_ON}"
    return "" if platform.clusters[place].domain else f"{place} has no name: set clusters.{place}.domain"


def _residency(platform: Platform, asked: str, model: str, there: Place, cluster: str) -> str:
    """Prompts go there, and what the weights carry comes back here."""
    here = _cluster_place(platform, cluster)
    prompts = (("prompts", name, there) for name in sorted(platform.models[asked].prompt_classes))
    answers = (("answers", name, here) for name in sorted(lineage.classes_of_model(platform, model)))
    for what, name, place in (*prompts, *answers):
        verdict = decide(platform.data_classes[name], "process", place.country, place.operator_country, platform.groups)
        if not verdict.proven:
            return f"{what} of class {name} {verdict.reason}"
    return ""


def _cluster_place(platform: Platform, cluster: str) -> Place:
    return place_of(platform.sites[platform.clusters[cluster].site])
