"""A cluster's model gateway, as plain manifests: one door for its models, with a route, a guard and a limit for each.

Owns: the gateway, its routes, token limits and who may ask for what. Refuses to own: where a route leads (routes.py),
what is at its end (backends.py) and the gateway's controllers (the envoy-gateway and ai-gateway add-ons).

Callers show a key; the gateway turns it into its owner's name and tells nobody the key. The keys are in the Secret
`model-clients` of the gateway's namespace, by client: a tenant's name, or `cluster.<name>` for another gateway. Other
gateways ask under `peer/<model>`, which is answered here or not at all: two gateways cannot send a request to and fro.
"""

from __future__ import annotations

from ringfence.planning.labels import Tags
from ringfence.planning.serving.backends import backend_manifests, backend_name
from ringfence.planning.serving.models import model_tags
from ringfence.planning.serving.policies import (
    NAMESPACE,
    POLICY_API,
    TOKENS_KEY,
    http_route,
    security_policy,
    traffic_policy,
)
from ringfence.planning.serving.routes import Route, Target, peers_of, routes_of, speaks_openai
from ringfence.planning.tenancy.names import PURPOSE_LABEL, Manifest, cluster_tags, metadata
from ringfence.planning.tenancy.pools import provider_of
from ringfence.spec.model import ApiModel
from ringfence.spec.platform import Platform

GATEWAY = "models"
GATEWAY_CLASS = "envoy"
"""The class that the envoy-gateway add-on makes (components/addons/envoy_gateway.py)."""

ROUTE_API = "aigateway.envoyproxy.io/v1beta1"
MODEL_HEADER = "x-ai-eg-model"
"""Header that the AI gateway fills from the request's `model` (envoyproxy/ai-gateway, docs: model routing)."""

TLS_SECRET = "models-tls"
REQUEST_TIMEOUT = "600s"
"""A long answer takes minutes; the gateway's own default of 60 s cuts it off."""

INTERNAL_LOAD_BALANCER = {
    "aws": {
        "service.beta.kubernetes.io/aws-load-balancer-type": "nlb",
        "service.beta.kubernetes.io/aws-load-balancer-scheme": "internal",
    },
    "azure": {"service.beta.kubernetes.io/azure-load-balancer-internal": "true"},
    "gcp": {"networking.gke.io/load-balancer-type": "Internal"},
}
"""Annotations that keep a load balancer off the internet. Source: each provider's load balancer controller."""


def gateway_manifests(platform: Platform, cluster: str) -> list[Manifest]:
    """Everything of a cluster's model gateway. Models without a place to go to have no route, so they answer 404.

    Raises routes.RouteError for fallbacks in a circle.
    """
    tags = cluster_tags(platform, cluster)
    routes = [route for route in routes_of(platform, cluster) if route.targets]
    peers = peers_of(platform, cluster)
    made = [_namespace(tags), _proxy(platform, cluster, tags), _gateway(platform, cluster, tags), _guard_all(tags)]
    targets: dict[str, Target] = {}
    for route in routes:
        made += _route_manifests(platform, cluster, route)
        targets |= {backend_name(target): target for target in route.targets}
    for model, callers in peers.items():
        own = _here(platform, cluster, model)
        made += _peer_manifests(platform, cluster, model, own, callers)
        targets |= {backend_name(target): target for target in own}
    for target in targets.values():
        made += backend_manifests(platform, cluster, target, tags, NAMESPACE)
    return made


def address(platform: Platform, cluster: str) -> str:
    """URL of the gateway: by the cluster's domain, or within the cluster where it has none."""
    domain = platform.clusters[cluster].domain
    return f"https://{GATEWAY}.{domain}" if domain else f"http://{GATEWAY}.{NAMESPACE}.svc.cluster.local"


def peer_route(model: str) -> str:
    """Name under which other gateways ask for a model, in `model` of a request."""
    return f"peer/{model}"


