"""Cross-checks that the type system cannot make, reported all at once.

Owns: the list of them and their order. Each module has one `check(platform)` that yields findings; those that need
names to be right run only when they are.
"""

from __future__ import annotations

from ringfence.planning.checks import (
    addons,
    clouds,
    clusters,
    datasets,
    feasibility,
    names,
    networks,
    onprem,
    pools,
    quotas,
    residency,
    spelling,
)
from ringfence.planning.serving import findings
from ringfence.spec import Platform
from ringfence.spec.finding import Finding

_FIRST = (names, networks)
_NEED_NAMES = (clusters, pools, quotas, datasets, residency, addons, onprem, clouds, findings, feasibility)

_MEANINGLESS = ("dangling-name", "cycle", "reserved-group", "unknown-jurisdiction", "name-too-long")
"""Findings after which the other checks would speak of a platform that nobody meant."""


def _meaningless(found: list[Finding]) -> bool:
    return any(finding.severity == "error" and finding.code in _MEANINGLESS for finding in found)


def check(platform: Platform) -> list[Finding]:
    """Every finding of every check, errors before warnings, each once."""
    found = [finding for module in _FIRST for finding in module.check(platform)]
    if not _meaningless(found):
        found += spelling.check(platform)
    if not _meaningless(found):
        found += [finding for module in _NEED_NAMES for finding in module.check(platform)]
    unique = list(dict.fromkeys(found))
    return sorted(unique, key=lambda finding: finding.severity != "error")
