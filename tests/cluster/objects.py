"""Objects that lead out of a cluster, or not, as the residency tests show them to preview and to the API server."""

from __future__ import annotations

from tests.support.controlplane import Manifest

CLASS = "ringfence.dev/data-class"


def thing(
    api_version: str, kind: str, name: str, spec: Manifest, namespace: str = "ringfence-gateway", **labels: str
) -> Manifest:
    marked = {CLASS: labels.get("data", "card")}
    metadata = {"name": name, "namespace": namespace, "labels": marked}
    return {"apiVersion": api_version, "kind": kind, "metadata": metadata, "spec": spec}


def backend(name: str, host: str) -> Manifest:
    endpoints = [{"fqdn": {"hostname": host, "port": 443}}]
    return thing("gateway.envoyproxy.io/v1alpha1", "Backend", name, {"endpoints": endpoints})


def ai_backend(name: str) -> Manifest:
    reference = {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": name}
    spec = {"backendRef": reference, "schema": {"name": "OpenAI"}}
    return thing("aigateway.envoyproxy.io/v1beta1", "AIServiceBackend", name, spec)


def route(*backends: str, data: str) -> Manifest:
    references = [{"name": name, "priority": order} for order, name in enumerate(backends)]
    header = [{"name": "x-ai-eg-model", "type": "Exact", "value": "m"}]
    spec = {
        "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "models"}],
        "rules": [{"backendRefs": references, "matches": [{"headers": header}]}],
    }
    return thing("aigateway.envoyproxy.io/v1beta1", "AIGatewayRoute", "attempt", spec, data=data)


def mirroring(kind: str, name: str) -> Manifest:
    group = {"group": "gateway.envoyproxy.io", "kind": kind} if kind != "Service" else {"port": 80}
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": {"name": name, **group}}}
    own = {"name": "own", "port": 80}
    return thing(
        "gateway.networking.k8s.io/v1", "HTTPRoute", "attempt", {"rules": [{"backendRefs": [own], "filters": [mirror]}]}
    )


def backups(bucket: str, region: str, url: str) -> Manifest:
    config = {"region": region, "s3Url": url, "s3ForcePathStyle": "true"}
    spec = {"provider": "aws", "objectStorage": {"bucket": bucket}, "config": config}
    return thing("velero.io/v1", "BackupStorageLocation", "attempt", spec, "velero")


def metrics(url: str, kind: str = "Prometheus") -> Manifest:
    version = "v1" if kind == "Prometheus" else "v1alpha1"
    return thing(f"monitoring.coreos.com/{version}", kind, "attempt", {"remoteWrite": [{"url": url}]}, "monitoring")


def collector(exporters: Manifest) -> Manifest:
    spec = {"config": {"exporters": exporters}}
    return thing("opentelemetry.io/v1beta1", "OpenTelemetryCollector", "attempt", spec, "monitoring")


def datadog(site: str) -> Manifest:
    return thing("datadoghq.com/v2alpha1", "DatadogAgent", "attempt", {"global": {"site": site}}, "monitoring")


def release(values: Manifest) -> Manifest:
    chart = {"spec": {"chart": "c", "sourceRef": {"kind": "HelmRepository", "name": "charts"}}}
    spec = {"interval": "5m", "chart": chart, "values": values}
    return thing("helm.toolkit.fluxcd.io/v2", "HelmRelease", "attempt", spec, "monitoring")


def external(host: str) -> Manifest:
    return thing("v1", "Service", "attempt", {"type": "ExternalName", "externalName": host}, "default")
