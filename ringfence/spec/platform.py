"""The platform: the whole of what one stack file declares, under the key `ringfence:platform`.

Owns: the root of the models. Refuses to own: checks across its parts (ringfence.planning.checks).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ringfence.spec.base import CostCenter, Jurisdiction, Name, Spec, Text
from ringfence.spec.cluster import Cluster
from ringfence.spec.data import DataClass, Dataset
from ringfence.spec.model import Model
from ringfence.spec.operations import Audit, Budget, ExternalService, Observability, Registry
from ringfence.spec.site import Site
from ringfence.spec.tenant import Tenant


class Platform(Spec):
    """A hybrid AI platform."""

    name: Name
    """Prefix of everything that is created."""
    environment: Literal["dev", "prod"]
    owner: Text
    """Team that answers for the platform."""
    cost_center: CostCenter
    unproven: Literal["refuse", "advise"] = "refuse"
    """What a policy does with something whose place it cannot prove."""
    groups: dict[Jurisdiction, Annotated[tuple[Jurisdiction, ...], Field(min_length=1)]] = {}
    """The platform's own groups of countries, beside EU, EEA and GDPR-adequate."""
    data_classes: dict[Name, DataClass] = Field(min_length=1)
    sites: dict[Name, Site] = Field(min_length=1)
    clusters: dict[Name, Cluster] = {}
    datasets: dict[Name, Dataset] = {}
    tenants: dict[Name, Tenant] = {}
    models: dict[Name, Model] = {}
    registries: dict[Name, Registry] = {}
    services: dict[Name, ExternalService] = {}
    observability: Observability = Observability()
    audit: Audit
    budget: Budget
