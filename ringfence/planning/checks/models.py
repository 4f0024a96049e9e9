"""Models: each replica fits what it is given, its tenant has a share of it, and its cluster can serve it.

Owns: asking the serving planner and saying where. Refuses to own: memory, routes and shares (ringfence.planning.serving).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringfence.planning.capacity import CapacityError
from ringfence.planning.serving.models import served_model_manifests
from ringfence.planning.serving.replica import ServingError
from ringfence.planning.serving.routes import RouteError, routes_of
from ringfence.spec import Platform
from ringfence.spec.finding import Finding, Path
from ringfence.spec.model import ServedModel

_LEADING_PATH = re.compile(r"^models\.(?P<name>[a-z0-9-]+)(?P<rest>(?:\.[A-Za-z]+)*)(?: |: )(?P<said>.+)$", re.DOTALL)


def check(platform: Platform) -> Iterator[Finding]:
    """Every model that cannot be served as the file says, and every route that cannot be."""
    for name, model in platform.models.items():
        if not isinstance(model, ServedModel):
            continue
        clusters = [placement.cluster for placement in model.placements]
        for index, cluster in enumerate(clusters):
            if clusters.index(cluster) != index:
                continue
            try:
                served_model_manifests(platform, name, cluster)
            except ServingError as error:
                yield _finding(str(error), ("models", name, "placements", index))
            except CapacityError:
                continue  # said by the checks of the pool or the quota
    for cluster in platform.clusters:
        try:
            routes_of(platform, cluster)
        except (RouteError, ServingError) as error:
            yield _finding(str(error), ("models",))


def _finding(message: str, otherwise: Path) -> Finding:
    """The refusal at the path that it begins with, or at the placement that was asked for."""
    found = _LEADING_PATH.match(message)
    path = ("models", found["name"], *found["rest"].split(".")[1:]) if found and found["rest"] else otherwise
    said, _, fix = (found["said"] if found else message).partition("; ")
    return Finding(code="model", path=path, message=said, suggestion=fix or None)
