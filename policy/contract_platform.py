"""Our own stack file as a contract: a program of ours needs no second file.

Owns: what of a platform the rules need. Refuses to own: the contract's model (policy.contract) and where one is found
(policy.contract_sources).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from policy.contract import Budget, Contract, ContractClass, Location, Share
from ringfence.planning import capacity, places
from ringfence.planning.tenancy.namespaces import tenant_namespaces
from ringfence.spec.platform import Platform


def from_platform(platform: Platform) -> Contract:
    """The contract that our own stack file amounts to.

    Raises capacity.CapacityError where the size of a pool, or the unit of a quota, cannot be known.
    """
    return Contract(
        unproven=platform.unproven,
        data_classes={name: ContractClass.of(each) for name, each in platform.data_classes.items()},
        groups=platform.groups,
        locations=dict(_locations(platform)),
        registries=tuple(registry.host for registry in platform.registries.values()),
        immutable_registries=tuple(each.host for each in platform.registries.values() if each.immutable_tags),
        tenants=_shares(platform),
        capacity={cluster: _offered(platform, cluster) for cluster in platform.clusters},
        budget=Budget(monthly_usd=platform.budget.monthly_usd),
    )


def _shares(platform: Platform) -> dict[str, dict[str, Share]]:
    shares: dict[str, dict[str, Share]] = {name: {} for name in platform.tenants}
    for cluster in platform.clusters:
        planned = capacity.tenant_shares(platform, cluster)
        for name, tenant in platform.tenants.items():
            if cluster in tenant.clusters:
                names = tuple(each.name for each in tenant_namespaces(platform, cluster, name))
                guaranteed = _summed((row.resource, row.guaranteed) for row in planned if row.tenant == name)
                shares[name][cluster] = Share(namespaces=names, guaranteed=guaranteed)
    return shares


def _offered(platform: Platform, cluster: str) -> dict[str, int]:
    """Units of accelerators with every pool at its largest: queues lend what nobody was guaranteed."""
    return _summed((row.resource, row.maximum_units) for row in capacity.cluster_capacity(platform, cluster))


def _summed(rows: Iterable[tuple[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for resource, count in rows:
        if resource != capacity.CPU and count:
            totals[resource] = totals.get(resource, 0) + count
    return totals


def _locations(platform: Platform) -> Iterator[tuple[str, Location]]:
    for name, cluster in platform.clusters.items():
        yield from _located(f"kubernetes:{name}", places.place_of(platform.sites[cluster.site]))
        if cluster.domain:
            yield from _located(cluster.domain, places.place_of(platform.sites[cluster.site]))
        for bucket in (cluster.backup_store, cluster.artefact_store):
            if bucket and bucket.endpoint:
                yield from _located(bucket.endpoint, places.place_of(platform.sites[bucket.site]))
    for outside in (*platform.registries.values(), *platform.services.values()):
        yield from _located(outside.host, places.place_of(outside))


def _located(key: str, place: places.Place) -> Iterator[tuple[str, Location]]:
    """A location, unless it is not known: what is not declared stays unproven."""
    if place.country is not None:
        yield key, Location(country=place.country, operator=tuple(sorted(place.laws or ())))
