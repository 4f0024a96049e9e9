"""Add-ons as the file names them: rows exist, and go together on that cluster.

Owns: turning the planner's problems into findings. Refuses to own: the rows, and Helm values (`ringfence check
--charts`).
"""

from __future__ import annotations

from collections.abc import Iterator

from ringfence.planning.addons import AddOnPlanError, plan_add_ons
from ringfence.planning.cluster_context import add_on_context
from ringfence.spec import Platform
from ringfence.spec.finding import Finding


def check(platform: Platform) -> Iterator[Finding]:
    """Every problem of every cluster's add-ons."""
    for name, cluster in platform.clusters.items():
        try:
            plan_add_ons(add_on_context(platform, name), cluster.add_ons)
        except AddOnPlanError as error:
            for problem in error.problems:
                named = problem.add_on in cluster.add_ons
                yield Finding(
                    code="add-on",
                    path=("clusters", name, "addOns", *((problem.add_on,) if named else ())),
                    message=f"add-on {problem.add_on}: {problem.message}",
                    suggestion=problem.remedy,
                )
