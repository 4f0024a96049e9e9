"""What the platform needs besides clusters: registries, outside services, observability, audit and money.

Owns: what each may say. Refuses to own: the tools that provide it (add-on rows).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ringfence.spec.base import (
    Country,
    Hostname,
    Name,
    Percent,
    PositiveInt,
    RegistryHost,
    SecretReference,
    Spec,
    UsdPerMonth,
)
from ringfence.spec.site import Operator


class Registry(Spec):
    """An OCI registry that images, charts and weights may come from."""

    host: RegistryHost
    country: Country
    operator: Operator
    immutable_tags: bool = False
    """Whether the registry refuses to move a tag: only then may an image be named by tag instead of digest."""


class ExternalService(Spec):
    """Something outside the platform that data is sent to: a model API, a log service, an alerting service."""

    host: Hostname
    country: Country
    """Where it stores and processes what it is sent."""
    operator: Operator
    credentials: SecretReference | None = None


class LogSink(Spec):
    """Where logs of some clusters go."""

    kind: Literal["loki", "elastic", "datadog", "cloud"]
    """`cloud` is the provider's own log service, in the cluster's region."""
    cluster: Name | None = None
    """The cluster that runs it (loki, elastic)."""
    service: Name | None = None
    """The external service behind it (datadog)."""
    retention_days: PositiveInt = 90


class Metrics(Spec):
    """Where metrics are kept, and whether they leave the cluster."""

    retention_days: PositiveInt = 30
    central_cluster: Name | None = None
    """Cluster that every other one writes its metrics to; each keeps its own when unset."""


class Observability(Spec):
    """Metrics, logs and dashboards."""

    metrics: Metrics = Metrics()
    logs: dict[Name, LogSink] = {}
    dashboards: bool = True
    cost_tool: Literal["opencost", "kubecost", "none"] = "opencost"


class Audit(Spec):
    """Who did what, kept for whoever asks years later."""

    retention_years: Annotated[int, Field(ge=1, le=30, strict=True)] = 1
    """Finance keeps seven (SOX section 802; 17 CFR 210.2-06)."""
    site: Name
    """Where the audit trail rests."""
    data_class: Name
    """Audit records name people: they have a class too."""


class Budget(Spec):
    """What the platform may cost."""

    monthly_usd: UsdPerMonth
    alert_percent: tuple[Percent, ...] = (50, 80, 100)
    owner: str
    """Who is told."""
