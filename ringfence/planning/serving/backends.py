"""Backends: what a gateway talks to, and how it proves who it is there.

Owns: Backend, AIServiceBackend and BackendSecurityPolicy of each target. Refuses to own: routes (gateway.py).
"""

from __future__ import annotations

from ringfence.planning.labels import Tags
from ringfence.planning.serving.replica import replica_of
from ringfence.planning.serving.routes import Target
from ringfence.planning.serving.services import Schema, credentials_spec, dialect_of
from ringfence.planning.tenancy.names import Manifest, metadata, models_namespace
from ringfence.spec.model import ApiModel
from ringfence.spec.platform import Platform

GROUP = "gateway.envoyproxy.io"
OPENAI: Schema = {"name": "OpenAI"}
HTTPS = 443


def backend_name(target: Target) -> str:
    """Name of a target's backend: the dot keeps the three kinds apart, whatever models and clusters are called."""
    return f"{'model' if target.kind == 'here' else target.kind}.{target.name}"


def backend_manifests(platform: Platform, cluster: str, target: Target, tags: Tags, namespace: str) -> list[Manifest]:
    """Everything that a gateway needs for a target.

    A service's key is in the Secret that the file names, a cluster's in `peer-<name>`, both in the gateway's namespace.
    """
    name = backend_name(target)
    body = metadata(name, tags, namespace)
    if target.kind == "here":
        host, port, encrypted = _own_service(platform, cluster, target)
        tls = {"insecureSkipVerify": True} if encrypted else None
        return [_backend(body, host, port, tls), _ai_backend(body, name, OPENAI)]
    if target.kind == "cluster":
        host, port = f"models.{platform.clusters[target.name].domain}", HTTPS
        credentials = credentials_spec(host, f"peer-{target.name}")
        schema = OPENAI
    else:
        service = platform.services[target.name]
        host, _, given = service.host.partition(":")
        port = int(given or HTTPS)
        schema = dialect_of(host).schema
        credentials = credentials_spec(host, secret_name(service.credentials)) if service.credentials else None
    made = [_backend(body, host, port, {"wellKnownCACertificates": "System"}), _ai_backend(body, name, schema)]
    return [*made, _security(body, name, credentials)] if credentials else made


def secret_name(reference: str) -> str:
    """The Kubernetes Secret that holds what a reference names: a path of a secret store with hyphens for slashes."""
    return reference.replace("/", "-")


def _own_service(platform: Platform, cluster: str, target: Target) -> tuple[str, int, bool]:
    """Host and port of a model's Service in this cluster, and whether it speaks TLS.

    A replica over several nodes answers behind KServe's workload service, with a certificate that KServe signs itself
    and publishes nowhere: the connection is encrypted, and the network policy says who can be at its other end.
    """
    model = platform.models[target.model]
    if isinstance(model, ApiModel):
        raise ValueError(f"models.{target.model} is served by {model.service}, not by a cluster")
    namespace = models_namespace(model.tenant)
    if replica_of(platform, target.model, cluster).nodes > 1:
        return f"{target.name}-kserve-workload-svc.{namespace}.svc.cluster.local", 8000, True
    return f"{target.name}-predictor.{namespace}.svc.cluster.local", 80, False


def _backend(body: Manifest, host: str, port: int, tls: Manifest | None) -> Manifest:
    spec: Manifest = {"endpoints": [{"fqdn": {"hostname": host, "port": port}}]}
    if tls:
        spec["tls"] = tls
    return {"apiVersion": f"{GROUP}/v1alpha1", "kind": "Backend", "metadata": body, "spec": spec}


def _ai_backend(body: Manifest, name: str, schema: Schema) -> Manifest:
    return {
        "apiVersion": "aigateway.envoyproxy.io/v1beta1",
        "kind": "AIServiceBackend",
        "metadata": body,
        "spec": {"schema": schema, "backendRef": {"group": GROUP, "kind": "Backend", "name": name}},
    }


def _security(body: Manifest, name: str, credentials: Manifest) -> Manifest:
    target = {"group": "aigateway.envoyproxy.io", "kind": "AIServiceBackend", "name": name}
    return {
        "apiVersion": "aigateway.envoyproxy.io/v1beta1",
        "kind": "BackendSecurityPolicy",
        "metadata": body,
        "spec": {"targetRefs": [target], **credentials},
    }
