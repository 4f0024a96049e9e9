"""Stack outputs: few, stable, camelCase, no whole resources.

Owns: their names and shapes; a contract test holds them. Refuses to own: anything that is not shown to a user.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ringfence.planning.bill import bill
from ringfence.planning.capacity import cluster_capacity
from ringfence.planning.places import place_of
from stacks.parts import Built

README = Path("Pulumi.README.md")


def exports(built: Built) -> dict[str, Any]:
    """Output name to value."""
    platform = built.settings.platform
    return {
        "sites": {name: _site(site) for name, site in platform.sites.items()},
        "clusters": {name: _cluster(part.part) for name, part in built.clusters.items()},
        "endpoints": {name: part.endpoint for name, part in built.clusters.items()},
        "capacity": _capacity(built),
        "datasets": built.datasets,
        "gateways": built.gateways,
        "bill": _bill(built),
        "bootstrap": built.bootstrap,
        "readme": README.read_text() if README.exists() else "",
    }


def _site(site) -> dict[str, Any]:
    place = place_of(site)
    return {
        "kind": site.kind,
        "country": place.country,
        "operatorCountry": place.operator_country,
        "reachability": site.reachability,
    }


def _cluster(part) -> dict[str, Any]:
    return {
        "site": part.site_name,
        "role": part.spec.role,
        "controlPlane": part.spec.control_plane.kind,
        "kubernetesVersion": part.spec.kubernetes_version,
        "delivery": part.spec.delivery,
        "dataClasses": list(part.tags.data_classes),
        "addOns": {add_on.name: add_on.row.version or "" for add_on in part.plan.add_ons},
    }


def _capacity(built: Built) -> dict[str, Any]:
    """Cluster to pool to unit: how many there always are, and at most."""
    platform = built.settings.platform
    return {
        name: {
            f"{row.pool}/{row.resource}": {"always": row.guaranteed_units, "atMost": row.maximum_units}
            for row in cluster_capacity(platform, name)
        }
        for name in built.clusters
    }


def _bill(built: Built) -> dict[str, Any]:
    """USD/month of node pools, and what could not be priced."""
    found = bill(built.settings.platform)
    return {
        "usdPerMonthLow": float(found.usd_low),
        "usdPerMonthHigh": float(found.usd_high),
        "budgetUsdPerMonth": built.settings.platform.budget.monthly_usd,
        "unpriced": [f"{row.cluster}/{row.pool}: {row.basis.removeprefix('not priced: ')}" for row in found.unpriced],
    }
