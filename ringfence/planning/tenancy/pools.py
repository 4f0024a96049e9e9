"""Pools as pods see them: what a pod must tolerate to run there.

Owns: the taints of a pool, the file's and those that a provider or add-on adds. Refuses to own: capacity.
"""

from __future__ import annotations

from ringfence.facts import accelerators
from ringfence.planning.capacity import pool_capacity
from ringfence.planning.tenancy.names import Manifest
from ringfence.spec.platform import Platform
from ringfence.spec.pool import Pool
from ringfence.spec.site import CloudSite

PROVIDER_TAINTS = {
    ("azure", "spot"): ("kubernetes.azure.com/scalesetpriority", "spot", "NoSchedule"),
    ("gcp", "flex"): ("cloud.google.com/gke-queued", "true", "NoSchedule"),
}
"""Taints that a provider puts on nodes of a capacity kind by itself, as (key, value, effect).

Sources: Microsoft Learn, "Add an Azure Spot node pool to AKS"; Google Cloud, "Flex-start with queued provisioning".
"""


def provider_of(platform: Platform, cluster: str) -> str | None:
    """The cloud of a cluster's site; None for sites of the organisation's own."""
    site = platform.sites[platform.clusters[cluster].site]
    return site.provider if isinstance(site, CloudSite) else None


def accelerated(pool: Pool) -> bool:
    """Whether the pool's nodes carry accelerators."""
    return bool(pool.accelerator) and pool.accelerator != accelerators.NONE


def pool_tolerations(platform: Platform, cluster: str, pool: str) -> list[Manifest]:
    """What a pod needs to run on the pool. Every entry names its key: none of them opens other pools."""
    spec = platform.clusters[cluster].pools[pool]
    provider = provider_of(platform, cluster)
    taints: list[tuple[str, str, str]] = [(taint.key, taint.value, taint.effect) for taint in spec.taints]
    added = PROVIDER_TAINTS.get((provider or "", spec.capacity.kind))
    if added and added not in taints:
        taints.append(added)
    made: list[Manifest] = [
        {"key": key, "operator": "Equal", "value": value, "effect": effect} for key, value, effect in taints
    ]
    return made + [
        {"key": key, "operator": "Exists", "effect": "NoSchedule"} for key in accelerator_keys(spec, provider)
    ]


def accelerator_keys(pool: Pool, provider: str | None) -> list[str]:
    """Keys of the taints that keep ordinary pods off accelerators: the resource's own name, by the field's custom.

    Source: Kubernetes, ExtendedResourceToleration admission plug-in; GKE taints GPU nodes with nvidia.com/gpu itself.
    """
    if not accelerated(pool):
        return []
    device = accelerators.accelerator(pool.accelerator or "")
    base = device.resource_name if device and device.resource_name else "nvidia.com/gpu"
    return list(dict.fromkeys([base, *(row.resource for row in pool_capacity("pool", pool, provider=provider))]))
