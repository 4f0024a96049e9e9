"""Envoy Gateway and the AI gateway on it.

Owns: the gateway class, how its proxies run, and the hooks through which the AI gateway changes them. Refuses to own:
gateways and routes (components/serving).
Facts: envoyproxy/gateway v1.9.0, charts/gateway-helm; envoyproxy/ai-gateway v1.1.0, envoy-gateway-values.yaml.
"""

from __future__ import annotations

from typing import Any

from components.addons.manifests import Objects, manifest
from ringfence.planning.addon_context import AddOnContext
from ringfence.planning.onprem.objects import mirrored

GATEWAY_CLASS = "envoy"
"""The class that gateways name."""

NAMESPACE = "envoy-gateway-system"
PROXY = "ringfence"
CONTROLLER = "gateway.envoyproxy.io/gatewayclass-controller"
REDIS = "redis-redis-ha-haproxy.redis-system.svc.cluster.local:6379"
"""Service of DandyDeveloper's redis-ha chart, release `redis`, with HAProxy in front of the primary."""

SHUTDOWN_MANAGER = "docker.io/envoyproxy/gateway:v1.9.0"
"""The gateway's compiled-in default is gateway-dev:latest, which changes under one's feet (api/v1alpha1)."""


def values(context: AddOnContext) -> dict[str, Any]:
    """The gateway's configuration: with the AI gateway, the hooks it needs; with Redis, limits that proxies share."""
    config: dict[str, Any] = {
        "extensionApis": {"enableBackend": True, "enableEnvoyPatchPolicy": "ai-gateway" in context.add_ons},
        "provider": {"kubernetes": {"shutdownManager": {"image": mirrored(SHUTDOWN_MANAGER, context.registry)}}},
    }
    if "ai-gateway" in context.add_ons:
        config["extensionManager"] = _ai_gateway(context)
    if "redis" in context.add_ons:
        config["rateLimit"] = {"backend": {"type": "Redis", "redis": {"url": REDIS}}}
    return {"deployment": {"replicas": context.replicas}, "config": {"envoyGateway": config}}


def _ai_gateway(context: AddOnContext) -> dict[str, Any]:
    everything = {"includeAll": True}
    extension: dict[str, Any] = {
        "hooks": {
            "xdsTranslator": {
                "translation": dict.fromkeys(("listener", "route", "cluster", "secret"), everything),
                "post": ["Translation", "Cluster", "Route"],
            }
        },
        "service": {
            "fqdn": {"hostname": "ai-gateway-controller.envoy-ai-gateway-system.svc.cluster.local", "port": 1063}
        },
    }
    if "kserve-llmisvc" in context.add_ons:
        pool = {"group": "inference.networking.k8s.io", "kind": "InferencePool", "version": "v1"}
        extension["backendResources"] = [pool]
    return extension


def objects(context: AddOnContext) -> Objects:
    """The gateway class, and how its proxies run."""
    proxy = {
        "provider": {
            "type": "Kubernetes",
            "kubernetes": {"envoyDeployment": {"replicas": context.replicas}},
        },
        "telemetry": {"metrics": {"prometheus": {}}},
    }
    parameters = {
        "group": "gateway.envoyproxy.io",
        "kind": "EnvoyProxy",
        "name": PROXY,
        "namespace": NAMESPACE,
    }
    return Objects(
        after=(
            manifest("gateway.envoyproxy.io/v1alpha1", "EnvoyProxy", PROXY, NAMESPACE, spec=proxy),
            manifest(
                "gateway.networking.k8s.io/v1",
                "GatewayClass",
                GATEWAY_CLASS,
                spec={"controllerName": CONTROLLER, "parametersRef": parameters},
            ),
        )
    )


def redis_values(context: AddOnContext) -> dict[str, Any]:
    """One Redis where there is one box, three with a sentinel elsewhere."""
    single = context.site_kind == "edge"
    return {"replicas": 1 if single else 3, "hardAntiAffinity": not single, "haproxy": {"replicas": context.replicas}}
