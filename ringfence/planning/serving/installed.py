"""What is installed on a cluster, as far as serving and tenancy must know: by name, those that others bring included.

Owns: that one question. Refuses to own: whether add-ons fit the cluster, and their order (ringfence.planning.addons).
"""

from __future__ import annotations

from ringfence.facts.addons import add_on_rows
from ringfence.spec.platform import Platform


def has_add_on(platform: Platform, cluster: str, name: str) -> bool:
    """Whether a cluster has an add-on, by its row's name: because the file says so, or because another needs it."""
    return name in add_ons_on(platform, cluster)


def add_ons_on(platform: Platform, cluster: str) -> frozenset[str]:
    """Every add-on of a cluster. A name without a row stands for itself: the checks of add-ons refuse it."""
    rows = add_on_rows()
    overrides = platform.clusters[cluster].add_ons
    found: set[str] = set()
    queue = [name for name, override in overrides.items() if override.enabled]
    while queue:
        name = queue.pop()
        if name in found or (name in overrides and not overrides[name].enabled):
            continue
        found.add(name)
        if name in rows:
            queue += [*rows[name].requires, *rows[name].brings]
    return frozenset(found)
