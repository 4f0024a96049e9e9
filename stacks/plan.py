"""The plan of a stack: each cluster with its tags, its facts and its add-ons, before anything is created.

Owns: putting the pure planners' results side by side. Refuses to own: planning (ringfence.planning) and creating.
"""

from __future__ import annotations

import pulumi

from components.addons.catalogue import VALUES
from ringfence.planning.addons import AddOnPlanError, ValuesFunction, plan_add_ons
from ringfence.planning.checks.onprem import hosted_by
from ringfence.planning.cluster_context import add_on_context
from ringfence.planning.onprem.management_plan import kamaji_values
from ringfence.spec import Platform
from stacks.parts import ClusterPart
from stacks.tags import cluster_tags


def _values(platform: Platform, name: str) -> dict[str, ValuesFunction]:
    """What computes add-ons' values; Kamaji's depend on the clusters that it hosts, which no context knows."""
    hosted = hosted_by(platform, name)
    return {**VALUES, "kamaji": lambda _: kamaji_values(hosted)} if hosted else dict(VALUES)


def cluster_parts(platform: Platform) -> dict[str, ClusterPart]:
    """Every cluster, management clusters first: what they host needs them.

    Raises pulumi.RunError with every problem of every cluster's add-ons.
    """
    order = sorted(platform.clusters, key=lambda name: platform.clusters[name].role != "management")
    parts: dict[str, ClusterPart] = {}
    problems: list[str] = []
    for name in order:
        spec = platform.clusters[name]
        context = add_on_context(platform, name)
        try:
            plan = plan_add_ons(context, spec.add_ons, _values(platform, name))
        except AddOnPlanError as error:
            problems += [f"clusters.{name}.addOns.{p.add_on}: {p.message} ({p.remedy})" for p in error.problems]
            continue
        parts[name] = ClusterPart(
            name=name,
            spec=spec,
            site_name=spec.site,
            site=platform.sites[spec.site],
            tags=cluster_tags(platform, name),
            context=context,
            plan=plan,
        )
    if problems:
        raise pulumi.RunError("add-ons cannot be installed:\n" + "\n".join(problems))
    return parts
