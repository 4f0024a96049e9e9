"""Training clusters as their cloud takes them: what the cloud planners refuse, with the line that they refuse.

Owns: asking each planner. Refuses to own: any rule of a cloud (ringfence.planning.cloud).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from ringfence.planning.cloud import Unplannable, aws, azure, gcp
from ringfence.spec import Platform
from ringfence.spec.cluster import Cluster
from ringfence.spec.finding import Finding, Path
from ringfence.spec.site import CloudSite

_LEADING_PATH = re.compile(r"^((?:network|pools|controlPlane|storage)[\w.\-]*): (.+)$", re.DOTALL)

_PLANNERS: dict[str, tuple[Callable[[CloudSite, Cluster], object], ...]] = {
    "aws": (lambda site, cluster: aws.plan_network(site, cluster.network), aws.plan_node_groups),
    "azure": (lambda site, cluster: azure.plan_network(cluster.network), azure.plan_agent_pools),
    "gcp": (lambda site, cluster: gcp.plan_network(site, cluster.network), gcp.plan_node_pools),
}


def check(platform: Platform) -> Iterator[Finding]:
    """Every refusal of every cluster's cloud."""
    for name, cluster in platform.clusters.items():
        site = platform.sites[cluster.site]
        if not isinstance(site, CloudSite):
            continue
        for plan in _PLANNERS[site.provider]:
            try:
                plan(site, cluster)
            except Unplannable as error:
                yield _finding(("clusters", name), str(error))


def _finding(cluster: Path, message: str) -> Finding:
    """The refusal at the path that it begins with, or at the cluster."""
    found = _LEADING_PATH.match(message)
    where, said = (tuple(found[1].split(".")), found[2]) if found else ((), message)
    return Finding(code="cloud", path=(*cluster, *where), message=said)
