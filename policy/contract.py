"""The contract: what the rules hold a program against, whoever wrote the program.

Owns: the model and how our own platform becomes one. Refuses to own: where a contract is found
(policy.contract_sources) and what a rule makes of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from ringfence.facts import jurisdictions
from ringfence.planning import capacity, labels, places
from ringfence.planning.tenancy.namespaces import tenant_namespaces
from ringfence.spec.base import Count, Country, Jurisdiction, Name, Spec, UsdPerMonth
from ringfence.spec.data import DataClass
from ringfence.spec.platform import Platform
from ringfence.spec.residency import allowed_countries


class Location(Spec):
    """Where something is that no fact tells: a provider, a cluster, a registry, a host, an account, a gateway."""

    country: Country
    operator: tuple[Country, ...] | Country | None = None
    """The legal home of whoever runs it, and of its owner where that is another; the country itself when unset."""

    @property
    def laws(self) -> frozenset[str]:
        """The countries whose law reaches the operator."""
        if isinstance(self.operator, str):
            return frozenset({self.operator})
        return frozenset(self.operator or {self.country})


def _location(value: Any) -> Any:
    return {"country": value} if isinstance(value, str) else value


def _pattern(value: str) -> str:
    if "::" not in value or not re.search(r"[A-Za-z0-9]", value.replace("urn:pulumi", "")):
        raise ValueError(
            f"{value!r} names no resource: write its URN, or type::name such as aws:s3/bucket:Bucket::scans; "
            "* stands for part of it, never for everything"
        )
    return value


def matches(pattern: str, urn: str, token: str, name: str) -> bool:
    """Whether a pattern names a resource: by its whole URN, or by type::name."""
    return fnmatchcase(urn if pattern.startswith("urn:") else f"{token}::{name}", pattern.replace("[", "[[]"))


class Share(Spec):
    """What a tenant was promised on one cluster."""

    namespaces: tuple[str, ...] = ()
    """Namespaces as the cluster knows them; each needs a quota on accelerators."""
    guaranteed: dict[str, Count] = {}
    """Resource (nvidia.com/gpu, nvidia.com/mig-1g.10gb) to the units that are always the tenant's when it asks."""


Pattern = Annotated[str, AfterValidator(_pattern)]
"""A resource by its URN, or resources by `type::name`; * stands for any run of characters, never for everything."""


class DeIdentified(Spec):
    """A step after which data no longer carries a class: declared, never guessed."""

    resource: Pattern
    """What holds the result."""
    data_class: Name = Field(alias="class")
    """The class that ends here."""
    who: str = Field(min_length=1)
    """Who answers for it."""
    why: str = Field(min_length=1)
    """How the data is changed, and why the result is no longer of the class (pseudonymisation alone is not enough under
    GDPR)."""

    def covers(self, urn: str, token: str, name: str) -> bool:
        """Whether a resource is one of those that it names."""
        return matches(self.resource, urn, token, name)


class Budget(Spec):
    """What the priced resources of a stack may cost."""

    monthly_usd: UsdPerMonth


class Contract(Spec):
    """Everything the rules need to know that a program does not say itself."""

    tag_key: str = labels.DATA_CLASS
    """Tag (AWS, Azure), label (GCP), label or annotation (Kubernetes) that names the data class."""
    default_data_class: Name | None = None
    """What an untagged data store holds; untagged stores are refused when unset."""
    unproven: Literal["refuse", "advise"] = "refuse"
    """Whether a place that cannot be proven fails the preview or is only said."""
    data_classes: dict[Name, DataClass] = Field(min_length=1)
    groups: dict[str, tuple[Jurisdiction, ...]] = {}
    """Groups of countries of your own, beside EU, EEA and GDPR-adequate."""
    locations: dict[str, Annotated[Location, BeforeValidator(_location)]] = {}
    """By `kubernetes:<clusterIdentifier, context or provider name>`, host name, or `account:<number>`."""
    deidentified: tuple[DeIdentified, ...] = ()
    """Steps after which data no longer carries a class."""
    registries: tuple[str, ...] = ()
    """Hosts (with a path where needed) that images may come from; any, by digest, when empty."""
    immutable_registries: tuple[str, ...] = ()
    """Those of `registries` that refuse to move a tag: an image of theirs may be named by tag."""
    trusted_packages: tuple[str, ...] = ()
    """Pulumi packages that the rules do not know and that you answer for."""
    tenants: dict[Name, dict[str, Share]] = {}
    """Tenant to cluster to share; a cluster is named as in `locations`, without the prefix."""
    capacity: dict[str, dict[str, Count]] = {}
    """Cluster to resource to the units that its nodes offer; guarantees must fit. {} is a cluster without
    accelerators."""
    budget: Budget | None = None

    @model_validator(mode="after")
    def _names_resolve(self) -> Contract:
        for name, data_class in self.data_classes.items():
            for flow in ("rest", "process", "operate"):
                try:
                    allowed_countries(data_class, flow, self.groups)
                except jurisdictions.JurisdictionError as error:
                    raise ValueError(f"dataClasses.{name}.{flow}: {error}") from error
        if self.default_data_class is not None and self.default_data_class not in self.data_classes:
            raise ValueError(
                f"defaultDataClass: {self.default_data_class!r} is not one of {', '.join(self.data_classes)}"
            )
        return self

    def restricted(self, name: str) -> bool:
        """Whether a class has borders at all. A class that the contract does not know is taken to have some."""
        known = self.data_classes.get(name)
        return known is None or allowed_countries(known, "rest", self.groups) != jurisdictions.countries(
            jurisdictions.ANY
        )


def from_platform(platform: Platform) -> Contract:
    """The contract that our own stack file amounts to.

    Raises capacity.CapacityError where the size of a pool, or the unit of a quota, cannot be known.
    """
    return Contract(
        unproven=platform.unproven,
        data_classes=platform.data_classes,
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
