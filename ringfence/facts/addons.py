"""The add-on rows: what can be installed on a cluster, from which chart, after what.

Owns: reading ringfence/facts/addons.yaml into typed, frozen rows. Refuses to own: what a row's values
mean for one cluster (components/addons), and which rows a cluster gets (ringfence.planning.addons).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

Provider = Literal["aws", "azure", "gcp"]
SiteKind = Literal["cloud", "datacentre", "edge"]
PodSecurity = Literal["privileged", "baseline", "restricted"]


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, use_attribute_docstrings=True)


class PinnedImage(_Row):
    """An image that the chart names by digest, or for which a digest is known."""

    image: str
    """Repository and tag, such as ghcr.io/opencost/opencost:1.120.1."""
    digest: str = Field(pattern=r"^sha256:[0-9a-f]{64}$")


Access = Literal["backups", "artefacts", "node-groups", "machines", "secrets"]
"""What an add-on's pods need of the cloud: buckets, the sizes of node groups, machines of their own, a secret store."""


class CloudIdentity(_Row):
    """A service account that acts in the cloud, by an identity and not by a key."""

    service_account: str
    """As the chart names it for a release with the row's name."""
    access: Access


class AddOnRow(_Row):
    """One add-on: a chart at a version, and what it takes to install it."""

    name: str
    purpose: str
    """One line for the reader of a plan."""
    chart: str | None = None
    """Chart name in its repository; unset for an add-on that is made of plain objects."""
    version: str | None = None
    """Chart version, as `helm install --version` takes it."""
    repository: str | None = None
    """https:// index, or oci:// folder that holds the chart."""
    folder: str | None = None
    """Folder of the chart in a chart cache, where it differs from the chart's name."""
    namespace: str
    pod_security: PodSecurity = "baseline"
    """Pod Security Standard that the namespace enforces: the strictest one that the chart's pods pass."""
    values: dict[str, Any] = {}
    """What every cluster sets, besides what components/addons computes for one cluster."""
    when_monitored: dict[str, Any] = {}
    """Set too where the Prometheus operator is on the cluster; the add-on then comes after it."""
    kubelet_paths: dict[str, str] = {}
    """Dotted path of a value to what it holds below the kubelet's state directory, where that is not the usual one."""
    crds: tuple[str, ...] = ()
    """API groups whose kinds exist once the add-on is installed."""
    requires: tuple[str, ...] = ()
    """Add-ons that must be there too: they are added when the cluster does not name them."""
    brings: tuple[str, ...] = ()
    """Add-ons that come along where they work, unless the cluster disables them."""
    after: tuple[str, ...] = ()
    """Add-ons that come first where the cluster has them."""
    conflicts: tuple[str, ...] = ()
    """Add-ons that cannot share a cluster with this one."""
    providers: tuple[Provider, ...] = ()
    """Clouds on which it works; empty is all of them. Says nothing of sites that are no clouds."""
    site_kinds: tuple[SiteKind, ...] = ()
    """Kinds of site where it works; empty is all."""
    cloud_identity: CloudIdentity | None = None
    """What its pods may do in the cloud that the cluster is in."""
    images: tuple[PinnedImage, ...] = ()
    wait: bool = True
    """False where the release only becomes ready after something that is created later."""
    timeout_seconds: int = 600
    bootstrap: bool = False
    """It delivers the others: a site with pull delivery gets it with its operating system, never through
    itself.
    """
    foundation: bool = False
    """Everything else waits for it: without it no pod gets an address."""
    caveat: str | None = None
    """What a careful reader should know before relying on it."""
    source: str
    """Repository and path of the chart's source that the row was read from."""

    @property
    def chart_folder(self) -> str:
        """Folder of the chart in a cache or in a folder given with --charts."""
        return self.folder or self.chart or self.name

    @property
    def oci(self) -> bool:
        """Whether the chart comes from an OCI registry."""
        return (self.repository or "").startswith("oci://")

    @property
    def reference(self) -> str | None:
        """The chart as one address: oci://host/path/chart, or https://index#chart."""
        if self.chart is None:
            return None
        return f"{self.repository}/{self.chart}" if self.oci else f"{self.repository}#{self.chart}"


def _read() -> dict[str, Any]:
    text = files("ringfence.facts").joinpath("addons.yaml").read_text(encoding="utf-8")
    return yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


def add_ons_as_of() -> date:
    """The day on which the versions of the table were the newest stable ones."""
    return _read()["asOf"]


@cache
def add_on_rows() -> Mapping[str, AddOnRow]:
    """Every row by name, in the order of the file.

    Raises ValueError when the table contradicts itself: that is a bug in this package, not in a user's
    file.
    """
    table: dict[str, dict[str, Any]] = _read()["addOns"]
    try:
        rows = {name: AddOnRow(name=name, **row) for name, row in table.items()}
    except ValidationError as error:
        raise ValueError(f"ringfence/facts/addons.yaml: {error}") from error
    for row in rows.values():
        unknown = sorted({*row.requires, *row.after, *row.brings, *row.conflicts} - rows.keys())
        if unknown:
            raise ValueError(f"ringfence/facts/addons.yaml: {row.name} names unknown add-ons {unknown}")
        if (row.chart is None) != (row.version is None) or (row.chart is None) != (row.repository is None):
            raise ValueError(f"ringfence/facts/addons.yaml: {row.name} needs all of chart, version, repository")
    return MappingProxyType(rows)
