"""Labels and tags: one answer to "whose is this, where is it, and what does it hold", in each system's spelling.

Owns: the keys and how values are made legal for AWS, Azure, GCP and Kubernetes. Refuses to own: where the values
come from. Policies read the same keys, so that a tag and the rule that reads it cannot drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

KUBERNETES_PREFIX = "ringfence.dev/"
PLATFORM = "platform"
ENVIRONMENT = "environment"
SITE = "site"
JURISDICTION = "jurisdiction"
DATA_CLASS = "data-class"
TENANT = "tenant"
COST_CENTER = "cost-center"
MANAGED_BY = "managed-by"
KEYS = (PLATFORM, ENVIRONMENT, SITE, JURISDICTION, DATA_CLASS, TENANT, COST_CENTER, MANAGED_BY)

DATA_CLASS_SEPARATOR = "_"
"""Joins the classes of something that holds several: legal in every system, and never part of a name."""

_LONGEST_LABEL = 63  # Kubernetes label values and GCP label values alike


def _slug(value: str, allowed: str) -> str:
    """The value with each run of other characters replaced by one hyphen, cut to a label's length."""
    return re.sub(f"[^{allowed}]+", "-", value)[:_LONGEST_LABEL].strip("-_.")


def join_classes(classes: Iterable[str]) -> str:
    """The classes as one label value, sorted; raises ValueError where they cannot fit in 63 characters."""
    joined = DATA_CLASS_SEPARATOR.join(sorted(set(classes)))
    if len(joined) > _LONGEST_LABEL:
        raise ValueError(
            f"data classes {joined!r} do not fit in a label of {_LONGEST_LABEL} characters: shorten their names"
        )
    return joined


def split_classes(value: str) -> frozenset[str]:
    """The classes in a label value made by `join_classes`."""
    return frozenset(part for part in value.split(DATA_CLASS_SEPARATOR) if part)


@dataclass(frozen=True, kw_only=True)
class Tags:
    """What everything that Ringfence creates says of itself."""

    platform: str
    environment: str
    site: str
    jurisdiction: str
    """ISO 3166 country of the site."""
    cost_center: str
    data_classes: tuple[str, ...] = ()
    tenant: str | None = None

    def but(
        self,
        *,
        data_classes: Iterable[str] | None = None,
        tenant: str | None = None,
        cost_center: str | None = None,
        site: str | None = None,
        jurisdiction: str | None = None,
    ) -> Tags:
        """These tags with some values changed; None leaves a value as it is."""
        changed: dict[str, object] = {
            "tenant": tenant,
            "cost_center": cost_center,
            "site": site,
            "jurisdiction": jurisdiction,
            "data_classes": None if data_classes is None else tuple(data_classes),
        }
        return replace(self, **{key: value for key, value in changed.items() if value is not None})

    def _pairs(self) -> dict[str, str]:
        pairs = {
            PLATFORM: self.platform,
            ENVIRONMENT: self.environment,
            SITE: self.site,
            JURISDICTION: self.jurisdiction,
            DATA_CLASS: join_classes(self.data_classes),
            TENANT: self.tenant or "",
            COST_CENTER: self.cost_center,
            MANAGED_BY: "ringfence",
        }
        return {key: value for key, value in pairs.items() if value}

    def aws(self, name: str | None = None) -> dict[str, str]:
        """AWS tags; with `name`, also the Name tag that the console shows."""
        return {"Name": name, **self._pairs()} if name else self._pairs()

    def azure(self) -> dict[str, str]:
        """Azure tags."""
        return self._pairs()

    def gcp(self) -> dict[str, str]:
        """GCP labels: lower case, digits, hyphens and underscores."""
        return {key: _slug(value.lower(), "a-z0-9_-") for key, value in self._pairs().items()}

    def kubernetes(self) -> dict[str, str]:
        """Kubernetes labels, under our own prefix, with the recommended app.kubernetes.io ones."""
        own = {
            KUBERNETES_PREFIX + key: _slug(value, "A-Za-z0-9_.-")
            for key, value in self._pairs().items()
            if key not in (PLATFORM, MANAGED_BY)
        }
        return {
            "app.kubernetes.io/part-of": _slug(self.platform, "A-Za-z0-9_.-"),
            "app.kubernetes.io/managed-by": "ringfence",
            **own,
        }
