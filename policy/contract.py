"""The contract: what the rules hold a program against, whoever wrote the program.

Owns: the model. Refuses to own: where a contract is found (policy.contract_sources), how our own platform becomes one
(policy.contract_platform), checks across its parts (policy.contract_checks) and what a rule makes of it.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from ringfence.facts import jurisdictions
from ringfence.planning import labels
from ringfence.spec.base import Count, Country, Jurisdiction, Name, Spec, UsdPerMonth
from ringfence.spec.data import DataClass
from ringfence.spec.residency import allowed_countries


class ContractClass(DataClass):
    """A data class of a contract. The basis may be left out: the program that is judged may know nothing of law."""

    basis: str = ""
    """The law or contract behind it, such as "GDPR art. 9, 44-49"; it stands in the transfer record."""

    @classmethod
    def of(cls, known: DataClass) -> ContractClass:
        """The same class, from a stack file."""
        return cls(**{name: getattr(known, name) for name in DataClass.model_fields})


class Evidence(Spec):
    """Where each preview writes its transfer record."""

    directory: str = Field(min_length=1)
    """Folder, from the contract's own, for transfers.json and transfers.csv; RINGFENCE_EVIDENCE overrides it."""
    base: str | None = None
    """An earlier transfers.json: the difference to it is written too. RINGFENCE_EVIDENCE_BASE overrides it."""


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
    data_classes: dict[Name, ContractClass] = Field(min_length=1)
    groups: dict[str, tuple[Jurisdiction, ...]] = {}
    """Groups of countries of your own, beside EU, EEA and GDPR-adequate."""
    locations: dict[str, Annotated[Location, BeforeValidator(_location)]] = {}
    """By `kubernetes:<clusterIdentifier, context or provider name>` (or another `<package>:<provider name>`), host
    name, URI, ARN, `account:<number>` or `gateway:<name>`."""
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
    waivers: str | None = None
    """A file of waivers, from the contract's own folder."""
    evidence: Evidence | None = None
    """Where the transfer record goes; nothing is written when unset."""

    def restricted(self, name: str) -> bool:
        """Whether a class has borders at all. A class that the contract does not know is taken to have some."""
        known = self.data_classes.get(name)
        return known is None or allowed_countries(known, "rest", self.groups) != jurisdictions.countries(
            jurisdictions.ANY
        )
