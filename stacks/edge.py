"""Edge sites: the mirror, the model cache and the telemetry of a site that works on its own.

Owns: what a site is told of its parent. Refuses to own: what is inside the components.
"""

from __future__ import annotations

import pulumi

from components.addons.stack import AddOns
from components.edge.model_cache import ModelCache, ModelCacheArgs
from components.edge.site import EdgeSite, EdgeSiteArgs
from ringfence.planning.onprem.edge_models import CachedModel, model_uri
from ringfence.planning.serving.memory import weights_gib
from ringfence.planning.tenancy.names import models_namespace
from ringfence.spec import Platform
from ringfence.spec.model import ServedModel
from ringfence.spec.site import EdgeSite as EdgeSpec
from stacks.datacentre import bootstrap_charts, planned
from stacks.parts import Built, BuiltCluster


def equip(built: Built, cluster: BuiltCluster, installed: AddOns) -> EdgeSiteArgs:
    """Give an edge cluster its registry and telemetry; the result is what its model cache needs too."""
    part, platform = cluster.part, built.settings.platform
    site = platform.sites[part.site_name]
    assert isinstance(site, EdgeSpec)
    parent = platform.sites[site.parent]
    alone = site.reachability == "disconnected"
    args = EdgeSiteArgs(
        site_name=part.site_name,
        site=site,
        cluster_name=part.name,
        cluster=part.spec,
        tags=part.tags,
        parent_registry=None if alone else getattr(parent, "registry", None),
        metrics_url=None if alone else _receiver(platform, site.parent, "metrics", "api/v1/otlp/v1/metrics"),
        logs_url=None if alone else _receiver(platform, site.parent, "logs", "otlp/v1/logs"),
        helm=bootstrap_charts(part.plan),
    )
    opts = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=[installed])
    component = planned(part.name, lambda: EdgeSite(part.site_name, args, opts))
    built.bootstrap[part.name] = component.k0sctl
    return args


def cache_models(
    built: Built, cluster: BuiltCluster, args: EdgeSiteArgs, after: list[pulumi.Resource]
) -> tuple[list[pulumi.Resource], Platform]:
    """Keep the site's models on its own disks, in the namespaces of the tenants that serve them.

    The result is what to wait for, and the platform as the site sees it: its models read from the cache.
    """
    platform, name = built.settings.platform, cluster.part.name
    cached = tuple(
        CachedModel(
            name=key,
            source=model.source,
            namespace=models_namespace(model.tenant),
            gib=int(weights_gib(model.parameters_billions, model.precision)) + 1,
            pool=placement.pool,
        )
        for key, model in platform.models.items()
        if isinstance(model, ServedModel)
        for placement in model.placements
        if placement.cluster == name and model.source.startswith("oci://")
    )
    if not cached:
        return [], platform
    opts = pulumi.ResourceOptions(providers=[cluster.provider], depends_on=after)
    cache = planned(name, lambda: ModelCache(f"{name}-models", ModelCacheArgs(site=args, models=cached), opts))
    local = {
        model.name: platform.models[model.name].model_copy(update={"source": model_uri(model)}) for model in cached
    }
    return [cache], platform.model_copy(update={"models": {**platform.models, **local}})


def _receiver(platform: Platform, parent: str, what: str, path: str) -> str | None:
    """Where the parent takes telemetry in: the first workload cluster there that has a domain."""
    for cluster in platform.clusters.values():
        if cluster.site == parent and cluster.role == "workload" and cluster.domain:
            if what == "logs" and "loki" not in cluster.add_ons:
                continue
            return f"https://{what}.{cluster.domain}/{path}"
    return None
