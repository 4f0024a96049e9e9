"""What a cluster may send data to: every host that the platform names, with the data classes that may go there.

Owns: that list, from the residency decision. Refuses to own: how a cluster is held to it (residency_rules.py).
"""

from __future__ import annotations

from dataclasses import dataclass

from ringfence.planning import lineage
from ringfence.planning.places import Place, place_of
from ringfence.spec.platform import Platform
from ringfence.spec.residency import Flow, decide
from ringfence.spec.site import CloudSite


@dataclass(frozen=True, kw_only=True)
class Destination:
    """Somewhere outside a cluster."""

    name: str
    """`cluster.<name>` or `service.<name>`: what a gateway's backend for it is called."""
    host: str
    classes: frozenset[str]
    """Data classes that are proven to be allowed to be processed there."""


@dataclass(frozen=True, kw_only=True)
class BackupPlace:
    """The one place that a cluster's backups may go."""

    bucket: str
    region: str
    endpoint: str | None


def destinations(platform: Platform, cluster: str) -> tuple[Destination, ...]:
    """Other clusters' gateways and outside services, in the file's order. A disconnected site reaches none of them."""
    if platform.sites[platform.clusters[cluster].site].reachability == "disconnected":
        return ()
    made = [
        Destination(
            name=f"cluster.{name}",
            host=f"models.{other.domain}",
            classes=permitted(platform, "process", place_of(platform.sites[other.site])),
        )
        for name, other in platform.clusters.items()
        if name != cluster and other.domain and platform.sites[other.site].reachability != "disconnected"
    ]
    return (
        *made,
        *(
            Destination(
                name=f"service.{name}",
                host=service.host.partition(":")[0],
                classes=permitted(platform, "process", place_of(service)),
            )
            for name, service in platform.services.items()
        ),
    )


def metrics_hosts(platform: Platform, cluster: str) -> tuple[str, ...]:
    """Where this cluster's metrics may be sent: the central receiver, if all of its classes may be processed there."""
    central = platform.observability.metrics.central_cluster
    if central in (None, cluster) or not platform.clusters[central].domain:
        return ()
    if platform.sites[platform.clusters[cluster].site].reachability == "disconnected":
        return ()
    place = place_of(platform.sites[platform.clusters[central].site])
    allowed = lineage.classes_of_cluster(platform, cluster) <= permitted(platform, "process", place)
    return (f"metrics.{platform.clusters[central].domain}",) if allowed else ()


def backup_places(platform: Platform, cluster: str) -> tuple[BackupPlace, ...]:
    """Where this cluster's backups may rest: what the file says, if every class of the cluster may rest there."""
    store = platform.clusters[cluster].backup_store
    if store is None:
        return ()
    site = platform.sites[store.site]
    if not lineage.classes_of_cluster(platform, cluster) <= permitted(platform, "rest", place_of(site)):
        return ()
    region = site.region if isinstance(site, CloudSite) else store.site
    endpoint = f"https://{store.endpoint}" if store.endpoint else None
    return (BackupPlace(bucket=store.bucket, region=region, endpoint=endpoint),)


def artefact_hosts(platform: Platform, cluster: str) -> tuple[str, ...]:
    """The data centre's own object store that logs are kept in, if every class of the cluster may rest there.

    A cloud's own store has no name here: its pods reach it by the cloud's default.
    """
    store = platform.clusters[cluster].artefact_store
    if store is None or store.endpoint is None:
        return ()
    place = place_of(platform.sites[store.site])
    allowed = lineage.classes_of_cluster(platform, cluster) <= permitted(platform, "rest", place)
    return (store.endpoint.partition(":")[0],) if allowed else ()


def permitted(platform: Platform, flow: Flow, place: Place) -> frozenset[str]:
    """The data classes for which a place is proven to be allowed."""
    return frozenset(
        name
        for name, data_class in platform.data_classes.items()
        if decide(data_class, flow, place.country, place.laws, platform.groups).proven
    )
