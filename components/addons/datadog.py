"""Datadog: metrics and logs kept by a service outside.

Owns: which of Datadog's sites gets them, which decides where they rest. Refuses to own: whether they may go there (the
residency rules read the same value).
Facts: DataDog/helm-charts, datadog 3.240.0.
"""

from __future__ import annotations

from typing import Any

from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.addons import AddOnPlanError, AddOnProblem

SITES = (
    "datadoghq.com", "us3.datadoghq.com", "us5.datadoghq.com", "datadoghq.eu", "ap1.datadoghq.com", "ap2.datadoghq.com",
    "ddog-gov.com",
)  # fmt: skip
"""Datadog's sites (docs.datadoghq.com, Datadog sites). The chart's default is the first, in the US."""

K0S_SOCKET = "/run/k0s/containerd.sock"


def values(context: AddOnContext) -> dict[str, Any]:
    """The chart's values. Raises AddOnPlanError when no site is named: the default is in the United States."""
    site = context.datadog_site
    if site not in SITES:
        message = (
            f"site {site!r} is not one of Datadog's"
            if site
            else "names no site, and its default is in the United States"
        )
        raise AddOnPlanError(
            [AddOnProblem("datadog", message, f"name the site as a service's host: {', '.join(SITES)}")]
        )
    agent: dict[str, Any] = {
        "site": site,
        "clusterName": context.cluster,
        "tags": [f"site:{context.site}", f"country:{context.country}"],
    }
    if context.distribution == "k0s":
        agent["criSocketPath"] = K0S_SOCKET
    return {"datadog": agent}
