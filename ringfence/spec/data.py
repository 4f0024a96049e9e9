"""Data classes and datasets: what must stay where, and the stores that hold it.

Owns: what a class permits and what a dataset says of its copies. Refuses to own: the verdict
(ringfence.spec.residency).
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from ringfence.spec.base import Count, GiB, Jurisdiction, Name, PositiveInt, Spec
from ringfence.spec.cron import Cron


class DataClass(Spec):
    """A kind of data with the jurisdictions where it may rest, be processed, and be operated from."""

    rest: tuple[Jurisdiction, ...] = Field(min_length=1)
    """Where copies may be stored."""
    process: tuple[Jurisdiction, ...] = Field(min_length=1)
    """Where it may be computed on, also in memory only."""
    operate: tuple[Jurisdiction, ...] = ("any",)
    """Under whose law the operators of those places may stand."""
    basis: str
    """The law or contract behind it, such as "GDPR art. 9, 44-49"."""
    retention_years: Count = 0
    """How long it must be kept; 0 where no law says so."""
    rank: Count = 0
    """Orders classes where only one can be named; the highest is the most sensitive."""


class DeIdentification(Spec):
    """A declared step after which data no longer carries its source's class."""

    method: str
    """What is done (pseudonymisation alone is not de-identification under GDPR)."""
    approved_by: str
    """Who answers for it."""
    reason: str
    """Why the result is no longer personal or otherwise restricted."""


class Replica(Spec):
    """A continuous copy of a dataset at another site."""

    site: Name


class Backup(Spec):
    """A scheduled copy of a dataset at another site (or the same one)."""

    site: Name
    schedule: Cron = "0 2 * * *"
    """Cron, in UTC."""
    retention_days: PositiveInt = 35


class Dataset(Spec):
    """A body of data with one class and one home site."""

    data_class: Name
    site: Name
    """Home site."""
    size_gib: GiB
    kind: Literal["object", "file"] = "object"
    """An object store (bucket, container) or a shared file system."""
    tenants: tuple[Name, ...] = ()
    """Who may read it; empty is nobody but the platform."""
    clusters: tuple[Name, ...] = ()
    """Clusters that mount it."""
    key_site: Name | None = None
    """The site whose key management holds its key; the home site when unset."""
    geo_redundant: bool = False
    """Azure: let the provider keep a copy in the paired region, which must be allowed like any other place."""
    replicas: dict[Name, Replica] = {}
    backups: dict[Name, Backup] = {}
    retention_years: Count | None = None
    """Overrides the class's retention, never below it."""
    derived_from: tuple[Name, ...] = ()
    """Datasets it was made from: it inherits their classes unless it is de-identified."""
    de_identified: DeIdentification | None = None
