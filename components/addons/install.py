"""The one way to install an add-on's chart: a Helm release that Pulumi makes, or a Flux release that the site makes.

Owns: what a release looks like for each delivery. Refuses to own: which add-ons there are and in which order
(ringfence.planning.addons), namespaces and extra objects (components/addons/stack.py).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import pulumi
import pulumi_kubernetes as kubernetes

from ringfence.planning.addons import ResolvedAddOn, merge

FLUX_NAMESPACE = "flux-system"
"""Where Flux keeps sources and releases (fluxcd/flux2, the default of `flux install`)."""

HELM_CHART_LAYER = "application/vnd.cncf.helm.chart.content.v1.tar+gzip"
"""Media type of the layer with the chart in an OCI artefact (helm/helm, pkg/registry/constants.go)."""

MAX_HISTORY = 5
"""Revisions that Helm keeps: each is a Secret of up to 1 MiB in etcd."""


@dataclass(frozen=True, kw_only=True)
class Signature:
    """Who must have signed a chart: a public key in a Secret, or a keyless identity."""

    secret: str | None = None
    """Secret in flux-system whose keys end in .pub."""
    issuer: str | None = None
    """Regular expression for the OIDC issuer."""
    subject: str | None = None
    """Regular expression for the OIDC subject."""

    def spec(self) -> dict[str, Any]:
        """As `OCIRepository.spec.verify` says it."""
        verify: dict[str, Any] = {"provider": "cosign"}
        if self.secret:
            verify["secretRef"] = {"name": self.secret}
        if self.issuer or self.subject:
            verify["matchOIDCIdentity"] = [{"issuer": self.issuer or ".*", "subject": self.subject or ".*"}]
        return verify


@dataclass(frozen=True, kw_only=True)
class Target:
    """Where add-ons go. The Kubernetes provider comes from the parent component."""

    cluster: str
    delivery: Literal["push", "pull"]
    registry: str | None = None
    """The site's own OCI mirror, host and path; charts come from its `charts` folder when set."""
    labels: Mapping[str, str] = field(default_factory=dict)
    signature: Signature | None = None
    """Pull: who must have signed the charts."""
    depends_on: Sequence[pulumi.Resource] = ()


def chart_repository(add_on: ResolvedAddOn, registry: str | None) -> str:
    """Where the chart comes from: the mirror's oci:// folder, or the row's own repository."""
    return f"oci://{registry}/charts" if registry else (add_on.row.repository or "")


def install(
    name: str,
    add_on: ResolvedAddOn,
    target: Target,
    *,
    runtime_values: Mapping[str, Any] | None = None,
    opts: pulumi.ResourceOptions,
) -> list[pulumi.Resource]:
    """Create the release of an add-on; returns what must be ready before the next one, [] when it has no chart.

    `runtime_values` holds the few values that only a cloud computes (an identity's client id); they go over the rest.
    """
    if add_on.row.chart is None:
        return []
    values = merge(add_on.values, runtime_values or {})
    if target.delivery == "push":
        return [_release(name, add_on, target, values, opts)]
    return _flux_release(name, add_on, target, values, opts)


def _release(
    name: str, add_on: ResolvedAddOn, target: Target, values: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> pulumi.Resource:
    row = add_on.row
    repository = chart_repository(add_on, target.registry)
    oci = repository.startswith("oci://")
    return kubernetes.helm.v3.Release(
        name,
        name=add_on.name,
        chart=f"{repository}/{row.chart}" if oci else row.chart or "",
        repository_opts=None if oci else kubernetes.helm.v3.RepositoryOptsArgs(repo=repository),
        version=row.version,
        namespace=row.namespace,
        create_namespace=False,
        values=values,
        allow_null_values=True,
        # Helm's --atomic implies --wait, so a release that cannot be waited for cannot be atomic either.
        atomic=row.wait,
        skip_await=not row.wait,
        cleanup_on_fail=True,
        max_history=MAX_HISTORY,
        timeout=row.timeout_seconds,
        opts=opts,
    )


def _flux_release(
    name: str, add_on: ResolvedAddOn, target: Target, values: Mapping[str, Any], opts: pulumi.ResourceOptions
) -> list[pulumi.Resource]:
    source = kubernetes.apiextensions.CustomResource(f"{name}-source", **flux_source(add_on, target), opts=opts)
    release = kubernetes.apiextensions.CustomResource(name, **flux_release(add_on, target, values), opts=opts)
    return [source, release]


def _metadata(add_on: ResolvedAddOn, target: Target) -> dict[str, Any]:
    return {"name": add_on.name, "namespace": FLUX_NAMESPACE, "labels": dict(target.labels)}


def flux_source(add_on: ResolvedAddOn, target: Target) -> dict[str, Any]:
    """Arguments of the source: an OCIRepository, or a HelmRepository where the chart is on a plain index."""
    repository = chart_repository(add_on, target.registry)
    metadata = _metadata(add_on, target)
    if not repository.startswith("oci://"):
        spec: dict[str, Any] = {"interval": "1h", "url": repository}
        return {
            "api_version": "source.toolkit.fluxcd.io/v1",
            "kind": "HelmRepository",
            "metadata": metadata,
            "spec": spec,
        }
    spec = {
        "interval": "10m",
        "url": f"{repository}/{add_on.row.chart}",
        # An OCI tag cannot hold a plus: Helm pushes 0.0.0+latest as 0.0.0_latest (helm/helm, pkg/registry).
        "ref": {"tag": (add_on.row.version or "").replace("+", "_")},
        "layerSelector": {"mediaType": HELM_CHART_LAYER, "operation": "copy"},
    }
    if target.signature:
        spec["verify"] = target.signature.spec()
    return {"api_version": "source.toolkit.fluxcd.io/v1", "kind": "OCIRepository", "metadata": metadata, "spec": spec}


def flux_release(add_on: ResolvedAddOn, target: Target, values: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments of the HelmRelease."""
    row = add_on.row
    spec: dict[str, Any] = {
        "interval": "10m",
        "releaseName": add_on.name,
        "targetNamespace": row.namespace,
        "storageNamespace": row.namespace,
        "timeout": f"{row.timeout_seconds}s",
        "maxHistory": MAX_HISTORY,
        "commonMetadata": {"labels": dict(target.labels)},
        "install": {"crds": "CreateReplace", "disableWait": not row.wait, "remediation": {"retries": 3}},
        "upgrade": {
            "crds": "CreateReplace",
            "disableWait": not row.wait,
            "cleanupOnFail": True,
            "remediation": {"retries": 3, "strategy": "rollback"},
        },
        "driftDetection": {"mode": "enabled"},
        "values": dict(values),
    }
    if chart_repository(add_on, target.registry).startswith("oci://"):
        spec["chartRef"] = {"kind": "OCIRepository", "name": add_on.name}
    else:
        source = {"kind": "HelmRepository", "name": add_on.name}
        spec["chart"] = {"spec": {"chart": row.chart, "version": row.version, "sourceRef": source}}
    if add_on.after_releases:
        spec["dependsOn"] = [{"name": first} for first in add_on.after_releases]
    return {
        "api_version": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": _metadata(add_on, target),
        "spec": spec,
    }
