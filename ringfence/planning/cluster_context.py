"""From a cluster of the platform to what its add-ons may know of it.

Owns: the translation. Refuses to own: what an add-on makes of it (components/addons) and its shape (addon_context).
"""

from __future__ import annotations

from decimal import Decimal

from ringfence.planning.addon_context import (
    AcceleratorPool,
    AddOnContext,
    BackupTarget,
    Distribution,
    ObjectStore,
    Prices,
)
from ringfence.planning.bill import node_hour
from ringfence.planning.places import place_of
from ringfence.spec import Platform
from ringfence.spec.cluster import Bucket, Cluster, EmbeddedControlPlane, HostedControlPlane
from ringfence.spec.pool import Mig, Pool, TimeSlicing, Vgpu
from ringfence.spec.site import CloudSite, Site

_DISTRIBUTIONS: dict[str, Distribution] = {"aws": "eks", "azure": "aks", "gcp": "gke"}

CPU_USD_HOUR, MEMORY_GIB_USD_HOUR, STORAGE_GIB_USD_MONTH = 0.031611, 0.004237, 0.04
"""OpenCost's own defaults (opencost configs/default.json: CPU 0.031611, RAM 0.004237 USD/hour, storage 0.00005479452
USD/GB-hour, which is 0.04 a month), used where a cluster has no better: the accelerators are what costs."""


def add_on_context(platform: Platform, name: str) -> AddOnContext:
    """The plain facts of one cluster. Raises KeyError for an unknown name."""
    cluster = platform.clusters[name]
    site = platform.sites[cluster.site]
    cloud = site if isinstance(site, CloudSite) else None
    plane = cluster.control_plane
    own_plane = plane if isinstance(plane, HostedControlPlane | EmbeddedControlPlane) else None
    sink = _log_sink(platform)
    backup, artefacts = cluster.backup_store, cluster.artefact_store
    return AddOnContext(
        cluster=name,
        platform=platform.name,
        site=cluster.site,
        site_kind=site.kind,
        country=place_of(site).country or "",
        distribution=_DISTRIBUTIONS[cloud.provider] if cloud else "k0s",
        kubernetes_version=cluster.kubernetes_version,
        provider=cloud.provider if cloud else None,
        region=cloud.region if cloud else None,
        role=cluster.role,
        domain=cluster.domain,
        api_server=str(own_plane.address) if own_plane else None,
        api_port=own_plane.port if own_plane else 6443,
        pod_cidr=str(cluster.network.pods),
        overlay=cluster.network.overlay.kind,
        mtu=cluster.network.overlay.mtu,
        delivery=cluster.delivery,
        registry=getattr(site, "registry", None),
        connected=site.reachability == "connected",
        pools=tuple(_pool(key, pool) for key, pool in cluster.pools.items() if pool.accelerator),
        tenants={key: tenant.cost_center for key, tenant in platform.tenants.items() if name in tenant.clusters},
        storage_classes={tier.kind: key for key, tier in cluster.storage.items()},
        prices=_prices(cluster, site),
        metrics_retention_days=platform.observability.metrics.retention_days,
        remote_write=_remote_write(platform, name, site),
        backups=(_backup_target(platform, backup),) if backup else (),
        artefacts=_object_store(platform, artefacts) if artefacts else None,
        log_sink=sink[0] if sink else None,
        log_retention_days=sink[1] if sink else 90,
        datadog_site=sink[2] if sink else None,
    )


def _pool(name: str, pool: Pool) -> AcceleratorPool:
    sharing = pool.sharing
    return AcceleratorPool(
        name=name,
        accelerator=pool.accelerator or "none",
        per_node=pool.accelerators_per_node,
        nodes=pool.largest,
        sharing=sharing.kind,
        mig_layout=dict(sharing.layout) if isinstance(sharing, Mig) else {},
        slices=sharing.replicas if isinstance(sharing, TimeSlicing) else 1,
        vgpu_profile=sharing.profile if isinstance(sharing, Vgpu) else None,
        licence_secret=sharing.licence_secret if isinstance(sharing, Vgpu) else None,
        fabric=pool.fabric,
    )


def _prices(cluster: Cluster, site: Site) -> Prices | None:
    """Prices for the cost tool: the accelerators' share of their nodes' price, weighted by how many there are."""
    total, devices = Decimal(0), 0
    for pool in cluster.pools.values():
        if not pool.accelerator or not pool.accelerators_per_node:
            continue
        hourly, _, _ = node_hour(site, pool)
        if hourly is None:
            return None
        count = pool.accelerators_per_node * pool.largest
        total, devices = total + hourly / pool.accelerators_per_node * count, devices + count
    if not devices:
        return None
    return Prices(
        cpu_hour=CPU_USD_HOUR,
        memory_gib_hour=MEMORY_GIB_USD_HOUR,
        gpu_hour=float((total / devices).quantize(Decimal("0.0001"))),
        storage_gib_month=STORAGE_GIB_USD_MONTH,
    )


def _backup_target(platform: Platform, bucket: Bucket) -> BackupTarget:
    site = platform.sites[bucket.site]
    return BackupTarget(
        name="default",
        bucket=bucket.bucket,
        provider=site.provider if isinstance(site, CloudSite) else "s3",
        region=site.region if isinstance(site, CloudSite) else bucket.site,
        endpoint=f"https://{bucket.endpoint}" if bucket.endpoint else None,
        credentials=bucket.credentials,
    )


def _object_store(platform: Platform, bucket: Bucket) -> ObjectStore:
    site = platform.sites[bucket.site]
    return ObjectStore(
        bucket=bucket.bucket,
        region=site.region if isinstance(site, CloudSite) else bucket.site,
        endpoint=f"https://{bucket.endpoint}" if bucket.endpoint else None,
        credentials=bucket.credentials,
    )


def _log_sink(platform: Platform) -> tuple | None:
    """(kind, retention in days, Datadog site) of the first sink, in the file's order."""
    for sink in platform.observability.logs.values():
        service = platform.services.get(sink.service) if sink.service else None
        return sink.kind, sink.retention_days, service.host if sink.kind == "datadog" and service else None
    return None


def _remote_write(platform: Platform, name: str, site: Site) -> str | None:
    """Where metrics also go: the central cluster's receiver, when it is another one and the site can reach it."""
    central = platform.observability.metrics.central_cluster
    if central in (None, name) or site.reachability == "disconnected":
        return None
    domain = platform.clusters[central].domain if central else None
    return f"https://metrics.{domain}/api/v1/write" if domain else None
