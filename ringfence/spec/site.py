"""Sites: where things are. A site has one country, one operator and one kind.

Owns: the three kinds and what each must say. Refuses to own: which country a cloud region is in
(ringfence.facts.regions).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ringfence.spec.base import Country, Name, RegistryHost, Spec, Text

Reachability = Literal["connected", "intermittent", "disconnected"]


class Operator(Spec):
    """Who runs a site or a service, and under which country's law that company stands."""

    name: Text
    """The operator's legal name."""
    country: Country
    """The country of the operator's legal home: it decides who can be made to hand data over."""


class CloudSite(Spec):
    """A region of a rented cloud."""

    kind: Literal["cloud"]
    provider: Literal["aws", "azure", "gcp"]
    """The cloud."""
    region: str
    """The provider's own region code, such as eu-central-1."""
    account: str
    """AWS account number, Azure subscription or GCP project that owns the resources."""
    zones: tuple[str, ...] = ()
    """Zones to use, by the provider's full names; empty lets the planner take the first three."""
    country: Country | None = None
    """Only for a region that the facts do not list: where it is."""
    operator: Operator | None = None
    """Only where the operator differs from the provider's usual one (a sovereign partition, a trustee)."""
    registry: RegistryHost | None = None
    """The mirror that clusters here pull charts and images from; their networks have no way out to public ones."""
    reachability: Literal["connected"] = "connected"


class DatacentreSite(Spec):
    """A data centre that the organisation owns or leases."""

    kind: Literal["datacentre"]
    country: Country
    city: Text
    operator: Operator
    reachability: Reachability = "connected"
    registry: RegistryHost | None = None
    """The site's own OCI registry; needed where the site is not always connected."""
    racks: tuple[str, ...] = ()
    """Rack names, for topology-aware scheduling."""


class EdgeSite(Spec):
    """A small site (a shop, a clinic, a factory hall) that hangs off a larger one."""

    kind: Literal["edge"]
    country: Country
    city: Text
    operator: Operator
    reachability: Reachability = "intermittent"
    parent: Name
    """The data centre or cloud site that this site reports to."""
    registry: RegistryHost | None = None
    """The site's own OCI mirror; edge sites get one as an add-on when none is named."""


Site = Annotated[CloudSite | DatacentreSite | EdgeSite, Field(discriminator="kind")]
