"""What is wrong with the models of a platform file, found before anything is created.

Owns: findings about memory, placement and fallbacks of models, and about the namespaces that tenants would get. Refuses
to own: the arithmetic and the objects (its neighbours), and residency of flows (ringfence.planning.checks.residency).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.planning.capacity import CapacityError
from ringfence.planning.serving import memory
from ringfence.planning.serving.models import served_model_manifests
from ringfence.planning.serving.replica import LANGUAGE_RUNTIMES, ServingError, fit_of
from ringfence.planning.serving.routes import RouteError, route_of, routed_models
from ringfence.planning.tenancy.names import check_namespaces
from ringfence.spec.finding import Finding, Path
from ringfence.spec.model import ServedModel
from ringfence.spec.platform import Platform


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about models and tenants' namespaces. The file's names must be right first."""
    for problem in check_namespaces(platform):
        yield _split("namespace-clash", problem)
    for name, model in platform.models.items():
        if isinstance(model, ServedModel):
            for index, place in enumerate(model.placements):
                yield from _placement(platform, name, model, place.cluster, ("models", name, "placements", index))
        yield from _routes(platform, name)


def _placement(platform: Platform, name: str, model: ServedModel, cluster: str, at: Path) -> Iterator[Finding]:
    if cluster not in platform.tenants[model.tenant].clusters:
        yield Finding(
            code="model-without-namespace",
            path=(*at, "cluster"),
            message=f"{model.tenant} is not on {cluster}, so there is no namespace for its model",
            suggestion=f"add {cluster} to tenants.{model.tenant}.clusters",
        )
        return
    try:
        served_model_manifests(platform, name, cluster)
        fit = fit_of(platform, name, cluster)
    except ServingError as error:
        yield _split("model-cannot-be-served", str(error))
        return
    except CapacityError:
        return  # said by the checks of the pool itself
    if fit is not None and not fit.fits:
        yield Finding(
            code="model-does-not-fit",
            path=at,
            message=fit.message,
            allowed=f"at most {fit.usable_gib:.1f} GiB",
            suggestion=_smaller(model, fit),
        )


def _smaller(model: ServedModel, fit: memory.Fit) -> str:
    """The smallest change that makes a replica fit."""
    room = fit.usable_gib - (fit.needed_gib - fit.cache_gib)
    held = model.concurrent_sequences if model.runtime in LANGUAGE_RUNTIMES else 0
    sequences = int(held * room / fit.cache_gib) if held and fit.cache_gib else 0
    if sequences > 0:
        return f"concurrentSequences: {sequences}, or more acceleratorsPerReplica"
    return "a lower precision, a larger profile, or more acceleratorsPerReplica"


def _routes(platform: Platform, name: str) -> Iterator[Finding]:
    """Fallbacks in a circle."""
    clusters = [cluster for cluster in platform.clusters if name in routed_models(platform, cluster)]
    try:
        for cluster in clusters[:1]:
            route_of(platform, name, cluster)
    except RouteError as error:
        yield _split("cycle", str(error))


def _split(code: str, said: str) -> Finding:
    """A finding from a message of the form `path: what; remedy`."""
    at, _, rest = said.partition(": ")
    path, _, more = at.partition(" ")
    message, _, remedy = rest.partition("; ")
    return Finding(
        code=code,
        path=tuple(path.split(".")),
        message=f"{more}: {message}" if more else message,
        suggestion=remedy or None,
    )
