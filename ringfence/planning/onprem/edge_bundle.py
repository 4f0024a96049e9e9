"""An edge site as a whole: every object of it, and how its box is bootstrapped.

Owns: what belongs to a site and in which order, and that a disconnected one names nothing outside. Refuses to own: each
part (edge_site.py, edge_registry.py, edge_telemetry.py).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ringfence.planning.onprem.edge_registry import registry_manifests
from ringfence.planning.onprem.edge_site import EdgePlan, base_manifests, delivery_manifests
from ringfence.planning.onprem.edge_telemetry import telemetry_manifests
from ringfence.planning.onprem.k0sctl import Bootstrap
from ringfence.planning.onprem.objects import Manifest, PlanError


def site_manifests(plan: EdgePlan) -> list[Manifest]:
    """Every object of the site, the namespace first."""
    return [
        *base_manifests(plan),
        *registry_manifests(plan),
        *telemetry_manifests(plan),
        *delivery_manifests(plan),
    ]


def bootstrap_of(plan: EdgePlan, helm: Mapping[str, Any] | None = None) -> Bootstrap:
    """How the box comes to be: k0s starts the registry by itself, and everything else is pulled from there.

    Raises PlanError where a chart of `helm` would come from elsewhere to a disconnected site.
    """
    charts = dict(helm or {})
    if plan.disconnected:
        elsewhere = [
            chart["chartname"]
            for chart in charts.get("charts", ())
            if not chart["chartname"].startswith(f"oci://{plan.registry}/")
        ]
        if elsewhere or charts.get("repositories"):
            raise PlanError(
                f"sites.{plan.name} is disconnected, but k0s is to fetch {', '.join(elsewhere) or 'a chart index'}",
                f"take charts from oci://{plan.registry}/charts",
            )
    return Bootstrap(
        name=plan.cluster_name,
        cluster=plan.cluster,
        registry=plan.registry,
        connected=not plan.disconnected,
        addresses=plan.addresses,
        manifests=(*base_manifests(plan), *registry_manifests(plan)),
        helm=charts,
    )