def _namespace(tags: Tags) -> Manifest:
    labels = {PURPOSE_LABEL: "gateway", "pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(NAMESPACE, tags, None, **labels)}


def _proxy(platform: Platform, cluster: str, tags: Tags) -> Manifest:
    """How the gateway's own proxies run: two, behind a load balancer that the internet does not reach."""
    spec = platform.clusters[cluster]
    annotations = INTERNAL_LOAD_BALANCER.get(provider_of(platform, cluster) or "", {})
    service: Manifest = {"type": "LoadBalancer" if spec.domain else "ClusterIP"}
    if spec.domain and annotations:
        service["annotations"] = annotations
    replicas = 1 if platform.sites[spec.site].kind == "edge" else 2
    kubernetes: Manifest = {
        "envoyDeployment": {"replicas": replicas},
        "envoyService": {**service, "name": GATEWAY},
    }
    if replicas > 1:
        kubernetes["envoyPDB"] = {"minAvailable": 1}
    return {
        "apiVersion": POLICY_API,
        "kind": "EnvoyProxy",
        "metadata": metadata(GATEWAY, tags, NAMESPACE),
        "spec": {
            "provider": {"type": "Kubernetes", "kubernetes": kubernetes},
            "telemetry": {"metrics": {"prometheus": {}}},
        },
    }


def _gateway(platform: Platform, cluster: str, tags: Tags) -> Manifest:
    """TLS where the cluster has a name to certify. Routes come from the gateway's own namespace only."""
    domain = platform.clusters[cluster].domain
    listener: Manifest = {"name": "http", "port": 80, "protocol": "HTTP"}
    if domain:
        listener = {
            "name": "https",
            "hostname": f"{GATEWAY}.{domain}",
            "port": 443,
            "protocol": "HTTPS",
            "tls": {"mode": "Terminate", "certificateRefs": [{"kind": "Secret", "name": TLS_SECRET}]},
        }
    listener["allowedRoutes"] = {"namespaces": {"from": "Same"}}
    proxy = {"group": "gateway.envoyproxy.io", "kind": "EnvoyProxy", "name": GATEWAY}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "Gateway",
        "metadata": metadata(GATEWAY, tags, NAMESPACE),
        "spec": {
            "gatewayClassName": GATEWAY_CLASS,
            "infrastructure": {"parametersRef": proxy},
            "listeners": [listener],
        },
    }


def _guard_all(tags: Tags) -> Manifest:
    """What no route of ours guards, nobody may ask for."""
    target = {"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY}
    return security_policy(GATEWAY, target, [], tags)


def _route_manifests(platform: Platform, cluster: str, route: Route) -> list[Manifest]:
    tags = model_tags(platform, route.model, cluster)
    refs = [_backend_ref(platform, target) for target in route.targets]
    return [
        _ai_route(route.model, route.model, refs, tags)
        if speaks_openai(platform, route.model)
        else _plain_route(route, tags),
        security_policy(route.model, http_route(route.model), [route.tenant], tags),
        traffic_policy(platform, cluster, route.model, route.model, [route.tenant], len(refs), tags),
    ]


def _peer_manifests(
    platform: Platform, cluster: str, model: str, own: list[Target], callers: tuple[str, ...]
) -> list[Manifest]:
    """A route for other gateways, to this cluster's own replicas and no further."""
    tags = model_tags(platform, model, cluster)
    name, clients = f"peer.{model}", [f"cluster.{caller}" for caller in callers]
    refs = [{**_backend_ref(platform, target), "modelNameOverride": model} for target in own]
    return [
        _ai_route(name, peer_route(model), refs, tags),
        security_policy(name, http_route(name), clients, tags),
        traffic_policy(platform, cluster, name, model, clients, len(refs), tags),
    ]


def _here(platform: Platform, cluster: str, model: str) -> list[Target]:
    """This cluster's own replicas of a model, whoever asks."""
    found = [route for route in routes_of(platform, cluster) if route.model == model]
    targets = found[0].targets if found else (Target(kind="here", model=model, name=model, priority=0),)
    return [target for target in targets if target.kind == "here" and target.model == model]


def _backend_ref(platform: Platform, target: Target) -> Manifest:
    model = platform.models[target.model]
    ref: Manifest = {"name": backend_name(target), "priority": target.priority, "weight": target.weight}
    if isinstance(model, ApiModel):
        ref["modelNameOverride"] = model.model_id
    else:
        ref["modelNameOverride"] = peer_route(target.model) if target.kind == "cluster" else target.model
    return ref


def _ai_route(name: str, model: str, refs: list[Manifest], tags: Tags) -> Manifest:
    header = {"type": "Exact", "name": MODEL_HEADER, "value": model}
    return {
        "apiVersion": ROUTE_API,
        "kind": "AIGatewayRoute",
        "metadata": metadata(name, tags, NAMESPACE),
        "spec": {
            "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY}],
            "rules": [
                {
                    "matches": [{"headers": [header]}],
                    "backendRefs": refs,
                    "timeouts": {"request": REQUEST_TIMEOUT},
                    "modelsOwnedBy": tags.tenant or tags.platform,
                }
            ],
            "llmRequestCosts": [{"metadataKey": TOKENS_KEY, "type": "TotalToken"}],
        },
    }


def _plain_route(route: Route, tags: Tags) -> Manifest:
    """Other models are asked by path, in KServe's protocols v1 and v2, and answered on this cluster or not at all."""
    matches = [
        {"path": {"type": "PathPrefix", "value": f"/{version}/models/{route.model}"}} for version in ("v1", "v2")
    ]
    refs = [
        {"group": "gateway.envoyproxy.io", "kind": "Backend", "name": backend_name(target), "weight": target.weight}
        for target in route.targets
        if (target.kind, target.model) == ("here", route.model)
    ]
    rule = {"matches": matches, "backendRefs": refs, "timeouts": {"request": REQUEST_TIMEOUT}}
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": "HTTPRoute",
        "metadata": metadata(route.model, tags, NAMESPACE),
        "spec": {
            "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": GATEWAY}],
            "rules": [rule],
        },
    }
