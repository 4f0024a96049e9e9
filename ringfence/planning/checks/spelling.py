"""Names that are right alone and too long together: what must fit in a label, a namespace or a cloud's own form.

Owns: what comes of joining names, and how each cloud spells an account. Refuses to own: how a name alone is spelled
(ringfence.spec.base).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ringfence.planning.labels import join_classes
from ringfence.planning.lineage import classes_of_cluster
from ringfence.planning.tenancy.names import models_namespace, namespaces_of, tenant_classes
from ringfence.spec import Platform
from ringfence.spec.cluster import HostedControlPlane
from ringfence.spec.finding import Finding, Path
from ringfence.spec.site import CloudSite

LONGEST = 63
"""Of a namespace and of a label's value (kubernetes.io, "Object names and IDs": RFC 1123 labels)."""

_ACCOUNTS = {
    "aws": (r"\d{12}", "an AWS account number: twelve digits, in quotes"),
    "azure": (
        r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}",
        "an Azure subscription id, such as 8-4-4-4-12 hex",
    ),
    "gcp": (
        r"([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]",
        "a GCP project id: 6 to 30 lower-case letters, digits, hyphens",
    ),
}
"""Sources: AWS Account Management (account identifiers); RFC 9562 (UUID); Google Cloud, "Creating projects"."""


def check(platform: Platform) -> Iterator[Finding]:
    """Every finding about what comes of names."""
    for name, site in platform.sites.items():
        if isinstance(site, CloudSite):
            yield from _account(site, ("sites", name, "account"))
    for name in platform.clusters:
        yield from _classes(classes_of_cluster(platform, name), ("clusters", name), f"on {name}")
        yield from _pools(platform, name)
    for name, tenant in platform.tenants.items():
        for cluster in tenant.clusters:
            classes = tenant_classes(platform, cluster, name)
            yield from _classes(classes, ("tenants", name), f"by {name} on {cluster}")
        for key, namespace in {**namespaces_of(platform, name), "models": models_namespace(name)}.items():
            if len(namespace) > LONGEST:
                declared = key in tenant.namespaces
                yield Finding(
                    code="name-too-long",
                    path=("tenants", name, "namespaces", key) if declared else ("tenants", name),
                    message=f"the namespace would be called {namespace}: {len(namespace)} characters",
                    allowed=f"at most {LONGEST}, of the tenant's name and its own together",
                    suggestion=f"take {len(namespace) - LONGEST} characters away",
                )


def _classes(classes: frozenset[str], at: Path, where: str) -> Iterator[Finding]:
    try:
        join_classes(classes)
    except ValueError as error:
        yield Finding(
            code="name-too-long",
            path=at,
            message=f"the classes of data processed {where} are said in one label, and {error}",
            suggestion="give the data classes shorter names",
        )


def _pools(platform: Platform, cluster: str) -> Iterator[Finding]:
    """Cluster API labels every machine with its deployment's name, `<cluster>-<pool>`."""
    if not isinstance(platform.clusters[cluster].control_plane, HostedControlPlane):
        return
    for pool in platform.clusters[cluster].pools:
        length = len(f"{cluster}-{pool}")
        if length > LONGEST:
            yield Finding(
                code="name-too-long",
                path=("clusters", cluster, "pools", pool),
                message=f"machines would be labelled {cluster}-{pool}: {length} characters",
                allowed=f"at most {LONGEST}, of the cluster's name and the pool's together",
                suggestion=f"take {length - LONGEST} characters away",
            )


def _account(site: CloudSite, at: Path) -> Iterator[Finding]:
    form, allowed = _ACCOUNTS[site.provider]
    if re.fullmatch(form, site.account) is None:
        yield Finding(
            code="account",
            path=at,
            message=f"{site.account!r} is no account of {site.provider}",
            allowed=allowed,
        )
